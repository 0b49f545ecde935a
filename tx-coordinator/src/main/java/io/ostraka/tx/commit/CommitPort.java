package io.ostraka.tx.commit;

import io.ostraka.tx.decision.Branch;
import io.ostraka.tx.decision.Gtid;
import io.ostraka.tx.decision.PreparedBranches;
import io.ostraka.tx.decision.ShardId;
import io.ostraka.tx.decision.ShardNumber;
import java.time.Duration;
import java.util.List;
import java.util.SortedSet;

/**
 * What the coordinator wants done. Production sends these over Netty, Raft and pgjdbc, the simulation through a world that
 * loses them. No method calls the coordinator back before it has returned.
 */
public interface CommitPort {

    /** On the connection that runs the transaction, in this order, nothing in between. */
    void send(Gtid gtid, ShardId shard, Step step, List<String> commands);

    /** On any other connection to the shard's primary, as the branch's role; never waits for room in a pool. */
    void sendElsewhere(Gtid gtid, ShardId shard, Branch branch, Step step, String command);

    /** Calls {@link Coordinator#onWindowOpen} when the gate lets the transaction through. */
    void openWindow(Gtid gtid);

    /** Every shard shows the transaction, or nobody reads those that do not. Also withdraws a request. */
    void closeWindow(Gtid gtid);

    /** Proposes the commit, again and again until the log answers; then {@link Coordinator#onDecided}. */
    void decide(PreparedBranches transaction);

    /** Proposes the client's name for it, likewise; then {@link Coordinator#onForgotten} when this node has applied that. */
    void register(String name, PreparedBranches transaction);

    /**
     * Logs that these shards do not show the transaction; {@link Coordinator#onLeftBehind} when every live node has applied
     * that, so that none reads them.
     */
    void leaveBehind(Gtid gtid, SortedSet<ShardNumber> shards);

    /** Every branch is finished for good: {@code DONE}, in time. Then {@link Coordinator#onForgotten}. */
    void forget(Gtid gtid);

    /** Calls {@link Coordinator#onAlarm} once, unless the transaction has ended by then. */
    void wake(Gtid gtid, Alarm alarm, Duration after);

    /** Whether the shard's primary of now is known to have had this branch, which an earlier one has prepared. */
    boolean hasSurvived(Gtid gtid, ShardId shard, Branch branch);

    /** Tells the client; after that the transaction may go on without it. */
    void answer(Gtid gtid, Outcome outcome);

    /** A shard no longer has what it promised to keep. The decision stays stored; a person must act. */
    void brokenPromise(Gtid gtid, ShardId shard, String seen);
}
