package io.ostraka.tx.deadlock;

import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.tx.decision.ShardId;
import java.util.List;

/** The transaction to be ended: cancel what {@code pid} runs on {@code shard}. {@code cycle} is for people. */
public record Victim(Waiter transaction, ShardId shard, int pid, List<String> cycle) {
    public Victim {
        cycle = List.copyOf(cycle);
    }

    /** What its client gets instead of "canceling statement due to user request". */
    public PgError error() {
        return new PgError(
                SqlState.DEADLOCK_DETECTED,
                "deadlock detected",
                String.join(" ", cycle),
                "Repeat the transaction; lock rows in the same order everywhere.");
    }
}
