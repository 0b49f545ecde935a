package io.ostraka.tx.commit;

import io.ostraka.tx.decision.Branch;
import io.ostraka.tx.decision.ClusterNumber;
import io.ostraka.tx.decision.Gid;
import io.ostraka.tx.decision.Gtid;
import io.ostraka.tx.decision.PreparedBranches;
import io.ostraka.tx.decision.ShardId;
import io.ostraka.tx.decision.ShardNumber;
import io.ostraka.tx.fence.Gate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * Carries a stored decision out: COMMIT PREPARED on every branch, as often as it takes. The same for the node that decided
 * and for one that finishes a dead node's work.
 * <pre>
 * FINISHING --acknowledged---------------------------> FINISHED
 *     |  ^ \--acknowledged with a warning--> SHOWN --barrier--^
 *     |  |   \--gone, status "committed"-----^ |
 *     |  +--------a failover in between--------+
 *     \--gone, status "aborted"--> BROKEN --prepared again, by a person--> as FINISHING
 * </pre>
 * SHOWN is not FINISHED: what is committed on a primary whose standbys may lack it comes back prepared with a failover. So
 * the decision is forgotten only after a barrier, and evidence from before a failover counts for nothing after it.
 *
 * <p>Confined to its {@link Coordinator}. Source: {@code transactions.md}, sections 5 and 6.
 */
final class PhaseTwo {
    private enum Standing {
        FINISHING,
        SHOWN,
        FINISHED,
        /** The shard does not have what it had promised to keep, or nobody can tell. A person must act; it is asked again from time to time. */
        BROKEN
    }

    private static final class Progress {
        private final Branch branch;
        private Standing standing = Standing.FINISHING;
        /** In which life of the shard it was seen committed; meaningful while SHOWN. */
        private long shownInEpoch;

        private boolean toBeRetried;

        Progress(Branch branch) {
            this.branch = branch;
        }

        boolean shown() {
            return standing == Standing.SHOWN || standing == Standing.FINISHED;
        }
    }

    private final PreparedBranches transaction;
    private final Gtid gtid;
    private final ClusterNumber cluster;
    private final CommitSettings settings;
    private final CommitPort port;
    private final Map<ShardNumber, Progress> branches = new TreeMap<>();
    private Optional<SortedMap<ShardNumber, Participant>> connections = Optional.empty();
    private Consumer<SortedSet<ShardNumber>> whenShown = behind -> {};
    private boolean windowOpened;
    private boolean windowDone;
    private SortedSet<ShardNumber> logged = new TreeSet<>();
    private int logging;
    private boolean leftBehind;
    private boolean retryPending;
    private boolean forgotten;

    PhaseTwo(PreparedBranches transaction, ClusterNumber cluster, CommitSettings settings, CommitPort port) {
        this.transaction = transaction;
        this.gtid = transaction.gtid();
        this.cluster = cluster;
        this.settings = settings;
        this.port = port;
        for (Branch branch : transaction.branches()) {
            branches.put(branch.shard(), new Progress(branch));
        }
    }

    /**
     * @param prepared the participants, when the connections that prepared are at hand
     * @param shown called once, when the window is closed, with the shards that did not show the transaction then
     */
    void start(Optional<SortedMap<ShardNumber, Participant>> prepared, Consumer<SortedSet<ShardNumber>> shown) {
        connections = prepared;
        whenShown = shown;
        if (Gate.concerns(branches.size(), branches.size())) {
            port.openWindow(gtid);
        } else {
            onWindowOpen();
        }
    }

    boolean finished() {
        return forgotten;
    }

    void onWindowOpen() {
        windowOpened = true;
        port.wake(gtid, Alarm.PHASE_TWO_TIMEOUT, settings.phaseTwoTimeout());
        for (Progress progress : branches.values()) {
            ShardNumber shard = progress.branch.shard();
            if (connections.isPresent()) {
                port.send(
                        gtid,
                        id(shard),
                        Step.COMMIT_PREPARED,
                        CommitSql.commitPrepared(gid(shard), connections.get().get(shard)));
            } else {
                elsewhere(progress, Step.COMMIT_PREPARED, CommitSql.commitPrepared(gid(shard)));
            }
        }
    }

    void onReply(ShardNumber shard, Step step, ShardReply reply) {
        Progress progress = branches.get(shard);
        switch (step) {
            case COMMIT_PREPARED -> commitAnswered(progress, reply);
            case LOOK -> lookAnswered(progress, reply);
            case BARRIER -> barrierAnswered(progress, reply);
            case ASK, COMMIT, ROLLBACK, PREPARE, ROLLBACK_PREPARED ->
                throw new IllegalStateException("transaction " + gtid + ": a reply to " + step + " in phase two");
        }
        afterProgress();
    }

    private void commitAnswered(Progress progress, ShardReply reply) {
        if (reply instanceof ShardReply.Completed completed && completed.tag().equals(CommitSql.COMMITTED_TAG)) {
            if (completed.warned()) {
                shown(progress, completed.shardEpoch());
            } else {
                progress.standing = Standing.FINISHED;
            }
        } else if (reply instanceof ShardReply.Failed failed
                && failed.error().sqlState().equals(ShardError.UNDEFINED_OBJECT)) {
            gone(progress, failed.shardEpoch());
        } else {
            retry(progress);
        }
    }

