package io.ostraka.it.transaction;

import static io.ostraka.it.harness.FrontendMessages.bind;
import static io.ostraka.it.harness.FrontendMessages.execute;
import static io.ostraka.it.harness.FrontendMessages.parse;
import static io.ostraka.it.harness.FrontendMessages.query;
import static io.ostraka.it.harness.FrontendMessages.sync;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import io.ostraka.it.session.NoLeaks;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Statements that write on several shards at once, inside and outside of transaction blocks: on all of them, or on none. */
@ExtendWith(NoLeaks.class)
class SpreadWriteTest {
    private static final String ALL = "UPDATE counter SET n = n + 1";

    private final TestCluster cluster = TestCluster.of(Counters.spec(2));
    private WireClient client;
    private Counters counters;

    @BeforeEach
    void connect() throws SQLException {
        client = WireClient.login(cluster.proxy());
        counters = Counters.filled(cluster, client);
    }

    @AfterEach
    void leavesNothingPrepared() {
        client.close();
        Await.until("nothing is prepared", () -> counters.prepared() == 0);
    }

    private List<String> run(String... statements) {
        return counters.run(client, statements);
    }

    private String sum() throws SQLException {
        return counters.ask("s0", "SELECT sum(n) FROM counter") + " "
                + counters.ask("s1", "SELECT sum(n) FROM counter");
    }

    private String rows(String shard) throws SQLException {
        return counters.ask(shard, "SELECT count(*) FROM counter");
    }

    @Test
    void anUpdateOfAllRowsIsOneStatement() throws SQLException {
        assertEquals(List.of("UPDATE 40", "SELECT 40"), run(ALL, "SELECT id FROM counter WHERE n = 1"));
        assertEquals(rows("s0") + " " + rows("s1"), sum());
        assertEquals(List.of("UPDATE 2"), run("UPDATE counter SET n = 5 WHERE id IN ($0, $1)"));
        assertEquals(List.of(5, 5), counters.values());
    }

    @Test
    void rowsAreReturnedFromAllShards() {
        List<BackendMessage> answer = client.query("DELETE FROM counter WHERE n = 0 RETURNING id");
        assertEquals("T" + "D".repeat(40) + "CZ", types(answer));
        assertEquals("DELETE 40", Counters.outcome(answer));
        assertEquals(List.of("SELECT 0"), run("SELECT id FROM counter"));
    }

    private static String types(List<BackendMessage> answer) {
        StringBuilder types = new StringBuilder();
        answer.forEach(message -> types.append(message.type()));
        return types.toString();
    }

    @Test
    void anErrorOnOneShardUndoesAll() throws SQLException {
        String failing = "UPDATE counter SET n = 1 / (id - $1)";
        assertEquals(List.of("22012"), run(failing));
        assertEquals("0 0", sum());
        assertEquals(
                List.of("UPDATE 40", "BEGIN", "22012", "25P02", "ROLLBACK"), run(ALL, "BEGIN", failing, ALL, "COMMIT"));
        assertEquals(rows("s0") + " " + rows("s1"), sum());
    }

    @Test
    void aConstraintThatIsCheckedAtTheEndUndoesAll() throws SQLException {
        String insert = "INSERT INTO pair VALUES ";
        assertEquals(
                List.of("INSERT 0 1", "INSERT 0 1", "INSERT 0 1"),
                run(insert + "($0, 1)", insert + "($1, 1)", insert + "($1, 2)"));
        List<BackendMessage> answer = client.query("UPDATE pair SET v = 0");
        assertEquals("EZ", types(answer));
        assertEquals("23505", answer.get(0).sqlState());
        assertEquals("1", counters.ask("s0", "SELECT min(v) FROM pair"));
        assertEquals("1", counters.ask("s1", "SELECT min(v) FROM pair"));
        client.send(parse("", "UPDATE pair SET v = 0"), bind("", "", List.of(), false), execute("", 0), sync());
        assertEquals(
                "12CEZ", types(client.untilReady()), "an error of the commit comes behind the tag, as in PostgreSQL");
        assertEquals("1", counters.ask("s0", "SELECT min(v) FROM pair"));
    }

    @Test
    void inABlockItIsPartOfTheBlock() throws SQLException {
        assertEquals(
                List.of("BEGIN", "UPDATE 40", "SAVEPOINT", "DELETE 40", "ROLLBACK", "UPDATE 1", "COMMIT"),
                run(
                        "BEGIN",
                        ALL,
                        "SAVEPOINT a",
                        "DELETE FROM counter",
                        "ROLLBACK TO a",
                        Counters.increment(0),
                        "COMMIT"));
        assertEquals(List.of(2, 1), counters.values());
        assertEquals(List.of("BEGIN", "UPDATE 40", "ROLLBACK"), run("BEGIN", ALL, "ROLLBACK"));
        assertEquals(List.of(2, 1), counters.values());
    }

    @Test
    void theSimpleProtocolTellsNoTagBeforeTheCommit() throws SQLException {
        List<BackendMessage> answer = client.query(counters.sql("UPDATE counter SET n = 1 / (id - $1)"));
        assertEquals("EZ", types(answer));
        assertEquals('I', answer.get(1).transactionStatus());
    }

