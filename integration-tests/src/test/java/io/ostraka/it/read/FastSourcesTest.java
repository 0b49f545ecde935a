package io.ostraka.it.read;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Rows that come in larger pieces than the combiner's connection takes at once: their shards are not read until it has room, and
 * then they are heard again, whatever came with the last row. Each size cuts the pieces at other places.
 */
class FastSourcesTest {
    private static final int ROWS = 240;
    private static final int STEP = 4;

    private static final ClusterSpec SPEC = ClusterSpec.shards(3)
            .withDdl("CREATE TABLE wide (id int PRIMARY KEY, t text); CREATE TABLE broad (id int PRIMARY KEY, t text)")
            .withTables("wide: { hash: id }\nbroad: { hash: id }");

    private static String rows() {
        return IntStream.rangeClosed(1, ROWS)
                .mapToObj(id -> "(" + id + ", '" + "x".repeat(2_000) + id + "')")
                .collect(Collectors.joining(", "));
    }

    @Test
    void shardsAreHeardAgainAfterThem() {
        try (WireClient client = WireClient.login(TestCluster.of(SPEC).proxy())) {
            for (String table : new String[] {"wide", "broad"}) {
                assertEquals(
                        "C INSERT 0 " + ROWS,
                        client.query("INSERT INTO " + table + " VALUES " + rows())
                                .get(0)
                                .toString());
            }
            for (int upTo = STEP; upTo <= ROWS; upTo += STEP) {
                String sql = "SELECT count(*) FROM wide a JOIN broad b ON a.t = b.t WHERE a.id <= " + upTo
                        + " AND b.id <= " + upTo;
                assertEquals("D[" + upTo + "]", client.query(sql).get(1).toString());
            }
        }
    }
}
