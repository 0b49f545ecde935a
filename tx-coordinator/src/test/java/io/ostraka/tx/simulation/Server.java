package io.ostraka.tx.simulation;

import io.ostraka.tx.commit.ShardError;
import io.ostraka.tx.commit.ShardReply;
import io.ostraka.tx.decision.ShardEntry.FenceShard;
import io.ostraka.tx.recovery.Found;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * A PostgreSQL server, as far as commits go: write-ahead log, prepared transactions, what is visible, and one synchronous
 * standby that holds a prefix of the log. Shows a commit when the standby has it, or the wait was cut short, or after a
 * restart: as PostgreSQL does. Another standby waits for nobody, and may hold less. Places in the log are counted in records.
 */
final class Server {
    /** Of one that the log does not know yet: nobody speaks with it. */
    private static final long NOT_KNOWN = -1;

    /** Records that a standby lacks which nobody waits for. */
    private static final int MOST_BEHIND = 40;

    /** What the log holds. {@code gid} is empty for plain commits, {@code transaction} negative for a barrier. */
    private record Wal(Kind kind, int transaction, String gid, long xid) {}

    private enum Kind {
        PREPARE,
        COMMIT_PREPARED,
        ROLLBACK_PREPARED,
        COMMIT,
        MARK,
        MESSAGE
    }

    private static final class Prepared {
        private final int transaction;
        private final long xid;
        /** A backend is on it: PREPARE or its end waits for the standby. */
        private boolean busy;

        Prepared(int transaction, long xid) {
            this.transaction = transaction;
            this.xid = xid;
        }
    }

    /** A backend that waits until the standby has flushed so much. */
    private record Waiter(int upTo, Runnable effect, Consumer<Boolean> reply) {}

    final SimShard shard;
    /** What the log calls it, since it knows of it; 0 of one that never failed over. */
    long epoch;

    private final World world;
    private final int timeline;
    private final Optional<Server> predecessor;
    /** As much of its predecessor's log as it has. */
    private final int began;
    /** What only its predecessor has committed, in one phase. */
    private final List<Integer> lacks = new ArrayList<>();

    private final List<Wal> wal = new ArrayList<>();
    private final Map<String, Prepared> prepared = new TreeMap<>();
    private final Map<Long, String> status = new TreeMap<>();
    private final Map<String, Integer> finishedAt = new TreeMap<>();
    private List<Waiter> waiters = new ArrayList<>();
    private BitSet visible = new BitSet();
    private int standby;
    private boolean standbyStalled;
    private long nextXid = 1_000;
    boolean up = true;
    /** Grows with each crash: what came before is not heard any more. */
    int life;

    private Server(World world, SimShard shard, Optional<Server> predecessor, int began) {
        this.world = world;
        this.shard = shard;
        this.predecessor = predecessor;
        this.began = began;
        this.timeline = shard.nextTimeline();
    }

    static Server first(World world, SimShard shard) {
        return new Server(world, shard, Optional.empty(), 0);
    }

    String endpoint() {
        return shard + "-" + timeline;
    }

    /** Whether a file that names all servers has no word for it: it is in use without the log. */
    boolean needsNoIntroduction() {
        return predecessor.isEmpty() && !world.followsFailovers;
    }

    /** Which of its predecessors, or itself, this is; the first of all if nobody is called so. */
    Server ancestor(Optional<String> endpoint) {
        return predecessor.isEmpty() || endpoint.equals(Optional.of(endpoint()))
                ? this
                : predecessor.get().ancestor(endpoint);
    }

    /** How much it has of the log of that one. */
    long reaches(Server ancestor) {
        return ancestor == this
                ? FenceShard.SAME_SERVER
                : Math.min(began, predecessor.orElseThrow().reaches(ancestor));
    }

    boolean isUnknown() {
        return epoch == NOT_KNOWN;
    }

    /** The log knows of it. What it lacks is lost, by the rules of PostgreSQL. */
    void accepted(long inEpoch) {
        epoch = inEpoch;
        lacks.forEach(world.checker::mayBeLost);
    }

