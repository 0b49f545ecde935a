package io.ostraka.it.transaction;

import static io.ostraka.it.harness.FrontendMessages.bind;
import static io.ostraka.it.harness.FrontendMessages.describePortal;
import static io.ostraka.it.harness.FrontendMessages.describeStatement;
import static io.ostraka.it.harness.FrontendMessages.execute;
import static io.ostraka.it.harness.FrontendMessages.functionCall;
import static io.ostraka.it.harness.FrontendMessages.parse;
import static io.ostraka.it.harness.FrontendMessages.query;
import static io.ostraka.it.harness.FrontendMessages.sync;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.Differential;
import io.ostraka.it.harness.Endpoint;
import io.ostraka.it.harness.Protocol;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import io.ostraka.it.session.NoLeaks;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@code serializable_across_shards: lock}: what two transactions do together, one of them could have done first. One PostgreSQL is
 * asked for the same where it has the same rows.
 */
@ExtendWith(NoLeaks.class)
class SerializableLocksTest {
    private static final ClusterSpec SPEC = Counters.spec(2)
            .withDdl(Counters.DDL
                    + "; CREATE VIEW counted AS SELECT id, n FROM counter WHERE n > 0;"
                    + "CREATE TABLE shown (id int PRIMARY KEY);"
                    + "CREATE TABLE home (id int PRIMARY KEY, v int);"
                    + "CREATE FUNCTION homes() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM home'")
            .withTables(Counters.TABLES + "\nshown: { hash: id }")
            .withDatabase("serializable_across_shards: lock");
    private static final String BEGIN = "BEGIN ISOLATION LEVEL SERIALIZABLE";
    private static final String READ0 = "SELECT n FROM counter WHERE id = $0";
    private static final String READ1 = "SELECT n FROM counter WHERE id = $1";

    private final TestCluster cluster = TestCluster.of(SPEC);
    private WireClient client;
    private WireClient other;
    private Counters counters;

    @BeforeEach
    void connect() throws SQLException {
        client = WireClient.login(cluster.proxy());
        other = WireClient.login(cluster.proxy());
        counters = Counters.filled(cluster, client);
        try (Connection reference = cluster.reference().connect();
                Statement statement = reference.createStatement()) {
            statement.execute("INSERT INTO counter SELECT generate_series(1, 40)");
        }
    }

    @AfterEach
    void disconnect() {
        client.close();
        other.close();
    }

    private List<String> run(String... statements) {
        return counters.run(client, statements);
    }

    // ---- write skew ----------------------------------------------------------------------------------------------

    /** Each reads what the other one writes; then both write, and commit. Tags and SQLSTATEs of the two ends. */
    private List<String> skew(Endpoint endpoint, List<String> reads, String write0, String write1) {
        try (WireClient first = WireClient.login(endpoint);
                WireClient second = WireClient.login(endpoint)) {
            for (WireClient each : List.of(first, second)) {
                assertEquals("BEGIN", counters.run(each, BEGIN).get(0));
                reads.forEach(read -> assertTrue(counters.run(each, read).get(0).startsWith("SELECT"), read));
            }
            CompletableFuture<String> one = CompletableFuture.supplyAsync(() -> writeAndCommit(first, write0));
            CompletableFuture<String> two = CompletableFuture.supplyAsync(() -> writeAndCommit(second, write1));
            return List.of(one.join(), two.join());
        }
    }

    private String writeAndCommit(WireClient writer, String write) {
        String outcome = counters.run(writer, write).get(0);
        String end = counters.run(writer, "COMMIT").get(0);
        assertTrue(List.of("UPDATE 1", "INSERT 0 1", "40001", "40P01").contains(outcome), outcome);
        return end;
    }

    private void assertOneCommits(List<String> reads, String write0, String write1) {
        for (Endpoint endpoint : List.of(cluster.reference(), cluster.proxy())) {
            List<String> ends = skew(endpoint, reads, write0, write1);
            assertEquals(1, ends.stream().filter("COMMIT"::equals).count(), () -> endpoint + " " + ends);
        }
    }

    @Test
    void ofTwoThatEachChangeWhatTheOtherHasReadOneCommits() throws SQLException {
        assertOneCommits(List.of(READ0, READ1), Counters.increment(0), Counters.increment(1));
        assertEquals(1, counters.values().stream().mapToInt(n -> n).sum());
    }

