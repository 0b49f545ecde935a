package io.ostraka.it.session;

import static io.ostraka.it.harness.FrontendMessages.bind;
import static io.ostraka.it.harness.FrontendMessages.execute;
import static io.ostraka.it.harness.FrontendMessages.flush;
import static io.ostraka.it.harness.FrontendMessages.parse;
import static io.ostraka.it.harness.FrontendMessages.query;
import static io.ostraka.it.harness.FrontendMessages.sync;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A shard's server is killed, at each moment that makes a difference, and comes back. */
@ExtendWith(NoLeaks.class)
class ShardLossTest {
    private static final String READ0 = "SELECT v FROM t WHERE id = $0";
    private static final String READ1 = "SELECT v FROM t WHERE id = $1";
    private static final String UPDATE1 = "UPDATE t SET v = 'new' WHERE id = $1";

    private final TestCluster cluster = TestCluster.of(TwoShards.SPEC);
    private TwoShards shards;
    private WireClient client;

    @BeforeEach
    void connect() throws SQLException {
        shards = TwoShards.filled(cluster);
        client = WireClient.login(cluster.proxy());
    }

    @AfterEach
    void restart() throws IOException {
        client.close();
        cluster.server("s0").start();
        cluster.server("s1").start();
        try (WireClient after = WireClient.login(cluster.proxy())) {
            Await.until(
                    "both shards serve again",
                    () -> after.query("SELECT FROM t").size() == 23);
        }
    }

    private List<BackendMessage> run(String sql) {
        return client.query(shards.sql(sql));
    }

    /** The SQLSTATE of the error before ReadyForQuery, or the tag. */
    private String outcome(String sql) {
        return outcome(run(sql));
    }

    private static String outcome(List<BackendMessage> answer) {
        BackendMessage message = answer.get(answer.size() - 2);
        return message.type() == 'E' ? message.sqlState() : message.text();
    }

    private void awaitActive(String statement) {
        Await.until(statement + " runs", () -> {
            try (Connection connection = cluster.shard("s1").connect();
                    Statement asking = connection.createStatement();
                    ResultSet rows = asking.executeQuery("SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND"
                            + " datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%" + statement
                            + "%'")) {
                return rows.next();
            }
        });
    }

    @Test
    void statementsForTheOthersGoOnWhileAShardIsAway() throws IOException {
        run(READ1);
        cluster.server("s1").kill();
        Await.until("the loss is noticed", () -> outcome(READ1).equals("57P03"));
        assertEquals("SELECT 1", outcome(READ0));
        assertEquals("57P03", outcome("SELECT id FROM t"));
        assertEquals("SELECT 1", outcome(READ0));
        assertEquals("BEGIN", outcome("BEGIN"));
        assertEquals("SELECT 1", outcome(READ0));
        assertEquals("57P03", outcome(READ1));
        assertEquals("25P02", outcome(READ0));
        assertEquals("ROLLBACK", outcome("COMMIT"));
        client.send(
                parse("", shards.sql(READ1)),
                bind("", "", List.of(), false),
                execute("", 0),
                parse("", shards.sql(READ0)),
                sync());
        assertEquals("57P03", outcome(client.untilReady()));
        cluster.server("s1").start();
        assertEquals("SELECT 1", outcome(READ1));
        assertEquals("SELECT 20", outcome("SELECT id FROM t"));
    }

    @Test
    void aStatementThatIsOnlyParsedFailsOnceWhenItsShardIsAway() throws IOException {
        cluster.server("s0").kill();
        Await.until("the loss is noticed", () -> outcome("SELECT 1").equals("57P03"));
        for (int i = 0; i < 2; i++) {
            client.send(parse("s", "SELECT 1"), sync());
            assertEquals("57P03", outcome(client.untilReady()));
            client.send(parse("s", "SELECT 1"), bind("", "s", List.of(), false), sync());
            assertEquals("57P03", outcome(client.untilReady()));
        }
        cluster.server("s0").start();
        client.send(parse("s", "SELECT 1"), sync());
        assertEquals('1', client.untilReady().get(0).type());
    }

