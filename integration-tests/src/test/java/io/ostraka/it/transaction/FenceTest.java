package io.ostraka.it.transaction;

import static io.ostraka.it.harness.FrontendMessages.bind;
import static io.ostraka.it.harness.FrontendMessages.execute;
import static io.ostraka.it.harness.FrontendMessages.parse;
import static io.ostraka.it.harness.FrontendMessages.sync;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import io.ostraka.it.session.NoLeaks;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Counters on three shards that every transaction raises together: a read that sees two of them differ has seen half of a
 * commit. Without the fence about every second one does.
 */
@ExtendWith(NoLeaks.class)
class FenceTest {
    private static final int READS = 150;
    private static final String SELECT = "SELECT n FROM counter WHERE id IN ($0, $1, $2)";

    private final TestCluster cluster = TestCluster.of(Counters.spec(3));
    private WireClient client;
    private Counters counters;

    @BeforeEach
    void connect() throws SQLException {
        client = WireClient.login(cluster.proxy());
        counters = Counters.filled(cluster, client);
    }

    @AfterEach
    void disconnect() {
        client.close();
    }

    /** Commits while {@code reading} goes on; returns what it returned. */
    private <T> T underCommits(TestCluster of, Supplier<T> reading) {
        AtomicBoolean stop = new AtomicBoolean();
        AtomicInteger committed = new AtomicInteger();
        List<CompletableFuture<Void>> writers = new ArrayList<>();
        for (int writer = 0; writer < 2; writer++) {
            writers.add(CompletableFuture.runAsync(() -> {
                try (WireClient writing = WireClient.login(of.proxy())) {
                    while (!stop.get()) {
                        counters.run(
                                writing, "BEGIN", Counters.increment(0), Counters.increment(1), Counters.increment(2));
                        assertEquals("COMMIT", Counters.outcome(writing.query("COMMIT")));
                        committed.incrementAndGet();
                    }
                }
            }));
        }
        try {
            return reading.get();
        } finally {
            stop.set(true);
            writers.forEach(CompletableFuture::join);
            assertTrue(committed.get() > 0, "nothing was committed meanwhile");
        }
    }

    private static Set<String> shown(List<BackendMessage> answer) {
        Set<String> values = new HashSet<>();
        int rows = 0;
        for (BackendMessage message : answer) {
            if (message.type() == 'D') {
                rows++;
                values.add(new String(message.values().get(0).orElseThrow(), StandardCharsets.US_ASCII));
            }
        }
        assertEquals(3, rows, answer::toString);
        return values;
    }

    @Test
    void aStatementAloneSeesAllOfACommitOrNothing() {
        int fractured = underCommits(cluster, () -> {
            int seen = 0;
            for (int i = 0; i < READS; i++) {
                seen += shown(client.query(counters.sql(SELECT))).size() > 1 ? 1 : 0;
            }
            return seen;
        });
        assertEquals(0, fractured);
    }

    @Test
    void sortedAndCombinedReadsDoToo() {
        String spread = "SELECT max(n) - min(n) FROM counter WHERE id IN ($0, $1, $2)";
        int fractured = underCommits(cluster, () -> {
            int seen = 0;
            for (int i = 0; i < READS / 3; i++) {
                seen += shown(client.query(counters.sql(SELECT + " ORDER BY n")))
                                        .size()
                                > 1
                        ? 1
                        : 0;
                String row = client.query(counters.sql(spread)).get(1).toString();
                seen += row.equals("D[0]") ? 0 : 1;
            }
            return seen;
        });
        assertEquals(0, fractured);
    }

    @Test
    void theExtendedProtocolReadsAlike() {
        int fractured = underCommits(cluster, () -> {
            int seen = 0;
            for (int i = 0; i < READS; i++) {
                client.send(parse("", counters.sql(SELECT)), bind("", "", List.of(), false), execute("", 0), sync());
                seen += shown(client.untilReady()).size() > 1 ? 1 : 0;
            }
            return seen;
        });
        assertEquals(0, fractured);
    }

