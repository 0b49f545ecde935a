package io.ostraka.tx.commit;

import io.ostraka.rules.error.PgError;
import io.ostraka.tx.decision.ShardId;
import io.ostraka.tx.decision.ShardNumber;
import java.util.SortedSet;

/** What the client is told. Once for each transaction. */
public sealed interface Outcome {

    /** Committed on all shards; those in {@code behind} show it when they are back and are read by nobody until then. */
    record Committed(SortedSet<ShardNumber> behind) implements Outcome {}

    /** Prepared everywhere under the client's name, and safe. */
    record Prepared() implements Outcome {}

    /** Committed nowhere, because of what this shard said. */
    record RolledBack(ShardId shard, ShardError error) implements Outcome {}

    /** Committed nowhere, for a reason of ours. */
    record Refused(PgError error) implements Outcome {}

    /** Not known yet: all or none, and decided without the client. */
    record Unknown(PgError error) implements Outcome {}
}