    @Test
    void aReadUnderWayIsAnErrorThatMayBeTriedAgain() throws IOException {
        client.send(query(shards.sql("SELECT pg_sleep(1000) FROM t WHERE id = $1")));
        awaitActive("pg_sleep");
        cluster.server("s1").kill();
        assertEquals("08006", outcome(client.untilReady()));
        assertEquals("SELECT 1", outcome(READ0));
    }

    @Test
    void aWriteUnderWayHasAnUnknownOutcome() throws IOException {
        client.send(query(shards.sql("UPDATE t SET v = 'new' || pg_sleep(1000) WHERE id = $1")));
        awaitActive("pg_sleep");
        cluster.server("s1").kill();
        assertEquals("08007", outcome(client.untilReady()));
        assertEquals("SELECT 1", outcome(READ0));
    }

    @Test
    void aPipelineUnderWayIsEndedByItsSync() throws IOException {
        client.send(
                parse("", shards.sql("SELECT pg_sleep(1000) FROM t WHERE id = $1")),
                bind("", "", List.of(), false),
                execute("", 0),
                parse("", shards.sql(READ0)),
                bind("", "", List.of(), false),
                execute("", 0),
                sync());
        awaitActive("pg_sleep");
        cluster.server("s1").kill();
        assertEquals("08006", outcome(client.untilReady()));
        assertEquals("SELECT 1", outcome(READ0));
    }

    @Test
    void aPipelineThatLosesAShardBetweenItsMessagesIsEndedByItsSync() throws IOException {
        client.send(parse("", shards.sql(UPDATE1)), bind("", "", List.of(), false), execute("", 0), flush());
        for (char expected : "12C".toCharArray()) {
            assertEquals(expected, client.read().type());
        }
        cluster.server("s1").kill();
        assertEquals("08007", client.read().sqlState());
        client.send(sync());
        assertEquals('Z', client.read().type());
        assertEquals("SELECT 1", outcome(READ0));
    }

    @Test
    void aPipelineThatHasReadSeveralShardsDoesToo() throws IOException {
        client.send(parse("", "SELECT id FROM t"), bind("", "", List.of(), false), execute("", 3), flush());
        for (char expected : "12DDDs".toCharArray()) {
            assertEquals(expected, client.read().type());
        }
        cluster.server("s1").kill();
        assertEquals("08006", client.read().sqlState());
        client.send(sync());
        assertEquals('Z', client.read().type());
        assertEquals("SELECT 1", outcome(READ0));
    }

    @Test
    void aScatterUnderWayFailsAsAWhole() throws IOException, SQLException {
        try (WireClient locking = WireClient.login(cluster.shard("s1"))) {
            locking.query("BEGIN");
            locking.query("LOCK TABLE t");
            client.send(query("SELECT id FROM t"));
            awaitActive("SELECT id FROM t");
            cluster.server("s1").kill();
            assertEquals("08006", outcome(client.untilReady()));
        }
        assertEquals("SELECT 1", outcome(READ0));
    }

    @Test
    void aTransactionThatLostAShardIsFailedAndSaysSo() throws IOException {
        outcome("BEGIN");
        assertEquals("UPDATE 1", outcome(UPDATE1));
        assertEquals("SELECT 1", outcome(READ0));
        cluster.server("s1").kill();
        Await.until("the loss is noticed", () -> !outcome(READ0).equals("SELECT 1"));
        assertEquals("25P02", outcome(READ0));
        assertEquals("ROLLBACK", outcome("COMMIT"));
        assertEquals("SELECT 1", outcome(READ0));
    }

