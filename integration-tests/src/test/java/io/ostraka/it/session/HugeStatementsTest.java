package io.ostraka.it.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.Differential;
import io.ostraka.it.harness.Protocol;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Statements that are very long or nested very deep, from the client's socket to the shards' and back: answered as by one PostgreSQL. */
class HugeStatementsTest {
    private static final ClusterSpec SPEC = ClusterSpec.shards(3)
            .withDdl("CREATE TABLE item (id int PRIMARY KEY, n int); CREATE TABLE other (id int PRIMARY KEY, n int)")
            .withTables("item: { hash: id }\nother: { hash: id }");

    private static final int DEEP = 1_000;

    private final TestCluster cluster = TestCluster.of(SPEC);

    @BeforeEach
    void empty() throws SQLException {
        cluster.empty();
    }

    private static String list(int from, int to, String separator, String form) {
        return IntStream.range(from, to)
                .mapToObj(i -> form.replace("#", Integer.toString(i)))
                .collect(Collectors.joining(separator));
    }

    @Test
    void aHundredThousandRowsAreCutByTheirShards() throws SQLException {
        try (Differential both = cluster.differential(Protocol.SIMPLE)) {
            both.check(
                    "INSERT INTO item VALUES " + list(0, 100_000, ", ", "(#, #)"),
                    "SELECT count(*), sum(n), min(id), max(id) FROM item",
                    "INSERT INTO item VALUES " + list(90_000, 110_000, ", ", "(#, 7)")
                            + " ON CONFLICT (id) DO UPDATE SET n = 8",
                    "INSERT INTO other VALUES " + list(0, 30_000, ", ", "(#, #)") + ", (29999, 1)",
                    "SELECT n, count(*) FROM item WHERE n = 7 OR n = 8 GROUP BY n",
                    "SELECT count(*) FROM other",
                    "DELETE FROM item WHERE id IN (" + list(0, 100_000, ", ", "#") + ")",
                    "SELECT count(*) FROM item");
        }
        assertTrue(cluster.rowsByShard("item").values().stream().allMatch(rows -> rows > 1_000));
    }

    @ParameterizedTest
    @EnumSource
    void tenThousandConditionsAreOneStatement(Protocol protocol) {
        try (Differential both = cluster.differential(protocol)) {
            both.check(
                    "INSERT INTO item VALUES " + list(0, 200, ", ", "(#, #)"),
                    "SELECT * FROM item WHERE " + list(0, 10_000, " OR ", "id = #"),
                    "SELECT * FROM item WHERE " + list(150, 10_000, " OR ", "(id = # AND n > 170)"),
                    "SELECT * FROM item WHERE n = 3 OR " + list(0, 10_000, " OR ", "id = -#"),
                    "SELECT * FROM item WHERE " + list(10, 10_000, " AND ", "id <> #"),
                    "SELECT * FROM item WHERE id IN (" + list(0, 10_000, ", ", "#") + ") AND n < 5",
                    "SELECT * FROM item WHERE (id, n) IN (" + list(0, 5_000, ", ", "(#, #)") + ")",
                    "SELECT * FROM item WHERE id = ANY ('{" + list(0, 10_000, ",", "#") + "}')",
                    "SELECT id, " + list(0, 1_000, " + ", "n") + " AS s FROM item WHERE id < 5",
                    "SELECT count(*) FROM (" + list(0, 300, " UNION ALL ", "SELECT id FROM item WHERE id = #") + ") x");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aThousandLevelsAreOneStatement(Protocol protocol) {
        try (Differential both = cluster.differential(protocol)) {
            both.check("INSERT INTO item VALUES " + list(0, 20, ", ", "(#, #)"));
            for (String key : new String[] {"7", "n"}) {
                both.check(
                        "SELECT * FROM item WHERE id = " + nested("(", key, ")"),
                        "SELECT * FROM item WHERE id = " + nested("(1 - ", key, ")"),
                        "SELECT * FROM item WHERE id = " + nested("abs(", key, ")"),
                        "SELECT * FROM item WHERE id = " + nested("CASE WHEN true THEN ", key, " END"));
            }
            both.check(
                    "SELECT * FROM item WHERE " + nested("NOT (", "id = 7", ")"),
                    "SELECT * FROM item WHERE " + nested("(id = 7 AND ", "true", ")"),
                    "SELECT * FROM item WHERE id = " + nested("(SELECT ", "7", ")"),
                    "SELECT * FROM " + nested("(SELECT * FROM ", "item", ") x") + " WHERE id = 7");
        }
    }

    @Test
    void whatIsNestedTooDeepIsAnErrorAndNoMore() {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            List<BackendMessage> answer =
                    client.query("SELECT * FROM item WHERE " + "(".repeat(60_000) + "true" + ")".repeat(60_000));
            assertEquals("54001", answer.get(0).sqlState());
            assertEquals(3, client.query("SELECT count(*) FROM item").size() - 1);
        }
    }

    private static String nested(String before, String inner, String after) {
        return before.repeat(DEEP) + inner + after.repeat(DEEP);
    }
}
