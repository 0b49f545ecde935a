package io.ostraka.it.transaction;

import static io.ostraka.it.harness.FrontendMessages.bind;
import static io.ostraka.it.harness.FrontendMessages.execute;
import static io.ostraka.it.harness.FrontendMessages.parse;
import static io.ostraka.it.harness.FrontendMessages.query;
import static io.ostraka.it.harness.FrontendMessages.sync;
import static io.ostraka.it.transaction.Counters.increment;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import io.ostraka.it.session.NoLeaks;
import java.io.IOException;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Transaction blocks that write on two shards: committed on both, or on none with an error that says why. */
@ExtendWith(NoLeaks.class)
class CrossShardCommitTest {
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

    @Test
    void bothShardsAreCommittedAndTheSessionGoesOn() throws SQLException {
        for (int i = 1; i <= 3; i++) {
            assertEquals(
                    List.of("BEGIN", "UPDATE 1", "UPDATE 1", "COMMIT", "SELECT 1"),
                    run("BEGIN", increment(0), increment(1), "COMMIT", "SELECT n FROM counter WHERE id = $1"));
            assertEquals(List.of(i, i), counters.values());
            assertEquals(0, counters.prepared());
        }
    }

    @Test
    void theExtendedProtocolCommitsAlike() throws SQLException {
        client.send(
                parse("", "BEGIN"),
                bind("", "", List.of(), false),
                execute("", 0),
                parse("", counters.sql(increment(0))),
                bind("", "", List.of(), false),
                execute("", 0),
                parse("", counters.sql(increment(1))),
                bind("", "", List.of(), false),
                execute("", 0),
                parse("", "COMMIT"),
                bind("", "", List.of(), false),
                execute("", 0),
                sync());
        StringBuilder types = new StringBuilder();
        client.untilReady().forEach(message -> types.append(message.type()));
        assertEquals("12C12C12C12CZ", types.toString());
        assertEquals(List.of(1, 1), counters.values());
    }

    @Test
    void statementsSentAheadOfTheCommitsAnswerWait() {
        client.send(
                query("BEGIN"),
                query(counters.sql(increment(0))),
                query(counters.sql(increment(1))),
                query("COMMIT"),
                query(counters.sql("SELECT n FROM counter WHERE id = $0")),
                query("BEGIN"));
        for (String expected : List.of("BEGIN", "UPDATE 1", "UPDATE 1", "COMMIT", "SELECT 1", "BEGIN")) {
            assertEquals(expected, Counters.outcome(client.untilReady()));
        }
        assertEquals(List.of("ROLLBACK"), run("ROLLBACK"));
    }

    @Test
    void rollbackUndoesBoth() throws SQLException {
        assertEquals(
                List.of("BEGIN", "UPDATE 1", "UPDATE 1", "ROLLBACK"),
                run("BEGIN", increment(0), increment(1), "ROLLBACK"));
        assertEquals(List.of(0, 0), counters.values());
    }

    @Test
    void aChainedBlockFollows() throws SQLException {
        assertEquals(
                List.of("BEGIN", "UPDATE 1", "UPDATE 1", "COMMIT", "UPDATE 1", "ROLLBACK"),
                run("BEGIN", increment(0), increment(1), "COMMIT AND CHAIN", increment(0), "ROLLBACK"));
        assertEquals(List.of(1, 1), counters.values());
    }

    @Test
    void aFailedBlockIsCommittedNowhere() throws SQLException {
        assertEquals(
                List.of("BEGIN", "UPDATE 1", "UPDATE 1", "22012", "25P02", "ROLLBACK"),
                run("BEGIN", increment(0), increment(1), "SELECT 1/0", increment(0), "COMMIT"));
        assertEquals(List.of(0, 0), counters.values());
    }

    @Test
    void whatOneShardRefusesToPrepareIsCommittedNowhere() throws SQLException {
        client.query(counters.sql("INSERT INTO late VALUES ($1)"));
        assertEquals(
                List.of("BEGIN", "UPDATE 1", "INSERT 0 1", "23505", "SELECT 1"),
                run(
                        "BEGIN",
                        increment(0),
                        "INSERT INTO late VALUES ($1)",
                        "COMMIT",
                        "SELECT n FROM counter WHERE id = $0"));
        assertEquals(List.of(0, 0), counters.values());
    }

    @Test
    void theErrorNamesTheShard() {
        client.query(counters.sql("INSERT INTO late VALUES ($1)"));
        run("BEGIN", increment(0), "INSERT INTO late VALUES ($1)");
        BackendMessage error = client.query("COMMIT").get(0);
        assertTrue(error.fields().get('D').contains("shard \"s1\""), error::toString);
        assertTrue(error.fields().get('M').contains("\"once\""), error::toString);
    }

    @Test
    void whatPostgresqlDoesNotPrepareIsCommittedNowhere() throws SQLException {
        assertEquals(
                List.of("BEGIN", "NOTIFY", "UPDATE 1", "UPDATE 1", "0A000", "SELECT 1"),
                run("BEGIN", "NOTIFY x", increment(0), increment(1), "COMMIT", "SELECT 1"));
        assertEquals(
                List.of(
                        "SET",
                        "CREATE TABLE",
                        "RESET",
                        "BEGIN",
                        "SELECT 1",
                        "UPDATE 1",
                        "UPDATE 1",
                        "0A000",
                        "SELECT 1"),
                run(
                        "SET ostraka.shard = 's0'",
                        "CREATE TEMP TABLE mine (x int)",
                        "RESET ostraka.shard",
                        "BEGIN",
                        "SELECT count(*) FROM mine",
                        increment(0),
                        increment(1),
                        "COMMIT",
                        "SELECT count(*) FROM mine"));
        assertEquals(List.of(0, 0), counters.values());
    }

