package io.ostraka.it.read;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.Differential;
import io.ostraka.it.harness.Protocol;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.List;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Joins that the combiner answers copy only those rows of a large side that the values of a small one can meet. */
class SemiJoinTest {
    private static final ClusterSpec SPEC = ClusterSpec.shards(3)
            .withDdl("CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);"
                    + "CREATE TABLE shop (id int PRIMARY KEY, region int, tag text, ref numeric, big int8, lax text COLLATE ci);"
                    + "CREATE TABLE sale (no int PRIMARY KEY, shop_id int, label text, short varchar(20), price numeric, lax text COLLATE ci);"
                    + "CREATE TABLE visit (shop_id int, nth int, sale_no int, PRIMARY KEY (shop_id, nth));"
                    + "CREATE TABLE mark (code text PRIMARY KEY, weight int)")
            .withTables("shop: { hash: id }\nsale: { hash: no }\nvisit: { hash: shop_id }\nmark: { hash: code }");

    private static final int SALES = 1_500;
    private static final List<String> TAGS =
            List.of("'plain'", "'Plain'", "'it''s'", "'back\\slash'", "''", "'{a,\"b\"}'", "'日本'", "' '", "NULL");
    private static final List<String> NUMBERS =
            List.of("1", "1.0", "1.50", "1.5", "'NaN'", "'Infinity'", "-0.001", "0", "NULL");

    private TestCluster cluster;

    @BeforeEach
    void fill() throws SQLException {
        cluster = TestCluster.of(SPEC);
        boolean isEmpty = cluster.rowsByShard("sale").values().stream().allMatch(rows -> rows == 0);
        if (isEmpty) {
            insert(
                    "shop",
                    60,
                    i -> i + ", " + orNull(i % 7, 6) + ", " + TAGS.get(i % TAGS.size()) + ", "
                            + NUMBERS.get(i % NUMBERS.size()) + ", " + i + ", " + TAGS.get(i % 2));
            insert(
                    "sale",
                    SALES,
                    i -> i + ", " + orNull(i % 70, 69) + ", " + TAGS.get(i % TAGS.size()) + ", "
                            + TAGS.get((i + 1) % TAGS.size()) + ", " + NUMBERS.get(i % NUMBERS.size()) + ", "
                            + TAGS.get(i % 2));
            insert("visit", SALES, i -> i % 90 + ", " + i + ", " + orNull(i * 7 % SALES, 0));
            insert("mark", 300, i -> "'c" + i + "', " + i % 10);
            insert("mark", 8, i -> TAGS.get(i - 1) + ", " + -i);
        }
    }

    private static String orNull(int value, int none) {
        return value == none ? "NULL" : String.valueOf(value);
    }

