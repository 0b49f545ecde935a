package io.ostraka.it.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.Endpoint;
import io.ostraka.it.harness.WireClient;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Clients for whom a half shows: counters on three shards that every transaction raises together, and transfers between other
 * counters, whose sum stays 0; and lists, whose {@link History} must have an order. Readers look at the counters at random, in statements
 * alone and in transactions of both levels. Any error is taken for one of the faults, and tried again on a new connection; an answer that
 * does not come is a failure. Thread-safe.
 */
final class FaultsWorkload {
    private static final String LOCK_STEP = "SELECT n FROM counter WHERE id IN ($0, $1, $2)";
    private static final String REST = "SELECT n FROM counter WHERE id NOT IN ($0, $1, $2)";
    private static final String SUM = "SELECT sum(n) FROM counter WHERE id NOT IN ($0, $1, $2)";
    private static final String IN_TURN = "SELECT v FROM pair WHERE id IN ($0, $1) ORDER BY id = $1";
    private static final String OUTCOME_UNKNOWN = "08007";
    private static final int KEYS = 40;

    private final Endpoint endpoint;
    private final Counters counters;
    private final int shards;
    private final List<Integer> transferable;
    private final AtomicInteger confirmed = new AtomicInteger();
    private final AtomicInteger unknown = new AtomicInteger();
    private final AtomicInteger transfers = new AtomicInteger();
    private final AtomicInteger reads = new AtomicInteger();
    private final AtomicInteger errors = new AtomicInteger();
    private final AtomicInteger turns = new AtomicInteger();
    private final ListClients lists = new ListClients();
    private volatile boolean stopped;

    FaultsWorkload(Endpoint endpoint, Counters counters, int shards) {
        this.endpoint = endpoint;
        this.counters = counters;
        this.shards = shards;
        TreeSet<String> lockStep =
                new TreeSet<>(List.of(counters.sql("$0 $1 $2").split(" ")));
        transferable = IntStream.rangeClosed(1, KEYS)
                .filter(key -> !lockStep.contains(Integer.toString(key)))
                .boxed()
                .toList();
    }

    /** Before all else. */
    void fill(WireClient client) {
        lists.fill(client);
        ask(client, "INSERT INTO pair VALUES ($0, 0)");
        ask(client, "INSERT INTO pair VALUES ($1, 0)");
    }

    /** What each client does until {@link #stop}, with a generator of its own; {@code isOrdered}: whether reads keep real-time order. */
    List<Runnable> clients(Random seeds, boolean isOrdered) {
        List<Runnable> clients = new ArrayList<>();
        List<Step> steps = new ArrayList<>(List.of(
                this::raise,
                this::raise,
                this::transfer,
                this::transfer,
                this::readAlone,
                this::readInBlock,
                this::readAtOneTime,
                this::useLists,
                this::useLists,
                this::useLists));
        if (isOrdered) {
            steps.addAll(List.of(this::writeInTurn, this::readInTurn));
        }
        for (Step step : steps) {
            Random random = new Random(seeds.nextLong());
            clients.add(() -> run(step, random));
        }
        return clients;
    }

    void stop() {
        stopped = true;
    }

    String summary() {
        return confirmed + " and " + transfers + " transactions committed, " + unknown + " unknown, " + reads
                + " reads, " + errors + " errors, " + lists.summary();
    }

    /** With nothing prepared any more: the shards hold what was confirmed, and what may have been. */
    void check(Counters there) throws SQLException {
        List<Integer> values = there.values();
        assertEquals(1, new TreeSet<>(values).size(), () -> "half a transaction: " + values);
        int value = values.get(0);
        assertTrue(
                value >= confirmed.get() && value <= confirmed.get() + unknown.get(),
                () -> value + " is not what was committed: " + summary());
        int sum = 0;
        for (int shard = 0; shard < shards; shard++) {
            sum += Integer.parseInt(there.ask(
                    "s" + shard, "SELECT coalesce(sum(n), 0) FROM counter WHERE id IN (" + transferableKeys() + ")"));
        }
        assertEquals(0, sum, "the sum of all that was transferred");
        lists.check(there, shards);
        assertTrue(confirmed.get() > 0 && transfers.get() > 0 && reads.get() > 0, this::summary);
    }

    private String transferableKeys() {
        return transferable.stream().map(String::valueOf).collect(Collectors.joining(", "));
    }

    /** One transaction, or one read. */
    private interface Step {
        void run(WireClient client, Random random);
    }

    /** The server has said no, or that it does not know. */
    static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1;

        private final transient BackendMessage error;

        Refused(BackendMessage error) {
            super(error.toString());
            this.error = error;
        }

