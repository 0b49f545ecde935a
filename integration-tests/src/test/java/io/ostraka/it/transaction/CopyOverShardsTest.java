package io.ostraka.it.transaction;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.Differential;
import io.ostraka.it.harness.Endpoint;
import io.ostraka.it.harness.FrontendMessages;
import io.ostraka.it.harness.Protocol;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

/** COPY from and to the client of tables over several shards: what one PostgreSQL would hold and give. */
class CopyOverShardsTest {
    private static final ClusterSpec SPEC = ClusterSpec.shards(3).withDdl("""
                    CREATE TABLE item (id int8 PRIMARY KEY, name text CHECK (name <> 'bad'), n int DEFAULT 1 + 1);
                    CREATE TABLE made (id int8 PRIMARY KEY, twice int8 GENERATED ALWAYS AS (id * 2) STORED, v text);
                    CREATE TABLE stamped (id int8 PRIMARY KEY, at timestamptz DEFAULT now());
                    CREATE TABLE pair (v numeric(6, 2), b text, a char(4), PRIMARY KEY (a, b));
                    CREATE TABLE span (at date, v text);
                    CREATE TABLE place (code text PRIMARY KEY, name text);
                    """).withTables("""
                    item: { hash: id }
                    made: { hash: id }
                    stamped: { hash: id }
                    pair: { hash: [a, b] }
                    span: { range: at, ranges: [ { to: "2000-01-01", shard: s0 }, { from: "2000-01-01", to: "2020-01-01", shard: s1 } ] }
                    place: { reference: true }
                    """);

    private final TestCluster cluster = TestCluster.of(SPEC);

    @BeforeEach
    void empty() throws SQLException {
        cluster.empty();
    }

    /** What a server answers to a COPY from the client with these data, cut into pieces of {@code bytes}. */
    private static List<String> copyIn(Endpoint server, String sql, String data, int bytes) {
        try (WireClient client = WireClient.login(server)) {
            return copyIn(client, sql, data, bytes);
        }
    }

    private static List<String> copyIn(WireClient client, String sql, String data, int bytes) {
        client.send(FrontendMessages.query(sql));
        BackendMessage first = client.read();
        List<String> answer = new ArrayList<>(List.of(shown(first)));
        if (first.type() == 'G') {
            for (int at = 0; at < data.length(); at += bytes) {
                client.send(FrontendMessages.copyData(data.substring(at, Math.min(data.length(), at + bytes))));
            }
            client.send(FrontendMessages.copyDone());
        }
        client.untilReady().forEach(message -> answer.add(shown(message)));
        return answer;
    }

    private static String shown(BackendMessage message) {
        if (message.type() != 'E') {
            return message.toString();
        }
        Map<Character, String> fields = message.fields();
        return "error " + fields.get('C') + " " + fields.get('M') + " detail " + fields.get('D') + " context "
                + fields.get('W');
    }

