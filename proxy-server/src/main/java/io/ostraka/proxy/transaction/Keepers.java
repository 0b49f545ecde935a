package io.ostraka.proxy.transaction;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The connections to one shard whose transactions keep snapshots open. One more than is used is open, from the start, because
 * commits wait while snapshots are taken, and must not wait for a connection, too.
 * <pre>
 * COMING --opened--> AT_HAND            neither opened nor failed for a while, or failed: --> AWAY
 * AT_HAND --lost--> COMING              too many exports in a row without an answer:      --> AWAY
 * AWAY --opened, or answers again--> AT_HAND
 * </pre>
 * Who needs a shard waits while it is COMING; nobody else waits for one that is AWAY.
 *
 * <p>Confined to the coordinator's queue. A crash leaves what the shard rolls back.
 */
final class Keepers {
    /** For how long a connection that is being opened may hold up those who can do without the shard. */
    private static final Duration GRACE = Duration.ofSeconds(3);

    /** Between attempts, while the shard is away. */
    private static final Duration PAUSE = Duration.ofMillis(500);

    /** Rounds in a row that end before the shard has answered: a machine that has too much to do misses one or two. */
    private static final int MOST_MISSES = 5;

    /** They read nothing: they only hold what they export, for as long as others' transactions need it. */
    private static final List<String> EXPORT = List.of("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
            + " SET LOCAL idle_in_transaction_session_timeout = 0; SELECT pg_catalog.pg_export_snapshot()");

    private final CoordinatorQueue queue;
    private final Consumer<Consumer<Optional<KeptLink>>> opening;
    private final int most;
    private final Runnable whenChanged;
    private final Deque<KeptLink> free = new ArrayDeque<>();
    /** Free, in use, or coming. */
    private int all;

    private boolean coming;
    private boolean away;
    private int misses;

    /** A transaction that keeps a snapshot open. */
    record Keeper(KeptLink link, String snapshot) {}

    /**
     * {@code opening} tries to open one, and calls back on any thread. At most {@code most} are open; {@code whenChanged} hears of
     * what was waited for, or need not be waited for any more.
     */
    Keepers(CoordinatorQueue queue, Consumer<Consumer<Optional<KeptLink>>> opening, int most, Runnable whenChanged) {
        this.queue = queue;
        this.opening = opening;
        this.most = most;
        this.whenChanged = whenChanged;
    }

    boolean isAtHand() {
        return !free.isEmpty() && !away;
    }

    boolean isAway() {
        return away;
    }

    /** Sees to it that one is at hand, or on its way. */
    void prepare() {
        if (!free.isEmpty() || coming || all >= most) {
            return;
        }
        coming = true;
        all++;
        opening.accept(kept -> queue.execute(() -> arrived(kept)));
        later(GRACE, () -> {
            if (coming && free.isEmpty()) {
                goesAway();
            }
        });
    }

    private void arrived(Optional<KeptLink> kept) {
        coming = false;
        if (kept.isPresent()) {
            free.push(kept.get());
            answers();
            return;
        }
        all--;
        if (free.isEmpty()) {
            goesAway();
        }
        later(PAUSE, this::prepare);
    }

    private void answers() {
        away = false;
        misses = 0;
        whenChanged.run();
    }

    private void goesAway() {
        away = true;
        whenChanged.run();
    }

    /** Has one export a snapshot; empty when the connection was lost. One must be at hand. */
    void export(Consumer<Optional<Keeper>> then) {
        KeptLink link = free.pop();
        prepare();
        link.run(
                EXPORT,
                result -> queue.execute(() -> {
                    Optional<String> snapshot = result.rows().isEmpty()
                            ? Optional.empty()
                            : result.rows().get(0).get(0);
                    if (snapshot.isEmpty()) {
                        drop(link);
                    } else {
                        answers();
                    }
                    then.accept(snapshot.map(name -> new Keeper(link, name)));
                }));
    }

    /** A round has ended without the shard's snapshot. */
    void missed() {
        misses++;
        if (misses >= MOST_MISSES && !away) {
            goesAway();
            later(PAUSE, this::probe);
        }
    }

    /** While a shard is away nobody asks it for snapshots, and would find out that it is back. */
    private void probe() {
        if (away && !free.isEmpty()) {
            end(free.pop());
        }
    }

    /** Nobody imports the snapshot any more. */
    void end(Keeper keeper) {
        end(keeper.link());
    }

    private void end(KeptLink link) {
        link.run(
                List.of("ROLLBACK"),
                result -> queue.execute(() -> {
                    if (result.lost() || result.error().isPresent()) {
                        drop(link);
                    } else {
                        free.push(link);
                        answers();
                    }
                }));
    }

    /** The server may have gone, and the others with it: the next that is opened, or lent by the pool, will tell. */
    private void drop(KeptLink link) {
        link.giveBack();
        all--;
        all -= free.size();
        free.forEach(KeptLink::giveBack);
        free.clear();
        prepare();
    }

    private void later(Duration after, Runnable what) {
        queue.schedule(what, after);
    }
}
