package io.ostraka.it.session;

import static io.ostraka.it.harness.FrontendMessages.bind;
import static io.ostraka.it.harness.FrontendMessages.describePortal;
import static io.ostraka.it.harness.FrontendMessages.describeStatement;
import static io.ostraka.it.harness.FrontendMessages.execute;
import static io.ostraka.it.harness.FrontendMessages.parse;
import static io.ostraka.it.harness.FrontendMessages.sync;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.Endpoint;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Prepared statements of clients that share one connection, when a table gets another shape: as each had a server of its own. */
@ExtendWith(NoLeaks.class)
class SchemaChangeTest {
    private static final String OUTDATED = "E 0A000 cached plan must not change result type";
    private static final String ALL_COLUMNS = "SELECT * FROM shaped";

    private final TestCluster cluster = TestCluster.of(ClusterSpec.shards(1).withDatabase("pool: { size: 1 }"));
    private final List<WireClient> clients = new ArrayList<>();

    @BeforeEach
    void createTable() {
        WireClient client = client();
        client.query("CREATE TABLE shaped (a int)");
        client.query("INSERT INTO shaped VALUES (1)");
    }

    @AfterEach
    void dropTable() {
        client().query("DROP SCHEMA IF EXISTS other CASCADE; DROP TABLE IF EXISTS shaped");
        clients.forEach(WireClient::close);
    }

    private WireClient client() {
        Endpoint proxy = cluster.proxy();
        WireClient client = WireClient.login(proxy);
        clients.add(client);
        return client;
    }

    private static String prepare(WireClient client) throws IOException {
        client.send(parse("s", ALL_COLUMNS), describeStatement("s"), sync());
        return brief(client.untilReady());
    }

    private static String run(WireClient client) throws IOException {
        client.send(bind("", "s", List.of(), false), describePortal(""), execute("", 0), sync());
        return brief(client.untilReady());
    }

    /** The row, or the error, or else the first message. */
    private static String brief(List<BackendMessage> answer) {
        for (BackendMessage message : answer) {
            if (message.type() == 'E') {
                return "E " + message.sqlState() + " " + message.fields().get('M');
            }
            if (message.type() == 'D') {
                return message.toString();
            }
        }
        return answer.get(0).toString();
    }

    @Test
    void whoParsesAfterTheChangeGetsTheNewResult() throws IOException {
        WireClient before = client();
        prepare(before);
        assertEquals("D[1]", run(before));
        client().query("ALTER TABLE shaped ADD b int DEFAULT 2");
        WireClient after = client();
        prepare(after);
        assertEquals("D[1, 2]", run(after));
        assertEquals(OUTDATED, run(before), "who expects the old result is told, as by PostgreSQL");
        assertEquals("D[1, 2]", run(after));
    }

    @Test
    void whoParsesBetweenTheChangeAndItsCommitExpectsTheOldResult() throws IOException {
        WireClient changing = client();
        WireClient before = client();
        prepare(before);
        assertEquals("D[1]", run(before));
        changing.query("BEGIN");
        changing.query("ALTER TABLE shaped ADD b int DEFAULT 2");
        prepare(changing);
        assertEquals("D[1, 2]", run(changing));
        changing.query("ROLLBACK");
        WireClient after = client();
        prepare(after);
        assertEquals("D[1]", run(after));
        assertEquals("D[1]", run(before));
        assertEquals(OUTDATED, run(changing));
    }

    @Test
    void aChangePastTheProxyIsLearntFromTheFirstRefusal() throws Exception {
        WireClient before = client();
        prepare(before);
        assertEquals("D[1]", run(before));
        cluster.onShard("s0", "ALTER TABLE shaped ALTER a TYPE text");
        assertEquals(OUTDATED, run(before));
        WireClient after = client();
        prepare(after);
        assertEquals("D[1]", run(after));
    }

    @Test
    void aSearchPathIsPartOfWhatWasPrepared() throws IOException {
        WireClient here = client();
        prepare(here);
        assertEquals("D[1]", run(here));
        WireClient there = client();
        there.query("CREATE SCHEMA other");
        there.query("CREATE TABLE other.shaped AS SELECT 'x' AS x, 'y' AS y");
        there.query("SET search_path = other, public");
        for (int i = 0; i < 3; i++) {
            there.send(parse("s" + i, ALL_COLUMNS), bind("", "s" + i, List.of(), false), execute("", 0), sync());
            assertEquals("D[x, y]", brief(there.untilReady()));
            assertEquals("D[1]", run(here));
        }
    }
}