    private void same(String sql, String data, String table) throws SQLException {
        for (int bytes : new int[] {1_000_000, 7, 1}) {
            cluster.empty();
            List<String> expected = copyIn(cluster.reference(), sql, data, bytes);
            assertEquals(expected, copyIn(cluster.proxy(), sql, data, bytes), sql + "\n" + data);
            try (Differential both = cluster.differential(Protocol.SIMPLE)) {
                both.check("SELECT * FROM " + table);
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '#',
            value = {
                "COPY item FROM STDIN # 1|one|2~2|\\N|3~3||4~4|a\\\\b|5~",
                "COPY item FROM STDIN # 1|one|2~2|last without end|3",
                "COPY item FROM STDIN # \\061\\x32|in escapes|2~\\x9|x|3~\\7|y|4~",
                "COPY item FROM STDIN # 1|a\\~newline in text|2~3|b\\|tab|4~",
                "COPY item FROM STDIN # 1|one|2~2|two|3~\\.~3|not read|4~",
                "COPY item FROM STDIN WITH (HEADER) # id|name|n~1|one|2~2|two|3~",
                "COPY item FROM STDIN WITH (HEADER match) # id|name|n~1|one|2~2|two|3~",
                "COPY item FROM STDIN WITH (HEADER match) # id|nome|n~1|one|2~2|two|3~",
                "COPY item (name, id) FROM STDIN # one|1~two|2~three|3~",
                "COPY item FROM STDIN WITH (DELIMITER ';', NULL 'none') # 1;one;2~2;none;3~3;a\\;b;none~",
                "COPY item FROM STDIN DELIMITER AS ',' NULL AS '' # 1,one,2~2,,3~",
                "COPY public.item (\"id\", name) FROM STDIN # 1|one~2|two~3|three~4|four~5|five~",
            })
    void textIsReadAsPostgresqlReadsIt(String sql, String data) throws SQLException {
        String rows = data.replace('|', '\t').replace('~', '\n');
        same(sql, rows, "item");
        same(sql, rows.replace("\n", "\r\n"), "item");
        if (!data.contains("\\~")) {
            same(sql, rows.replace("\n", "\r"), "item");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '#',
            quoteCharacter = '`',
            value = {
                "COPY item FROM STDIN CSV # 1,one,2~2,,3~3,\"\",4~4,\"a,b\",5~",
                "COPY item FROM STDIN (FORMAT csv) # 1,\"two~lines\",2~\"2\",\"with \"\"quotes\"\"\",3~3,x\"y\"z,4",
                "COPY item FROM STDIN (FORMAT csv, HEADER) # id,\"na~me\",n~1,one,2~2,two,3~",
                "COPY item FROM STDIN (FORMAT csv, QUOTE '''', ESCAPE '\\', DELIMITER ';') # 1;'a\\'b;c';2~'2';'\\\\';3~",
                "COPY item FROM STDIN (FORMAT csv, NULL 'x') # 1,x,2~2,\"x\",3~",
                "COPY item FROM STDIN WITH CSV HEADER DELIMITER '|' # id|name|n~1|one|2~",
                "COPY item FROM STDIN (FORMAT csv) # 1,a\\.b,2~2,\\N,3~",
                "COPY item FROM STDIN (FORMAT csv) # 1,\"~~\",2~2,two,3~3,bad,4~",
            })
    void csvIsReadAsPostgresqlReadsIt(String sql, String data) throws SQLException {
        String rows = data.replace('~', '\n');
        same(sql, rows, "item");
        same(sql, rows.replace("\n", "\r\n"), "item");
    }

    @Test
    void keysOfSeveralColumnsAndTypesFindTheirShards() throws SQLException {
        same("COPY pair FROM STDIN", "1.005\ta\tx \n2\ta\tx1\n3\t\u00e4\u65e5\ty\n\\N\tb\t\n", "pair");
        same("COPY pair (a, b) FROM STDIN (FORMAT csv)", "x,1\n\"y\",2\nz ,3\n", "pair");
        same("COPY span FROM STDIN", "1999-12-31\ta\n2000-01-01\tb\n2019-12-31\tc\n", "span");
        List<String> refused = copyIn(cluster.proxy(), "COPY span FROM STDIN", "2020-01-01\ta\n", 100);
        assertTrue(refused.toString().contains("no partition of relation"), refused::toString);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1\tone\t2\nx\ttwo\t3\n4\tfour\t5\n",
                "1\tone\t2\n2\ttwo\n3\tthree\t4\n",
                "1\tone\t2\n2\ttwo\t3\t4\n",
                "1\tone\t2\n\ttwo\t3\n",
                "1\tone\t2\n\\N\ttwo\t3\n",
                "1\tone\t2\n\n",
                "1\tone\t2\n2\tbad\t3\n3\tthree\t4\n",
                "1\tone\t2\n2\tx\t3\n3\tthree\t4\n4\tx\t3\n5\tx\t3\n6\tx\t3\n7\tx\tno number\n",
                "1\tone\t2\n2\ttwo\t3\n3\tthree\t4\n2\tagain\t3\n",
                "99999999999999999999\tone\t2\n",
            })
    void aBadLineIsToldByItsNumberAndNothingStays(String data) throws SQLException {
        same("COPY item FROM STDIN", data, "item");
        same("COPY item FROM STDIN WITH (HEADER)", "id\tname\tn\n" + data, "item");
        try (Differential both = cluster.differential(Protocol.SIMPLE)) {
            both.check("SELECT count(*) FROM item");
        }
    }

    @Test
    void aBadLineFarIntoTheDataIsToldByItsNumber() throws SQLException {
        StringBuilder rows = new StringBuilder();
        for (int id = 1; id <= 30_000; id++) {
            rows.append(id).append("\tname ").append(id).append('\t').append(id).append('\n');
        }
        rows.append("30001\tbad\t0\n30002\tgood\t0\n");
        List<String> expected = copyIn(cluster.reference(), "COPY item FROM STDIN", rows.toString(), 10_000);
        assertEquals(expected, copyIn(cluster.proxy(), "COPY item FROM STDIN", rows.toString(), 10_000));
        assertTrue(expected.toString().contains("line 30001"), expected::toString);
    }

    @Test
    void linesOfDifferentEndsAreAnError() throws SQLException {
        for (String data : List.of("1\ta\t2\n2\tb\t3\r\n", "1\ta\t2\r\n2\tb\t3\n", "1\ta\t2\r2\tb\t3\n")) {
            List<String> expected = copyIn(cluster.reference(), "COPY item FROM STDIN", data, 100);
            List<String> actual = copyIn(cluster.proxy(), "COPY item FROM STDIN", data, 100);
            assertEquals(expected.get(1).substring(0, 30), actual.get(1).substring(0, 30));
        }
    }

    @Test
    void copyJoinsTheTransaction() throws SQLException {
        for (Endpoint server : List.of(cluster.reference(), cluster.proxy())) {
            try (WireClient client = WireClient.login(server)) {
                client.query("BEGIN");
                copyIn(client, "COPY item FROM STDIN", "1\ta\t1\n2\tb\t2\n3\tc\t3\n", 5);
                assertEquals(
                        "SELECT 3", client.query("SELECT id FROM item").get(4).text());
                client.query("SAVEPOINT s");
                copyIn(client, "COPY item FROM STDIN", "4\ta\t1\n1\tagain\t2\n", 100);
                assertTrue(client.query("SELECT 1").toString().contains("25P02"));
                client.query("ROLLBACK TO s");
                copyIn(client, "COPY item FROM STDIN", "5\te\t5\n6\tf\t6\n", 100);
                client.query("COMMIT");
                client.query("BEGIN");
                copyIn(client, "COPY item FROM STDIN", "7\ta\t1\n8\tb\t2\n9\tc\t3\n", 100);
                client.query("ROLLBACK");
            }
        }
        try (Differential both = cluster.differential(Protocol.SIMPLE)) {
            both.check("SELECT * FROM item", "SELECT count(*) FROM item");
        }
    }

    @Test
    void theClientMayBreakOff() throws SQLException {
        for (Endpoint server : List.of(cluster.reference(), cluster.proxy())) {
            try (WireClient client = WireClient.login(server)) {
                client.send(FrontendMessages.query("COPY item FROM STDIN"));
                assertEquals('G', client.read().type());
                client.send(
                        FrontendMessages.copyData("1\ta\t1\n2\tb\t2\n"), FrontendMessages.copyFail("changed my mind"));
                assertTrue(client.untilReady().toString().contains("57014"));
                assertTrue(client.query("SELECT id FROM item").toString().contains("SELECT 0"));
            }
        }
    }

    @Test
    void rowsThatCannotBePlacedWithCertaintyAreRefused() throws SQLException {
        for (String sql : List.of(
                "COPY stamped (id) FROM STDIN",
                "COPY item FROM STDIN WHERE id > 1",
                "COPY item FROM STDIN (ON_ERROR ignore)",
                "COPY item FROM STDIN (FREEZE)",
                "COPY item (name) FROM STDIN",
                "COPY made FROM STDIN",
                "COPY place FROM STDIN")) {
            List<String> answer = copyIn(cluster.proxy(), sql, "1\n2\n", 100);
            assertTrue(answer.get(0).startsWith("error 0A000"), sql + answer);
        }
        same("COPY made (id, v) FROM STDIN", "1\ta\n2\tb\n3\tc\n", "made");
    }

    // ---- out -----------------------------------------------------------------------------------------------------

    private void fill() throws SQLException {
        StringBuilder rows = new StringBuilder();
        for (int id = 1; id <= 200; id++) {
            rows.append(id)
                    .append('\t')
                    .append(id % 9 == 0 ? "\\N" : "n,\"" + id % 7)
                    .append("\t3\n");
        }
        copyIn(cluster.reference(), "COPY item FROM STDIN", rows.toString(), 100_000);
        copyIn(cluster.proxy(), "COPY item FROM STDIN", rows.toString(), 100_000);
    }

    @Test
    void rowsOfAllShardsComeOut() throws SQLException {
        fill();
        try (Differential both = cluster.differential(Protocol.SIMPLE)) {
            both.check(
                    "COPY item TO STDOUT",
                    "COPY item (name, id) TO STDOUT (FORMAT csv, HEADER)",
                    "COPY item TO STDOUT WITH (HEADER, DELIMITER ';')",
                    "COPY item TO STDOUT CSV FORCE QUOTE name",
                    "COPY (SELECT id, name FROM item WHERE n = 3) TO STDOUT",
                    "COPY (SELECT id FROM item WHERE id = 5) TO STDOUT CSV HEADER",
                    "COPY (SELECT id FROM item WHERE id < 0) TO STDOUT CSV HEADER",
                    "COPY (SELECT count(*), sum(id) FROM item) TO STDOUT (FORMAT csv, HEADER true)",
                    "COPY (SELECT name, count(*) FROM item GROUP BY name) TO STDOUT",
                    "COPY (SELECT a.id FROM item a JOIN item b ON a.id = b.id + 100) TO STDOUT",
                    "COPY (VALUES (1), (2)) TO STDOUT",
                    "COPY made TO STDOUT",
                    "COPY made TO STDOUT (FORMAT csv, HEADER)",
                    "COPY item (nothing) TO STDOUT",
                    "COPY (SELECT nothing FROM item) TO STDOUT");
            both.checkOrdered(
                    "COPY (SELECT id, name FROM item ORDER BY id DESC) TO STDOUT",
                    "COPY (SELECT name, id FROM item ORDER BY name, id LIMIT 20 OFFSET 5) TO STDOUT (FORMAT csv, HEADER)",
                    "SELECT count(*) FROM item");
            both.check(
                    "BEGIN", "DELETE FROM item WHERE id = 7", "COPY item TO STDOUT", "ROLLBACK", "COPY item TO STDOUT");
        }
    }

    @Test
    void aRowThatFailsIsToldAndTheSessionGoesOn() throws SQLException {
        fill();
        try (WireClient client = WireClient.login(cluster.proxy())) {
            String answer = client.query("COPY (SELECT 1 / (id - 50) FROM item) TO STDOUT")
                    .toString();
            assertTrue(answer.contains("22012"), answer);
            assertEquals(
                    "SELECT 1", client.query("SELECT count(*) FROM item").get(2).text());
        }
    }

    @Test
    void binaryRowsGoOutAndIn() throws SQLException, IOException {
        fill();
        byte[] rows;
        try (Connection connection = cluster.connect()) {
            CopyManager copy = connection.unwrap(PGConnection.class).getCopyAPI();
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            assertEquals(200, copy.copyOut("COPY item TO STDOUT (FORMAT binary)", out));
            rows = out.toByteArray();
            ByteArrayOutputStream none = new ByteArrayOutputStream();
            assertEquals(0, copy.copyOut("COPY made TO STDOUT (FORMAT binary)", none));
            assertEquals(21, none.size());
        }
        assertBinary(cluster.reference(), rows);
        assertBinary(cluster.proxy(), rows);
        try (Differential both = cluster.differential(Protocol.SIMPLE)) {
            both.check("SELECT * FROM item");
        }
    }

    private static void assertBinary(Endpoint server, byte[] rows) throws SQLException, IOException {
        try (Connection connection = server.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("DELETE FROM item");
            CopyManager copy = connection.unwrap(PGConnection.class).getCopyAPI();
            assertEquals(200, copy.copyIn("COPY item FROM STDIN BINARY", new ByteArrayInputStream(rows), 999));
        }
    }

    @Test
    void pgjdbcCopiesBothWays() throws SQLException, IOException {
        List<String> results = new ArrayList<>();
        for (Endpoint server : List.of(cluster.reference(), cluster.proxy())) {
            try (Connection connection = server.connect()) {
                CopyManager copy = connection.unwrap(PGConnection.class).getCopyAPI();
                StringBuilder rows = new StringBuilder("id,name,n\n");
                for (int id = 1; id <= 5_000; id++) {
                    rows.append(id)
                            .append(",\"name\n")
                            .append(id)
                            .append("\",")
                            .append(id)
                            .append('\n');
                }
                assertEquals(
                        5_000,
                        copy.copyIn("COPY item FROM STDIN (FORMAT csv, HEADER)", new StringReader(rows.toString())));
                assertThrows(
                        SQLException.class,
                        () -> copy.copyIn("COPY item FROM STDIN CSV", new StringReader("6000,x,1\n1,again,2\n")));
                ByteArrayOutputStream out = new ByteArrayOutputStream();
                assertEquals(5_000, copy.copyOut("COPY item TO STDOUT", out));
                results.add(String.join(
                        "\n",
                        new TreeSet<>(
                                List.of(out.toString(StandardCharsets.UTF_8).split("\n")))));
            }
        }
        assertEquals(results.get(0), results.get(1));
        assertArrayEquals(new int[] {3}, new int[] {cluster.rowsByShard("item").size()});
        cluster.rowsByShard("item").values().forEach(rows -> assertTrue(rows > 1_000));
    }
}
