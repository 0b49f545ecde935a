package io.ostraka.proxy.transaction;

import io.ostraka.tx.decision.LogEntry;
import io.ostraka.tx.decision.TransactionEntry;
import io.ostraka.tx.raft.LogListener;
import java.util.Collection;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * What other nodes of the group log, as it concerns this one: which shards must not be read, whose commits are to be finished,
 * and who does it. Called by the log's threads; hands everything to the coordinator's.
 */
final class GroupEvents implements LogListener {
    private final Consumer<Runnable> coordinator;
    private final Sweeper sweeper;
    private final Failovers failovers;
    private final GroupFence group;
    private final Collection<Fence> fences;
    private final Failpoints failpoints;
    /** Many entries come at a time, and one look at the state serves them all. */
    private final AtomicBoolean willLook = new AtomicBoolean();

    GroupEvents(
            Consumer<Runnable> coordinator,
            Sweeper sweeper,
            Failovers failovers,
            GroupFence group,
            Collection<Fence> fences,
            Failpoints failpoints) {
        this.coordinator = coordinator;
        this.sweeper = sweeper;
        this.failovers = failovers;
        this.group = group;
        this.fences = fences;
        this.failpoints = failpoints;
    }

    @Override
    public void applied(long index, LogEntry entry) {
        if (entry instanceof TransactionEntry.Commit) {
            failpoints.reach(Failpoints.Place.AFTER_APPLY);
        }
        look();
        if (entry instanceof LogEntry.Expel || entry instanceof LogEntry.Register) {
            coordinator.accept(() -> {
                sweeper.finishForTheDead();
                group.forgetTheDead();
            });
        }
    }

    @Override
    public void jumped(long index) {
        look();
    }

    private void look() {
        if (willLook.compareAndSet(false, true)) {
            coordinator.accept(() -> {
                willLook.set(false);
                sweeper.refreshWithheld();
                failovers.refresh();
            });
        }
    }

    @Override
    public void leads(long term) {
        coordinator.accept(() -> {
            sweeper.lead(true);
            failovers.lead(true);
            fences.forEach(fence -> fence.lead(term));
        });
    }

    @Override
    public void leadsNoMore() {
        coordinator.accept(() -> {
            sweeper.lead(false);
            failovers.lead(false);
            fences.forEach(Fence::leadNoMore);
        });
    }
}
