package io.ostraka.it.session;

import static io.ostraka.it.harness.FrontendMessages.query;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.Endpoint;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The proxy is closed under its clients. */
@ExtendWith(NoLeaks.class)
class ShutdownTest {
    private static final ClusterSpec SPEC = ClusterSpec.shards(1).withDdl("CREATE TABLE t (id int)");

    private static String last(List<BackendMessage> messages) {
        BackendMessage last = messages.get(messages.size() - 1);
        return last.fields().get('S') + " " + last.sqlState();
    }

    private static long connections(Endpoint server, String condition) throws SQLException {
        try (Connection connection = server.connect();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT count(*) FROM pg_stat_activity WHERE datname ="
                        + " current_database() AND pid <> pg_backend_pid() AND " + condition)) {
            rows.next();
            return rows.getLong(1);
        }
    }

    @Test
    void everyClientIsToldAndTransactionsMayEnd() throws SQLException {
        TestCluster cluster = TestCluster.start(SPEC);
        try (cluster;
                WireClient idle = WireClient.login(cluster.proxy());
                WireClient inTransaction = WireClient.login(cluster.proxy());
                WireClient busy = WireClient.login(cluster.proxy());
                WireClient silent = WireClient.connect(cluster.proxy())) {
            Endpoint proxy = cluster.proxy();
            inTransaction.query("BEGIN");
            inTransaction.query("INSERT INTO t VALUES (1)");
            busy.send(query("SELECT pg_sleep(1000)"));
            Await.until("it sleeps", () -> connections(cluster.shard("s0"), "query LIKE 'SELECT pg_sleep%'") == 1);
            CompletableFuture<Void> closing =
                    CompletableFuture.runAsync(() -> cluster.proxyServer(0).close());
            assertEquals("FATAL 57P01", last(idle.untilClosed()));
            assertEquals("C COMMIT", inTransaction.query("COMMIT").get(0).toString());
            assertEquals("FATAL 57P01", last(inTransaction.untilClosed()));
            assertEquals("FATAL 57P01", last(busy.untilClosed()));
            assertEquals(List.of(), silent.untilClosed());
            closing.join();
            Await.until("nothing of it is left", () -> connections(cluster.shard("s0"), "true") == 0);
            assertThrows(UncheckedIOException.class, () -> WireClient.connect(proxy));
            try (WireClient direct = WireClient.login(cluster.shard("s0"))) {
                assertEquals(
                        "D[1]", direct.query("SELECT count(*) FROM t").get(1).toString());
            }
        }
    }
}