    @Test
    void ofTwoThatEachAddWhatTheOtherHasNotFoundOneCommits() throws SQLException {
        cluster.everywhere("DELETE FROM counter");
        assertOneCommits(
                List.of(READ0, READ1), "INSERT INTO counter VALUES ($0, 7)", "INSERT INTO counter VALUES ($1, 7)");
        assertEquals(
                1L,
                cluster.rowsByShard("counter").values().stream()
                        .mapToLong(n -> n)
                        .sum());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT sum(n) FROM counter",
                "SELECT id FROM counter ORDER BY n, id LIMIT 3",
                "SELECT id FROM counter",
                "SELECT a.id FROM counter a JOIN counter b ON a.n = b.id",
                "SELECT count(*) FROM counted",
                "SELECT id FROM counter WHERE id IN ($0, $1) FOR SHARE",
                "WITH c AS (SELECT * FROM counter) SELECT max(n) FROM c"
            })
    void readsOverShardsAreLockedToo(String read) throws SQLException {
        assertOneCommits(List.of(read), Counters.increment(0), Counters.increment(1));
        assertEquals(1, counters.values().stream().mapToInt(n -> n).sum());
    }

    /** What one shard alone would see, too: that PostgreSQL's own SERIALIZABLE watches nobody in READ COMMITTED. */
    @Test
    void onOneShardAlsoOneCommits() throws SQLException {
        cluster.everywhere("DELETE FROM list");
        assertOneCommits(
                List.of(READ0, "SELECT items FROM list WHERE id = $0"),
                "INSERT INTO list VALUES ($0, '{}')",
                Counters.increment(0));
    }

    // ---- what it looks like --------------------------------------------------------------------------------------

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void statementsAnswerAsOnOneServer(Protocol protocol) {
        try (Differential twins = cluster.differential(protocol)) {
            twins.check(
                    BEGIN,
                    "SHOW transaction_isolation",
                    "SELECT * FROM counter",
                    "SELECT sum(n), count(*) FROM counter",
                    "UPDATE counter SET n = n + id",
                    "SELECT n, count(*) FROM counter GROUP BY n",
                    "SELECT a.id, b.n FROM counter a JOIN counter b ON a.n = b.id",
                    "INSERT INTO country VALUES ('a', 'A'), ('b', 'B')",
                    "SELECT * FROM country",
                    "SELECT c.name, count(*) FROM country c CROSS JOIN counted GROUP BY c.name",
                    "INSERT INTO list SELECT id, ARRAY[n] FROM counter WHERE id = 7",
                    "SELECT * FROM list",
                    "INSERT INTO counter VALUES (7, 1) ON CONFLICT (id) DO UPDATE SET n = 70",
                    "DELETE FROM counter WHERE n > 30",
                    "DECLARE c CURSOR FOR SELECT id FROM counter",
                    "MOVE ALL FROM c",
                    "CLOSE c",
                    "PREPARE p AS SELECT n FROM counter WHERE id = $1",
                    "EXECUTE p(3)",
                    "DEALLOCATE p",
                    "SAVEPOINT a",
                    "SELECT count(*) FROM counter",
                    "ROLLBACK TO a",
                    "RELEASE a",
                    "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
                    "SELECT n FROM counter WHERE id = 3",
                    "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
                    "COMMIT");
            twins.check(
                    "BEGIN",
                    "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
                    "SHOW transaction_isolation",
                    "SELECT n FROM counter WHERE id IN (1, 2, 3)",
                    "COMMIT AND CHAIN",
                    "SHOW transaction_isolation",
                    "SAVEPOINT a",
                    "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
                    "ROLLBACK");
            twins.check(
                    "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY",
                    "SELECT sum(n) FROM counter",
                    "UPDATE counter SET n = 0",
                    "COMMIT");
            twins.check(
                    "SET default_transaction_isolation = 'serializable'",
                    "SELECT count(*) FROM counter",
                    "SELECT id FROM counter ORDER BY id LIMIT 2",
                    "SELECT n FROM counter WHERE id = 3",
                    "UPDATE counter SET n = 1 WHERE id = 3",
                    "UPDATE counter SET n = 1",
                    "INSERT INTO counter VALUES (200, 1), (201, 1), (202, 1)",
                    "INSERT INTO counter VALUES (3, 1)",
                    "SELECT 1",
                    "SHOW transaction_isolation",
                    "SELECT current_setting('transaction_isolation')",
                    "BEGIN",
                    "SELECT sum(n) FROM counter",
                    "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED",
                    "SHOW transaction_isolation",
                    "COMMIT",
                    "BEGIN",
                    "SHOW transaction_isolation",
                    "COMMIT");
        }
    }

    @Test
    void queryStringsAreOneTransaction() {
        try (Differential twins = cluster.differential(Protocol.SIMPLE)) {
            twins.check(
                    "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT n FROM counter WHERE id = 1; UPDATE counter SET n = 5",
                    "SHOW transaction_isolation",
                    "COMMIT",
                    "SET default_transaction_isolation = 'serializable'; SELECT 1",
                    "SELECT sum(n) FROM counter; UPDATE counter SET n = 6 WHERE id = 1",
                    "SELECT sum(n) FROM counter; SELECT 1 / 0; SELECT 2",
                    "SELECT sum(n) FROM counter");
        }
    }

    /** The lock modes that a transaction has on the table, of the first shard. */
    private String modes(String table) throws SQLException {
        return counters.ask(
                "s0",
                "SELECT string_agg(DISTINCT mode, ' ' ORDER BY mode) FROM pg_locks WHERE relation = '" + table
                        + "'::regclass AND pid <> pg_backend_pid() AND mode LIKE 'Share%'");
    }

    @Test
    void tablesAreLockedWhereTheyAreReadUntilTheEnd() throws SQLException {
        run(BEGIN, READ1);
        assertEquals(null, modes("counter"));
        run(READ0);
        assertEquals("ShareLock", modes("counter"));
        run("SAVEPOINT a", Counters.increment(0), "RELEASE a");
        assertEquals("ShareLock ShareRowExclusiveLock", modes("counter"));
        run("COMMIT");
        assertEquals(null, modes("counter"));
        run(BEGIN, "INSERT INTO counter VALUES (300, 1), (301, 1), (302, 1)");
        assertEquals(null, modes("counter"));
        run("ROLLBACK");
    }

    /** Each of these reads the table, through whatever protocol and message, in a transaction that goes on, or is told at Sync. */
    @Test
    void autocommitStatementsWaitForLocks() throws SQLException {
        List<BiFunction<WireClient, String, Runnable>> ways = List.of(
                (asking, sql) -> () -> asking.send(query(sql)),
                (asking, sql) ->
                        () -> asking.send(parse("", sql), bind("", ""), describePortal(""), execute("", 0), sync()),
                (asking, sql) -> () ->
                        asking.send(parse("s", sql), describeStatement("s"), bind("", "s"), execute("", 0), sync()));
        for (BiFunction<WireClient, String, Runnable> way : ways) {
            try (WireClient asking = WireClient.login(
                    cluster.proxy(), Map.of("options", "-c default_transaction_isolation=serializable"))) {
                run("BEGIN", Counters.increment(0));
                way.apply(asking, counters.sql(READ0)).run();
                Await.until("the statement waits for a lock on the table", () -> counters.ask(
                                "s0",
                                "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'ShareLock'"
                                        + " AND relation = 'counter'::regclass")
                        .equals("1"));
                int before = counters.values().get(0);
                run("COMMIT");
                List<BackendMessage> answer = asking.untilReady();
                String row = answer.stream()
                        .filter(message -> message.type() == 'D')
                        .map(message -> new String(message.values().get(0).orElseThrow(), StandardCharsets.US_ASCII))
                        .findFirst()
                        .orElse("none");
                assertEquals(Integer.toString(before + 1), row, answer::toString);
                assertEquals('I', answer.get(answer.size() - 1).transactionStatus());
            }
        }
    }

    @Test
    void aReturnToASavepointBehindReadsIsRefused() {
        assertEquals(
                List.of("BEGIN", "SAVEPOINT", "SELECT 1", "0A000", "25P02", "ROLLBACK"),
                run(BEGIN, "SAVEPOINT a", READ0, "ROLLBACK TO a", READ0, "ROLLBACK"));
        assertEquals(
                List.of(
                        "BEGIN",
                        "SELECT 1",
                        "SAVEPOINT",
                        "SELECT 1",
                        "22012",
                        "ROLLBACK",
                        "UPDATE 1",
                        "0A000",
                        "ROLLBACK"),
                run(
                        BEGIN,
                        READ0,
                        "SAVEPOINT a",
                        READ0,
                        "SELECT n / 0 FROM counter WHERE id = $0",
                        "ROLLBACK TO a",
                        Counters.increment(0),
                        "ROLLBACK TO a",
                        "COMMIT"));
        // That there is such a row is nothing that a lock keeps so.
        assertEquals(
                List.of("BEGIN", "SAVEPOINT", "23505", "0A000", "ROLLBACK"),
                run(BEGIN, "SAVEPOINT a", "INSERT INTO counter VALUES ($0)", "ROLLBACK TO a", "COMMIT"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "CREATE TABLE made AS SELECT * FROM counter",
                "SELECT * INTO made FROM counter",
                "SELECT homes()",
                "SELECT current_setting('transaction_isolation')",
                "SELECT setting FROM pg_settings WHERE name = 'transaction_isolation'",
                "SHOW ALL",
                "SET transaction_isolation TO DEFAULT",
                "/* ostraka: shard=s0 */ SELECT count(*) FROM counter",
                "DO $$BEGIN PERFORM 1; END$$"
            })
    void whatMayReadUnseenIsRefused(String sql) {
        List<BackendMessage> answer = refused(sql);
        assertTrue(answer.get(0).fields().containsKey('H'), answer::toString);
    }

    private List<BackendMessage> refused(String sql) {
        run(BEGIN);
        List<BackendMessage> answer = client.query(sql);
        assertEquals("0A000", Counters.outcome(answer), answer::toString);
        run("ROLLBACK");
        return answer;
    }

    @Test
    void aForcedShardIsRefused() {
        run("SET ostraka.shard = 's0'", BEGIN);
        assertEquals("0A000", Counters.outcome(client.query("SELECT count(*) FROM counter")));
        run("ROLLBACK", BEGIN);
        client.send(functionCall(1598));
        assertEquals("0A000", Counters.outcome(client.untilReady()));
        run("ROLLBACK", "RESET ostraka.shard");
        assertEquals(List.of("BEGIN", "SELECT 40", "COMMIT"), run(BEGIN, "SELECT id FROM counter", "COMMIT"));
    }

    @Test
    void whoMayNotLockIsToldWhatTakes() throws SQLException {
        cluster.everywhere("REVOKE ALL ON shown FROM CURRENT_USER; GRANT SELECT ON shown TO CURRENT_USER");
        try {
            for (String sql : List.of(
                    "SELECT id FROM shown WHERE id = $0", "SELECT * FROM shown", "SELECT count(*) FROM shown")) {
                run(BEGIN);
                List<BackendMessage> answer = client.query(counters.sql(sql));
                assertEquals("42501", Counters.outcome(answer), answer::toString);
                assertEquals(List.of("ROLLBACK"), run("COMMIT"));
            }
            run(BEGIN);
            BackendMessage error = client.query("SELECT * FROM shown").get(0);
            assertTrue(error.fields().get('H').contains("REPEATABLE READ"), error::toString);
            run("ROLLBACK");
        } finally {
            cluster.everywhere("GRANT ALL ON shown TO CURRENT_USER");
        }
    }

    /** In each way of reading, an error in front of the statement is told once, and the session goes on. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                READ0,
                "SELECT id FROM counter",
                "SELECT id FROM counter ORDER BY id LIMIT 1",
                "SELECT sum(n) FROM counter",
                "SELECT a.id FROM counter a JOIN counter b ON a.n = b.id",
                "EXPLAIN ANALYZE SELECT id FROM counter",
                "COPY counter TO STDOUT",
                "COPY (SELECT sum(n) FROM counter) TO STDOUT",
                "DECLARE c CURSOR FOR SELECT id FROM counter",
                "DECLARE c SCROLL CURSOR FOR SELECT sum(n) FROM counter",
                "UPDATE counter SET n = 2",
                "SELECT id FROM counter ORDER BY id LIMIT 1 FOR UPDATE",
            })
    void aLockThatIsNotGivenInTimeIsAnError(String sql) {
        counters.run(other, "BEGIN", Counters.increment(0), Counters.increment(1));
        run("SET lock_timeout = '100ms'");
        for (boolean extended : new boolean[] {false, true}) {
            run(BEGIN);
            List<BackendMessage> answer;
            if (extended) {
                client.send(parse("", counters.sql(sql)), bind("", ""), execute("", 0), sync());
                answer = client.untilReady();
            } else {
                answer = client.query(counters.sql(sql));
            }
            assertEquals("55P03", Counters.outcome(answer), answer::toString);
            assertEquals('E', answer.get(answer.size() - 1).transactionStatus());
            assertEquals(
                    1, answer.stream().filter(message -> message.type() == 'E').count(), answer::toString);
            assertEquals(List.of("ROLLBACK", "SELECT 1"), run("COMMIT", "SELECT 1"));
        }
        counters.run(other, "ROLLBACK");
        assertEquals(List.of("BEGIN", "SELECT 40", "COMMIT"), run(BEGIN, "SELECT id FROM counter", "COMMIT"));
    }

    @Test
    void driversFindTheLevelThatTheyHaveSet() throws SQLException {
        try (Connection connection = cluster.connect();
                Statement statement = connection.createStatement()) {
            connection.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
            assertEquals(1, statement.executeUpdate(counters.sql(Counters.increment(0))));
            connection.setAutoCommit(false);
            assertEquals(Connection.TRANSACTION_SERIALIZABLE, connection.getTransactionIsolation());
            assertEquals(2, statement.executeUpdate(counters.sql("UPDATE counter SET n = n + 1 WHERE id IN ($0, $1)")));
            assertEquals(Connection.TRANSACTION_SERIALIZABLE, connection.getTransactionIsolation());
            connection.commit();
        }
        assertEquals(List.of(2, 1), counters.values());
    }

    @Test
    void aPipelineIsOneTransaction() throws SQLException {
        client.send(query("SET default_transaction_isolation = 'serializable'"));
        client.untilReady();
        List<byte[]> messages = new ArrayList<>();
        for (String sql :
                List.of(READ0, READ1, Counters.increment(0), Counters.increment(1), "SELECT sum(n) FROM counter")) {
            messages.add(parse("", counters.sql(sql)));
            messages.add(bind("", ""));
            messages.add(execute("", 0));
        }
        messages.add(sync());
        client.send(messages.toArray(byte[][]::new));
        List<BackendMessage> answer = client.untilReady();
        assertEquals(
                List.of("SELECT 1", "SELECT 1", "UPDATE 1", "UPDATE 1", "SELECT 1"),
                answer.stream()
                        .filter(message -> message.type() == 'C')
                        .map(BackendMessage::text)
                        .toList());
        assertEquals('I', answer.get(answer.size() - 1).transactionStatus());
        assertEquals(List.of(1, 1), counters.values());
        assertEquals(0, counters.prepared());
    }

    /** A shard votes with its locks: they are held until the last of the others has voted, too. */
    @Test
    void aShardThatIsOnlyReadIsPreparedWhereAnotherIsWrittenTo() throws SQLException {
        String nextId = "SELECT pg_snapshot_xmax(pg_current_snapshot())";
        long before = Long.parseLong(counters.ask("s0", nextId));
        assertEquals(
                List.of("BEGIN", "SELECT 1", "UPDATE 1", "COMMIT"), run(BEGIN, READ0, Counters.increment(1), "COMMIT"));
        assertTrue(Long.parseLong(counters.ask("s0", nextId)) > before, "no transaction id was taken for PREPARE");
        assertEquals(0, counters.prepared());
    }

    /** A shard that has given its locks back must not be found out when another one has committed already. */
    @Test
    void aReaderThatIsGoneIsMissedBeforeAnythingIsCommitted() throws SQLException {
        run(BEGIN, READ0, Counters.increment(1));
        counters.ask(
                "s0",
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE state = 'idle in transaction'"
                        + " AND datname = current_database()");
        String end = run("COMMIT").get(0);
        assertTrue(List.of("08006", "57P01", "ROLLBACK").contains(end), end);
        assertEquals(List.of(0, 0), counters.values());
    }
}
