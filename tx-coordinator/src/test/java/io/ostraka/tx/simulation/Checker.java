package io.ostraka.tx.simulation;

import io.ostraka.tx.commit.Outcome;
import io.ostraka.tx.decision.Answer;
import io.ostraka.tx.decision.Gid;
import io.ostraka.tx.decision.Gtid;
import io.ostraka.tx.decision.LogEntry;
import io.ostraka.tx.decision.PreparedBranches;
import io.ostraka.tx.decision.ShardEntry;
import io.ostraka.tx.decision.ShardId;
import io.ostraka.tx.decision.TransactionEntry;
import io.ostraka.tx.recovery.Found;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Sees everything and judges it at once: the invariants of {@code transactions.md}, section 14, that can be broken here. It
 * knows more than any node and tells none of them.
 */
final class Checker {
    private final World world;
    private final List<Transaction> transactions = new ArrayList<>();
    private final Map<Gtid, Transaction> byGtid = new TreeMap<>();
    private final List<Answer> answers = new ArrayList<>();
    private final Map<Gtid, PreparedBranches> accepted = new TreeMap<>();
    private final Map<Gtid, String> rolledBack = new TreeMap<>();
    private final List<SortedMap<ShardId, BitSet>> vectors = new ArrayList<>();
    private final Map<ShardId, BitSet> writersByShard = new TreeMap<>();
    private final BitSet toldCommitted = new BitSet();
    /** What clients have seen in the rows of one shard. */
    private final BitSet toldByRows = new BitSet();

    private final BitSet lossAllowed = new BitSet();
    private int committedOverShards;

    Checker(World world) {
        this.world = world;
    }

    int vectors() {
        return vectors.size();
    }

    int committedOverShards() {
        return committedOverShards;
    }

    BitSet toldCommitted() {
        return (BitSet) toldCommitted.clone();
    }

    /** The same, and what clients have seen. */
    BitSet toldAtAll() {
        BitSet told = toldCommitted();
        told.or(toldByRows);
        return told;
    }

    /** A client has seen it. */
    void toldOf(BitSet shown) {
        toldByRows.or(shown);
    }

    int nextTransaction() {
        return transactions.size();
    }

    void began(Transaction transaction) {
        transactions.add(transaction);
        transaction.writers.forEach(shard ->
                writersByShard.computeIfAbsent(shard, unwritten -> new BitSet()).set(transaction.number));
    }

    void named(Transaction transaction, Gtid gtid) {
        if (byGtid.put(gtid, transaction) != null) {
            throw new Broken("I4", gtid + " was given twice");
        }
    }

    /** PostgreSQL lost it by its own rules: an administrator cut a wait short, or nobody had been told. */
    void mayBeLost(int transaction) {
        lossAllowed.set(transaction);
    }

    // The log

    void applied(int index, LogEntry entry, Answer answer) {
        if (index <= answers.size()) {
            Answer first = answers.get(index - 1);
            if (first != null && !first.equals(answer)) {
                throw new Broken("I3", "nodes disagree about entry " + index + ": " + first + ", " + answer);
            }
            return;
        }
        while (answers.size() < index - 1) {
            answers.add(null);
        }
        answers.add(answer);
        world.trace(() -> "log " + index + ": " + entry + " -> " + answer);
        if (entry instanceof TransactionEntry.Commit commit && answer instanceof Answer.Decided decided) {
            for (int i = 0; i < decided.accepted().size(); i++) {
                if (decided.accepted().get(i)) {
                    accept(commit.transactions().get(i));
                }
            }
        }
        if (entry instanceof ShardEntry.FenceShard fence && answer instanceof Answer.Accepted) {
            Server known = world.shards.get(fence.shard()).primary.ancestor(Optional.of(fence.endpoint()));
            if (!known.endpoint().equals(fence.endpoint())) {
                throw new Broken("I11", fence.endpoint() + " was refused before, and is taken now");
            }
            known.accepted(fence.epoch());
            known.shard.accepted = known;
        }
        if (entry instanceof TransactionEntry.Done done) {
            done.gtids().forEach(this::forgotten);
        }
    }

