package io.ostraka.it.read;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Tables of common types over three shards, and their rows: with nulls, NaN, infinities, zeros of both signs, equal numerics
 * of other scales, texts that a linguistic collation would order otherwise. The same rows are on the reference.
 */
final class Shelf {
    static final ClusterSpec SPEC = ClusterSpec.shards(3)
            .withDdl(
                    "CREATE TABLE item (id int PRIMARY KEY, b bool, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, n numeric,"
                            + " t text, v varchar(20), c char(6), by bytea, d date, ti time, tz timetz, ts timestamp, tstz timestamptz,"
                            + " iv interval, u uuid, j jsonb, e text COLLATE \"en-x-icu\", a int[]);"
                            + "CREATE TABLE part (item_id int, no int, w numeric, PRIMARY KEY (item_id, no));"
                            + "CREATE TABLE kind (i2 int2 PRIMARY KEY, label text);"
                            + "CREATE VIEW walk AS WITH RECURSIVE r AS (SELECT id, i2 FROM item UNION ALL SELECT r.id, i.i2"
                            + " FROM item i JOIN r ON i.id = r.i2 AND r.i2 < 5) CYCLE i2 SET again TO 'Y' DEFAULT 'N' USING way"
                            + " SELECT id, i2, again FROM r")
            .withTables("item: { hash: id }\npart: { hash: item_id, colocate_with: item }\nkind: { reference: true }");

    private static final int ROWS = 120;

    private Shelf() {}

    /** Fills the cluster's tables, once: tests only read. */
    static TestCluster filled() throws SQLException {
        return filled(SPEC);
    }

    /** The same in a cluster of the caller's shape. */
    static TestCluster filled(ClusterSpec spec) throws SQLException {
        TestCluster cluster = TestCluster.of(spec);
        if (cluster.rowsByShard("item").values().stream()
                        .mapToLong(Long::longValue)
                        .sum()
                == 0) {
            fill(cluster);
        }
        return cluster;
    }

    private static void fill(TestCluster cluster) throws SQLException {
        Random random = new Random(20_261_121);
        List<String> statements = new ArrayList<>();
        for (int id = 1; id <= ROWS; id++) {
            statements.add("INSERT INTO item VALUES (" + id + ", " + row(random) + ")");
            for (int no = 1; no <= id % 4; no++) {
                statements.add("INSERT INTO part VALUES (" + id + ", " + no + ", "
                        + pick(random, "1.5", "1.50", "2", "NULL", "-3.25", "1e10") + ")");
            }
        }
        try (WireClient proxy = WireClient.login(cluster.proxy());
                WireClient reference = WireClient.login(cluster.reference())) {
            for (String sql : statements) {
                for (WireClient client : List.of(proxy, reference)) {
                    assertTrue(client.query(sql).get(0).toString().contains("INSERT 0 1"), sql);
                }
            }
        }
        cluster.everywhere("INSERT INTO kind SELECT i, 'kind ' || (7 - i) FROM generate_series(-2, 7) AS i");
        assertTrue(cluster.rowsByShard("item").values().stream().allMatch(rows -> rows > 20));
    }

    private static String row(Random random) {
        return String.join(
                ", ",
                pick(random, "true", "false", "NULL"),
                pick(random, "-2", "0", "1", "7", "NULL"),
                pick(random, "-2147483648", "-1", "0", "1", "2147483647", "17", "NULL"),
                pick(random, "-9223372036854775808", "-1", "0", "1", "9223372036854775807", "NULL"),
                pick(random, "'NaN'", "'-0'", "0", "1.5", "'-Infinity'", "'Infinity'", "1e-30", "NULL"),
                pick(random, "'NaN'", "'-0'", "0", "1.1", "'-Infinity'", "'Infinity'", "-1e300", "1e-300", "NULL"),
                pick(
                        random,
                        "'NaN'",
                        "0",
                        "0.000",
                        "1.10",
                        "1.1",
                        "'-Infinity'",
                        "'Infinity'",
                        "-0.00001",
                        "-10000",
                        "10000",
                        "9999.9999",
                        "99999999999999999999999999.5",
                        "1e-40",
                        "-1e40",
                        "NULL"),
                pick(random, "'a'", "'B'", "'b'", "'ä'", "'Z'", "''", "'a '", "'日本'", "'𝄞'", "'ab'", "'_'", "NULL"),
                pick(random, "'a'", "'B'", "'a '", "'é'", "'~'", "NULL"),
                pick(random, "'a'", "'B'", "'ab'", "''", "'ü'", "NULL"),
                pick(random, "'\\x'", "'\\x00'", "'\\xff'", "'\\x7f80'", "'\\x00ff'", "NULL"),
                pick(random, "'infinity'", "'-infinity'", "'2026-11-21'", "'0044-03-15 BC'", "'1999-12-31'", "NULL"),
                pick(random, "'00:00'", "'24:00'", "'12:34:56.789012'", "NULL"),
                pick(random, "'12:00+00'", "'14:00+02'", "'10:00-02'", "'23:00+11'", "NULL"),
                pick(random, "'infinity'", "'-infinity'", "'2026-11-21 06:00'", "'0001-01-01 BC'", "NULL"),
                pick(random, "'infinity'", "'-infinity'", "'2026-11-21 06:00+05'", "'2026-11-21 01:00Z'", "NULL"),
                pick(
                        random,
                        "'1 month'",
                        "'30 days'",
                        "'720 hours'",
                        "'-1 day'",
                        "'1 mon -30 days 1 us'",
                        "'infinity'",
                        "'-infinity'",
                        "NULL"),
                pick(
                        random,
                        "'00000000-0000-0000-0000-000000000001'",
                        "'ffffffff-0000-0000-0000-000000000000'",
                        "'7fffffff-ffff-ffff-ffff-ffffffffffff'",
                        "NULL"),
                pick(random, "'{\"a\": 1}'", "'[1]'", "'null'", "NULL"),
                pick(random, "'a'", "'B'", "'ä'", "'Z'", "NULL"),
                pick(random, "'{1,2}'", "'{}'", "NULL"));
    }

    private static String pick(Random random, String... values) {
        return values[random.nextInt(values.length)];
    }
}
