package io.ostraka.it.read;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.Differential;
import io.ostraka.it.harness.Protocol;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** TABLESAMPLE over several shards: each takes a sample of its own rows. */
class SampledReadsTest {
    private TestCluster cluster;

    @BeforeEach
    void fill() throws SQLException {
        cluster = Bazaar.filled();
    }

    @Test
    void allRowsAndNoneAreWhatTheyAre() {
        for (Protocol protocol : Protocol.values()) {
            try (Differential both = cluster.differential(protocol)) {
                both.check(
                        "SELECT id, t FROM thing TABLESAMPLE BERNOULLI (100)",
                        "SELECT id FROM thing AS x TABLESAMPLE SYSTEM (100) REPEATABLE (3) WHERE i4 = 5 ORDER BY id LIMIT 4",
                        "SELECT count(*), stddev(id), string_agg(t, ',' ORDER BY id) FROM thing TABLESAMPLE SYSTEM (100)",
                        "SELECT id, no FROM thing TABLESAMPLE BERNOULLI (100) JOIN part ON id = thing_id",
                        "SELECT id FROM thing TABLESAMPLE BERNOULLI (0)",
                        "SELECT id FROM thing TABLESAMPLE BERNOULLI (101)",
                        "SELECT id FROM thing TABLESAMPLE nosuch (1)");
                both.checkRefused("SELECT a.id FROM thing a TABLESAMPLE BERNOULLI (100) JOIN part ON a.i4 = part.no");
                both.checkRefused("SELECT id FROM thing JOIN country TABLESAMPLE BERNOULLI (50) ON code = v");
            }
        }
    }

    @Test
    void aSeedGivesTheSameSampleAgain() {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            String sample = "SELECT id FROM thing TABLESAMPLE BERNOULLI (50) REPEATABLE (7) ORDER BY id";
            List<String> first = rows(client, sample);
            assertEquals(first, rows(client, sample));
            assertTrue(!first.isEmpty() && first.size() < 60, first::toString);
            assertNotEquals(first, rows(client, sample.replace("(7)", "(8)")));
        }
    }

    private static List<String> rows(WireClient client, String sql) {
        return client.query(sql).stream()
                .filter(message -> message.type() == 'D')
                .map(BackendMessage::toString)
                .toList();
    }
}