    private void accept(PreparedBranches transaction) {
        Gtid gtid = transaction.gtid();
        accepted.putIfAbsent(gtid, transaction);
        if (rolledBack.containsKey(gtid)) {
            throw new Broken("I3", gtid + " is committed, but was rolled back on " + rolledBack.get(gtid));
        }
        if (transaction.branches().size() < 2) {
            throw new Broken("I10", gtid + " wrote on one shard and is in the log");
        }
        Transaction whole = byGtid.get(gtid);
        if (!whole.writers.equals(new TreeSet<>(transaction.shards()))) {
            throw new Broken("I3", gtid + " was decided with " + transaction.shards() + ", wrote " + whole.writers);
        }
    }

    private void forgotten(Gtid gtid) {
        PreparedBranches transaction = accepted.get(gtid);
        if (transaction == null) {
            return;
        }
        for (ShardId shard : transaction.shards()) {
            // One that was promoted, and lacks it, is refused by the log, and then is no primary.
            SimShard holder = world.shards.get(shard);
            Server primary = world.followsFailovers ? holder.accepted : holder.primary;
            String gid = transaction.gid(World.CLUSTER, shard.number()).toString();
            if (!primary.isFinishedForGood(gid)) {
                throw new Broken("I5", gid + " is forgotten, and a primary may still hold it prepared");
            }
        }
    }

    // Shards

    void branchCommitted(Server server, String gid) {
        Gtid gtid = ours(server, gid);
        world.trace(() -> server.endpoint() + " commits " + gid);
        if (!accepted.containsKey(gtid)) {
            throw new Broken("I3", gid + " is committed, and no decision was logged");
        }
    }

    void branchRolledBack(Server server, String gid) {
        Gtid gtid = ours(server, gid);
        world.trace(() -> server.endpoint() + " rolls back " + gid);
        rolledBack.put(gtid, server.endpoint());
        if (accepted.containsKey(gtid)) {
            throw new Broken("I3", gid + " is rolled back, and its commit was logged");
        }
    }

    private static Gtid ours(Server server, String gid) {
        return Gid.parse(gid)
                .filter(name -> name.cluster().equals(World.CLUSTER))
                .orElseThrow(() -> new Broken("I15", gid + " on " + server.endpoint() + " is not ours"))
                .gtid();
    }

    // Clients

    void answered(Transaction transaction, Outcome outcome) {
        world.trace(() -> transaction + " is answered " + outcome);
        if (transaction.outcome.isPresent()) {
            throw new Broken("I2", transaction + " is answered twice");
        }
        transaction.outcome = Optional.of(outcome);
        if (outcome instanceof Outcome.Committed committed) {
            if (transaction.writers.size() > 1) {
                committedOverShards++;
            }
            for (ShardId shard : transaction.writers) {
                boolean behind = committed.behind().contains(shard.number());
                if (!behind && !isShownOn(transaction, shard)) {
                    throw new Broken("I2", transaction + " was answered committed, and " + shard + " does not show it");
                }
            }
            toldCommitted.set(transaction.number);
        } else if (!(outcome instanceof Outcome.Unknown)
                && transaction.gtid.isPresent()
                && accepted.containsKey(transaction.gtid.get())) {
            throw new Broken("I2", transaction + " was answered " + outcome + ", and is committed");
        }
    }

    private boolean isShownOn(Transaction transaction, ShardId shard) {
        SimShard holder = world.shards.get(shard);
        // Between a server's end and the settling of its standby nobody reads the shard.
        return lossAllowed.get(transaction.number)
                || !holder.primary.up
                || !world.isSettled(holder)
                || holder.primary.shows(transaction);
    }

    /** What one shard showed, read at once by a session that knew of {@code told}. */
    void read(ShardId shard, BitSet shown, BitSet told) {
        BitSet missing = writersOn(shard, told);
        missing.andNot(shown);
        missing.andNot(lossAllowed);
        if (!missing.isEmpty()) {
            throw new Broken("I8", "a read of " + shard + " lacks t" + missing.nextSetBit(0) + ", answered before");
        }
    }

    /** What a vector showed to somebody who knew of {@code told} when he asked for it. */
    void vector(SortedMap<ShardId, BitSet> shown, BitSet told) {
        shown.forEach((shard, set) -> set.andNot(lossAllowed));
        shown.forEach((shard, set) -> read(shard, set, told));
        BitSet any = new BitSet();
        shown.values().forEach(any::or);
        for (int number = any.nextSetBit(0); number >= 0; number = any.nextSetBit(number + 1)) {
            judge(transactions.get(number), shown);
        }
        for (SortedMap<ShardId, BitSet> earlier : vectors) {
            if (!isOrdered(earlier, shown)) {
                throw new Broken("I7", "two vectors disagree about the order: " + earlier + ", " + shown);
            }
        }
        vectors.add(shown);
    }

