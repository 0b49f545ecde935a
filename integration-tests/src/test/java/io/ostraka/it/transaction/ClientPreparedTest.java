package io.ostraka.it.transaction;

import static io.ostraka.it.harness.FrontendMessages.query;
import static io.ostraka.it.transaction.Counters.increment;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.Endpoint;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import javax.sql.XAConnection;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.xa.PGXADataSource;

/** Two-phase commit by the client, by SQL and by XA through the PostgreSQL driver; processes are killed in between. */
@Timeout(300)
class ClientPreparedTest {
    private static final String LIST = "SELECT gid FROM pg_prepared_xacts ORDER BY gid";

    /** What a transaction manager hands out; its parts are opaque. */
    private record Branch(String id) implements Xid {
        @Override
        public int getFormatId() {
            return 4711;
        }

        @Override
        public byte[] getGlobalTransactionId() {
            return id.getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public byte[] getBranchQualifier() {
            return new byte[] {1, 0, -1};
        }
    }

    @TempDir
    private Path directory;

    private final TestCluster cluster = TestCluster.of(Counters.spec(2).withProxies(0));
    private ProxyProcess proxy;
    private Counters counters;

    @BeforeEach
    void start() throws IOException, SQLException {
        proxy = new ProxyProcess(directory, cluster, List.of("s0", "s1"));
        proxy.start("");
        try (WireClient client = login()) {
            counters = Counters.filled(cluster, client);
        }
    }

    @AfterEach
    void stop() throws IOException {
        proxy.close();
        cluster.server("s1").start();
    }

    private WireClient login() {
        return WireClient.login(proxy.endpoint());
    }

    private String list(WireClient client) {
        return client.query(LIST).stream()
                .filter(message -> message.type() == 'D')
                .map(BackendMessage::toString)
                .toList()
                .toString();
    }

    @Test
    void whatIsPreparedOnBothShardsIsCommittedWhenTheClientSays() throws SQLException {
        try (WireClient client = login();
                WireClient other = login()) {
            assertEquals(
                    List.of("BEGIN", "UPDATE 1", "UPDATE 1", "PREPARE TRANSACTION"),
                    counters.run(client, "BEGIN", increment(0), increment(1), "PREPARE TRANSACTION 'it''s one'"));
            assertEquals(List.of(0, 0), counters.values());
            assertEquals(2, counters.prepared());
            assertEquals("[D[it's one]]", list(other));
            assertEquals(
                    List.of("SELECT 1", "SELECT 0"),
                    counters.run(
                            other,
                            "WITH x AS (SELECT 1) SELECT p.gid FROM pg_catalog.pg_prepared_xacts p, x"
                                    + " WHERE p.database = current_database() AND p.owner = current_user"
                                    + " AND p.prepared <= now() + interval '1 hour'",
                            "SELECT 1 FROM pg_prepared_xacts WHERE gid LIKE 'ostraka%'"));
            assertEquals(List.of("COMMIT PREPARED"), counters.run(other, "COMMIT PREPARED 'it''s one'"));
            assertEquals(List.of(1, 1), counters.values());
            assertEquals(0, counters.prepared());
            assertEquals("[]", list(client));
            assertEquals(List.of("42704"), counters.run(client, "COMMIT PREPARED 'it''s one'"));
        }
    }

    @Test
    void whatIsPreparedIsRolledBackWhenTheClientSays() throws SQLException {
        try (WireClient client = login()) {
            for (String statement : List.of(increment(0), increment(1), "SELECT 1", "")) {
                counters.run(client, "BEGIN");
                if (!statement.isEmpty()) {
                    counters.run(client, statement);
                }
                assertEquals(
                        List.of("PREPARE TRANSACTION", "ROLLBACK PREPARED"),
                        counters.run(client, "PREPARE TRANSACTION 'a'", "ROLLBACK PREPARED 'a'"),
                        statement);
            }
            assertEquals(List.of(0, 0), counters.values());
            assertEquals(0, counters.prepared());
            // The name, the rows and the session are free again.
            assertEquals(
                    List.of("BEGIN", "UPDATE 1", "UPDATE 1", "COMMIT"),
                    counters.run(client, "BEGIN", increment(0), increment(1), "COMMIT"));
        }
    }

