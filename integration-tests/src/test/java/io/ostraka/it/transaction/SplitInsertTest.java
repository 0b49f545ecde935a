package io.ostraka.it.transaction;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.Differential;
import io.ostraka.it.harness.FrontendMessages;
import io.ostraka.it.harness.Protocol;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** INSERT of rows that belong to several shards: what one PostgreSQL would hold, on all shards or on none. */
class SplitInsertTest {
    private static final ClusterSpec SPEC = ClusterSpec.shards(3)
            .withDdl("CREATE TABLE item (id int8 PRIMARY KEY, name text CHECK (name <> 'bad'), n int DEFAULT 1 + 1,"
                    + " twice int GENERATED ALWAYS AS (n * 2) STORED, tag uuid DEFAULT gen_random_uuid());"
                    + "CREATE TABLE stamped (id int8 PRIMARY KEY, at timestamptz DEFAULT now());"
                    + "CREATE TABLE pair (a text, b int, v text, PRIMARY KEY (a, b))")
            .withTables("item: { hash: id }\nstamped: { hash: id }\npair: { hash: [a, b] }");

    private static final String ALL = "SELECT id, name, n, twice FROM item";

    private final TestCluster cluster = TestCluster.of(SPEC);

    @BeforeEach
    void empty() throws SQLException {
        cluster.empty();
    }

    private static String rows(int from, int to, String name) {
        List<String> rows = new ArrayList<>();
        for (int id = from; id <= to; id++) {
            rows.add("(" + id + ", '" + name + id + "')");
        }
        return String.join(", ", rows);
    }

    @ParameterizedTest
    @EnumSource
    void rowsLieWhereTheyBelong(Protocol protocol) throws SQLException {
        try (Differential both = cluster.differential(protocol)) {
            both.check(
                    "INSERT INTO item (id, name) VALUES " + rows(1, 40, "a"),
                    ALL,
                    "SELECT name FROM item WHERE id = 7",
                    "INSERT INTO item (id, name, n) VALUES (41, 'x', 2 + 3), (42, NULL, length('(,)')), (43, 'y;', DEFAULT)",
                    "INSERT INTO item (id, name) VALUES (40, 'again'), (44, 'new'), (1, 'again') ON CONFLICT DO NOTHING",
                    "INSERT INTO item AS i (id, name) VALUES " + rows(30, 60, "b")
                            + " ON CONFLICT (id) DO UPDATE SET name = i.name || '/' || excluded.name WHERE i.id <> 35",
                    ALL,
                    "INSERT INTO item (id, name) VALUES (61, 'c'), (62, 'd'), (62, 'e')"
                            + " ON CONFLICT (id) DO UPDATE SET n = 0",
                    "INSERT INTO item (id, name) VALUES (70 + 1, 'c'), (70 + 2, 'd'), (70 + 3, 'e'), (74, 'f')",
                    "INSERT INTO pair VALUES ('x', 1, 'a'), ('x', 2, 'b'), ('y', 1, 'c'), ('y', 2, 'd'), ('z', 3, 'e')",
                    "SELECT * FROM pair",
                    ALL);
        }
        assertEquals(
                3,
                cluster.rowsByShard("item").values().stream()
                        .filter(rows -> rows > 0)
                        .count());
    }

    @ParameterizedTest
    @EnumSource
    void anErrorOnOneShardUndoesAll(Protocol protocol) {
        try (Differential both = cluster.differential(protocol)) {
            both.check(
                    "INSERT INTO item (id, name) VALUES " + rows(1, 20, "a") + ", (21, 'bad')",
                    "INSERT INTO item (id, name) VALUES " + rows(1, 20, "a"),
                    "INSERT INTO item (id, name) VALUES " + rows(15, 40, "a"),
                    "INSERT INTO item (id, name) VALUES (50, 'a'), (NULL, 'b'), (51, 'c')",
                    "INSERT INTO item (id, name) VALUES (NULL, 'b') RETURNING name, id",
                    ALL);
            both.check(
                    "BEGIN",
                    "INSERT INTO item (id, name) VALUES (52, 'a'), (53, 'b'), (54, 'c')",
                    "INSERT INTO item (id, name) VALUES (NULL, 'b'), (55, 'c')",
                    "SELECT 1",
                    "COMMIT",
                    ALL);
            both.check(
                    "BEGIN",
                    "INSERT INTO item (id, name) VALUES " + rows(21, 40, "a"),
                    "SAVEPOINT s",
                    "INSERT INTO item (id, name) VALUES " + rows(30, 50, "a"),
                    "ROLLBACK TO s",
                    "INSERT INTO item (id, name) VALUES " + rows(41, 50, "b"),
                    "COMMIT",
                    ALL);
        }
    }

