package io.ostraka.it.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.TestCluster;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * The server processes of a shard that are to take the snapshots of the next rounds, stopped until {@link #goOn}: a round that has
 * begun waits for that shard, and nothing else does.
 */
final class StoppedKeepers {
    /** Those used last are used next. */
    private static final String NEXT = "SELECT pid FROM pg_stat_activity WHERE usename = 'ostraka' AND state = 'idle'"
            + " AND query IN ('', 'ROLLBACK') AND datname = '%s'"
            + " ORDER BY greatest(backend_start, state_change) DESC LIMIT 2";

    private static final String HOLDING = "SELECT pid FROM pg_stat_activity WHERE state = 'idle in transaction'"
            + " AND query LIKE '%%pg_export_snapshot%%' AND datname = '%s'";

    private final List<String> processes;

    StoppedKeepers(TestCluster cluster, String shard) throws Exception {
        // What was used last is given back soon.
        Await.until("the shard keeps no snapshot", () -> !isHolding(cluster, shard));
        processes = processes(cluster, shard, NEXT);
        assertFalse(processes.isEmpty(), "no keeper was found");
        signal("STOP");
    }

    /** Whether the shard keeps a snapshot, of this round or one before. */
    static boolean isHolding(TestCluster cluster, String shard) throws SQLException {
        return !processes(cluster, shard, HOLDING).isEmpty();
    }

    private static List<String> processes(TestCluster cluster, String shard, String which) throws SQLException {
        List<String> processes = new ArrayList<>();
        try (Connection all = cluster.server(shard).connect("postgres");
                Statement statement = all.createStatement();
                ResultSet found = statement.executeQuery(
                        which.formatted(cluster.shard(shard).database()))) {
            while (found.next()) {
                processes.add(found.getString(1));
            }
        }
        return processes;
    }

    void goOn() throws Exception {
        signal("CONT");
    }

    private void signal(String name) throws Exception {
        List<String> command = new ArrayList<>(List.of("kill", "-" + name));
        command.addAll(processes);
        assertEquals(0, new ProcessBuilder(command).inheritIO().start().waitFor());
    }
}
