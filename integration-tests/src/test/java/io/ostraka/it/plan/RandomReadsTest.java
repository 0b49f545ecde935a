package io.ostraka.it.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.Differential;
import io.ostraka.it.harness.Protocol;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/**
 * Random queries through a proxy over three shards, compared with one PostgreSQL that has all rows: correct or refused.
 *
 * <p>{@code bin/ostraka-fuzz reads 100000} makes it as long as one likes, a second argument is the seed to repeat.
 */
class RandomReadsTest {
    private static final long SEED = Long.getLong("ostraka.reads.seed", 1);
    private static final int QUERIES = Integer.getInteger("ostraka.reads.queries", 300);
    /** After so many there is enough to look at. */
    private static final int MOST_DIFFERENCES = 10;

    private static final ClusterSpec SPEC = ClusterSpec.shards(3)
            .withDdl(PlanAgainstServerTest.DDL + "CREATE TABLE ring (id int8, other int8);"
                    + "CREATE SCHEMA apart; CREATE TABLE apart.fixed (id int8, other int8);")
            .withTables("""
                    t: { hash: id }
                    u: { hash: id }
                    small: { hash: id }
                    ledger: { hash: [tenant, account] }
                    ranges: { range: id, ranges: [ { to: "3", shard: s0 }, { from: "3", to: "6", shard: s1 }, { from: "6", shard: s2 } ] }
                    lists: { list: id, values: { "1": s0, "2": s1, "3": s1 }, otherwise: s2 }
                    ring: { consistent_hash: id }
                    copies: { reference: true }
                    """)
            .withDatabase("schemas: { apart: s1 }");

    @Test
    void randomQueriesAreAnsweredAsByOnePostgresql() throws SQLException {
        Random random = new Random(SEED);
        TestCluster cluster = filled(random);
        RandomQueries queries = new RandomQueries(random);
        int[] made = {0};
        check(cluster, () -> {
            // Half of them as they are; of the other half each different row is counted.
            String query = queries.query();
            String sql = made[0]++ % 4 < 2 ? query : "SELECT x, count(*) FROM (" + query + ") x GROUP BY x";
            return new RandomReports.Report(sql, false);
        });
    }

    @Test
    void randomReportsAreAnsweredAsByOnePostgresql() throws SQLException {
        Random random = new Random(SEED);
        TestCluster cluster = filled(random);
        check(cluster, new RandomReports(random)::report);
    }

    private static void check(TestCluster cluster, Supplier<RandomReports.Report> queries) {
        int answered = 0;
        int failed = 0;
        List<String> differences = new ArrayList<>();
        try (Differential simple = cluster.differential(Protocol.SIMPLE);
                Differential extended = cluster.differential(Protocol.EXTENDED_BINARY)) {
            for (int i = 0; i < QUERIES && differences.size() < MOST_DIFFERENCES; i++) {
                RandomReports.Report report = queries.get();
                Differential.Answers answers =
                        (i % 2 == 0 ? simple : extended).answers(report.sql(), List.of(), report.isOrdered());
                if (answers.isRefused()) {
                    continue;
                }
                answered++;
                failed += answers.expectedState().isEmpty() ? 0 : 1;
                if (!answers.expected().equals(answers.answered())) {
                    differences.add(
                            report.sql() + "\nexpected:\n" + answers.expected() + "\nanswered:\n" + answers.answered());
                }
            }
        }
        String tally = answered + " of " + QUERIES + " answered, " + failed + " with an error (seed " + SEED + ")";
        System.out.println("random reads: " + tally);
        assertEquals("", String.join("\n----\n", differences), tally);
        assertTrue(answered > QUERIES * 9 / 10, tally);
        assertTrue(failed < QUERIES / 4, tally);
    }

    private static TestCluster filled(Random random) throws SQLException {
        TestCluster cluster = TestCluster.of(SPEC);
        cluster.empty();
        try (WireClient proxy = WireClient.login(cluster.proxy());
                WireClient reference = WireClient.login(cluster.reference())) {
            for (int i = 0; i < 12; i++) {
                for (String table : List.of("t", "u", "small", "ledger", "ranges", "lists", "ring", "apart.fixed")) {
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
        return cluster;
    }

    private static String value(Random random) {
        return random.nextInt(6) == 0 ? "NULL" : "" + random.nextInt(8);
    }
}
