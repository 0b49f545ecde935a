package io.ostraka.proxy.backend;

/** The process id a server gave for a backend; only CancelRequest uses it. */
public record BackendPid(int value) {}
