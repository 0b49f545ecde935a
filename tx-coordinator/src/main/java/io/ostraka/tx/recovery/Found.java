package io.ostraka.tx.recovery;

/** A row of {@code pg_prepared_xacts}. */
public record Found(String gid, String owner) {}