    BitSet visible() {
        return (BitSet) visible.clone();
    }

    boolean shows(Transaction transaction) {
        return visible.get(transaction.number);
    }

    /** Prepared by somebody else, long ago. */
    void foreign(String gid) {
        append(new Wal(Kind.PREPARE, -1, gid, nextXid));
        prepared.put(gid, new Prepared(-1, nextXid++));
        standby = wal.size();
    }

    long newXid() {
        status.put(nextXid, "in progress");
        return nextXid++;
    }

    List<Found> scan() {
        List<Found> found = new ArrayList<>();
        prepared.forEach((gid, branch) -> found.add(new Found(gid, "app")));
        return found;
    }

    boolean isPrepared(String gid) {
        return prepared.containsKey(gid);
    }

    /** Whether its end is on the standby too, so that no failover brings it back. */
    boolean isFinishedForGood(String gid) {
        return !prepared.containsKey(gid) && finishedAt.getOrDefault(gid, Integer.MAX_VALUE) < standby;
    }

    ShardReply xactStatus(long xid) {
        if (xid >= nextXid) {
            return failed("22023", "transaction ID " + xid + " is in the future");
        }
        return new ShardReply.Completed("SELECT 1", false, Optional.of(status.getOrDefault(xid, "aborted")), epoch);
    }

    ShardReply failed(String state, String message) {
        return new ShardReply.Failed(new ShardError(state, message), epoch);
    }

    void prepare(int transaction, String gid, long xid, Consumer<ShardReply> reply) {
        String mark = "";
        if (epoch > 0 && world.followsFailovers) {
            append(new Wal(Kind.MARK, -1, "", xid));
            mark = " " + position();
        }
        String value = xid + mark;
        Prepared branch = new Prepared(transaction, xid);
        branch.busy = true;
        prepared.put(gid, branch);
        append(new Wal(Kind.PREPARE, transaction, gid, xid));
        await(() -> branch.busy = false, warned -> reply.accept(completed("PREPARE TRANSACTION", warned, value)));
    }

    void commitPrepared(String gid, Consumer<ShardReply> reply) {
        Prepared branch = prepared.get(gid);
        if (branch == null || branch.busy) {
            reply.accept(branch == null ? failed("42704", "no " + gid) : failed("55000", gid + " is busy"));
            return;
        }
        branch.busy = true;
        world.checker.branchCommitted(this, gid);
        append(new Wal(Kind.COMMIT_PREPARED, branch.transaction, gid, branch.xid));
        finishedAt.put(gid, wal.size() - 1);
        await(() -> show(gid, branch), warned -> reply.accept(completed("COMMIT PREPARED", warned, "")));
    }

    private void show(String gid, Prepared branch) {
        prepared.remove(gid);
        status.put(branch.xid, "committed");
        visible.set(branch.transaction);
    }

    void rollbackPrepared(String gid, Consumer<ShardReply> reply) {
        Prepared branch = prepared.get(gid);
        if (branch == null || branch.busy) {
            reply.accept(branch == null ? failed("42704", "no " + gid) : failed("55000", gid + " is busy"));
            return;
        }
        branch.busy = true;
        world.checker.branchRolledBack(this, gid);
        append(new Wal(Kind.ROLLBACK_PREPARED, branch.transaction, gid, branch.xid));
        await(
                () -> {
                    prepared.remove(gid);
                    status.put(branch.xid, "aborted");
                },
                warned -> reply.accept(completed("ROLLBACK PREPARED", warned, "")));
    }

    void commit(int transaction, long xid, Consumer<ShardReply> reply) {
        append(new Wal(Kind.COMMIT, transaction, "", xid));
        await(
                () -> {
                    status.put(xid, "committed");
                    visible.set(transaction);
                },
                warned -> {
                    if (warned) {
                        world.checker.mayBeLost(transaction);
                    }
                    reply.accept(completed("COMMIT", warned, ""));
                });
    }

    void barrier(Consumer<ShardReply> reply) {
        append(new Wal(Kind.MESSAGE, -1, "", 0));
        String position = position();
        await(() -> {}, warned -> reply.accept(completed("SELECT 1", warned, position)));
    }

