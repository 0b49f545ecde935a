package io.ostraka.it.read;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.Differential;
import io.ostraka.it.harness.Protocol;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** EXPLAIN of queries over shards: the distributed plan, and each shard's own in it. */
class ExplainOverShardsTest {
    private TestCluster cluster;

    @BeforeEach
    void fill() throws SQLException {
        cluster = Bazaar.filled();
    }

    private static String plan(WireClient client, String sql) {
        List<BackendMessage> answer = client.query(sql);
        assertEquals("EXPLAIN", answer.get(answer.size() - 2).text(), answer::toString);
        assertEquals(1, answer.get(0).columns().size());
        assertEquals("QUERY PLAN", answer.get(0).columns().get(0).name());
        return answer.stream()
                .filter(message -> message.type() == 'D')
                .map(message -> new String(message.body(), 6, message.body().length - 6, StandardCharsets.UTF_8))
                .collect(Collectors.joining("\n"));
    }

    @Test
    void aScatterShowsWhatEachShardDoes() {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            String plan = plan(client, "EXPLAIN (COSTS OFF) SELECT id FROM thing WHERE i4 = 5");
            assertEquals(3, plan.split("Seq Scan on thing", -1).length - 1, plan);
            for (String shard : List.of("s0", "s1", "s2")) {
                assertTrue(plan.contains("->  Shard " + shard), plan);
            }
            assertTrue(plan.startsWith("Ostraka Scatter  (rows concatenated)"), plan);
            String sorted = plan(client, "EXPLAIN SELECT id FROM thing ORDER BY i4 LIMIT 3");
            assertTrue(sorted.contains("sorted rows merged and cut to the limit"), sorted);
            assertTrue(sorted.contains("ostraka: key 1"), sorted);
        }
    }

    @Test
    void aTransactionBlockMayBeginWithIt() {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            client.query("BEGIN");
            assertTrue(
                    client.query("EXPLAIN SELECT id, i4 FROM thing").toString().contains("C EXPLAIN, Z T"));
            assertTrue(client.query("EXPLAIN SELECT count(*) FROM thing")
                    .toString()
                    .contains("C EXPLAIN, Z T"));
            client.query("COMMIT");
        }
    }

    @Test
    void analyzeRunsIt() {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            String plan = plan(client, "EXPLAIN (ANALYZE, TIMING OFF) SELECT id FROM thing");
            assertEquals(3, plan.split("actual rows=", -1).length - 1, plan);
            assertEquals(3, plan.split("Execution Time", -1).length - 1, plan);
        }
    }

    @Test
    void whatTheCombinerPutsTogetherShowsItsFragments() {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            String plan = plan(client, "EXPLAIN SELECT a.id FROM thing a JOIN thing b ON a.i4 = b.i8");
            assertTrue(plan.startsWith("Ostraka Combine"), plan);
            assertTrue(plan.contains("Combiner runs: SELECT"), plan);
            assertTrue(plan.contains("Seq Scan on "), plan);
            String counted = plan(client, "EXPLAIN SELECT count(*) FROM thing");
            assertTrue(counted.contains("Aggregate"), counted);
        }
    }

    @Test
    void analyzeShowsWhatWasCopiedAndWhatTheCombinerDid() {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            String joined = plan(client, "EXPLAIN ANALYZE SELECT a.id FROM thing a JOIN thing b ON a.i4 = b.i8");
            assertTrue(joined.contains("Fragment pg_temp.\"ostraka_1\" on 3 shards  (copied rows=60 "), joined);
            assertEquals(4, joined.split("copied rows=", -1).length - 1, joined);
            assertTrue(joined.contains(" Join  ("), joined);
            assertEquals(4, joined.split("Execution Time", -1).length - 1, joined);
            String counted = plan(client, "EXPLAIN (ANALYZE, COSTS OFF) SELECT i2, count(*) FROM thing GROUP BY i2");
            assertTrue(counted.contains("->  Shard s2  (copied rows="), counted);
            assertTrue(counted.contains(" bytes="), counted);
            client.query("BEGIN");
            client.query("UPDATE thing SET i2 = 0 WHERE id = 1");
            assertTrue(plan(client, "EXPLAIN ANALYZE SELECT count(DISTINCT i2) FROM thing")
                    .contains("copied rows="));
            client.query("ROLLBACK");
            assertTrue(client.query("EXPLAIN ANALYZE SELECT count(1 / (id - 7)) FROM thing")
                    .toString()
                    .contains("22012"));
            assertTrue(client.query("SELECT count(*) FROM thing").toString().contains("SELECT 1"));
        }
    }

    @Test
    void analyzeHasNumbersInJson() {
        try (WireClient client = WireClient.login(cluster.proxy());
                WireClient reader = WireClient.login(cluster.reference())) {
            String plan =
                    plan(client, "EXPLAIN (ANALYZE, FORMAT JSON) SELECT string_agg(t, ',' ORDER BY id) FROM thing");
            String read = reader.query("SELECT (j #>> '{0,Distributed Plan,Fragments,0,Copied Rows}')::int = 60,"
                            + " (j #>> '{0,Distributed Plan,Fragments,0,Shards,1,Copied Bytes}')::int > 60,"
                            + " j #>> '{0,Distributed Plan,Combiner Plans,0,Plan,Node Type}',"
                            + " j #>> '{0,Distributed Plan,Fragments,0,Shards,2,Plans,0,Plan,Node Type}' FROM (SELECT $json$"
                            + plan + "$json$::json AS j) s")
                    .toString();
            assertTrue(read.contains("D[t, t, Aggregate, Seq Scan]"), read);
        }
    }

    @Test
    void theTimeIsThatOfTheTransaction() {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            for (String sql : List.of(
                    "EXPLAIN SELECT id FROM thing WHERE ts < now()",
                    "EXPLAIN ANALYZE SELECT count(*) FROM thing WHERE tstz < current_timestamp",
                    "EXPLAIN SELECT what FROM event WHERE at < current_date ORDER BY v LIMIT 2")) {
                String plan = plan(client, sql);
                assertTrue(plan.startsWith("Ostraka "), plan);
                assertTrue(plan.contains("'::pg_catalog."), plan);
            }
            assertFalse(plan(client, "EXPLAIN SELECT id FROM thing WHERE id = 7 AND ts < now()")
                    .contains("Ostraka"));
            assertFalse(plan(client, "EXPLAIN SELECT now()").contains("Ostraka"));
        }
    }

    @Test
    void jsonIsOneDocument() {
        try (WireClient client = WireClient.login(cluster.proxy());
                WireClient reader = WireClient.login(cluster.reference())) {
            String plan = plan(client, "EXPLAIN (FORMAT JSON) SELECT id, 'a\"b\\c' AS x FROM thing WHERE t = '\t'");
            String read = reader.query("SELECT j #>> '{0,Distributed Plan,Fragments,0,Shards,2,Shard}',"
                            + " j #>> '{0,Distributed Plan,Fragments,0,Shards,0,Plans,0,Plan,Node Type}' FROM (SELECT $json$"
                            + plan + "$json$::json AS j) s")
                    .toString();
            assertTrue(read.contains("s2") && read.contains("Seq Scan"), read);
        }
    }

    @Test
    void xmlIsOneDocument() {
        try (WireClient client = WireClient.login(cluster.proxy());
                WireClient reader = WireClient.login(cluster.reference())) {
            String plan = plan(client, "EXPLAIN (ANALYZE, FORMAT XML) SELECT count(*) FROM thing WHERE t < '<&\"'");
            String path = "/e:explain/e:Distributed-Plan/e:Fragments/e:Fragment/e:Shards/e:On";
            String read = reader.query("SELECT array_length(xpath('" + path + "/e:Plans/e:explain', x, n), 1),"
                            + " (xpath('" + path + "/e:Shard/text()', x, n))[3],"
                            + " (xpath('/e:explain/e:Distributed-Plan/e:Combiner-Plans//e:Node-Type/text()', x, n))[1]"
                            + " FROM (SELECT $xml$" + plan
                            + "$xml$::xml AS x, ARRAY[ARRAY['e', 'http://www.postgresql.org/2009/explain']] AS n) s")
                    .toString();
            assertTrue(read.contains("D[3, s2, Aggregate]"), read + "\n" + plan);
        }
    }

    @Test
    void yamlIsIndented() {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            String plan = plan(client, "EXPLAIN (ANALYZE, FORMAT YAML) SELECT count(*) FROM thing");
            assertTrue(plan.startsWith("- Distributed Plan: \n    Node Type: \"Combine\"\n"), plan);
            assertTrue(plan.contains("\n    Fragments: \n      - SQL: \"SELECT count(*)"), plan);
            assertTrue(plan.contains("\n        Copied Rows: 3\n"), plan);
            assertTrue(plan.contains("\n            Plans: \n              - Plan: \n"), plan);
        }
    }

    @Test
    void whatOneShardAnswersIsExplainedByIt() {
        try (Differential both = cluster.differential(Protocol.SIMPLE)) {
            both.check(
                    "EXPLAIN (COSTS OFF) SELECT name FROM country",
                    "EXPLAIN (COSTS OFF) SELECT id FROM sess WHERE false",
                    "EXPLAIN SELECT nothing FROM thing");
            both.checkRefused("EXPLAIN (FORMAT csv) SELECT id FROM thing");
            both.check("SELECT count(*) FROM thing");
        }
        try (WireClient client = WireClient.login(cluster.proxy())) {
            assertFalse(plan(client, "EXPLAIN SELECT * FROM thing WHERE id = 7").contains("Ostraka"));
        }
    }
}
