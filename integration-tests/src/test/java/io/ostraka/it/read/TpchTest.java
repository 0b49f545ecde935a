package io.ostraka.it.read;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.Differential;
import io.ostraka.it.harness.Protocol;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The 22 queries of TPC-H over three shards; {@link Tpch} has tables and rows. */
class TpchTest {
    private static final ClusterSpec SPEC =
            ClusterSpec.shards(3).withDdl(Tpch.DDL).withTables(Tpch.RULES);

    private static TestCluster filled() throws SQLException {
        TestCluster cluster = TestCluster.of(SPEC);
        if (cluster.rowsByShard("orders").values().stream()
                        .mapToLong(Long::longValue)
                        .sum()
                > 0) {
            return cluster;
        }
        Tpch data = new Tpch(1);
        try (Connection reference = cluster.reference().connect();
                Connection proxy = cluster.connect()) {
            data.fill(reference);
            for (String shard : List.of("s0", "s1", "s2")) {
                try (Connection there = cluster.shard(shard).connect()) {
                    data.copyReferences(reference, there);
                }
            }
            data.copySharded(reference, proxy);
        }
        return cluster;
    }

    private static List<BackendMessage> query(WireClient client, String sql) {
        List<BackendMessage> answer = client.query(sql);
        assertFalse(answer.stream().anyMatch(message -> message.type() == 'E'), () -> sql + "\n" + answer);
        return answer;
    }

    @Test
    void all22QueriesAreAnsweredAsByOnePostgresql() throws SQLException {
        List<String> queries = Tpch.queries();
        assertEquals(22, queries.size());
        TestCluster cluster = filled();
        for (Protocol protocol : List.of(Protocol.SIMPLE, Protocol.EXTENDED_BINARY)) {
            try (Differential both = cluster.differential(protocol)) {
                queries.forEach(both::checkOrdered);
            }
        }
    }

    /** Lest the comparison be one of nothing with nothing. */
    @Test
    void everyQueryFindsRows() throws SQLException {
        TestCluster cluster = filled();
        int empty = 0;
        try (WireClient reference = WireClient.login(cluster.reference())) {
            for (String sql : Tpch.queries()) {
                boolean hasValue = query(reference, sql).stream()
                        .filter(message -> message.type() == 'D')
                        .anyMatch(row -> row.values().stream().anyMatch(Optional::isPresent));
                if (!hasValue) {
                    empty++;
                    System.out.println("finds nothing: " + sql);
                }
            }
        }
        assertEquals(0, empty);
    }
}
