package io.ostraka.rules.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class ExplanationTest {
    private final SampleDatabase db = new SampleDatabase();

    private String explain(String sql, String... arguments) {
        return new Explanation(db.planner()).explain(sql, SampleDatabase.PATH, List.of(arguments));
    }

    @Test
    void aForwardedStatementIsShownWithItsShardAndWhy() {
        String owner = db.owner("t", "7").value();
        assertEquals(
                "Forward: reads shard " + owner + ".\n  public.t: hash by (id); t.id = $1, so shard " + owner + "\n",
                explain("SELECT count(*) FROM t WHERE id = $1", "7"));
    }

    @Test
    void aScatteredStatementIsShownWithItsShards() {
        assertEquals("""
                Scatter: reads shards s0, s1, s2 and concatenates their rows.
                  public.t: hash by (id); nothing restricts its key, so shards s0, s1, s2
                """, explain("SELECT * FROM t"));
    }

    @Test
    void aMergeIsShownWithWhatTheShardsRun() {
        assertEquals("""
                Scatter: reads shards s0, s1, s2 and merges their sorted rows.
                  Each shard runs: SELECT id, other, (other) AS "ostraka: key 1" FROM t ORDER BY other LIMIT 3
                  public.t: hash by (id); nothing restricts its key, so shards s0, s1, s2
                """, explain("SELECT id, other FROM t ORDER BY other LIMIT 3"));
    }

    @Test
    void aCombinationIsShownWithWhatIsCopiedAndWhatTheCombinerRuns() {
        assertEquals("""
                Combine: shard s0 puts together rows of shards s0, s1, s2.
                  Reason: window function rank() over several shards.
                  Copied from shards s0, s1, s2 to ostraka_1: SELECT "other" FROM "public"."t"
                  The combiner runs: SELECT rank() OVER (ORDER BY other) FROM pg_temp."ostraka_1" AS "t"
                  public.t: hash by (id); nothing restricts its key, so shards s0, s1, s2
                """, explain("SELECT rank() OVER (ORDER BY other) FROM t"));
    }

    @Test
    void partialAggregatesAreShownWithWhatTheShardsAnswer() {
        assertEquals("""
                Combine: shard s0 puts together rows of shards s0, s1, s2.
                  Reason: aggregate function count() over several shards.
                  Copied from shards s0, s1, s2 to ostraka_1: SELECT count(id) AS "ostraka: state 1" FROM t
                  The combiner runs: SELECT (coalesce(pg_catalog.sum("ostraka: state 1"), 0)::pg_catalog.int8) AS "count" FROM pg_temp."ostraka_1"
                  public.t: hash by (id); nothing restricts its key, so shards s0, s1, s2
                """, explain("SELECT count(id) FROM t"));
    }

    @Test
    void aRefusalIsShownWithDetailAndHint() {
        String text = explain("SELECT ctid FROM t");
        assertTrue(text.startsWith("It would need shards s0, s1, s2.\nRefused (0A000): a system column"), text);
        assertTrue(text.contains("\n  Hint: "), text);
    }

    @Test
    void eachStatementIsShown() {
        String text = explain("BEGIN; INSERT INTO ranges VALUES (5, 1); SELECT * FROM audit");
        assertTrue(text.startsWith("Session: "), text);
        assertTrue(
                text.contains(
                        "Forward: may write on shard s0.\n  public.ranges: range by (id); the row's key is of shard s0\n"),
                text);
        assertTrue(text.contains("Forward: reads shard s1.\n  public.audit: pinned to s1\n"), text);
        assertEquals("Nothing to do.\n", explain(" ; "));
    }
}
