package io.ostraka.tx.commit;

/** An ErrorResponse of a shard, any SQLSTATE. Empty strings for absent fields. */
public record ShardError(String sqlState, String message, String detail, String hint) {
    /** The prepared transaction does not exist: finished by someone, or lost. */
    static final String UNDEFINED_OBJECT = "42704";

    public ShardError(String sqlState, String message) {
        this(sqlState, message, "", "");
    }
}
