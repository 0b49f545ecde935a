package io.ostraka.proxy.backend;

/** A connection as its server tells of it in {@code pg_stat_activity}: the process, and the port it comes from as far as the proxy knows. */
public record BackendProcess(int pid, int clientPort) {}
