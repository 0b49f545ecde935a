package io.ostraka.tx.simulation;

import io.ostraka.tx.commit.Outcome;
import io.ostraka.tx.decision.Gtid;
import io.ostraka.tx.decision.ShardId;
import java.util.BitSet;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** One transaction of the workload, with everything that must be known to judge it. */
final class Transaction {
    final int number;
    final SortedSet<ShardId> participants;
    final SortedSet<ShardId> writers;
    /** What it saw on each shard it took part on. */
    final Map<ShardId, BitSet> saw = new TreeMap<>();
    /** What clients knew to be committed when it began. */
    final BitSet toldBefore;

    Optional<Gtid> gtid = Optional.empty();
    Optional<Outcome> outcome = Optional.empty();

    Transaction(int number, SortedSet<ShardId> participants, SortedSet<ShardId> writers, BitSet toldBefore) {
        this.number = number;
        this.participants = participants;
        this.writers = new TreeSet<>(writers);
        this.toldBefore = toldBefore;
    }

    boolean wasLeftBehindOn(ShardId shard) {
        return outcome.isPresent()
                && outcome.get() instanceof Outcome.Committed committed
                && committed.behind().contains(shard.number());
    }

    @Override
    public String toString() {
        return "t" + number;
    }
}