    /** The level may come behind settings, which a shard has carried out by then. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "BEGIN ISOLATION LEVEL REPEATABLE READ",
                "BEGIN; SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
                "BEGIN; SHOW work_mem; SET LOCAL work_mem = '5MB'; SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;"
                        + " SHOW transaction_isolation"
            })
    void aRepeatableReadTransactionSeesOnePointInTime(String begin) {
        int fractured = underCommits(cluster, () -> {
            int seen = 0;
            for (int i = 0; i < READS / 3; i++) {
                Set<String> values = new HashSet<>();
                for (String statement : begin.split("; ", -1)) {
                    if (i % 2 == 0) {
                        client.query(statement);
                    } else {
                        client.send(parse("", statement), bind("", "", List.of(), false), execute("", 0), sync());
                        client.untilReady();
                    }
                }
                for (int shard = 2; shard >= 0; shard--) {
                    values.add(client.query(counters.sql("SELECT n FROM counter WHERE id = $" + shard))
                            .get(1)
                            .toString());
                }
                shown(client.query(counters.sql(SELECT))).forEach(value -> values.add("D[" + value + "]"));
                assertEquals("COMMIT", Counters.outcome(client.query("COMMIT")));
                seen += values.size() > 1 ? 1 : 0;
            }
            return seen;
        });
        assertEquals(0, fractured);
    }

    /** Reads the three counters in one statement, or a few that belong together. */
    private enum Reading {
        MERGED {
            @Override
            Set<String> read(FenceTest test) {
                return shown(test.client.query(test.counters.sql(SELECT)));
            }
        },
        IN_ORDER {
            @Override
            Set<String> read(FenceTest test) {
                return shown(test.client.query(test.counters.sql(SELECT + " ORDER BY n")));
            }
        },
        COMBINED {
            @Override
            Set<String> read(FenceTest test) {
                return shown(test.client.query(test.counters.sql(
                        "SELECT n, row_number() OVER (ORDER BY id) FROM counter WHERE id IN ($0, $1, $2)")));
            }
        },
        AGGREGATED {
            @Override
            Set<String> read(FenceTest test) {
                BackendMessage row = test.client
                        .query(test.counters.sql("SELECT min(n), max(n) FROM counter WHERE id IN ($0, $1, $2)"))
                        .get(1);
                Set<String> values = new HashSet<>();
                row.values().forEach(value -> values.add(new String(value.orElseThrow(), StandardCharsets.US_ASCII)));
                return values;
            }
        },
        COMBINED_EXTENDED {
            @Override
            Set<String> read(FenceTest test) {
                test.client.send(
                        parse(
                                "",
                                test.counters.sql("SELECT n, count(*) OVER () FROM counter WHERE id IN ($0, $1, $2)")),
                        bind("", "", List.of(), false),
                        execute("", 0),
                        sync());
                return shown(test.client.untilReady());
            }
        },
        BY_CURSOR {
            @Override
            Set<String> read(FenceTest test) {
                test.client.query(test.counters.sql("DECLARE c CURSOR FOR " + SELECT));
                Set<String> values = shown(test.client.query("FETCH ALL c"));
                test.client.query("CLOSE c");
                return values;
            }
        },
        COPIED {
            @Override
            Set<String> read(FenceTest test) {
                Set<String> values = new HashSet<>();
                List<BackendMessage> answer = test.client.query(test.counters.sql("COPY (" + SELECT + ") TO STDOUT"));
                answer.stream()
                        .filter(message -> message.type() == 'd')
                        .forEach(message -> values.add(new String(message.body(), StandardCharsets.US_ASCII)));
                assertEquals("COPY 3", Counters.outcome(answer));
                return values;
            }
        },
        EXTENDED {
            @Override
            Set<String> read(FenceTest test) {
                test.client.send(
                        parse("", test.counters.sql(SELECT)), bind("", "", List.of(), false), execute("", 0), sync());
                return shown(test.client.untilReady());
            }
        },
        EXTENDED_IN_ORDER {
            @Override
            Set<String> read(FenceTest test) {
                test.client.send(
                        parse("", test.counters.sql(SELECT + " ORDER BY n DESC")),
                        bind("", "", List.of(), false),
                        execute("", 0),
                        sync());
                return shown(test.client.untilReady());
            }
        };

        abstract Set<String> read(FenceTest test);
    }

