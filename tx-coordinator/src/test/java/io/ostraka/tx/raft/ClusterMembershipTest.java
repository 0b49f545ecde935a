package io.ostraka.tx.raft;

import static io.ostraka.tx.raft.TestDirectories.shop;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import io.ostraka.tx.decision.ClusterNumber;
import io.ostraka.tx.decision.Epoch;
import io.ostraka.tx.decision.ShardNumber;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClusterMembershipTest {
    @TempDir
    private Path dataDir;

    private static int number(ClusterMembership membership, String shard) {
        return membership.shardNumber("shop", new ShardName(shard)).value();
    }

    @Test
    void aRestartFindsTheClusterAndBeginsANewEpoch() throws IOException {
        ClusterNumber cluster;
        Epoch first;
        try (ClusterMembership membership = ClusterMembership.open(dataDir, "n1", shop("s0"))) {
            cluster = membership.cluster();
            first = membership.epoch();
        }
        try (ClusterMembership membership = ClusterMembership.open(dataDir, "n1", shop("s0"))) {
            assertEquals(cluster, membership.cluster());
            assertTrue(membership.epoch().compareTo(first) > 0, "epoch " + membership.epoch() + " after " + first);
        }
    }

    @Test
    void twoClustersHaveDifferentNumbers(@TempDir Path other) throws IOException {
        try (ClusterMembership one = ClusterMembership.open(dataDir, "n1", shop("s0"));
                ClusterMembership two = ClusterMembership.open(other, "n1", shop("s0"))) {
            assertTrue(!one.cluster().equals(two.cluster()));
        }
    }

    @Test
    void shardNumbersSurviveReorderingAndAdding() throws IOException {
        try (ClusterMembership membership = ClusterMembership.open(dataDir, "n1", shop("s1", "s0"))) {
            assertEquals(0, number(membership, "s0"), "the file's order means nothing, the names' order does");
            assertEquals(1, number(membership, "s1"));
        }
        try (ClusterMembership membership = ClusterMembership.open(dataDir, "n1", shop("a", "s1", "s0"))) {
            assertEquals(0, number(membership, "s0"));
            assertEquals(1, number(membership, "s1"));
            assertEquals(2, number(membership, "a"));
        }
        try (ClusterMembership membership = ClusterMembership.open(dataDir, "n1", shop("s1"))) {
            membership.numberShards(shop("b"));
            assertEquals(3, number(membership, "b"), "numbers of shards that left the file are not dealt again");
        }
    }

    @Test
    void theFilesNumbersComeBeforeTheDealtOnes() throws IOException {
        Map<ShardName, OptionalInt> shards = new LinkedHashMap<>();
        shards.put(new ShardName("a"), OptionalInt.empty());
        shards.put(new ShardName("z"), OptionalInt.of(0));
        try (ClusterMembership membership = ClusterMembership.open(dataDir, "n1", Map.of("shop", shards))) {
            assertEquals(0, number(membership, "z"));
            assertEquals(1, number(membership, "a"));
        }
    }

    @Test
    void aNumberThatContradictsTheLogIsAnErrorNamingBoth() throws IOException {
        ClusterMembership.open(dataDir, "n1", shop("s0", "s1")).close();
        PgErrorException refused =
                assertThrows(PgErrorException.class, () -> ClusterMembership.open(dataDir, "n1", shop("s1", 7)));
        PgError error = refused.error();
        assertEquals(SqlState.CONFIG_FILE_ERROR, error.state());
        assertEquals(
                "shard \"s1\" of database \"shop\" has number 1 in the decision log, the file says 7", error.message());
        try (ClusterMembership membership = ClusterMembership.open(dataDir, "n1", shop("s1", 1))) {
            assertEquals(1, number(membership, "s1"), "the refused start left nothing behind");
        }
    }

    @Test
    void nothingIsNumberedWhenOneNumberContradictsTheLog() throws IOException {
        try (ClusterMembership membership = ClusterMembership.open(dataDir, "n1", shop("s0"))) {
            Map<ShardName, OptionalInt> shards =
                    Map.of(new ShardName("new"), OptionalInt.of(4), new ShardName("twice"), OptionalInt.of(0));
            assertThrows(PgErrorException.class, () -> membership.numberShards(Map.of("shop", shards)));
            assertThrows(IllegalArgumentException.class, () -> membership.shardNumber("shop", new ShardName("new")));
        }
    }

    @Test
    void databasesNumberTheirShardsForThemselves() throws IOException {
        Map<String, Map<ShardName, OptionalInt>> shards = Map.of(
                "a", Map.of(new ShardName("s"), OptionalInt.of(0)), "b", Map.of(new ShardName("s"), OptionalInt.of(0)));
        try (ClusterMembership membership = ClusterMembership.open(dataDir, "n1", shards)) {
            assertEquals(new ShardNumber(0), membership.shardNumber("a", new ShardName("s")));
            assertEquals(new ShardNumber(0), membership.shardNumber("b", new ShardName("s")));
        }
    }
}
