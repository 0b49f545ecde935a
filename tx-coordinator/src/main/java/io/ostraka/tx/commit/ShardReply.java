package io.ostraka.tx.commit;

import java.util.Optional;

/** How a {@link Step} ended. For each one sent there is exactly one reply. {@code shardEpoch} is that of the answering server. */
public sealed interface ShardReply {

    /**
     * The commands ran.
     *
     * @param tag of the last command
     * @param warned whether a notice of severity WARNING came: a wait for the standby was cut short
     * @param value of the first column of the first row, if there was one and it was not null
     */
    record Completed(String tag, boolean warned, Optional<String> value, long shardEpoch) implements ShardReply {}

    /** An error, and what was open is rolled back. */
    record Failed(ShardError error, long shardEpoch) implements ShardReply {}

    /** The connection ended, or was never made: the step may or may not have been carried out, or be carried out yet. */
    record Lost() implements ShardReply {}
}
