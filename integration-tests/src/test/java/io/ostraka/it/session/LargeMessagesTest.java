package io.ostraka.it.session;

import static io.ostraka.it.harness.FrontendMessages.bind;
import static io.ostraka.it.harness.FrontendMessages.execute;
import static io.ostraka.it.harness.FrontendMessages.functionCall;
import static io.ostraka.it.harness.FrontendMessages.parse;
import static io.ostraka.it.harness.FrontendMessages.query;
import static io.ostraka.it.harness.FrontendMessages.raw;
import static io.ostraka.it.harness.FrontendMessages.sync;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Messages that are far longer than what the proxies here collect: they arrive, because they are passed on as they come.
 * {@code -Dostraka.large=600} sends values of so many MB.
 */
@ExtendWith(NoLeaks.class)
class LargeMessagesTest {
    private static final int BYTES = Integer.getInteger("ostraka.large", 8) << 20;
    private static final String LIMITS = "limits: { collected_message: 1MiB }";
    private static final ClusterSpec ONE = ClusterSpec.shards(1)
            .withDdl("CREATE TABLE t (id int PRIMARY KEY, v text)")
            .withTop(LIMITS);
    private static final ClusterSpec TWO = ClusterSpec.shards(2)
            .withDdl("CREATE TABLE t (id int PRIMARY KEY, v text); CREATE TABLE u (v text, id int, PRIMARY KEY (id))")
            .withTables("t: { hash: id }\nu: { hash: id }")
            .withTop(LIMITS);

    private final TestCluster one = TestCluster.of(ONE);
    private final TestCluster two = TestCluster.of(TWO);
    private final String large = "x".repeat(BYTES);
    private WireClient client;

    @BeforeEach
    void connect() throws SQLException {
        one.empty();
        two.empty();
        client = WireClient.login(one.proxy());
    }

    @AfterEach
    void disconnect() {
        client.close();
        try (WireClient after = WireClient.login(one.proxy())) {
            assertEquals("D[1]", after.query("SELECT 1").get(1).toString());
        }
    }

    private static byte[] bound(String statement, String... values) {
        return bind("", statement, Arrays.stream(values).map(Optional::of).toList(), false);
    }

    private static String types(List<BackendMessage> answer) {
        return answer.stream().map(each -> String.valueOf(each.type())).reduce("", String::concat);
    }

    private String length(String condition) {
        return client.query("SELECT length(v) FROM t WHERE " + condition).get(1).toString();
    }

    @Test
    void aParameter() {
        for (String name : List.of("", "named")) {
            client.send(
                    parse(name, "INSERT INTO t VALUES ($1, $2)", 23), bound(name, "1", large), execute("", 0), sync());
            assertEquals("12CZ", types(client.untilReady()));
            assertEquals("D[" + BYTES + "]", length("id = 1"));
            client.send(parse("", "DELETE FROM t WHERE v = $1"), bound("", large), execute("", 0), sync());
            assertEquals("DELETE 1", client.untilReady().get(2).text());
        }
    }

    @Test
    void aParameterBehindTheShardKey() throws SQLException {
        try (WireClient sharded = WireClient.login(two.proxy())) {
            sharded.send(parse("s", "INSERT INTO t VALUES ($1, $2)", 23), sync());
            sharded.untilReady();
            for (int id = 1; id <= 4; id++) {
                sharded.send(bound("s", "" + id, large), execute("", 0), sync());
                assertEquals("2CZ", types(sharded.untilReady()));
            }
            assertEquals(
                    4,
                    two.rowsByShard("t").values().stream()
                            .mapToLong(Long::longValue)
                            .sum());
            assertTrue(two.rowsByShard("t").values().stream().allMatch(rows -> rows > 0), "both shards were reached");
        }
    }

    @Test
    void whatMustBeReadWholeHasALimit() throws SQLException {
        try (WireClient sharded = WireClient.login(two.proxy())) {
            sharded.send(parse("s", "INSERT INTO u VALUES ($1, $2)"), bound("s", large, "1"), execute("", 0), sync());
            List<BackendMessage> answer = sharded.untilReady();
            assertEquals("1EZ", types(answer));
            assertEquals("54000", answer.get(1).sqlState());
            sharded.send(bound("s", "x".repeat(900_000), "1"), execute("", 0), sync());
            assertEquals("2CZ", types(sharded.untilReady()));
            sharded.send(query("INSERT INTO t VALUES (5, '" + large + "')"));
            assertEquals("54000", sharded.untilReady().get(0).sqlState());
            sharded.send(parse("", "SELECT '" + large + "'"), bound("s", "y", "2"), sync());
            assertEquals("54000", sharded.untilReady().get(0).sqlState());
            assertEquals(
                    "C INSERT 0 1",
                    sharded.query("INSERT INTO t VALUES (6, 'after')").get(0).toString());
        }
        client.send(query("SELECT length('" + large + "')"));
        assertEquals("54000", client.untilReady().get(0).sqlState());
        client.send(query("BEGIN"), query("SELECT length('" + large + "')"), query("SELECT 1"), query("ROLLBACK"));
        assertEquals("CZ", types(client.untilReady()));
        assertEquals("54000", client.untilReady().get(0).sqlState());
        assertEquals("25P02", client.untilReady().get(0).sqlState());
        assertEquals("CZ", types(client.untilReady()));
    }

