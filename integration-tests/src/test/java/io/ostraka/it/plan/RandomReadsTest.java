package io.ostraka.it.plan;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.Differential;
import io.ostraka.it.harness.Protocol;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.sql.SQLException;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Random queries through a proxy over three shards, compared with one PostgreSQL that has all rows: correct or refused.
 *
 * <p>{@code -Dostraka.reads.queries=100000} makes it as long as one likes, {@code -Dostraka.reads.seed=N} takes others.
 */
class RandomReadsTest {
    private static final long SEED = Long.getLong("ostraka.reads.seed", 1);
    private static final int QUERIES = Integer.getInteger("ostraka.reads.queries", 300);

    private static final ClusterSpec SPEC =
            ClusterSpec.shards(3).withDdl(PlanAgainstServerTest.DDL).withTables("""
                    t: { hash: id }
                    u: { hash: id }
                    small: { hash: id }
                    ledger: { hash: [tenant, account] }
                    ranges: { range: id, ranges: [ { to: "3", shard: s0 }, { from: "3", to: "6", shard: s1 }, { from: "6", shard: s2 } ] }
                    lists: { list: id, values: { "1": s0, "2": s1, "3": s1 }, otherwise: s2 }
                    copies: { reference: true }
                    """);

    @Test
    void randomQueriesAreAnsweredAsByOnePostgresql() throws SQLException {
        Random random = new Random(SEED);
        TestCluster cluster = TestCluster.of(SPEC);
        fill(cluster, random);
        RandomQueries queries = new RandomQueries(random);
        int answered = 0;
        try (Differential simple = cluster.differential(Protocol.SIMPLE);
                Differential extended = cluster.differential(Protocol.EXTENDED_BINARY)) {
            for (int i = 0; i < QUERIES; i++) {
                // Half of them as they are; of the other half each different row is counted.
                String query = queries.query();
                String sql = i % 4 < 2 ? query : "SELECT x, count(*) FROM (" + query + ") x GROUP BY x";
                answered += (i % 2 == 0 ? simple : extended).checkUnlessRefused(sql) ? 1 : 0;
            }
        } catch (AssertionError different) {
            throw new AssertionError("seed " + SEED + ": " + different.getMessage(), different);
        }
        System.out.println("random reads: " + answered + " of " + QUERIES + " answered (seed " + SEED + ")");
        assertTrue(answered > QUERIES * 9 / 10, answered + " answered (seed " + SEED + ")");
    }

    private static void fill(TestCluster cluster, Random random) throws SQLException {
        cluster.empty();
        try (WireClient proxy = WireClient.login(cluster.proxy());
                WireClient reference = WireClient.login(cluster.reference())) {
            for (int i = 0; i < 12; i++) {
                for (String table : List.of("t", "u", "small", "ledger", "ranges", "lists")) {
                    String second = table.equals("ledger")
                            ? ", " + random.nextInt(3)
                            : table.equals("u") ? ", " + value(random) : "";
                    String insert = "INSERT INTO " + table + " VALUES (" + random.nextInt(8) + second + ", "
                            + value(random) + ")";
                    for (WireClient client : List.of(proxy, reference)) {
                        assertTrue(client.query(insert).toString().contains("INSERT 0 1"), insert);
                    }
                }
                cluster.everywhere("INSERT INTO copies VALUES (" + random.nextInt(8) + ", " + value(random) + ")");
            }
        }
    }

    private static String value(Random random) {
        return random.nextInt(6) == 0 ? "NULL" : "" + random.nextInt(8);
    }
}
