package io.ostraka.proxy.backend;

/** The process id a server gave for a backend: what a CancelRequest names. */
public record BackendPid(int value) {}