    private void insert(String table, int rows, IntFunction<String> row) {
        String sql = "INSERT INTO " + table + " VALUES "
                + IntStream.rangeClosed(1, rows)
                        .mapToObj(i -> "(" + row.apply(i) + ")")
                        .collect(Collectors.joining(", "));
        for (WireClient client : List.of(WireClient.login(cluster.proxy()), WireClient.login(cluster.reference()))) {
            try (client) {
                assertTrue(client.query(sql).get(0).toString().contains("INSERT 0 " + rows), table);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void theAnswersAreThoseOfAllRows(Protocol protocol) {
        try (Differential both = cluster.differential(protocol)) {
            both.check(
                    // Inner joins of the types that values are taken of.
                    "SELECT s.id, x.no FROM shop s JOIN sale x ON x.shop_id = s.id WHERE s.region < 2",
                    "SELECT s.id, x.no FROM shop s, sale x WHERE s.tag = x.label AND s.region < 1",
                    "SELECT s.id, x.no FROM shop s, sale x WHERE s.ref = x.price AND s.region < 1",
                    "SELECT m.code, x.no FROM mark m JOIN sale x ON m.code = x.short WHERE m.weight < 0",
                    "SELECT m.code, x.no FROM mark m JOIN sale x ON m.code = x.label WHERE m.weight < 0",
                    "SELECT m.weight, x.no FROM sale x JOIN mark m ON m.code = x.label WHERE x.no < 9",
                    "SELECT s.big, x.no FROM shop s JOIN sale x ON s.big = x.shop_id WHERE s.region < 2",
                    "SELECT s.id, x.no FROM shop s JOIN sale x ON s.lax = x.lax WHERE s.region < 1",
                    "SELECT s.id, x.no FROM shop s JOIN sale x ON s.lax = x.label WHERE s.region < 1",
                    "SELECT s.id, x.no FROM shop s JOIN sale x ON s.tag COLLATE ci = x.label WHERE s.region < 1",
                    // A column of three tables, the shard key of some.
                    "SELECT count(*) FROM shop s JOIN sale x ON x.shop_id = s.region JOIN visit v ON v.shop_id = x.shop_id"
                            + " WHERE s.id < 9",
                    "SELECT v.nth FROM sale x JOIN visit v ON v.shop_id = x.shop_id WHERE x.no IN (3, 4, 69)",
                    // Outer joins: what is preserved stays.
                    "SELECT s.id, x.no FROM shop s LEFT JOIN sale x ON x.shop_id = s.id WHERE s.region < 2",
                    "SELECT s.id, x.no FROM sale x LEFT JOIN shop s ON x.shop_id = s.id AND s.region < 2",
                    "SELECT s.id, x.no FROM shop s RIGHT JOIN sale x ON x.shop_id = s.id AND s.region < 2",
                    "SELECT s.id, x.no FROM shop s FULL JOIN sale x ON x.shop_id = s.id AND s.region < 2",
                    "SELECT s.id, x.no FROM sale x LEFT JOIN shop s ON x.shop_id = s.id WHERE s.region < 2",
                    "SELECT s.id, x.no, v.nth FROM shop s LEFT JOIN (sale x JOIN visit v ON v.sale_no = x.no)"
                            + " ON x.shop_id = s.id WHERE s.region < 1",
                    // Subqueries of every kind.
                    "SELECT no FROM sale WHERE shop_id IN (SELECT id FROM shop WHERE region < 2)",
                    "SELECT no FROM sale WHERE shop_id NOT IN (SELECT id FROM shop WHERE region < 2)",
                    "SELECT no FROM sale WHERE shop_id NOT IN (SELECT region FROM shop)",
                    "SELECT id FROM shop WHERE region < 2 AND id IN (SELECT shop_id FROM sale)",
                    "SELECT id FROM shop WHERE region < 2 AND id NOT IN (SELECT shop_id FROM sale WHERE shop_id > 5)",
                    "SELECT no FROM sale x WHERE EXISTS (SELECT FROM shop s WHERE s.id = x.shop_id AND s.region < 2)",
                    "SELECT no FROM sale x WHERE NOT EXISTS (SELECT FROM shop s WHERE s.id = x.shop_id AND s.region < 2)",
                    "SELECT id FROM shop s WHERE region < 2 AND NOT EXISTS (SELECT FROM sale x WHERE x.shop_id = s.id)",
                    "SELECT id, (SELECT count(*) FROM sale x WHERE x.shop_id = s.id) FROM shop s WHERE region < 2",
                    "SELECT id, (SELECT count(*) FROM sale x) FROM shop s WHERE region < 2",
                    "SELECT s.id, l.no FROM shop s LEFT JOIN LATERAL (SELECT no FROM sale x WHERE x.shop_id = s.id"
                            + " ORDER BY no LIMIT 2) l ON true WHERE s.region < 2",
                    "SELECT s.id, l.no FROM shop s JOIN (SELECT no, shop_id FROM sale ORDER BY no LIMIT 20) l"
                            + " ON l.shop_id = s.id WHERE s.region < 3",
                    "SELECT s.id, l.c FROM shop s JOIN (SELECT shop_id, count(*) AS c FROM sale GROUP BY shop_id) l"
                            + " ON l.shop_id = s.id WHERE s.region < 3",
                    "SELECT s.id, l.no FROM shop s JOIN (SELECT no, shop_id, rank() OVER (ORDER BY no) AS r FROM sale) l"
                            + " ON l.shop_id = s.id WHERE s.region < 3 AND l.r < 50",
                    "WITH few AS (SELECT id FROM shop WHERE region < 2) SELECT x.no FROM few JOIN sale x ON x.shop_id = few.id"
                            + " WHERE EXISTS (SELECT FROM few f WHERE f.id > x.shop_id)",
                    "WITH RECURSIVE r AS (SELECT id FROM shop WHERE region < 1 UNION SELECT x.shop_id FROM r JOIN sale x"
                            + " ON x.no = r.id WHERE x.shop_id < 40) SELECT id FROM r",
                    // Nulls that are equal, and equality that is none.
                    "SELECT region FROM shop WHERE id < 9 INTERSECT SELECT shop_id FROM sale",
                    "SELECT shop_id FROM sale EXCEPT SELECT region FROM shop WHERE id < 9",
                    "SELECT s.id, x.no FROM shop s JOIN sale x ON s.region IS NOT DISTINCT FROM x.shop_id WHERE s.id < 9",
                    "SELECT s.id, x.no FROM shop s JOIN sale x ON s.region = x.shop_id OR x.no = 3 WHERE s.id < 9",
                    "SELECT s.id, x.no FROM shop s JOIN sale x ON (s.region = x.shop_id) IS NOT TRUE WHERE s.id = 5 AND x.no < 70",
                    // None, and too many.
                    "SELECT x.no FROM shop s JOIN sale x ON x.shop_id = s.id WHERE s.region < -5",
                    "SELECT s.id, x.no FROM shop s LEFT JOIN sale x ON x.shop_id = s.id AND x.no = s.region WHERE s.region < -5",
                    "SELECT count(*) FROM sale a JOIN visit v ON v.sale_no = a.no WHERE a.price > -5 AND a.no > 0",
                    "SELECT count(x.no / (x.no - 3)) FROM shop s JOIN sale x ON x.shop_id = s.id WHERE s.region < 4",
                    "SELECT count(*) FROM sale");
        }
    }

    @Test
    void parametersAndTransactionsDoNotMatter() {
        try (Differential both = cluster.differential(Protocol.EXTENDED)) {
            String joined = "SELECT s.id, x.no FROM shop s JOIN sale x ON x.shop_id = s.id WHERE s.region < $1";
            both.checkWith(joined, "2");
            both.checkWith(joined, (String) null);
            both.checkWith(joined, "-5");
        }
        for (String level : List.of("READ COMMITTED", "REPEATABLE READ")) {
            try (Differential both = cluster.differential(Protocol.SIMPLE)) {
                String joined = "SELECT s.id, x.no FROM shop s JOIN sale x ON x.shop_id = s.id WHERE s.region < 1";
                both.check(
                        "BEGIN ISOLATION LEVEL " + level,
                        joined,
                        "UPDATE sale SET shop_id = 7 WHERE no = 3",
                        "UPDATE shop SET region = 0 WHERE id = 9",
                        joined,
                        "ROLLBACK",
                        joined);
            }
        }
    }

    @Test
    void cursorsGetTheSameRows() {
        try (Differential both = cluster.differential(Protocol.SIMPLE)) {
            both.check(
                    "BEGIN",
                    "DECLARE c SCROLL CURSOR FOR SELECT s.id, x.no FROM shop s JOIN sale x ON x.shop_id = s.id"
                            + " WHERE s.region < 1 ORDER BY 1, 2",
                    "FETCH 5 FROM c",
                    "FETCH LAST FROM c",
                    "COMMIT");
        }
    }

    // ---- fewer rows ----------------------------------------------------------------------------------------------

    private static String plan(WireClient client, String sql) {
        List<BackendMessage> answer = client.query(sql);
        assertEquals("EXPLAIN", answer.get(answer.size() - 2).text(), answer::toString);
        return answer.stream()
                .filter(message -> message.type() == 'D')
                .map(message -> new String(message.body(), 6, message.body().length - 6, StandardCharsets.UTF_8))
                .collect(Collectors.joining("\n"));
    }

    /** The rows that were copied of a table. */
    private static long copied(String plan, String table) {
        Matcher fragment = Pattern.compile(
                        "Fragment \\S+ on . shards?  \\(copied rows=([0-9]+)[^\\n]*\\n +SQL: [^\\n]* \"public\"\\.\""
                                + table + "\"")
                .matcher(plan);
        assertTrue(fragment.find(), plan);
        return Long.parseLong(fragment.group(1));
    }

    @Test
    void rowsThatMeetNoValueAreNotCopied() {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            String plan = plan(
                    client,
                    "EXPLAIN ANALYZE SELECT s.id, x.no FROM shop s JOIN sale x ON x.shop_id = s.id WHERE s.region < 2 AND s.id < 20");
            assertTrue(plan.contains("Reduced by: \"shop_id\" = ANY (pg_temp.\"ostraka_1\".\"id\")"), plan);
            long rows = copied(plan, "sale");
            assertTrue(rows > 0 && rows < SALES / 5, plan);
            String none = plan(
                    client,
                    "EXPLAIN ANALYZE SELECT x.no FROM shop s JOIN sale x ON x.shop_id = s.id WHERE s.region < -5");
            assertFalse(none.contains("copied rows=" + SALES), none);
        }
    }

    @Test
    void onlyShardsThatOwnAValueAreAsked() {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            String plan = plan(
                    client, "EXPLAIN ANALYZE SELECT x.no FROM shop s JOIN sale x ON x.no = s.region WHERE s.id = 5");
            assertTrue(plan.contains("Reduced by: \"no\" = ANY"), plan);
            assertEquals(1, copied(plan, "sale"), plan);
            assertEquals(
                    1,
                    plan.split(
                                            "Index Scan using sale_pkey|Index Only Scan using sale_pkey|Seq Scan on sale|Bitmap Heap Scan on sale",
                                            -1)
                                    .length
                            - 1,
                    plan);
        }
    }

    @Test
    void tooManyValuesReduceNothing() {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            String plan = plan(
                    client,
                    "EXPLAIN ANALYZE SELECT v.nth FROM sale a JOIN visit v ON v.sale_no = a.no WHERE a.price > -5 AND a.no > 0");
            assertTrue(plan.contains("Reduced by: \"sale_no\" = ANY"), plan);
            assertTrue(copied(plan, "sale") > 1_000, plan);
            // Of visits one has no sale.
            assertEquals(SALES - 1, copied(plan, "visit"), plan);
        }
    }