    @Test
    void anErrorBehindOrBeforeALargeMessage() {
        client.send(
                parse("", "INSERT INTO t VALUES ($1, $2)", 23), bound("", "no number", large), execute("", 0), sync());
        assertEquals("1EZ", types(client.untilReady()));
        client.send(parse("", "SELECT 1/0"), bound(""), execute("", 0), bound("", large), bound("", large), sync());
        assertEquals("1EZ", types(client.untilReady()));
        client.send(bound("missing", large), execute("", 0), sync());
        assertEquals("26000", client.untilReady().get(0).sqlState());
        client.send(query("BEGIN"), query("SELECT 1/0"));
        client.untilReady();
        client.untilReady();
        client.send(parse("", "SELECT $1"), bound("", large), sync());
        assertEquals("25P02", client.untilReady().get(0).sqlState());
        client.query("ROLLBACK");
    }

    @Test
    void copyData() {
        byte[] row = raw('d', ("1\t" + large + "\n").getBytes(UTF_8));
        client.send(query("COPY t FROM STDIN"), row, raw('c', new byte[0]));
        assertEquals("GCZ", types(client.untilReady()));
        assertEquals("D[" + BYTES + "]", length("id = 1"));
        client.send(query("COPY t FROM STDIN"), row, raw('c', new byte[0]));
        assertEquals("GEZ", types(client.untilReady()));
        client.send(
                query("COPY t FROM STDIN"),
                raw('d', "no number\tx\n".getBytes(UTF_8)),
                row,
                row,
                raw('c', new byte[0]));
        assertEquals("GEZ", types(client.untilReady()));
        client.send(query("BEGIN"), query("COPY t FROM STDIN"), raw('d', "no number\tx\n".getBytes(UTF_8)), row);
        client.send(row, raw('c', new byte[0]), query("SELECT 1"), query("ROLLBACK"));
        assertEquals("CZ", types(client.untilReady()));
        assertEquals("GEZ", types(client.untilReady()));
        assertEquals("25P02", client.untilReady().get(0).sqlState());
        assertEquals("CZ", types(client.untilReady()));
    }

    @Test
    void aFunctionCallAndItsResult() {
        int textcat = 1258;
        client.send(functionCall(textcat, large, "y"));
        List<BackendMessage> answer = client.untilReady();
        assertEquals("VZ", types(answer));
        assertEquals(Integer.BYTES + BYTES + 1, answer.get(0).body().length);
    }

    @Test
    void aRow() {
        client.send(query("SELECT repeat('x', " + BYTES + ")"));
        assertEquals("TDCZ", types(client.untilReady()));
    }

    @Test
    void aClientThatGoesAwayInTheMiddleLeavesNothingBehind() throws SQLException {
        byte[] message = bound("", "1", large);
        client.send(parse("", "INSERT INTO t VALUES ($1, $2)", 23), Arrays.copyOf(message, message.length / 2));
        client.close();
        client = WireClient.login(one.proxy());
        client.send(query("COPY t FROM STDIN"));
        assertEquals('G', client.read().type());
        byte[] row = raw('d', ("1\t" + large + "\n").getBytes(UTF_8));
        client.send(Arrays.copyOf(row, row.length / 2));
        client.close();
        Await.until("no transaction is open", () -> {
            try (WireClient other = WireClient.login(one.proxy())) {
                return other.query("SELECT count(*) FROM pg_stat_activity WHERE state <> 'idle' AND pid <>"
                                + " pg_backend_pid() AND datname = current_database()")
                        .get(1)
                        .toString()
                        .equals("D[0]");
            }
        });
        assertEquals(0, one.rowsByShard("t").get("s0"));
    }

    @Test
    void throughJdbc() throws SQLException {
        try (Connection connection = two.connect();
                Statement statement = connection.createStatement();
                PreparedStatement insert = connection.prepareStatement("INSERT INTO t VALUES (?, ?)")) {
            for (int id = 1; id <= 3; id++) {
                insert.setInt(1, id);
                insert.setString(2, large);
                assertEquals(1, insert.executeUpdate());
            }
            try (ResultSet rows = statement.executeQuery("SELECT v FROM t WHERE id = 2")) {
                assertTrue(rows.next());
                assertEquals(BYTES, rows.getString(1).length());
            }
        }
    }
}
