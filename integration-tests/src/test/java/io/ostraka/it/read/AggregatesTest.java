package io.ostraka.it.read;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.Differential;
import io.ostraka.it.harness.Protocol;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every aggregate of PostgreSQL over the rows of several shards, whether they send states, groups or rows for it. */
class AggregatesTest {
    private static void check(Protocol protocol, String... statements) throws SQLException {
        try (Differential both = Bazaar.filled().differential(protocol)) {
            both.check(statements);
        }
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void variancesOfExactNumbersAreExact(Protocol protocol) throws SQLException {
        for (String aggregate :
                new String[] {"variance", "var_samp", "var_pop", "stddev", "stddev_samp", "stddev_pop"}) {
            check(
                    protocol,
                    ("SELECT %1$s(i2), %1$s(i4), %1$s(i8), %1$s(price), %1$s(n), %1$s(id) FROM thing"
                                    + " WHERE n > -1e30 AND n < 1e30")
                            .replace("%1$s", aggregate),
                    "SELECT i2, " + aggregate + "(price) AS x, " + aggregate
                            + "(price * i2) FILTER (WHERE b) FROM thing GROUP BY i2",
                    "SELECT " + aggregate + "(n) FROM thing",
                    "SELECT " + aggregate + "(id) FROM thing WHERE id = 0 OR i4 = 123456",
                    "SELECT id, " + aggregate + "(w), " + aggregate + "(no) FROM thing JOIN part ON id = thing_id"
                            + " GROUP BY ROLLUP (id) HAVING coalesce(" + aggregate + "(no), 0) >= 0",
                    "SELECT b, rank() OVER (ORDER BY " + aggregate + "(id)) FROM thing GROUP BY b ORDER BY " + aggregate
                            + "(id)");
        }
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void whatLooksAtEachRow(Protocol protocol) throws SQLException {
        check(
                protocol,
                "SELECT string_agg(t, ',' ORDER BY id), count(*), sum(i4) FROM thing",
                "SELECT i2, array_agg(id ORDER BY id DESC), array_agg(tags ORDER BY id) FILTER (WHERE array_ndims(tags) = 1"
                        + " AND array_length(tags, 1) = 2) FROM thing GROUP BY i2",
                "SELECT json_agg(i4 ORDER BY id), jsonb_agg(doc ORDER BY id), json_object_agg(id, t ORDER BY id),"
                        + " jsonb_object_agg(id, price) FROM thing WHERE id < 30",
                "SELECT string_agg(by, '\\x00' ORDER BY id), xmlagg(xmlelement(name a, t) ORDER BY id)::text FROM thing",
                "SELECT percentile_cont(0.3) WITHIN GROUP (ORDER BY price), percentile_disc(0.3) WITHIN GROUP (ORDER BY t),"
                        + " mode() WITHIN GROUP (ORDER BY mood), rank(3) WITHIN GROUP (ORDER BY i4) FROM thing",
                "SELECT mood, percentile_cont(ARRAY[0.1, 0.9]) WITHIN GROUP (ORDER BY id) FROM thing GROUP BY mood",
                "SELECT regr_count(id, no2), covar_pop(i2, id), regr_sxx(id, i2), corr(id, i2) IS NULL, regr_avgx(id, i2)"
                        + " FROM thing WHERE i2 IN (0, 1) AND id % 2 = 0 AND id < 9",
                "SELECT range_agg(nr ORDER BY id), range_intersect_agg(nr) FROM thing WHERE NOT isempty(nr)",
                "SELECT string_agg((10 / i2)::text, ',' ORDER BY id) FILTER (WHERE i2 <> 0) FROM thing",
                "SELECT count(DISTINCT 10 / i2) FILTER (WHERE i2 <> 0), sum(i2) FROM thing",
                "SELECT string_agg(t || v || icu, ',' ORDER BY id) FROM thing",
                "SELECT string_agg(DISTINCT t, ',' ORDER BY t), array_agg(DISTINCT i2) FROM thing",
                "SELECT i2, b, string_agg(id::text, ',' ORDER BY id), grouping(i2, b) FROM thing GROUP BY CUBE (i2, b)",
                "SELECT i2, max(string_agg(t, '' ORDER BY id)) OVER () FROM thing WHERE t <> '' GROUP BY i2",
                "SELECT bool_and(b), every(b), bit_or(i4), bit_xor(i8), bit_and(bits) FROM thing",
                "SELECT array_agg(id) FROM (SELECT id FROM thing ORDER BY i4, id) s",
                "SELECT json_agg(k ORDER BY k.code, thing.id) FROM country k, thing WHERE thing.id < 3",
                "SELECT string_agg(thing_id || ':' || total, ',' ORDER BY thing_id) FROM totals",
                "SELECT string_agg(t, ',' ORDER BY t COLLATE \"C\", id) FROM thing JOIN part ON id = thing_id WHERE w > 1",
                "SELECT string_agg(nosuch, ',') FROM thing",
                "SELECT string_agg(i4, ',') FROM thing",
                "SELECT sum(i4), i2 FROM thing",
                "SELECT array_agg(1 / (id - 7) ORDER BY id) FROM thing");
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void aggregatesOfSubqueries(Protocol protocol) throws SQLException {
        check(
                protocol,
                "SELECT id FROM thing WHERE i4 = (SELECT max(i4) FROM thing)",
                "SELECT id, (SELECT avg(w) FROM part) FROM thing WHERE i2 IN (SELECT no FROM part GROUP BY no HAVING count(*) > 9)",
                "WITH q AS (SELECT i2, count(*) AS c, stddev(id) FROM thing GROUP BY i2) SELECT a.i2, b.c, a.stddev"
                        + " FROM q a JOIN q b ON a.c = b.c",
                "SELECT x.i2, count(*) FROM (SELECT DISTINCT i2, mood FROM thing) x JOIN part ON no = i2 GROUP BY x.i2",
                "(SELECT i2, sum(i4) FROM thing GROUP BY i2) UNION ALL (SELECT no, sum(w)::int8 FROM part WHERE w < 9 GROUP BY no)",
                "SELECT s.n, t.id FROM (SELECT public.part.no AS n, max(public.part.w) FROM public.part GROUP BY public.part.no) s"
                        + " JOIN public.thing t ON public.t.i2 = s.n",
                "SELECT s.n, t.id FROM (SELECT public.part.no AS n, max(public.part.w) FROM public.part GROUP BY public.part.no) s"
                        + " JOIN public.thing t ON t.i2 = s.n WHERE t.id > (SELECT min(thing_id) FROM public.part)",
                "SELECT id, (SELECT max(no) FROM part WHERE part.thing_id = thing.i2) FROM thing",
                "SELECT id FROM thing o WHERE i4 > (SELECT avg(i4) FROM thing i WHERE i.mood = o.mood)",
                "SELECT array_agg(x.i2) FROM (SELECT i2 FROM thing GROUP BY i2 ORDER BY i2 DESC) x",
                "SELECT count(*) FROM thing WHERE (i2, mood) IN (SELECT i2, max(mood) FROM thing GROUP BY i2)",
                "SELECT * FROM (SELECT i2, count(*), sum(i4) + 1, t || 'x' FROM thing GROUP BY i2, t) s ORDER BY 1, 2, 3, 4",
                "SELECT s.* FROM (SELECT sum(v) FROM account) s, (SELECT count(*) AS sum FROM thing WHERE b) r WHERE s.sum > r.sum",
                "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < (SELECT count(DISTINCT i2) FROM thing))"
                        + " SELECT n FROM r",
                "SELECT id FROM thing WHERE EXISTS (SELECT count(*) FROM part WHERE no > 99 HAVING count(*) > 1)",
                "SELECT total FROM totals WHERE total > (SELECT avg(w) FROM part)",
                "SELECT s.sum FROM (SELECT sum(i4)::text FROM thing) s",
                "SELECT row_to_json(s) FROM (SELECT sum(i4)::text, CASE WHEN b THEN 1 ELSE count(*) END FROM thing GROUP BY b) s",
                "SELECT row_to_json(s) FROM (SELECT max(id), i2 + 1, count(*) > 3, coalesce(min(t), 'x') FROM thing GROUP BY i2) s",
                "SELECT (SELECT string_agg(t, ',' ORDER BY id) FROM thing WHERE id < 9), count(*) FROM part WHERE no = 2",
                "SELECT count(*) FROM part WHERE no < (SELECT count(nosuch) FROM thing)");
    }

    @Test
    void parametersAreTheClientsOwn() throws SQLException {
        try (Differential both = Bazaar.filled().differential(Protocol.EXTENDED)) {
            both.checkWith("SELECT string_agg(t, $1 ORDER BY id) FROM thing WHERE id > $2", "; ", "20");
            both.checkWith("SELECT percentile_disc($1) WITHIN GROUP (ORDER BY id + $2) FROM thing", "0.5", "3");
            both.checkWith("SELECT stddev(price + $1), variance(id * $2) FROM thing", "1.25", "3");
        }
    }

    /** The states of floats are put together by another way than PostgreSQL adds up rows: equal but for the last digits. */
    @Test
    void variancesOfFloatsAreAsGoodAsPostgresqls() throws SQLException {
        try (TestCluster cluster = TestCluster.start(ClusterSpec.shards(3)
                .withDdl("CREATE TABLE m (id int PRIMARY KEY, f float8, r float4, n numeric, big numeric)")
                .withTables("m: { hash: id }"))) {
            Random random = new Random(11);
            StringBuilder rows = new StringBuilder("INSERT INTO m VALUES (0, NULL, NULL, NULL, NULL)");
            for (int id = 1; id <= 300; id++) {
                rows.append(", (" + id + ", " + (1e9 + random.nextDouble()) + ", " + random.nextFloat() + ", "
                        + random.nextInt(100_000_000) + "." + random.nextInt(1000) + ", " + random.nextLong() + "."
                        + random.nextInt(10) + ")");
            }
            try (WireClient proxy = WireClient.login(cluster.proxy());
                    WireClient reference = WireClient.login(cluster.reference())) {
                assertTrue(proxy.query(rows.toString()).toString().contains("INSERT 0 301"));
                assertTrue(reference.query(rows.toString()).toString().contains("INSERT 0 301"));
            }
            try (Differential both = cluster.differential(Protocol.SIMPLE)) {
                both.check(
                        "SELECT id % 100, stddev(n), stddev_pop(n), variance(n), stddev(big), var_pop(big) FROM m GROUP BY 1",
                        "SELECT stddev(n / 1000), stddev(n * 0.0000001), stddev_pop(big * big), variance(f) > 0 FROM m",
                        "SELECT stddev(f) FROM m WHERE id = 5 OR f IS NULL",
                        "SELECT stddev_pop(f), stddev(f) FROM m WHERE id IN (5, 0)",
                        "SELECT variance(f) FROM m WHERE f IS NULL",
                        "SELECT stddev(1.5::float8), var_pop(2::float4) FROM m",
                        "SELECT stddev(f), stddev(CASE id WHEN 3 THEN 'Infinity'::float8 WHEN 4 THEN 'NaN' ELSE id END) IS NULL"
                                + " FROM m WHERE id < 5 AND id > 2 GROUP BY id");
            }
            for (String aggregate : new String[] {"stddev(f)", "variance(f)", "var_pop(r)", "stddev_pop(r * 3)"}) {
                double expected = value(cluster.reference().connect(), "SELECT " + aggregate + " FROM m");
                double found = value(cluster.connect(), "SELECT " + aggregate + " FROM m");
                double exact = value(
                        cluster.reference().connect(),
                        "SELECT " + aggregate.replaceAll("\\b([fr])\\b", "$1::text::numeric") + " FROM m");
                assertEquals(1, found / expected, 1e-6, aggregate);
                assertTrue(
                        Math.abs(found / exact - 1) <= Math.max(Math.abs(expected / exact - 1) * 4, 1e-6),
                        aggregate + " is " + found + ", of PostgreSQL " + expected + ", exactly " + exact);
            }
        }
    }

    private static double value(Connection owned, String sql) throws SQLException {
        try (owned;
                Statement statement = owned.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            assertTrue(rows.next());
            return rows.getDouble(1);
        }
    }
}