    @Test
    void errorsArePostgres() throws SQLException {
        try (WireClient client = login()) {
            assertEquals(
                    List.of("ROLLBACK", "42704", "42704"),
                    counters.run(client, "PREPARE TRANSACTION 'x'", "COMMIT PREPARED 'x'", "ROLLBACK PREPARED 'x'"));
            assertEquals(
                    List.of("BEGIN", "UPDATE 1", "PREPARE TRANSACTION"),
                    counters.run(client, "BEGIN", increment(0), "PREPARE TRANSACTION 'x'"));
            assertEquals(
                    List.of("BEGIN", "UPDATE 1", "42710"),
                    counters.run(client, "BEGIN", increment(1), "PREPARE TRANSACTION 'x'"));
            assertEquals(1, counters.prepared());
            assertEquals(
                    List.of("BEGIN", "25001", "ROLLBACK"),
                    counters.run(client, "BEGIN", "COMMIT PREPARED 'x'", "PREPARE TRANSACTION 'y'"));
            assertEquals(
                    List.of("BEGIN", "22023", "BEGIN", "22023"),
                    counters.run(
                            client,
                            "BEGIN",
                            "PREPARE TRANSACTION '" + "x".repeat(200) + "'",
                            "BEGIN",
                            "PREPARE TRANSACTION 'ostraka_1'"));
            assertEquals(
                    List.of("BEGIN", "42P01", "25P02", "ROLLBACK"),
                    counters.run(
                            client, "BEGIN", "SELECT nothing FROM nowhere", "SELECT 1", "PREPARE TRANSACTION 'z'"));
            assertEquals("[D[x]]", list(client));
            assertEquals(
                    List.of("0A000", "0A000", "0A000"),
                    counters.run(
                            client,
                            "SELECT * FROM pg_prepared_xact()",
                            "EXPLAIN SELECT * FROM pg_prepared_xacts",
                            "SELECT 1; SELECT * FROM pg_prepared_xacts"));
            assertEquals(List.of("COMMIT PREPARED"), counters.run(client, "COMMIT PREPARED 'x'"));
            assertEquals(List.of(1, 0), counters.values());
        }
    }

    @Test
    void onlyItsOwnerAndSuperusersFinishIt() throws SQLException {
        Endpoint ours = proxy.endpoint();
        Endpoint superuser = new Endpoint(ours.port(), ours.database(), "ostraka", "recovery-password");
        try (WireClient client = login();
                WireClient administrator = WireClient.login(superuser)) {
            counters.run(administrator, "BEGIN", increment(0), increment(1), "PREPARE TRANSACTION 'theirs'");
            counters.run(
                    client, "BEGIN", "INSERT INTO counter VALUES (100), (101), (102)", "PREPARE TRANSACTION 'ours'");
            assertEquals(
                    List.of("42501", "42501"),
                    counters.run(client, "COMMIT PREPARED 'theirs'", "ROLLBACK PREPARED 'theirs'"));
            assertEquals("[D[ours], D[theirs]]", list(client));
            assertEquals(
                    List.of("COMMIT PREPARED", "COMMIT PREPARED"),
                    counters.run(administrator, "COMMIT PREPARED 'theirs'", "COMMIT PREPARED 'ours'"));
            assertEquals(List.of(1, 1), counters.values());
        }
    }

    @Test
    void itSurvivesTheProxyAndAShardBetweenPrepareAndCommit() throws IOException, SQLException {
        try (WireClient client = login()) {
            counters.run(client, "BEGIN", increment(0), increment(1), "PREPARE TRANSACTION 'long'");
        }
        proxy.kill();
        cluster.server("s1").kill();
        cluster.server("s1").start();
        proxy.start("");
        try (WireClient client = login()) {
            assertEquals("[D[long]]", list(client));
            cluster.server("s1").kill();
            client.send(query("COMMIT PREPARED 'long'"));
            assertEquals("COMMIT PREPARED", Counters.outcome(client.untilReady()));
            assertEquals(List.of("57P03"), counters.run(client, "SELECT n FROM counter WHERE id = $1"));
            cluster.server("s1").start();
        }
        Await.until("the shard has caught up", () -> {
            try (WireClient client = login()) {
                return counters.run(client, "SELECT n FROM counter WHERE id = $1")
                        .equals(List.of("SELECT 1"));
            }
        });
        assertEquals(List.of(1, 1), counters.values());
        assertEquals(0, counters.prepared());
    }