        boolean isUnknown() {
            return error.sqlState().equals(OUTCOME_UNKNOWN);
        }
    }

    private void run(Step step, Random random) {
        while (!stopped) {
            Optional<WireClient> connected = connect();
            if (connected.isEmpty()) {
                continue;
            }
            try (WireClient client = connected.get()) {
                while (!stopped) {
                    step.run(client, random);
                }
            } catch (Refused e) {
                errors.incrementAndGet();
            } catch (UncheckedIOException e) {
                requireAnswer(e);
                errors.incrementAndGet();
            }
        }
    }

    private Optional<WireClient> connect() {
        try {
            return Optional.of(WireClient.login(endpoint));
        } catch (UncheckedIOException e) {
            requireAnswer(e);
        } catch (AssertionError refused) {
            errors.incrementAndGet();
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        return Optional.empty();
    }

    private static void requireAnswer(UncheckedIOException e) {
        if (e.getCause() instanceof SocketTimeoutException) {
            throw new AssertionError("a client waits for an answer that does not come", e);
        }
    }

    private List<BackendMessage> ask(WireClient client, String sql) {
        List<BackendMessage> answer = client.query(counters.sql(sql));
        answer.stream().filter(message -> message.type() == 'E').findFirst().ifPresent(error -> {
            throw new Refused(error);
        });
        return answer;
    }

    private List<Integer> values(WireClient client, String sql) {
        return ask(client, sql).stream()
                .filter(message -> message.type() == 'D')
                .map(row -> Integer.parseInt(new String(row.values().get(0).orElseThrow(), StandardCharsets.US_ASCII)))
                .toList();
    }

    private void raise(WireClient client, Random random) {
        ask(client, random.nextBoolean() ? "BEGIN" : "BEGIN ISOLATION LEVEL REPEATABLE READ");
        for (int shard = 0; shard < shards; shard++) {
            ask(client, Counters.increment(shard));
        }
        commit(client, confirmed, unknown);
    }

    /** On one shard, and when that is told, on another. By one client. */
    private void writeInTurn(WireClient client, Random random) {
        int turn = turns.incrementAndGet();
        // One that is lost may still come, later.
        ask(client, "UPDATE pair SET v = greatest(v, " + turn + ") WHERE id = $0");
        ask(client, "UPDATE pair SET v = greatest(v, " + turn + ") WHERE id = $1");
    }

    private void readInTurn(WireClient client, Random random) {
        List<Integer> seen = values(client, IN_TURN);
        assertEquals(2, seen.size());
        assertTrue(seen.get(0) >= seen.get(1), () -> "the second of two commits without the first: " + seen);
        reads.incrementAndGet();
    }

    private void useLists(WireClient client, Random random) {
        lists.transact(sql -> ask(client, sql), random);
    }

    private void transfer(WireClient client, Random random) {
        int amount = 1 + random.nextInt(9);
        ask(client, "BEGIN");
        add(client, random, -amount);
        add(client, random, amount);
        commit(client, transfers, new AtomicInteger());
    }

    private void add(WireClient client, Random random, int amount) {
        int key = transferable.get(random.nextInt(transferable.size()));
        ask(client, "UPDATE counter SET n = n + (" + amount + ") WHERE id = " + key);
    }

    /** An error means that nothing was committed, unless it says that it does not know; so does a connection that is lost. */
    private void commit(WireClient client, AtomicInteger done, AtomicInteger perhaps) {
        try {
            assertEquals("COMMIT", Counters.outcome(ask(client, "COMMIT")));
            done.incrementAndGet();
        } catch (Refused e) {
            if (e.isUnknown()) {
                perhaps.incrementAndGet();
            }
            throw e;
        } catch (UncheckedIOException e) {
            perhaps.incrementAndGet();
            throw e;
        }
    }

    private void readAlone(WireClient client, Random random) {
        switch (random.nextInt(3)) {
            case 0 -> {
                int atLeast = confirmed.get();
                requireLockStep(values(client, LOCK_STEP + (random.nextBoolean() ? " ORDER BY n" : "")), atLeast);
            }
            case 1 -> requireBalance(values(client, REST));
            default -> requireBalance(values(client, SUM));
        }
        reads.incrementAndGet();
    }

    /** Each statement at a time of its own, in a transaction that may have written. */
    private void readInBlock(WireClient client, Random random) {
        ask(client, "BEGIN");
        if (random.nextBoolean()) {
            ask(client, "UPDATE counter SET n = n WHERE id = $" + random.nextInt(shards) + " AND n < 0");
        }
        for (int statement = 0; statement < 3; statement++) {
            readAlone(client, random);
        }
        ask(client, "COMMIT");
    }

    private void readAtOneTime(WireClient client, Random random) {
        int atLeast = confirmed.get();
        ask(client, "BEGIN ISOLATION LEVEL REPEATABLE READ");
        List<Integer> seen = new ArrayList<>();
        for (int shard = 0; shard < shards; shard++) {
            seen.addAll(values(client, "SELECT n FROM counter WHERE id = $" + (shard + random.nextInt(2)) % shards));
        }
        seen.addAll(values(client, LOCK_STEP));
        requireLockStep(seen, atLeast);
        requireBalance(values(client, SUM));
        ask(client, "COMMIT");
        reads.incrementAndGet();
    }

    private static void requireLockStep(List<Integer> values, int atLeast) {
        assertTrue(values.size() >= 3, () -> "rows are missing: " + values);
        assertEquals(1, new TreeSet<>(values).size(), () -> "a fractured read: " + values);
        assertTrue(values.get(0) >= atLeast, () -> values + " lack what was committed before: " + atLeast);
    }

    private static void requireBalance(List<Integer> values) {
        assertEquals(
                0, values.stream().mapToInt(Integer::intValue).sum(), () -> "a fractured read of transfers: " + values);
    }
}