    private void judge(Transaction seen, SortedMap<ShardId, BitSet> shown) {
        for (ShardId shard : seen.writers) {
            if (shown.containsKey(shard) && !shown.get(shard).get(seen.number)) {
                throw new Broken("I6", "a vector shows half of " + seen + ", not on " + shard + ": " + shown);
            }
        }
        if (seen.participants.size() > 1) {
            seen.saw.forEach((shard, before) -> {
                if (shown.containsKey(shard) && !contains(shown.get(shard), before)) {
                    throw new Broken("I7", "a vector shows " + seen + " and not what it had seen on " + shard);
                }
            });
        }
        if (world.keepsRealTime && !world.clocksJump) {
            shown.forEach((shard, set) -> {
                if (!contains(set, writersOn(shard, seen.toldBefore))) {
                    throw new Broken("I7", "a vector shows " + seen + " and not what was answered before it began");
                }
            });
        }
    }

    private boolean contains(BitSet whole, BitSet part) {
        BitSet missing = (BitSet) part.clone();
        missing.andNot(whole);
        missing.andNot(lossAllowed);
        return missing.isEmpty();
    }

    private boolean isOrdered(SortedMap<ShardId, BitSet> one, SortedMap<ShardId, BitSet> other) {
        boolean before = true;
        boolean after = true;
        for (ShardId shard : one.keySet()) {
            if (other.containsKey(shard)) {
                before &= contains(other.get(shard), one.get(shard));
                after &= contains(one.get(shard), other.get(shard));
            }
        }
        return before || after;
    }

    private BitSet writersOn(ShardId shard, BitSet which) {
        BitSet writers = (BitSet) which.clone();
        writers.and(writersByShard.computeIfAbsent(shard, unwritten -> new BitSet()));
        if (world.clocksJump) {
            // An expelled node may not know it yet, and may read a shard left behind: that rests on clocks.
            writers.stream()
                    .filter(number -> transactions.get(number).wasLeftBehindOn(shard))
                    .forEach(writers::clear);
        }
        return writers;
    }

    // The end

    /** Everything works again for a while: empty when nothing is left to be done, otherwise what is. */
    String leftOver() {
        for (SimShard shard : world.shards.values()) {
            for (Found found : shard.primary.scan()) {
                if (!World.FOREIGN.contains(found.gid())) {
                    return shard + " holds " + found.gid() + " prepared";
                }
            }
            if (!world.isSettled(shard)) {
                return shard + " is not admitted";
            }
        }
        for (Node node : world.nodes) {
            if (node.epoch().isEmpty()) {
                return node + " has no epoch";
            }
            if (!node.current().orElseThrow().lease.isValid(node.clockNanos())) {
                return node + " has no lease";
            }
            if (!node.state().storedCommits().isEmpty()) {
                return node + " holds commits: " + node.state().storedCommits();
            }
        }
        return "";
    }

    /** After that: what every shard shows is what was answered. */
    void judgeTheEnd() {
        for (Transaction transaction : transactions) {
            if (lossAllowed.get(transaction.number)) {
                continue;
            }
            long shows = transaction.writers.stream()
                    .filter(shard -> world.shards.get(shard).primary.shows(transaction))
                    .count();
            if (shows != 0 && shows != transaction.writers.size()) {
                throw new Broken("I1", transaction + " is on " + shows + " of " + transaction.writers);
            }
            boolean committed = shows > 0;
            if (transaction.outcome.isPresent() && !transaction.writers.isEmpty()) {
                Outcome outcome = transaction.outcome.get();
                boolean saidCommitted = outcome instanceof Outcome.Committed;
                if (!(outcome instanceof Outcome.Unknown) && saidCommitted != committed) {
                    throw new Broken("I2", transaction + " was answered " + outcome + ", committed: " + committed);
                }
            }
        }
        for (SimShard shard : world.shards.values()) {
            for (String gid : World.FOREIGN) {
                if (!shard.primary.isPrepared(gid)) {
                    throw new Broken("I15", gid + " is gone from " + shard);
                }
            }
        }
    }
}
