package io.ostraka.it.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.Endpoint;
import io.ostraka.it.harness.WireClient;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Counters on two shards that every transaction raises together, through several proxies, and readers through all of them: whoever sees
 * the two differ, or lack what was confirmed before he asked, has seen half of a commit. Errors are taken for faults, and tried again
 * on a new connection. Thread-safe.
 */
final class LockStep {
    private static final String BOTH = "SELECT n FROM counter WHERE id IN ($0, $1)";
    private static final int ENOUGH = 30;

    private final Counters counters;
    private final AtomicInteger confirmed = new AtomicInteger();
    private final AtomicInteger unknown = new AtomicInteger();
    private final List<AtomicInteger> reads = new ArrayList<>();
    private final List<CompletableFuture<Void>> clients = new ArrayList<>();
    private final Set<String> errors = ConcurrentHashMap.newKeySet();
    private volatile boolean stopped;

    private interface Step {
        void run(WireClient client, int turn);
    }

    /** The server has said no. */
    private static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1;

        Refused(BackendMessage error) {
            super(error.toString());
        }
    }

    LockStep(Counters counters) {
        this.counters = counters;
    }

    /** A writer and a reader go through this proxy from now on. */
    void through(Endpoint proxy) {
        AtomicInteger seen = new AtomicInteger();
        reads.add(seen);
        clients.add(start(proxy, this::write));
        clients.add(start(proxy, (client, turn) -> {
            read(client, turn);
            seen.incrementAndGet();
        }));
    }

    private CompletableFuture<Void> start(Endpoint proxy, Step step) {
        return CompletableFuture.runAsync(() -> run(proxy, step), work -> new Thread(work, "lock-step").start());
    }

    private void run(Endpoint proxy, Step step) {
        int turn = 0;
        while (!stopped) {
            Optional<WireClient> connected = connect(proxy);
            if (connected.isEmpty()) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
                continue;
            }
            try (WireClient client = connected.get()) {
                while (!stopped) {
                    step.run(client, turn++);
                }
            } catch (Refused | UncheckedIOException e) {
                errors.add(e.getMessage());
            }
        }
    }

    private static Optional<WireClient> connect(Endpoint proxy) {
        try {
            return Optional.of(WireClient.login(proxy));
        } catch (UncheckedIOException | AssertionError away) {
            return Optional.empty();
        }
    }

    private List<BackendMessage> ask(WireClient client, String sql) {
        List<BackendMessage> answer = client.query(counters.sql(sql));
        answer.stream().filter(message -> message.type() == 'E').findFirst().ifPresent(error -> {
            throw new Refused(error);
        });
        return answer;
    }

    private void write(WireClient client, int turn) {
        ask(client, "BEGIN");
        ask(client, Counters.increment(0));
        ask(client, Counters.increment(1));
        unknown.incrementAndGet();
        assertEquals("COMMIT", Counters.outcome(ask(client, "COMMIT")));
        unknown.decrementAndGet();
        confirmed.incrementAndGet();
    }

    private void read(WireClient client, int turn) {
        int atLeast = confirmed.get();
        switch (turn % 3) {
            case 0 -> look(client, atLeast, BOTH + (turn % 2 == 0 ? " ORDER BY n" : ""));
            case 1 -> {
                ask(client, "BEGIN");
                look(client, atLeast, BOTH);
                look(client, confirmed.get(), "SELECT n, count(*) OVER () FROM counter WHERE id IN ($0, $1)");
                ask(client, "COMMIT");
            }
            default -> {
                ask(client, "BEGIN ISOLATION LEVEL REPEATABLE READ");
                Set<String> values = look(client, atLeast, "SELECT n FROM counter WHERE id = $0");
                values.addAll(look(client, atLeast, "SELECT n FROM counter WHERE id = $1"));
                values.addAll(look(client, atLeast, BOTH));
                assertEquals(1, values.size(), () -> "not one point in time: " + values);
                ask(client, "COMMIT");
            }
        }
    }

    private Set<String> look(WireClient client, int atLeast, String sql) {
        Set<String> values = new HashSet<>();
        ask(client, sql).stream()
                .filter(message -> message.type() == 'D')
                .forEach(row -> values.add(new String(row.values().get(0).orElseThrow(), StandardCharsets.US_ASCII)));
        assertEquals(1, values.size(), () -> "a fractured read: " + values);
        int value = Integer.parseInt(values.iterator().next());
        assertTrue(value >= atLeast, () -> value + " lacks what was committed before: " + atLeast);
        return values;
    }

    /** Through so many proxies it has been read often from now on. */
    void awaitReads(int proxies) {
        List<Integer> before = reads.stream().map(AtomicInteger::get).toList();
        Await.until("it is read through " + proxies + " proxies", () -> {
            requireNoFailure();
            int enough = 0;
            for (int i = 0; i < before.size(); i++) {
                enough += reads.get(i).get() >= before.get(i) + ENOUGH ? 1 : 0;
            }
            if (enough < proxies) {
                throw new IllegalStateException(
                        before + " reads before, " + reads + " now, " + confirmed + " commits, errors " + errors);
            }
            return true;
        });
    }

    private void requireNoFailure() {
        clients.stream().filter(CompletableFuture::isCompletedExceptionally).forEach(CompletableFuture::join);
    }

    void stop() {
        stopped = true;
        clients.forEach(CompletableFuture::join);
    }

    /** What the shards have, with nothing prepared any more. */
    void check(List<Integer> values) {
        assertEquals(1, new HashSet<>(values).size(), () -> "half a transaction: " + values);
        int value = values.get(0);
        assertTrue(
                value >= confirmed.get() && value <= confirmed.get() + unknown.get(),
                () -> value + " of " + confirmed + " and perhaps " + unknown + " more");
    }
}