    @Test
    void savepointsHoldOnAShardThatJoinsLater() throws SQLException {
        assertEquals(
                List.of("BEGIN", "UPDATE 1", "SAVEPOINT", "UPDATE 1", "UPDATE 1", "ROLLBACK", "UPDATE 1", "COMMIT"),
                run(
                        "BEGIN",
                        increment(0),
                        "SAVEPOINT a",
                        increment(0),
                        increment(1),
                        "ROLLBACK TO a",
                        increment(1),
                        "COMMIT"));
        assertEquals(List.of(1, 1), counters.values());
    }

    @Test
    void whatWasUndoneIsNotCommitted() throws SQLException {
        assertEquals(
                List.of("BEGIN", "UPDATE 1", "SAVEPOINT", "UPDATE 1", "ROLLBACK", "COMMIT"),
                run("BEGIN", increment(0), "SAVEPOINT a", increment(1), "ROLLBACK TO a", "COMMIT"));
        assertEquals(List.of(1, 0), counters.values());
    }

    @Test
    void whoWroteNothingIsNotPrepared() throws SQLException {
        // What cannot be prepared is no obstacle where one shard commits in one phase.
        assertEquals(
                List.of("BEGIN", "NOTIFY", "UPDATE 1", "UPDATE 0", "SELECT 1", "COMMIT"),
                run(
                        "BEGIN",
                        "NOTIFY x",
                        increment(0),
                        "UPDATE counter SET n = 5 WHERE id = $1 AND n = 77",
                        "SELECT n FROM counter WHERE id = $1",
                        "COMMIT"));
        assertEquals(List.of(1, 0), counters.values());
    }

    @Test
    void settingsMadeInItStayAndThoseOfATransactionEnd() {
        assertEquals(
                List.of("BEGIN", "SET", "SET", "UPDATE 1", "UPDATE 1", "COMMIT"),
                run(
                        "BEGIN",
                        "SET work_mem = '5MB'",
                        "SET LOCAL lock_timeout = '7s'",
                        increment(0),
                        increment(1),
                        "COMMIT"));
        for (String shard : List.of("$0", "$1")) {
            String sql =
                    "SELECT current_setting('work_mem') || current_setting('lock_timeout') FROM counter WHERE id = "
                            + shard;
            assertEquals("[5MB0]", rowOf(sql), sql);
        }
    }

    @Test
    void settingsMadeInOneThatCouldNotCommitAreUndone() {
        client.query(counters.sql("INSERT INTO late VALUES ($1)"));
        assertEquals(
                List.of("BEGIN", "SET", "UPDATE 1", "INSERT 0 1", "23505"),
                run("BEGIN", "SET work_mem = '5MB'", increment(0), "INSERT INTO late VALUES ($1)", "COMMIT"));
        for (String shard : List.of("$0", "$1")) {
            assertEquals("[4MB]", rowOf("SELECT current_setting('work_mem') FROM counter WHERE id = " + shard));
        }
    }

    @Test
    void theSessionsRoleAndDurabilityAreAsBefore() throws SQLException {
        assertEquals(
                List.of("SET", "SET", "BEGIN", "UPDATE 1", "UPDATE 1", "COMMIT"),
                run("SET ROLE app", "SET synchronous_commit = local", "BEGIN", increment(0), increment(1), "COMMIT"));
        assertEquals(List.of(1, 1), counters.values());
        for (String shard : List.of("$0", "$1")) {
            String sql = "SELECT current_setting('role') || ' ' || current_setting('synchronous_commit')"
                    + " FROM counter WHERE id = " + shard;
            assertEquals("[app local]", rowOf(sql));
        }
    }

    private String rowOf(String sql) {
        return client.query(counters.sql(sql)).stream()
                .filter(message -> message.type() == 'D')
                .findFirst()
                .map(message -> message.toString().substring(1))
                .orElse("no row");
    }

    @Test
    void aShardLostBeforeTheCommitFailsIt() throws IOException, SQLException {
        assertEquals(List.of("BEGIN", "UPDATE 1", "UPDATE 1"), run("BEGIN", increment(0), increment(1)));
        cluster.server("s1").kill();
        String outcome = Counters.outcome(client.query("COMMIT"));
        assertTrue(List.of("08006", "ROLLBACK").contains(outcome), outcome);
        cluster.server("s1").start();
        assertEquals(List.of(0, 0), counters.values());
        assertEquals(
                List.of("BEGIN", "UPDATE 1", "UPDATE 1", "COMMIT"), run("BEGIN", increment(0), increment(1), "COMMIT"));
    }

    @Test
    void aClientThatVanishesDuringTheCommitLeavesAllOrNothing() throws SQLException {
        for (int i = 0; i < 5; i++) {
            try (WireClient vanishing = WireClient.login(cluster.proxy())) {
                counters.run(vanishing, "BEGIN", increment(0), increment(1));
                vanishing.send(query("COMMIT"));
            }
        }
        Await.until(
                "nothing is prepared, and both are alike",
                () -> counters.prepared() == 0
                        && counters.values().get(0).equals(counters.values().get(1)));
    }
}