    @Test
    void whatMustBeCopiedWholeIs() {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            for (String sql : List.of(
                    "SELECT s.id, x.no FROM sale x LEFT JOIN shop s ON x.shop_id = s.id AND s.region < 2",
                    "SELECT s.id, x.no FROM shop s FULL JOIN sale x ON x.shop_id = s.id AND s.region < 2",
                    "SELECT no FROM sale x WHERE NOT EXISTS (SELECT FROM shop s WHERE s.id = x.shop_id AND s.region < 2)",
                    "SELECT s.id, x.no FROM shop s JOIN sale x ON s.lax = x.lax WHERE s.region < 1",
                    "SELECT s.id, x.no FROM shop s JOIN sale x ON s.region IS NOT DISTINCT FROM x.shop_id WHERE s.id < 9")) {
                String plan = plan(client, "EXPLAIN ANALYZE " + sql);
                assertFalse(plan.contains("Reduced by"), plan);
                assertEquals(SALES, copied(plan, "sale"), plan);
            }
        }
    }

    @Test
    void withoutConditionsTheStatisticsTellWhichSideIsSmall() throws SQLException {
        String join = "EXPLAIN (ANALYZE, FORMAT %s) SELECT s.id, x.no FROM sale x JOIN shop s ON x.shop_id = s.region";
        // A change of schema makes the proxy look at the catalogs, and at the sizes with them.
        cluster.everywhere("ANALYZE", "CREATE TABLE IF NOT EXISTS news (id int)");
        try (WireClient client = WireClient.login(cluster.proxy());
                WireClient reader = WireClient.login(cluster.reference())) {
            Await.until("the statistics are known", () -> plan(client, String.format(join, "TEXT"))
                    .contains("Reduced by: \"shop_id\" = ANY"));
            assertTrue(copied(plan(client, String.format(join, "TEXT")), "sale") < SALES / 10);
            String read = reader.query("SELECT j #>> '{0,Distributed Plan,Fragments,1,Reduced By}' FROM (SELECT $json$"
                            + plan(client, String.format(join, "JSON")) + "$json$::json AS j) s")
                    .toString();
            assertTrue(read.contains("\"shop_id\" = ANY"), read);
        }
    }
}
