package io.ostraka.tx.commit;

import io.ostraka.tx.decision.Answer;
import io.ostraka.tx.decision.Gtid;
import io.ostraka.tx.decision.LogEntry;
import io.ostraka.tx.decision.PreparedBranches;
import io.ostraka.tx.decision.TransactionEntry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Gathers decisions while a proposal is under way and puts them into the next entry: one flush for all of them. A lone
 * decision waits for nothing but what came in together with it. What is done is gathered for a while and goes in entries of its own, because nobody waits for it.
 *
 * <p>A proposal that got no answer is proposed again as it was: the log accepts what it has accepted before. Pure; confined
 * to its owner. Source: {@code transactions.md}, section 4.
 */
public final class GroupCommit {
    /** An entry stays far below a segment of the log, whatever gathers. */
    private static final int MOST_IN_ONE_ENTRY = 1_000;

    /** Flushes that nobody waits for would take turns with those that somebody waits for. */
    private static final Duration GATHERING = Duration.ofMillis(50);

    private final Port port;
    private final List<PreparedBranches> decisions = new ArrayList<>();
    private final List<Gtid> finished = new ArrayList<>();
    private List<PreparedBranches> deciding = List.of();
    private List<Gtid> forgetting = List.of();
    private boolean gathering;

    /** Where entries go, and answers come from. No method calls back before it has returned. */
    public interface Port {
        /**
         * For a commit either {@link GroupCommit#onDecided} or {@link GroupCommit#onNoDecision} follows, for what is done
         * {@link GroupCommit#onForgotten} or {@link GroupCommit#onNotForgotten}.
         */
        void propose(LogEntry entry);

        /** Calls {@link GroupCommit#onTurnEnd} when what has arrived together with this transaction's last vote was dealt with. */
        void wakeToDecide(Gtid gtid);

        /** Calls {@link GroupCommit#onGathered} after this time. */
        void wakeToForget(Duration after);

        void decided(Gtid gtid, boolean accepted);

        void forgotten(Gtid gtid);
    }

    public GroupCommit(Port port) {
        this.port = port;
    }

    public void decide(PreparedBranches transaction) {
        decisions.add(transaction);
        if (decisions.size() == 1 && deciding.isEmpty()) {
            port.wakeToDecide(transaction.gtid());
        }
    }

    /** What {@link Port#wakeToDecide} asked for. */
    public void onTurnEnd() {
        proposeDecisions();
    }

    public void forget(Gtid gtid) {
        finished.add(gtid);
        gather();
    }

    private void gather() {
        if (!gathering && forgetting.isEmpty()) {
            gathering = true;
            port.wakeToForget(GATHERING);
        }
    }

    /** What {@link Port#wakeToForget} asked for. */
    public void onGathered() {
        gathering = false;
        forgetting = take(finished);
        port.propose(new TransactionEntry.Done(forgetting));
    }

    /** The log's answer to the commit entry under way. */
    public void onDecided(Answer.Decided answer) {
        List<PreparedBranches> answered = deciding;
        if (answered.size() != answer.accepted().size()) {
            throw new IllegalStateException(answered.size() + " decisions were proposed, "
                    + answer.accepted().size() + " answered");
        }
        deciding = List.of();
        proposeDecisions();
        for (int i = 0; i < answered.size(); i++) {
            port.decided(answered.get(i).gtid(), answer.accepted().get(i));
        }
    }

    /** The log's answer to the entry under way that told what is done. */
    public void onForgotten() {
        List<Gtid> answered = forgetting;
        forgetting = List.of();
        if (!finished.isEmpty()) {
            gather();
        }
        answered.forEach(port::forgotten);
    }

    /** Nothing is known about the commit entry under way. */
    public void onNoDecision() {
        port.propose(new TransactionEntry.Commit(deciding));
    }

    /** Nothing is known about the entry under way that told what is done. */
    public void onNotForgotten() {
        port.propose(new TransactionEntry.Done(forgetting));
    }

    private void proposeDecisions() {
        if (deciding.isEmpty() && !decisions.isEmpty()) {
            deciding = take(decisions);
            port.propose(new TransactionEntry.Commit(deciding));
        }
    }

    private static <T> List<T> take(List<T> gathered) {
        List<T> next = gathered.subList(0, Math.min(gathered.size(), MOST_IN_ONE_ENTRY));
        List<T> taken = List.copyOf(next);
        next.clear();
        return taken;
    }
}