    @ParameterizedTest
    @EnumSource(Reading.class)
    void eachStatementOfAReadCommittedBlockSeesAllOfACommitOrNothing(Reading reading) {
        AtomicInteger moved = new AtomicInteger();
        int fractured = underCommits(cluster, () -> {
            int seen = 0;
            for (int i = 0; i < READS / 10; i++) {
                Set<String> all = new HashSet<>();
                client.query("BEGIN");
                // Some have written, on a shard that they read.
                if (i % 2 == 1) {
                    counters.run(client, "UPDATE counter SET n = n - 1 WHERE id = $0 AND n < 0", "SAVEPOINT a");
                }
                for (int statement = 0; statement < 5; statement++) {
                    Set<String> values = reading.read(this);
                    seen += values.size() > 1 ? 1 : 0;
                    all.addAll(values);
                }
                assertEquals("COMMIT", Counters.outcome(client.query("COMMIT")));
                moved.addAndGet(all.size() - 1);
            }
            return seen;
        });
        assertEquals(0, fractured);
        assertTrue(moved.get() > 0, "every block has read at one time, as if it were REPEATABLE READ");
    }

    @Test
    void severalTablesOfOneShardAreReadAtOneTimeInABlock() {
        counters.run(client, "INSERT INTO pair VALUES ($0, 0)");
        AtomicBoolean stop = new AtomicBoolean();
        CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> {
            try (WireClient writing = WireClient.login(cluster.proxy())) {
                while (!stop.get()) {
                    // On one shard alone, which no gate holds up.
                    assertEquals(
                            List.of("BEGIN", "UPDATE 1", "UPDATE 1", "COMMIT"),
                            counters.run(
                                    writing,
                                    "BEGIN",
                                    Counters.increment(0),
                                    "UPDATE pair SET v = v + 1 WHERE id = $0",
                                    "COMMIT"));
                }
            }
        });
        Set<String> seen = new HashSet<>();
        try {
            for (int i = 0; i < READS; i++) {
                client.query("BEGIN");
                if (i % 2 == 1) {
                    counters.run(client, "UPDATE counter SET n = n WHERE id = $1");
                }
                List<BackendMessage> answer =
                        client.query("SELECT (SELECT sum(n) FROM counter), (SELECT sum(v) FROM pair)");
                if (!Counters.outcome(answer).equals("40001")) {
                    List<Optional<byte[]>> sums = answer.get(1).values();
                    String first = new String(sums.get(0).orElseThrow(), StandardCharsets.US_ASCII);
                    assertEquals(first, new String(sums.get(1).orElseThrow(), StandardCharsets.US_ASCII));
                    seen.add(first);
                }
                client.query("ROLLBACK");
            }
        } finally {
            stop.set(true);
            writer.join();
        }
        assertTrue(seen.size() > 1, "nothing was committed meanwhile, or nothing was read");
    }

    @Test
    void aReadBehindAnotherStatementOfItsPipelineDoesToo() {
        int fractured = underCommits(cluster, () -> {
            int seen = 0;
            for (int i = 0; i < READS; i++) {
                client.send(
                        parse("", counters.sql("SELECT FROM counter WHERE id = $0")),
                        bind("", "", List.of(), false),
                        execute("", 0),
                        parse("", counters.sql(i % 2 == 0 ? SELECT : SELECT + " ORDER BY n")),
                        bind("", "", List.of(), false),
                        execute("", 0),
                        sync());
                List<BackendMessage> answer = client.untilReady();
                seen += shown(answer.subList(4, answer.size())).size() > 1 ? 1 : 0;
            }
            return seen;
        });
        assertEquals(0, fractured);
    }

    @Test
    void aPipelineWithOneSnapshotForAllItsStatementsIsNotMixed() {
        client.query("SET default_transaction_isolation = 'repeatable read'");
        client.send(
                parse("", counters.sql("SELECT FROM counter WHERE id = $0")),
                bind("", "", List.of(), false),
                execute("", 0),
                parse("", counters.sql(SELECT)),
                bind("", "", List.of(), false),
                execute("", 0),
                sync());
        assertEquals("0A000", Counters.outcome(client.untilReady()));
        assertEquals(List.of("SELECT 3"), counters.run(client, SELECT));
    }

    @Test
    void whatIsWrongInABlockIsToldAsAlways() {
        assertEquals(
                List.of("BEGIN", "42703", "25P02", "ROLLBACK", "BEGIN", "22012", "ROLLBACK", "SELECT 3"),
                counters.run(
                        client,
                        "BEGIN",
                        "SELECT m FROM counter WHERE id IN ($0, $1, $2)",
                        SELECT,
                        "ROLLBACK",
                        "BEGIN",
                        "SELECT 1 / (n - n) FROM counter WHERE id IN ($0, $1, $2)",
                        "ROLLBACK",
                        SELECT));
    }

    @Test
    void aLevelThatIsSetBehindASavepointOrAReadIsAsInPostgresql() {
        String level = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ";
        String first = "SELECT n FROM counter WHERE id = $0";
        String second = "SELECT n FROM counter WHERE id = $1";
        assertEquals(
                List.of("BEGIN", "SELECT 1", "25001", "ROLLBACK", "BEGIN", "SAVEPOINT", "25001", "ROLLBACK"),
                counters.run(client, "BEGIN", first, level, "ROLLBACK", "BEGIN", "SAVEPOINT a", level, "ROLLBACK"));
        // Here it is not: the first shard has the savepoint by then, and imports nothing behind it.
        assertEquals(
                List.of("BEGIN", "SET", "SAVEPOINT", "SELECT 1", "0A000", "ROLLBACK"),
                counters.run(client, "BEGIN", level, "SAVEPOINT a", first, second, "ROLLBACK"));
        assertEquals(
                List.of("BEGIN", "SAVEPOINT", "SELECT 1", "SELECT 1", "COMMIT"),
                counters.run(client, "BEGIN ISOLATION LEVEL REPEATABLE READ", "SAVEPOINT a", first, second, "COMMIT"));
    }

    /** The first shard has carried out settings by then, and nothing else. */
    @Test
    void aSavepointBehindALateLevelDoesNotComeBeforeThePointInTime() {
        String level = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ";
        for (String between : List.of("SHOW work_mem", "SELECT n FROM counter WHERE id = $2")) {
            assertEquals(
                    List.of("SAVEPOINT", "SELECT 1", "SELECT 1", "ROLLBACK", "SELECT 3", "COMMIT"),
                    counters.run(
                                    client,
                                    "BEGIN",
                                    level,
                                    between,
                                    "SAVEPOINT a",
                                    "SELECT n FROM counter WHERE id = $0",
                                    "SELECT n FROM counter WHERE id = $1",
                                    "ROLLBACK TO a",
                                    SELECT,
                                    "COMMIT")
                            .subList(3, 9),
                    between);
        }
    }

    @Test
    void aRepeatableReadTransactionMayWriteOnSeveralShards() throws SQLException {
        String[] all = {
            "BEGIN ISOLATION LEVEL REPEATABLE READ",
            "SAVEPOINT a",
            Counters.increment(0),
            Counters.increment(1),
            "ROLLBACK TO a",
            Counters.increment(1),
            Counters.increment(2),
            "COMMIT"
        };
        assertEquals(
                List.of("BEGIN", "SAVEPOINT", "UPDATE 1", "UPDATE 1", "ROLLBACK", "UPDATE 1", "UPDATE 1", "COMMIT"),
                counters.run(client, all));
        assertEquals(List.of(0, 1, 1), counters.values());
    }

    @Test
    void theSecondOfTwoWritersOfARowIsRefused() throws SQLException {
        assertEquals(
                List.of("BEGIN", "SELECT 1"),
                counters.run(client, "BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT n FROM counter WHERE id = $0"));
        try (WireClient other = WireClient.login(cluster.proxy())) {
            assertEquals(List.of("UPDATE 1"), counters.run(other, Counters.increment(1)));
        }
        // Although this shard is reached only now, its time is that of the first statement.
        assertEquals(
                List.of("SELECT 1", "40001", "ROLLBACK"),
                counters.run(
                        client, "SELECT n FROM counter WHERE id = $1 AND n = 0", Counters.increment(1), "ROLLBACK"));
    }

    @Test
    void serializableOverShardsIsRefused() {
        assertEquals(
                List.of("BEGIN", "SELECT 1", "0A000", "ROLLBACK"),
                counters.run(
                        client,
                        "BEGIN ISOLATION LEVEL SERIALIZABLE",
                        "SELECT n FROM counter WHERE id = $0",
                        "SELECT n FROM counter WHERE id = $1",
                        "ROLLBACK"));
    }

    @Test
    void manySnapshotsAreShared() {
        List<WireClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < 12; i++) {
                WireClient one = WireClient.login(cluster.proxy());
                clients.add(one);
                assertEquals(
                        List.of("BEGIN", "SELECT 120"),
                        counters.run(
                                one,
                                "BEGIN ISOLATION LEVEL REPEATABLE READ",
                                "SELECT a.id FROM counter a, (VALUES (1), (2), (3)) b (x)"));
            }
        } finally {
            clients.forEach(WireClient::close);
        }
    }

    @Test
    void statementsOfOnePipelineAreNotHeldToOneTime() throws SQLException {
        client.send(
                parse("", counters.sql(SELECT)),
                bind("", "", List.of(), false),
                execute("", 0),
                parse("", counters.sql(Counters.increment(0))),
                bind("", "", List.of(), false),
                execute("", 0),
                sync());
        StringBuilder types = new StringBuilder();
        client.untilReady().forEach(message -> types.append(message.type()));
        assertEquals("12DDDC12CZ", types.toString());
        assertEquals(List.of(1, 0, 0), counters.values());
    }

    @Test
    void aBlockDoesNotReadAtTheTimeOfAReadBeforeIt() {
        for (String begin : List.of("BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ")) {
            client.send(
                    parse("", counters.sql(SELECT)),
                    bind("", "", List.of(), false),
                    parse("", begin),
                    bind("", "", List.of(), false),
                    execute("", 0),
                    sync());
            StringBuilder types = new StringBuilder();
            client.untilReady().forEach(message -> types.append(message.type()));
            assertEquals("1212CZ", types.toString());
            try (WireClient other = WireClient.login(cluster.proxy())) {
                assertEquals(
                        List.of("BEGIN", "UPDATE 1", "UPDATE 1", "UPDATE 1", "COMMIT"),
                        counters.run(
                                other,
                                "BEGIN",
                                Counters.increment(0),
                                Counters.increment(1),
                                Counters.increment(2),
                                "COMMIT"));
            }
            assertEquals(Set.of(begin.equals("BEGIN") ? "1" : "2"), shown(client.query(counters.sql(SELECT))));
            assertEquals("ROLLBACK", Counters.outcome(client.query("ROLLBACK")));
        }
    }

    @Test
    void aShardThatMissesARoundIsAskedAgain() throws Exception {
        assertEquals(List.of("SELECT 3"), counters.run(client, SELECT));
        StoppedKeepers stopped = new StoppedKeepers(cluster, "s1");
        try {
            assertEquals(List.of("SELECT 3"), counters.run(client, SELECT));
            assertEquals(
                    List.of("BEGIN", "SELECT 1", "SELECT 1", "COMMIT"),
                    counters.run(
                            client,
                            "BEGIN ISOLATION LEVEL REPEATABLE READ",
                            "SELECT n FROM counter WHERE id = $0",
                            "SELECT n FROM counter WHERE id = $1",
                            "COMMIT"));
        } finally {
            stopped.goOn();
        }
    }

    @Test
    void aShardThatIsAwayHoldsUpNobodyWhoCanDoWithoutIt() throws Exception {
        assertEquals(List.of("SELECT 3"), counters.run(client, SELECT));
        cluster.server("s2").kill();
        try {
            String[] others = {
                "BEGIN ISOLATION LEVEL REPEATABLE READ",
                "SELECT n FROM counter WHERE id IN ($0, $1)",
                "COMMIT",
                "SELECT n FROM counter WHERE id IN ($0, $1)"
            };
            for (int i = 0; i < 3; i++) {
                assertEquals(List.of("BEGIN", "SELECT 2", "COMMIT", "SELECT 2"), counters.run(client, others));
            }
            assertTrue(Set.of("57P03", "08006")
                    .contains(counters.run(client, SELECT).get(0)));
        } finally {
            cluster.server("s2").start();
        }
        Await.until("the shard is in the snapshots again", () -> counters.run(client, SELECT)
                .equals(List.of("SELECT 3")));
    }

    @Test
    void withoutTheFenceTheTestWouldNoticeIt() {
        TestCluster unfenced = TestCluster.of(unfenced());
        int fractured = 0;
        try (WireClient reader = WireClient.login(unfenced.proxy())) {
            counters = Counters.filled(unfenced, reader);
            fractured = underCommits(unfenced, () -> {
                int seen = 0;
                for (int i = 0; seen == 0 && i < 20_000; i++) {
                    seen += shown(reader.query(counters.sql(SELECT))).size() > 1 ? 1 : 0;
                }
                return seen;
            });
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        assertEquals(1, fractured);
    }

    private static ClusterSpec unfenced() {
        return Counters.spec(3).withDatabase("consistency: shard");
    }
}