    @Test
    void parametersGoWithTheirRows() {
        for (Protocol protocol : List.of(Protocol.EXTENDED, Protocol.EXTENDED_BINARY)) {
            try (Differential both = cluster.differential(protocol)) {
                both.check("DELETE FROM item");
                String sql =
                        "INSERT INTO item (id, name, n) VALUES ($1, $2, $3), ($4, $5, $6 + 1), (3, $7, $8), ($9, NULL, 5)"
                                + " ON CONFLICT (id) DO UPDATE SET name = $10 || excluded.name";
                both.checkWith(sql, "1", "a", "10", "2", "b", "20", "c", "30", "4", "!");
                both.checkWith(sql, "5", "a", "10", "6", null, "20", "c", null, "7", "!");
                both.checkWith(sql, "8", "bad", "10", "9", "b", "20", "c", "30", "10", "!");
                both.checkWith("INSERT INTO item (id, name) VALUES ($1, $2), (11, 'c')", null, "b");
                both.checkWith("INSERT INTO item (id, name) VALUES ($1, $2)", null, "b");
                both.check(ALL);
            }
        }
    }

    @Test
    void jdbcBatchesRewrittenToManyRowsAreOneStatement() throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("reWriteBatchedInserts", "true");
        try (Connection connection = cluster.proxy().connect(properties);
                PreparedStatement insert = connection.prepareStatement("INSERT INTO item (id, name) VALUES (?, ?)")) {
            for (int round = 0; round < 12; round++) {
                for (int i = 0; i < 64; i++) {
                    insert.setLong(1, round * 64 + i);
                    insert.setString(2, "n" + i);
                    insert.addBatch();
                }
                assertEquals(64, insert.executeBatch().length);
            }
            Map<String, Long> rows = cluster.rowsByShard("item");
            assertEquals(768, rows.values().stream().mapToLong(Long::longValue).sum());
            assertTrue(rows.values().stream().allMatch(count -> count > 100), rows.toString());
            insert.setLong(1, 1000);
            insert.setString(2, "x");
            insert.addBatch();
            insert.setLong(1, 1001);
            insert.setString(2, "bad");
            insert.addBatch();
            assertThrows(SQLException.class, insert::executeBatch);
            try (Statement count = connection.createStatement()) {
                assertEquals(768, count.executeUpdate("UPDATE item SET n = 0"));
                assertArrayEquals(new int[0], count.executeBatch());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatEachShardWouldMakeSomethingElseOfIsRefused(Protocol protocol) {
        try (Differential both = cluster.differential(protocol)) {
            both.checkRefused(
                    "INSERT INTO stamped (id) VALUES " + rows(1, 20, "").replaceAll(", '[0-9]+'", ""));
            // PostgreSQL refuses this one itself.
            both.check("INSERT INTO item (id, n) VALUES (1, 2), (2, generate_series(1, 2)), (3, 4), (4, 5)");
            both.checkRefused("INSERT INTO item (id, name) VALUES " + rows(1, 20, "") + " RETURNING id, ctid");
            both.checkRefused("INSERT INTO stamped VALUES (1, NULL), (2, NULL), (3, NULL), (4, NULL), (5, NULL)"
                    + " ON CONFLICT (id) DO UPDATE SET at = DEFAULT");
            both.check("INSERT INTO stamped VALUES (1, now()), (2, now()), (3, now()), (4, now()), (5, now())");
            both.check("SELECT count(DISTINCT at), count(*) FROM stamped");
        }
    }

    /** Each shard would take a time of its own. */
    @ParameterizedTest
    @EnumSource
    void aDefaultThatIsAClockIsNotSetOnSeveralShards(Protocol protocol) {
        try (Differential both = cluster.differential(protocol)) {
            both.check("INSERT INTO stamped VALUES (1, '2020-01-01'), (2, '2020-01-01'), (3, '2020-01-01')");
            both.check("INSERT INTO item (id, n) VALUES (1, 10), (2, 20), (3, 30)");
            both.checkRefused("UPDATE stamped SET at = DEFAULT");
            both.checkRefused("UPDATE stamped SET (at) = ROW (DEFAULT) WHERE at < now()");
            both.check("SELECT id FROM stamped WHERE at = '2020-01-01'");
            both.check("UPDATE stamped SET at = DEFAULT WHERE id = 1");
            both.check("SELECT id FROM stamped WHERE at = '2020-01-01'");
            both.check("UPDATE item SET n = DEFAULT, tag = DEFAULT");
            both.check(ALL);
        }
    }

    /** The shards' places are those of texts that the client has not seen. */
    @Test
    void anErrorTellsItsPlaceInTheClientsText() {
        String sql = "INSERT INTO item (id, n) VALUES (1, 1), (2, 2), (3, 3), (4, 4), (5, 'x')";
        List<byte[][]> asked = List.of(new byte[][] {FrontendMessages.query(sql)}, new byte[][] {
            FrontendMessages.parse("", sql),
            FrontendMessages.bind("", "", List.of(), false),
            FrontendMessages.execute("", 0),
            FrontendMessages.sync()
        });
        for (byte[][] messages : asked) {
            try (WireClient client = WireClient.login(cluster.proxy())) {
                client.send(messages);
                Map<Character, String> error = client.untilReady().stream()
                        .filter(message -> message.type() == 'E')
                        .findFirst()
                        .orElseThrow()
                        .fields();
                assertEquals("22P02", error.get('C'));
                assertEquals(String.valueOf(sql.indexOf("'x'") + 1), error.get('P'), error.toString());
            }
        }
    }
}
