package io.ostraka.tx.simulation;

import io.ostraka.tx.decision.Answer;
import io.ostraka.tx.decision.Fate;
import io.ostraka.tx.decision.Gid;
import io.ostraka.tx.decision.LogEntry;
import io.ostraka.tx.decision.ShardId;
import io.ostraka.tx.decision.TransactionEntry;
import io.ostraka.tx.recovery.Found;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** What broken parts do otherwise than they should. */
final class Mutants {
    private Mutants() {}

    /** What a broken state machine answers. */
    static Answer answer(Mutation mutation, LogEntry entry, Answer right) {
        return mutation == Mutation.ACCEPT_THE_DEAD && entry instanceof TransactionEntry.Commit commit
                ? new Answer.Decided(Collections.nCopies(commit.transactions().size(), true))
                : right;
    }

    /** What a broken recovery does in addition. */
    static void afterScan(Life life, ShardId shard, List<Found> found) {
        for (Found branch : found) {
            Optional<Gid> gid =
                    Gid.parse(branch.gid()).filter(name -> name.cluster().equals(World.CLUSTER));
            switch (life.node.world.mutation) {
                case TOUCH_FOREIGN_BRANCHES -> {
                    if (gid.isEmpty()) {
                        life.rollBack(shard, branch.gid());
                    }
                }
                case FORGET_THE_EXPEL -> {
                    boolean missedItsLease = gid.isPresent()
                            && life.node.leadership().isPresent()
                            && life.node
                                    .leadership()
                                    .get()
                                    .isOverdue(gid.get().gtid().epoch())
                            && life.state().fateOf(gid.get().gtid()) == Fate.UNDECIDED;
                    if (missedItsLease) {
                        life.rollBack(shard, branch.gid());
                    }
                }
                default -> {}
            }
        }
    }
}