    @Test
    void theFirstStatementAfterTheLossTellsOfIt() throws IOException {
        outcome("BEGIN");
        assertEquals("UPDATE 1", outcome(UPDATE1));
        cluster.server("s1").kill();
        assertEquals("08006", outcome(UPDATE1));
        assertEquals("25P02", outcome(UPDATE1));
        assertEquals("ROLLBACK", outcome("ROLLBACK"));
    }

    @Test
    void aCommitThatFindsItsShardGoneIsAnError() throws IOException {
        outcome("BEGIN");
        assertEquals("UPDATE 1", outcome(UPDATE1));
        cluster.server("s1").kill();
        String commit = outcome("COMMIT");
        assertTrue(List.of("08006", "08007").contains(commit), commit);
        assertEquals("SELECT 1", outcome(READ0));
    }

    @Test
    void aCommitUnderWayHasAnUnknownOutcome() throws IOException, SQLException {
        cluster.onShard(
                "s1",
                "CREATE OR REPLACE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
                        + " $$ BEGIN PERFORM pg_sleep(1000); RETURN NULL; END $$",
                "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON late DEFERRABLE INITIALLY DEFERRED"
                        + " FOR EACH ROW EXECUTE FUNCTION slow()");
        try {
            outcome("BEGIN");
            assertEquals("SELECT 1", outcome(READ0));
            assertEquals("INSERT 0 1", outcome("INSERT INTO late VALUES ($1)"));
            client.send(query("COMMIT"));
            awaitActive("COMMIT");
            cluster.server("s1").kill();
            assertEquals("08007", outcome(client.untilReady()));
            assertEquals("SELECT 1", outcome(READ0));
        } finally {
            cluster.server("s1").start();
            cluster.onShard("s1", "DROP TRIGGER slow ON late", "DROP FUNCTION slow");
        }
    }

    @Test
    void clientsLogInWhileTheDefaultShardIsAway() throws IOException {
        cluster.server("s0").kill();
        try (WireClient late = WireClient.login(cluster.proxy())) {
            assertEquals("SELECT 1", outcome(late.query(shards.sql(READ1))));
            assertEquals("57P03", outcome(late.query(shards.sql(READ0))));
        }
        cluster.server("s0").start();
        assertEquals("SELECT 1", outcome(READ0));
    }

    @Test
    void aSessionWhoseAdvisoryLockIsGoneEnds() throws IOException {
        assertEquals("SELECT 1", outcome("SELECT pg_advisory_lock(1)"));
        cluster.server("s0").kill();
        List<BackendMessage> last = client.untilClosed();
        assertEquals("FATAL", last.get(last.size() - 1).fields().get('S'));
        assertEquals("08006", last.get(last.size() - 1).sqlState());
    }

    @Test
    void aRowThatBreaksOffIsNeverFollowedByAnything() throws IOException {
        client.send(query(shards.sql("SELECT repeat('x', 300000000) FROM t WHERE id = $1")));
        assertEquals('T', client.read().type());
        cluster.server("s1").kill();
        List<BackendMessage> rest = client.untilClosed();
        assertTrue(rest.isEmpty() || rest.get(0).type() == 'D', rest::toString);
    }

    @Test
    void aCursorEndsWithOneOfItsShards() throws IOException {
        for (String order : List.of("", " ORDER BY id")) {
            run("BEGIN");
            run("DECLARE c CURSOR FOR SELECT id FROM t" + order);
            run("FETCH 1 FROM c");
            cluster.server("s0").kill();
            cluster.server("s1").kill();
            // Rows in order may be here already; those of a shard that is gone never are all.
            assertEquals(
                    'E',
                    run("FETCH ALL FROM c").stream()
                            .filter(message -> message.type() == 'E')
                            .findFirst()
                            .orElseThrow()
                            .type());
            assertEquals("25P02", run("FETCH ALL FROM c").get(0).sqlState());
            run("ROLLBACK");
            cluster.server("s0").start();
            cluster.server("s1").start();
            Await.until(
                    "both shards serve again",
                    () -> client.query("SELECT FROM t").size() == 23);
        }
    }
}
