package io.ostraka.tx.simulation;

import io.ostraka.tx.commit.ShardError;
import io.ostraka.tx.commit.ShardReply;
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
 * restart: as PostgreSQL does.
 */
final class Server {
    /** What the log holds. {@code gid} is empty for plain commits, {@code transaction} negative for a barrier. */
    private record Wal(Kind kind, int transaction, String gid, long xid) {}

    private enum Kind {
        PREPARE,
        COMMIT_PREPARED,
        ROLLBACK_PREPARED,
        COMMIT,
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
    final long epoch;
    private final World world;
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

    Server(World world, SimShard shard, long epoch) {
        this.world = world;
        this.shard = shard;
        this.epoch = epoch;
    }

    String endpoint() {
        return shard + "-" + epoch;
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
        Prepared branch = new Prepared(transaction, xid);
        branch.busy = true;
        prepared.put(gid, branch);
        append(new Wal(Kind.PREPARE, transaction, gid, xid));
        await(() -> branch.busy = false, warned -> reply.accept(completed("PREPARE TRANSACTION", warned, xid)));
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
        await(() -> show(gid, branch), warned -> reply.accept(completed("COMMIT PREPARED", warned, branch.xid)));
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
                warned -> reply.accept(completed("ROLLBACK PREPARED", warned, branch.xid)));
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
                    reply.accept(completed("COMMIT", warned, xid));
                });
    }

    void barrier(Consumer<ShardReply> reply) {
        append(new Wal(Kind.MESSAGE, -1, "", 0));
        await(() -> {}, warned -> reply.accept(completed("SELECT 1", warned, 0)));
    }

    private ShardReply completed(String tag, boolean warned, long xid) {
        return new ShardReply.Completed(tag, warned, Optional.of(Long.toString(xid)), epoch);
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

    /** What the standby holds becomes a server of its own; what it lacks is lost. */
    Server promoteStandby() {
        Server promoted = new Server(world, shard, epoch + 1);
        promoted.wal.addAll(wal.subList(0, standby));
        promoted.nextXid = nextXid;
        promoted.replay(promoted.wal);
        promoted.standby = promoted.wal.size();
        for (Wal lost : wal.subList(standby, wal.size())) {
            if (lost.kind() == Kind.COMMIT) {
                world.checker.mayBeLost(lost.transaction());
            }
        }
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
                case MESSAGE -> {}
            }
        }
    }
}