    @Test
    void theExtendedProtocolSpreadsAlike() throws SQLException {
        client.send(parse("", ALL), bind("", "", List.of(), false), execute("", 0), sync());
        List<BackendMessage> answer = client.untilReady();
        assertEquals("12CZ", types(answer));
        assertEquals("UPDATE 40", answer.get(2).text());
        assertEquals('I', answer.get(3).transactionStatus());
        client.send(
                parse("", ALL),
                bind("", "", List.of(), false),
                execute("", 1),
                parse("", counters.sql("UPDATE counter SET n = 1 / (id - $1)")),
                bind("", "", List.of(), false),
                execute("", 0),
                sync());
        assertTrue(types(client.untilReady()).endsWith("EZ"));
        assertEquals(rows("s0") + " " + rows("s1"), sum());
        client.send(
                parse("", counters.sql(Counters.increment(0))),
                bind("", "", List.of(), false),
                execute("", 0),
                parse("", ALL),
                bind("", "", List.of(), false),
                execute("", 0),
                sync());
        assertEquals("12C1EZ", types(client.untilReady()), "not behind what is in no block");
        assertEquals(List.of(1, 1), counters.values(), "and the whole pipeline is undone");
    }

    @Test
    void jdbcSpreadsAlike() throws SQLException {
        try (Connection connection = cluster.connect();
                PreparedStatement update = connection.prepareStatement("UPDATE counter SET n = n + ? WHERE id <> ?")) {
            for (int i = 0; i < 8; i++) {
                update.setInt(1, 1);
                update.setInt(2, -i);
                assertEquals(40, update.executeUpdate());
            }
            connection.setAutoCommit(false);
            for (int i = 0; i < 3; i++) {
                update.setInt(1, 1);
                update.setInt(2, 0);
                update.addBatch();
            }
            assertEquals(3, update.executeBatch().length);
            connection.rollback();
            assertEquals(List.of(8, 8), counters.values());
        }
    }

    @Test
    void copiesAreWrittenTogetherAndCountedOnce() throws SQLException {
        assertEquals(
                List.of("INSERT 0 2", "UPDATE 1", "INSERT 0 1", "DELETE 1"),
                run(
                        "INSERT INTO country VALUES ('gr', 'Greece'), ('it', 'Italy')",
                        "UPDATE country SET name = 'Hellas' WHERE code = 'gr'",
                        "INSERT INTO country VALUES ('gr', 'x') ON CONFLICT (code) DO UPDATE SET name = 'Hellas!'",
                        "DELETE FROM country WHERE code = 'it'"));
        List<BackendMessage> answer = client.query("UPDATE country SET name = name RETURNING code, name");
        assertEquals("TDCZ", types(answer));
        assertEquals("D[gr, Hellas!]", answer.get(1).toString());
        for (String shard : List.of("s0", "s1")) {
            assertEquals("gr Hellas!", counters.ask(shard, "SELECT string_agg(code || ' ' || name, ',') FROM country"));
        }
    }

    @Test
    void copiesThatAreNotAlikeAreNotWritten() throws SQLException {
        run("INSERT INTO country VALUES ('gr', 'Greece')");
        cluster.onShard("s1", "INSERT INTO country VALUES ('it', 'Italy')");
        assertEquals(
                List.of("XX001", "BEGIN", "XX001", "ROLLBACK"),
                run("UPDATE country SET name = 'x'", "BEGIN", "UPDATE country SET name = 'x'", "COMMIT"));
        assertEquals("Greece", counters.ask("s0", "SELECT min(name) FROM country"));
        assertEquals("Greece", counters.ask("s1", "SELECT min(name) FROM country"));
    }

    @Test
    void whatWouldMakeCopiesDifferIsRefused() {
        for (String sql : List.of(
                "INSERT INTO country VALUES ('x', random()::text)",
                "UPDATE country SET name = clock_timestamp()::text",
                "INSERT INTO country SELECT code || 'x', name FROM country")) {
            assertEquals(List.of("0A000"), run(sql), sql);
        }
    }

    @Test
    void copiesHaveTheSameTime() throws SQLException {
        String name = "SELECT name FROM country WHERE code = 'x'";
        for (String sql : List.of("INSERT INTO country VALUES ('x', now()::text)", "UPDATE country SET name = now()")) {
            assertEquals(1, run(sql).size());
            String written = counters.ask("s0", name);
            assertTrue(written.startsWith("20"), written);
            assertEquals(written, counters.ask("s1", name));
        }
    }

    @Test
    void aShardThatIsAwayStopsTheWholeStatement() throws IOException, SQLException {
        cluster.server("s1").kill();
        Await.until("the loss is noticed", () -> run(ALL).equals(List.of("57P03")));
        cluster.server("s1").start();
        assertEquals("0 0", sum());
        Await.until("the shard is back", () -> run(ALL).equals(List.of("UPDATE 40")));
    }

    @Test
    void aShardThatDiesUnderItUndoesAll() throws IOException, SQLException {
        try (WireClient locking = WireClient.login(cluster.shard("s1"))) {
            locking.query("BEGIN");
            locking.query("LOCK TABLE counter");
            client.send(query(ALL));
            Await.until("it waits", () -> counters.ask(
                            "s1",
                            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")
                    .equals("1"));
            cluster.server("s1").kill();
            assertEquals("08006", Counters.outcome(client.untilReady()));
            assertThrows(RuntimeException.class, () -> locking.query("COMMIT"));
        }
        cluster.server("s1").start();
        assertEquals("0 0", sum());
    }

    @Test
    void aCancelledOneIsUndone() throws SQLException {
        try (WireClient locking = WireClient.login(cluster.shard("s1"))) {
            locking.query("BEGIN");
            locking.query("LOCK TABLE counter");
            run("SET lock_timeout = '100ms'");
            assertEquals(List.of("55P03"), run(ALL));
            locking.query("ROLLBACK");
        }
        assertEquals("0 0", sum());
        assertEquals(List.of("UPDATE 40"), run(ALL));
    }
}
