package io.ostraka.tx.raft;

import io.ostraka.tx.decision.DecisionState;
import io.ostraka.tx.decision.Epoch;
import io.ostraka.tx.decision.LogEntry;
import io.ostraka.tx.recovery.Lease;
import io.ostraka.tx.recovery.Leases;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node's lease, and while it leads everybody's: plugs {@link Lease} and {@link Leases} into the log and the peers.
 *
 * <p>All of it happens on the thread {@code leases}, but for {@link #isHeld}, which any thread may ask before it reads or
 * begins something. A crash loses nothing: a new leader gives everybody a full lease.
 */
final class LeaseKeeper implements LogListener, Leases.Port<CompletableFuture<Void>>, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LeaseKeeper.class);

    private static final Duration RENEWAL_INTERVAL = Duration.ofMillis(300);
    private static final Duration LENGTH = Duration.ofSeconds(3);
    /** Ends here before it ends at the leader, whatever clocks drift, and a thread that was about to read waits. */
    private static final Duration OWN_LENGTH = LENGTH.multipliedBy(8).dividedBy(10);

    private static final Duration AWAIT_PAUSE = Duration.ofMillis(100);

    private static final byte RENEW = 1;
    private static final byte AWAIT = 2;
    private static final byte YES = 1;
    private static final byte NO = 0;

    private final ReplicatedLog log;
    private final PeerGroup peers;
    private final Epoch epoch;
    private final String self;
    private final ScheduledExecutorService thread;
    private final Lease lease = new Lease(OWN_LENGTH);
    private final CompletableFuture<Void> expelled = new CompletableFuture<>();
    private Optional<Leading> leading = Optional.empty();
    private Optional<DecisionState> applied = Optional.empty();
    private final List<Runnable> afterwards = new ArrayList<>();
    /** Nobody before the first renewal is confirmed. */
    private volatile long heldUntil;

    private volatile boolean everHeld;

    /** The leader's part, for a term. */
    private record Leading(
            long term,
            Leases<CompletableFuture<Void>> leases,
            Map<Renewal, CompletableFuture<Boolean>> answers,
            Set<Epoch> expelling) {}

    private record Renewal(Epoch epoch, long sentAt) {}

    LeaseKeeper(ReplicatedLog log, PeerGroup peers, Epoch epoch) {
        this.log = log;
        this.peers = peers;
        this.epoch = epoch;
        this.self = peers.directory().marker().id();
        ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1, work -> {
            Thread made = new Thread(work, "leases");
            made.setDaemon(true);
            return made;
        });
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        this.thread = executor;
    }

    void start() {
        peers.onLeaseCall(this::answer);
        log.tell(this);
        thread.scheduleWithFixedDelay(() -> safely(this::tick), 0, RENEWAL_INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Whether this node may read, and begin transactions. Any thread. */
    boolean isHeld() {
        return everHeld && System.nanoTime() - heldUntil < 0;
    }

    /** Completes when this node finds itself expelled: it must register anew. */
    CompletableFuture<Void> expelled() {
        return expelled;
    }

    private void safely(Runnable what) {
        try {
            what.run();
        } catch (RuntimeException e) {
            LOG.warn("leases: {}", e.toString());
        }
    }

    private void later(Runnable what) {
        try {
            thread.execute(() -> safely(what));
        } catch (RejectedExecutionException stopped) {
            LOG.debug("leases: after the end");
        }
    }

    /** The pure classes read the state while it cannot change; what they want done waits until it may again. */
    private void underLock(Runnable what) {
        log.read(state -> {
            applied = Optional.of(state);
            what.run();
            applied = Optional.empty();
            return true;
        });
        List<Runnable> now = List.copyOf(afterwards);
        afterwards.clear();
        now.forEach(Runnable::run);
    }

    // This node's own

    private void tick() {
        boolean lives = log.read(state -> state.isLive(epoch));
        if (!lives) {
            expelled.complete(null);
            return;
        }
        leading.ifPresent(now -> underLock(() -> now.leases().onTick(System.nanoTime())));
        renew();
    }

    private void renew() {
        if (log.hasStopped()) {
            // The others give this node up, and go on without it.
            return;
        }
        long sentAt = System.nanoTime();
        long index = log.appliedIndex();
        ByteBuffer message = ByteBuffer.allocate(25)
                .put(RENEW)
                .putLong(epoch.index())
                .putLong(sentAt)
                .putLong(index);
        askLeader(message.array()).thenAccept(yes -> {
            if (yes) {
                later(() -> renewed(sentAt));
            }
        });
    }

    private void renewed(long sentAt) {
        lease.onRenewed(sentAt);
        if (lease.isValid(System.nanoTime())) {
            long until = sentAt + OWN_LENGTH.toNanos();
            if (!everHeld || until - heldUntil > 0) {
                heldUntil = until;
                everHeld = true;
            }
        }
    }

    /** Yes, no, or no answer at all, which is no. */
    private CompletableFuture<Boolean> askLeader(byte[] question) {
        Optional<String> leader = log.leader();
        if (leader.isEmpty()) {
            return CompletableFuture.completedFuture(false);
        }
        CompletableFuture<byte[]> answer =
                leader.get().equals(self) ? asked(question) : peers.callAsync(leader.get(), PeerCall.LEASE, question);
        return answer.handle((said, failure) -> failure == null && said.length == 1 && said[0] == YES);
    }

    /** Completes when every node that lives has applied the log up to here. Any thread. */
    CompletableFuture<Void> appliedEverywhere(long index) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        awaitEverywhere(index, done);
        return done;
    }

    private void awaitEverywhere(long index, CompletableFuture<Void> done) {
        askLeader(ByteBuffer.allocate(9).put(AWAIT).putLong(index).array()).thenAccept(yes -> {
            if (yes) {
                done.complete(null);
            } else if (!thread.isShutdown()) {
                thread.schedule(
                        () -> safely(() -> awaitEverywhere(index, done)),
                        AWAIT_PAUSE.toMillis(),
                        TimeUnit.MILLISECONDS);
            }
        });
    }

    // The leader's answers

    private byte[] answer(byte[] question) {
        try {
            return asked(question).get(PeerCall.LEASE.timeout().toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new byte[] {NO};
        } catch (ExecutionException | TimeoutException e) {
            return new byte[] {NO};
        }
    }

    private CompletableFuture<byte[]> asked(byte[] question) {
        CompletableFuture<Boolean> answer = new CompletableFuture<>();
        later(() -> {
            ByteBuffer message = ByteBuffer.wrap(question);
            byte kind = message.get();
            if (leading.isEmpty()) {
                answer.complete(false);
            } else if (kind == RENEW) {
                Renewal renewal = new Renewal(new Epoch(message.getLong()), message.getLong());
                long index = message.getLong();
                Map<Renewal, CompletableFuture<Boolean>> answers = leading.get().answers();
                answers.put(renewal, answer);
                answer.whenComplete((yes, late) -> later(() -> answers.remove(renewal)));
                underLock(() ->
                        leading.get().leases().onRenewal(renewal.epoch(), renewal.sentAt(), index, System.nanoTime()));
            } else if (kind == AWAIT) {
                CompletableFuture<Void> everywhere = new CompletableFuture<>();
                everywhere.thenRun(() -> answer.complete(true));
                underLock(() -> leading.get().leases().awaitEverywhere(message.getLong(), everywhere));
            } else {
                answer.complete(false);
            }
        });
        return answer.orTimeout(PeerCall.LEASE.timeout().toMillis(), TimeUnit.MILLISECONDS)
                .thenApply(yes -> new byte[] {yes ? YES : NO});
    }

    @Override
    public DecisionState state() {
        return applied.orElseThrow();
    }

    @Override
    public void expel(Epoch dead) {
        Leading now = leading.orElseThrow();
        // One proposal at a time: without a majority it stays where it is, and a leader that is asked for more never
        // rests.
        if (now.expelling().add(dead)) {
            LOG.warn("leases: epoch {} has not renewed its lease, and is expelled", dead);
            afterwards.add(() -> log.proposeHere(new LogEntry.Expel(dead, now.term()))
                    .thenRun(() -> later(() -> now.expelling().remove(dead))));
        }
    }

    @Override
    public void confirmLeadership(Epoch renewing, long sentAt) {
        long term = leading.orElseThrow().term();
        afterwards.add(() -> log.confirmLeadership()
                .thenAccept(leads -> later(() -> {
                    if (leads && isLeadingIn(term)) {
                        underLock(() -> leading.orElseThrow().leases().onLeading(renewing, sentAt));
                    }
                })));
    }

    private boolean isLeadingIn(long term) {
        return leading.filter(now -> now.term() == term).isPresent();
    }

    @Override
    public void renewed(Epoch living, long sentAt) {
        leading.map(now -> now.answers().remove(new Renewal(living, sentAt)))
                .ifPresent(answer -> answer.complete(true));
    }

    @Override
    public void appliedEverywhere(CompletableFuture<Void> requester) {
        afterwards.add(() -> requester.complete(null));
    }

    // The log

    @Override
    public void applied(long index, LogEntry entry) {}

    @Override
    public void jumped(long index) {}

    @Override
    public void leads(long term) {
        later(() -> {
            leading = Optional.of(new Leading(term, new Leases<>(LENGTH, this), new HashMap<>(), new HashSet<>()));
            LOG.info("node {} leads in term {}", Member.nameOf(self), term);
        });
    }

    @Override
    public void leadsNoMore() {
        later(() -> leading = Optional.empty());
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
