package io.ostraka.rules.plan;

/** A statement's place in a query string: characters {@code [start, end)}, without its semicolon. */
public record StatementSpan(int start, int end) {}
