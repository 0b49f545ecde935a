package io.ostraka.tx.commit;

import io.ostraka.tx.decision.Branch;
import io.ostraka.tx.decision.Gtid;
import io.ostraka.tx.decision.PreparedBranches;
import io.ostraka.tx.decision.ShardId;
import io.ostraka.tx.decision.ShardNumber;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;

/** Writes down what the coordinator wants, one line each; does none of it. */
final class RecordingPort implements CommitPort {
    private final List<String> lines = new ArrayList<>();
    boolean synchronous = true;
    Outcome answered;
    PreparedBranches decided;

    /** What was wanted since the last call. */
    List<String> taken() {
        List<String> now = List.copyOf(lines);
        lines.clear();
        return now;
    }

    @Override
    public void send(Gtid gtid, ShardId shard, Step step, List<String> commands) {
        lines.add(shard + ": " + String.join("; ", commands));
    }

    @Override
    public void sendElsewhere(Gtid gtid, ShardId shard, Branch branch, Step step, String command) {
        lines.add(shard + " as " + branch.role() + ": " + command);
    }

    @Override
    public void openWindow(Gtid gtid) {
        lines.add("open window");
    }

    @Override
    public void closeWindow(Gtid gtid) {
        lines.add("close window");
    }

    @Override
    public void decide(PreparedBranches transaction) {
        decided = transaction;
        lines.add("decide " + transaction.shards());
    }

    @Override
    public void register(String name, PreparedBranches transaction) {
        lines.add("register " + name + " " + transaction.shards());
    }

    @Override
    public void leaveBehind(Gtid gtid, SortedSet<ShardNumber> shards) {
        lines.add("leave behind " + shards);
    }

    @Override
    public void forget(Gtid gtid) {
        lines.add("forget");
    }

    @Override
    public void wake(Gtid gtid, Alarm alarm, Duration after) {
        // Tests call the alarms they want.
    }

    @Override
    public boolean hasSurvived(Gtid gtid, ShardId shard, Branch branch) {
        return synchronous;
    }

    @Override
    public void answer(Gtid gtid, Outcome outcome) {
        answered = outcome;
        lines.add("answer " + outcome.getClass().getSimpleName());
    }

    @Override
    public void brokenPromise(Gtid gtid, ShardId shard, String seen) {
        lines.add("broken promise of " + shard + ": " + seen);
    }
}