    private String position() {
        return "0/" + Integer.toHexString(wal.size());
    }

    private ShardReply completed(String tag, boolean warned, String value) {
        return new ShardReply.Completed(tag, warned, Optional.of(value), epoch);
    }

    // Write-ahead log and standby

    private void append(Wal record) {
        wal.add(record);
        int end = wal.size();
        int sameLife = life;
        world.after(world.between(100, 1_500), () -> {
            if (up && life == sameLife && !standbyStalled) {
                flushed(end);
            }
        });
    }

    private void await(Runnable effect, Consumer<Boolean> reply) {
        waiters.add(new Waiter(wal.size(), effect, reply));
    }

    private void flushed(int upTo) {
        standby = Math.max(standby, upTo);
        release(waiter -> waiter.upTo() <= standby, false);
    }

    private void release(Predicate<Waiter> which, boolean warned) {
        List<Waiter> now = waiters.stream().filter(which).toList();
        waiters.removeAll(now);
        for (Waiter waiter : now) {
            waiter.effect().run();
            waiter.reply().accept(warned);
        }
    }

    void stallStandby() {
        standbyStalled = true;
    }

    void resumeStandby() {
        standbyStalled = false;
        if (up) {
            flushed(wal.size());
        }
    }

    /** An administrator cancels whoever waits for the standby. */
    void cancelWaits() {
        if (up) {
            release(waiter -> true, true);
        }
    }

    void crash() {
        up = false;
        life++;
        waiters = new ArrayList<>();
    }

    /** Replays its own log: all of it counts, whether the standby has it or not. */
    void restart() {
        replay(wal);
        up = true;
        standbyStalled = false;
        int end = wal.size();
        int sameLife = life;
        world.after(world.between(500, 50_000), () -> {
            if (up && life == sameLife && !standbyStalled) {
                flushed(end);
            }
        });
    }

    /** What the standby holds becomes a server of its own. */
    Server promoteStandby() {
        return promote(standby);
    }

    /**
     * The same of the one that nobody waits for. What is between a mark and its PREPARE is one place here: a standby that ends there
     * has heard of a transaction that it does not have, which nobody can tell before it is asked.
     */
    Server promoteStraggler() {
        int has = Math.max(Math.max(began, World.FOREIGN.size()), wal.size() - world.random.nextInt(MOST_BEHIND));
        return promote(has > began && wal.get(has - 1).kind() == Kind.MARK ? has - 1 : has);
    }

    private Server promote(int has) {
        Server promoted = new Server(world, shard, Optional.of(this), has);
        promoted.epoch = NOT_KNOWN;
        promoted.wal.addAll(wal.subList(0, has));
        promoted.nextXid = promoted.wal.stream().mapToLong(Wal::xid).max().orElse(nextXid) + 1;
        promoted.replay(promoted.wal);
        promoted.standby = promoted.wal.size();
        for (Wal lost : wal.subList(has, wal.size())) {
            if (lost.kind() == Kind.COMMIT) {
                promoted.lacks.add(lost.transaction());
            }
        }
        promoted.lacks.addAll(lacks);
        return promoted;
    }

    private void replay(List<Wal> records) {
        prepared.clear();
        status.clear();
        visible = new BitSet();
        finishedAt.clear();
        for (int i = 0; i < records.size(); i++) {
            Wal record = records.get(i);
            switch (record.kind()) {
                case PREPARE -> {
                    prepared.put(record.gid(), new Prepared(record.transaction(), record.xid()));
                    status.put(record.xid(), "in progress");
                }
                case COMMIT_PREPARED -> {
                    show(record.gid(), prepared.get(record.gid()));
                    finishedAt.put(record.gid(), i);
                }
                case ROLLBACK_PREPARED -> {
                    prepared.remove(record.gid());
                    status.put(record.xid(), "aborted");
                }
                case COMMIT -> {
                    visible.set(record.transaction());
                    status.put(record.xid(), "committed");
                }
                case MARK, MESSAGE -> {}
            }
        }
    }
}
