package io.ostraka.tx.commit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ostraka.tx.decision.Answer;
import io.ostraka.tx.decision.Branch;
import io.ostraka.tx.decision.Epoch;
import io.ostraka.tx.decision.Gtid;
import io.ostraka.tx.decision.LogEntry;
import io.ostraka.tx.decision.PreparedBranches;
import io.ostraka.tx.decision.ShardNumber;
import io.ostraka.tx.decision.TransactionEntry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class GroupCommitTest implements GroupCommit.Port {
    private final GroupCommit log = new GroupCommit(this);
    private final List<LogEntry> proposed = new ArrayList<>();
    private final List<String> told = new ArrayList<>();
    private final List<Gtid> turns = new ArrayList<>();
    private int alarms;

    private static Gtid gtid(int sequence) {
        return new Gtid(new Epoch(5), sequence);
    }

    private static PreparedBranches transaction(int sequence) {
        return new PreparedBranches(
                gtid(sequence), "shop", List.of(new Branch(new ShardNumber(0), 0, "app", sequence, Branch.NO_MARK)));
    }

    @Override
    public void propose(LogEntry entry) {
        proposed.add(entry);
    }

    @Override
    public void wakeToDecide(Gtid gtid) {
        turns.add(gtid);
    }

    @Override
    public void wakeToForget(Duration after) {
        alarms++;
    }

    @Override
    public void decided(Gtid gtid, boolean accepted) {
        told.add(gtid + " " + accepted);
    }

    @Override
    public void forgotten(Gtid gtid) {
        told.add(gtid + " forgotten");
    }

    @Test
    void whatComesInOneTurnGoesInOneEntryAndOthersGatherMeanwhile() {
        log.decide(transaction(1));
        log.decide(transaction(2));
        assertEquals(List.of(), proposed);
        log.onTurnEnd();
        log.decide(transaction(3));
        log.decide(transaction(4));
        assertEquals(List.of(gtid(1)), turns);
        assertEquals(List.of(new TransactionEntry.Commit(List.of(transaction(1), transaction(2)))), proposed);
        log.onDecided(new Answer.Decided(List.of(true, false)));
        assertEquals(new TransactionEntry.Commit(List.of(transaction(3), transaction(4))), proposed.get(1));
        log.onDecided(new Answer.Decided(List.of(false, true)));
        assertEquals(List.of("5_1 true", "5_2 false", "5_3 false", "5_4 true"), told);
        log.decide(transaction(5));
        assertEquals(List.of(gtid(1), gtid(5)), turns);
    }

    @Test
    void aTurnThatEndsWhileAnEntryIsUnderWayProposesNothing() {
        log.decide(transaction(1));
        log.onTurnEnd();
        log.decide(transaction(2));
        log.onTurnEnd();
        assertEquals(1, proposed.size());
    }

    @Test
    void whatGotNoAnswerIsProposedAgainAsItWas() {
        log.decide(transaction(1));
        log.onTurnEnd();
        log.decide(transaction(2));
        log.onNoDecision();
        assertEquals(proposed.get(0), proposed.get(1));
        assertEquals(2, proposed.size());
    }

    @Test
    void whatIsDoneIsGatheredAndToldInEntriesOfItsOwn() {
        log.decide(transaction(1));
        log.onTurnEnd();
        log.forget(gtid(7));
        log.forget(gtid(8));
        assertEquals(1, proposed.size());
        assertEquals(1, alarms);
        log.onGathered();
        assertEquals(new TransactionEntry.Done(List.of(gtid(7), gtid(8))), proposed.get(1));
        log.forget(gtid(9));
        assertEquals(1, alarms);
        log.onNotForgotten();
        assertEquals(proposed.get(1), proposed.get(2));
        log.onForgotten();
        assertEquals(List.of("5_7 forgotten", "5_8 forgotten"), told);
        assertEquals(2, alarms);
        log.onGathered();
        assertEquals(new TransactionEntry.Done(List.of(gtid(9))), proposed.get(3));
    }
}