    @Test
    void inADatabaseOfOneShardItIsTheServersOwn() {
        TestCluster one = TestCluster.of(ClusterSpec.shards(1).withDdl("CREATE TABLE t (id int PRIMARY KEY)"));
        try (WireClient client = WireClient.login(one.proxy());
                WireClient server = WireClient.login(one.reference())) {
            for (String sql : List.of(
                    "PREPARE TRANSACTION 'q'",
                    "BEGIN",
                    "PREPARE TRANSACTION 'q'",
                    "ROLLBACK PREPARED 'q'",
                    "BEGIN",
                    "INSERT INTO t VALUES (1)",
                    "PREPARE TRANSACTION 'q'",
                    LIST,
                    "BEGIN",
                    "INSERT INTO t VALUES (2)",
                    "PREPARE TRANSACTION 'q'",
                    "SELECT 1",
                    "BEGIN",
                    "COMMIT PREPARED 'q'",
                    "ROLLBACK",
                    "BEGIN",
                    "SELECT nothing FROM nowhere",
                    "PREPARE TRANSACTION 'r'",
                    "BEGIN; INSERT INTO t VALUES (3); PREPARE TRANSACTION 's'",
                    "COMMIT PREPARED 's'",
                    "COMMIT PREPARED 'q'",
                    "COMMIT PREPARED 'q'",
                    "SELECT * FROM t",
                    "DELETE FROM t")) {
                List<BackendMessage> wanted = server.query(sql);
                List<BackendMessage> seen = client.query(sql);
                assertEquals(Counters.outcome(wanted), Counters.outcome(seen), sql);
                assertEquals(
                        wanted.get(wanted.size() - 1).toString(),
                        seen.get(seen.size() - 1).toString(),
                        sql);
            }
        }
    }

    private PGXADataSource dataSource() {
        PGXADataSource source = new PGXADataSource();
        source.setUrl("jdbc:postgresql://127.0.0.1:" + proxy.endpoint().port() + "/"
                + proxy.endpoint().database());
        source.setUser(proxy.endpoint().user());
        source.setPassword(proxy.endpoint().password());
        return source;
    }

    private void work(XAConnection connection, Xid xid, String... statements) throws SQLException, XAException {
        XAResource resource = connection.getXAResource();
        try (Connection session = connection.getConnection();
                Statement statement = session.createStatement()) {
            resource.start(xid, XAResource.TMNOFLAGS);
            for (String sql : statements) {
                statement.execute(counters.sql(sql));
            }
            resource.end(xid, XAResource.TMSUCCESS);
        }
    }

    @Test
    void xaPreparesRecoversAndFinishes() throws Exception {
        XAConnection connection = dataSource().getXAConnection();
        try {
            XAResource resource = connection.getXAResource();
            work(connection, new Branch("one"), increment(0), increment(1));
            resource.commit(new Branch("one"), true);
            assertEquals(List.of(1, 1), counters.values());
            work(connection, new Branch("two"), increment(0), increment(1));
            assertEquals(XAResource.XA_OK, resource.prepare(new Branch("two")));
            work(connection, new Branch("three"), "UPDATE country SET name = 'x'");
            assertEquals(XAResource.XA_OK, resource.prepare(new Branch("three")));
            assertEquals(2, resource.recover(XAResource.TMSTARTRSCAN | XAResource.TMENDRSCAN).length);
            resource.rollback(new Branch("three"));
            resource.commit(new Branch("two"), false);
            assertEquals(List.of(2, 2), counters.values());
            assertEquals(0, resource.recover(XAResource.TMSTARTRSCAN | XAResource.TMENDRSCAN).length);
            XAException unknown = assertThrows(XAException.class, () -> resource.commit(new Branch("never"), false));
            assertEquals(XAException.XAER_NOTA, unknown.errorCode);
        } finally {
            connection.close();
        }
    }

    @Test
    void xaRecoversAfterTheProxyWasKilled() throws Exception {
        XAConnection first = dataSource().getXAConnection();
        work(first, new Branch("lost"), increment(0), increment(1));
        assertEquals(XAResource.XA_OK, first.getXAResource().prepare(new Branch("lost")));
        proxy.kill();
        proxy.start("");
        XAConnection second = dataSource().getXAConnection();
        try {
            XAResource resource = second.getXAResource();
            Xid[] found = resource.recover(XAResource.TMSTARTRSCAN | XAResource.TMENDRSCAN);
            assertEquals(1, found.length);
            assertArrayEquals(new Branch("lost").getGlobalTransactionId(), found[0].getGlobalTransactionId());
            assertEquals(List.of(0, 0), counters.values());
            resource.commit(found[0], false);
            assertEquals(List.of(1, 1), counters.values());
            assertTrue(resource.recover(XAResource.TMSTARTRSCAN | XAResource.TMENDRSCAN).length == 0);
        } finally {
            second.close();
        }
    }
}