    /** Committed, rolled back and lost look alike: "does not exist" is not a proof. */
    private void gone(Progress progress, long shardEpoch) {
        if (shardEpoch == progress.branch.shardEpoch()) {
            elsewhere(progress, Step.LOOK, CommitSql.statusOf(progress.branch.transactionId()));
        } else if (port.hasSurvived(gtid, id(progress.branch.shard()), progress.branch)) {
            // The new primary had the branch: only a commit can have ended it.
            shown(progress, shardEpoch);
        } else {
            broken(progress, "the prepared transaction is gone after a failover, and nobody can tell how it ended");
        }
    }

    private void lookAnswered(Progress progress, ShardReply reply) {
        if (reply instanceof ShardReply.Completed completed && completed.shardEpoch() == progress.branch.shardEpoch()) {
            switch (completed.value().orElse("too old")) {
                case "committed" -> shown(progress, completed.shardEpoch());
                case "in progress" -> retry(progress);
                case "aborted" -> broken(progress, "the prepared transaction was rolled back");
                default -> broken(progress, "the prepared transaction is gone for so long that nobody can tell how");
            }
        } else if (reply instanceof ShardReply.Failed failed
                && failed.error().sqlState().equals("22023")
                && failed.shardEpoch() == progress.branch.shardEpoch()) {
            broken(progress, "the shard has not reached its transaction id: it is older than it was");
        } else {
            retry(progress);
        }
    }

    private void barrierAnswered(Progress progress, ShardReply reply) {
        if (progress.standing != Standing.SHOWN) {
            return;
        }
        if (reply instanceof ShardReply.Completed completed && completed.shardEpoch() != progress.shownInEpoch) {
            progress.standing = Standing.FINISHING;
            retry(progress);
        } else if (reply instanceof ShardReply.Completed completed && !completed.warned()) {
            progress.standing = Standing.FINISHED;
        } else {
            retry(progress);
        }
    }

    private void shown(Progress progress, long shardEpoch) {
        progress.standing = Standing.SHOWN;
        progress.shownInEpoch = shardEpoch;
        elsewhere(progress, Step.BARRIER, CommitSql.BARRIER);
    }

    private void broken(Progress progress, String seen) {
        if (progress.standing != Standing.BROKEN) {
            progress.standing = Standing.BROKEN;
            port.brokenPromise(gtid, id(progress.branch.shard()), seen);
        }
        retry(progress);
    }

    private void retry(Progress progress) {
        if (progress.standing == Standing.BROKEN) {
            port.wake(gtid, Alarm.LOOK_AGAIN, settings.phaseTwoTimeout());
            return;
        }
        progress.toBeRetried = true;
        if (!retryPending) {
            retryPending = true;
            port.wake(gtid, Alarm.RETRY, settings.retryPause());
        }
    }

    private void afterProgress() {
        SortedSet<ShardNumber> missing = missing();
        if (!windowDone && missing.isEmpty()) {
            closeWindow(missing);
        }
        if (branches.values().stream().allMatch(progress -> progress.standing == Standing.FINISHED)) {
            if (!forgotten) {
                forgotten = true;
                port.forget(gtid);
            }
        } else if (leftBehind ? !missing.equals(logged) : connections.isEmpty() && missing.isEmpty()) {
            // When its node is dead, only the log tells others that no shard lacks it, until it is done.
            log(missing);
        }
    }

    private SortedSet<ShardNumber> missing() {
        TreeSet<ShardNumber> missing = new TreeSet<>();
        branches.forEach((shard, progress) -> {
            if (!progress.shown()) {
                missing.add(shard);
            }
        });
        return missing;
    }

    private void log(SortedSet<ShardNumber> missing) {
        leftBehind = true;
        logged = missing;
        logging++;
        port.leaveBehind(gtid, missing);
    }

    /** Every live node knows which shards not to read, as of a proposal; the latest one counts. */
    void onLeftBehind() {
        logging--;
        if (!windowDone && logging == 0) {
            closeWindow(logged);
        }
    }

    private void closeWindow(SortedSet<ShardNumber> behind) {
        windowDone = true;
        if (Gate.concerns(branches.size(), branches.size())) {
            port.closeWindow(gtid);
        }
        whenShown.accept(behind);
    }

    void onAlarm(Alarm alarm) {
        if (alarm == Alarm.PHASE_TWO_TIMEOUT) {
            // A transaction of this name may have ended here before, and its alarm may be late.
            if (windowOpened && !windowDone) {
                log(missing());
            }
            return;
        }
        if (alarm == Alarm.LOOK_AGAIN) {
            branches.values().stream()
                    .filter(progress -> progress.standing == Standing.BROKEN)
                    .forEach(progress -> elsewhere(
                            progress, Step.COMMIT_PREPARED, CommitSql.commitPrepared(gid(progress.branch.shard()))));
            return;
        }
        retryPending = false;
        for (Progress progress : List.copyOf(branches.values())) {
            if (progress.toBeRetried) {
                progress.toBeRetried = false;
                if (progress.standing == Standing.FINISHING) {
                    elsewhere(progress, Step.COMMIT_PREPARED, CommitSql.commitPrepared(gid(progress.branch.shard())));
                } else {
                    elsewhere(progress, Step.BARRIER, CommitSql.BARRIER);
                }
            }
        }
    }

    private void elsewhere(Progress progress, Step step, String command) {
        port.sendElsewhere(gtid, id(progress.branch.shard()), progress.branch, step, command);
    }

    private ShardId id(ShardNumber shard) {
        return new ShardId(transaction.database(), shard);
    }

    private Gid gid(ShardNumber shard) {
        return new Gid(cluster, gtid, shard);
    }
}
