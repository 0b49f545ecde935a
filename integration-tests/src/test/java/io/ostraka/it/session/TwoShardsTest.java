package io.ostraka.it.session;

import static io.ostraka.it.harness.FrontendMessages.bind;
import static io.ostraka.it.harness.FrontendMessages.closePortal;
import static io.ostraka.it.harness.FrontendMessages.closeStatement;
import static io.ostraka.it.harness.FrontendMessages.describePortal;
import static io.ostraka.it.harness.FrontendMessages.describeStatement;
import static io.ostraka.it.harness.FrontendMessages.execute;
import static io.ostraka.it.harness.FrontendMessages.flush;
import static io.ostraka.it.harness.FrontendMessages.parse;
import static io.ostraka.it.harness.FrontendMessages.query;
import static io.ostraka.it.harness.FrontendMessages.raw;
import static io.ostraka.it.harness.FrontendMessages.sync;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.util.internal.PlatformDependent;
import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.Differential;
import io.ostraka.it.harness.Protocol;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One session on two shards: transactions that read both and write one, results of both, refusals that leave nothing. */
@ExtendWith(NoLeaks.class)
class TwoShardsTest {
    private static final String UPDATE0 = "UPDATE t SET v = 'new' WHERE id = $0";
    private static final String UPDATE1 = "UPDATE t SET v = 'new' WHERE id = $1";
    private static final String READ0 = "SELECT v FROM t WHERE id = $0";
    private static final String READ1 = "SELECT v FROM t WHERE id = $1";

    private final TestCluster cluster = TestCluster.of(TwoShards.SPEC);
    private TwoShards shards;
    private WireClient client;

    @BeforeEach
    void connect() throws SQLException {
        shards = TwoShards.filled(cluster);
        client = WireClient.login(cluster.proxy());
    }

    @AfterEach
    void disconnect() {
        client.close();
    }

    @Test
    void beginInABlockSetsItsModesOnAllShards() {
        assertEquals(
                List.of("BEGIN T", "UPDATE 1 T", "25001 BEGIN T", "25006 E", "ROLLBACK I"),
                run("BEGIN", UPDATE0, "BEGIN READ ONLY", UPDATE1, "ROLLBACK"));
        assertEquals(
                List.of("BEGIN T", "UPDATE 1 T", "UPDATE 1 T", "25001 BEGIN T", "25006 E", "ROLLBACK I"),
                run("BEGIN", UPDATE0, UPDATE1, "BEGIN READ ONLY", UPDATE0, "ROLLBACK"));
    }

    /** Runs statements one by one; answers in short: a tag, a SQLSTATE, a value; with the status at the end. */
    private List<String> run(String... statements) {
        List<String> answers = new ArrayList<>();
        for (String sql : statements) {
            answers.add(brief(client.query(shards.sql(sql))));
        }
        return answers;
    }

    private static String brief(List<BackendMessage> answer) {
        StringBuilder words = new StringBuilder();
        for (BackendMessage message : answer) {
            switch (message.type()) {
                case 'E', 'N' -> words.append(message.sqlState()).append(' ');
                case 'C' -> words.append(message.text()).append(' ');
                case 'D' -> words.append(message.toString().substring(1)).append(' ');
                case 'Z' -> words.append(message.transactionStatus());
                case 'I', 's' -> words.append(message.type()).append(' ');
                default -> {
                    // Descriptions and completions of steps.
                }
            }
        }
        return words.toString();
    }

    private byte[] statement(String sql) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(parse("", shards.sql(sql)));
        all.writeBytes(bind("", "", List.of(), false));
        all.writeBytes(describePortal(""));
        all.writeBytes(execute("", 0));
        return all.toByteArray();
    }

    /** How many rows say "new", read past the proxy. */
    private long written() throws SQLException {
        long count = 0;
        for (String shard : List.of("s0", "s1")) {
            try (Connection connection = cluster.shard(shard).connect();
                    Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery("SELECT count(*) FROM t WHERE v = 'new'")) {
                rows.next();
                count += rows.getLong(1);
            }
        }
        return count;
    }

    @Test
    void aTransactionReadsBothShardsAndWritesOne() throws SQLException {
        assertEquals(
                List.of(
                        "BEGIN T",
                        value("v$0") + " SELECT 1 T",
                        value("v$1") + " SELECT 1 T",
                        "UPDATE 1 T",
                        "[20] SELECT 1 T",
                        "[new] SELECT 1 T",
                        "COMMIT I"),
                run("BEGIN", READ0, READ1, UPDATE1, "SELECT 20", READ1, "COMMIT"));
        assertEquals(1, written());
    }

    private String value(String text) {
        return "[" + shards.sql(text) + "]";
    }

    @Test
    void aSecondWriterJoinsTheTransaction() throws SQLException {
        assertEquals(
                List.of("BEGIN T", "UPDATE 1 T", "UPDATE 1 T", "[new] SELECT 1 T", "ROLLBACK I"),
                run("BEGIN", UPDATE0, UPDATE1, READ0, "ROLLBACK"));
        assertEquals(0, written());
        assertEquals(
                List.of("BEGIN T", "UPDATE 1 T", "UPDATE 1 T", "COMMIT I"), run("BEGIN", UPDATE0, UPDATE1, "COMMIT"));
        assertEquals(2, written());
    }

    @Test
    void rowsAreLockedOnBothShards() {
        assertEquals(
                List.of("BEGIN T", "UPDATE 1 T", value("v$1") + " SELECT 1 T", "COMMIT I"),
                run("BEGIN", UPDATE0, READ1 + " FOR UPDATE", "COMMIT"));
    }

    @Test
    void aSavepointFromBeforeAShardJoinedHoldsThereToo() throws SQLException {
        assertEquals(
                List.of(
                        "BEGIN T",
                        value("v$0") + " SELECT 1 T",
                        "SAVEPOINT T",
                        "UPDATE 1 T",
                        "[new] SELECT 1 T",
                        "ROLLBACK T",
                        value("v$1") + " SELECT 1 T",
                        "UPDATE 1 T",
                        "COMMIT I"),
                run(
                        "BEGIN",
                        READ0,
                        "SAVEPOINT a",
                        UPDATE1,
                        READ1,
                        "ROLLBACK TO a",
                        READ1,
                        "UPDATE t SET v = 'newer' WHERE id = $1",
                        "COMMIT"));
        assertEquals(0, written());
    }

    @Test
    void anErrorOnOneShardFailsTheTransactionOnBoth() throws SQLException {
        assertEquals(
                List.of("BEGIN T", "UPDATE 1 T", "22012 E", "25P02 E", "25P02 E", "ROLLBACK I"),
                run("BEGIN", UPDATE0, "SELECT id / 0 FROM t WHERE id = $1", READ0, UPDATE0, "COMMIT"));
        assertEquals(
                List.of(
                        "BEGIN T",
                        "UPDATE 1 T",
                        "SAVEPOINT T",
                        "22012 E",
                        "ROLLBACK T",
                        "[new] SELECT 1 T",
                        "COMMIT I"),
                run(
                        "BEGIN",
                        UPDATE0,
                        "SAVEPOINT a",
                        "SELECT id / 0 FROM t WHERE id = $1",
                        "ROLLBACK TO a",
                        READ0,
                        "COMMIT"));
        assertEquals(1, written());
    }

    @Test
    void aShardThatJoinsLateHasTheOptionsOfTheBlock() {
        assertEquals(
                List.of("BEGIN T", value("v$0") + " SELECT 1 T", "25006 E", "ROLLBACK I"),
                run("BEGIN READ ONLY", READ0, UPDATE1, "ROLLBACK"));
        assertEquals(
                List.of(
                        "BEGIN T",
                        value("v$0") + " SELECT 1 T",
                        "SET T",
                        "[7MB] SELECT 1 T",
                        "[7MB] SELECT 1 T",
                        "COMMIT I",
                        "[4MB] SELECT 1 I",
                        "[4MB] SELECT 1 I"),
                run(
                        "BEGIN",
                        READ0,
                        "SET LOCAL work_mem = '7MB'",
                        workMem("$1"),
                        workMem("$0"),
                        "COMMIT",
                        workMem("$0"),
                        workMem("$1")));
    }

    private static String workMem(String key) {
        return "SELECT current_setting('work_mem') FROM t WHERE id = " + key;
    }

    @Test
    void settingsAreTheSameOnBothShardsWhateverHappens() {
        assertEquals(
                List.of(
                        "BEGIN T",
                        "[4MB] SELECT 1 T",
                        "SET T",
                        "[7MB] SELECT 1 T",
                        "[7MB] SELECT 1 T",
                        "SAVEPOINT T",
                        "SET T",
                        "[8MB] SELECT 1 T",
                        "[8MB] SELECT 1 T",
                        "ROLLBACK T",
                        "[7MB] SELECT 1 T",
                        "[7MB] SELECT 1 T",
                        "COMMIT I",
                        "[7MB] SELECT 1 I",
                        "[7MB] SELECT 1 I"),
                run(
                        "BEGIN",
                        workMem("$0"),
                        "SET work_mem = '7MB'",
                        workMem("$0"),
                        workMem("$1"),
                        "SAVEPOINT a",
                        "SET work_mem = '8MB'",
                        workMem("$0"),
                        workMem("$1"),
                        "ROLLBACK TO a",
                        workMem("$0"),
                        workMem("$1"),
                        "COMMIT",
                        workMem("$0"),
                        workMem("$1")));
        assertEquals(
                List.of(
                        "BEGIN T",
                        "[7MB] SELECT 1 T",
                        "[7MB] SELECT 1 T",
                        "SET T",
                        "[9MB] SELECT 1 T",
                        "RESET T",
                        "[4MB] SELECT 1 T",
                        "[4MB] SELECT 1 T",
                        "ROLLBACK I",
                        "[7MB] SELECT 1 I",
                        "[7MB] SELECT 1 I"),
                run(
                        "BEGIN",
                        workMem("$0"),
                        workMem("$1"),
                        "SET work_mem = '9MB'",
                        workMem("$1"),
                        "RESET work_mem",
                        workMem("$1"),
                        workMem("$0"),
                        "ROLLBACK",
                        workMem("$0"),
                        workMem("$1")));
        run("BEGIN", "SET work_mem = '9MB'", workMem("$0"), workMem("$1"), "ROLLBACK");
        try (WireClient other = WireClient.login(cluster.proxy())) {
            for (int i = 0; i < 8; i++) {
                assertEquals("[4MB] SELECT 1 I", brief(other.query(shards.sql(workMem("$0")))));
                assertEquals("[4MB] SELECT 1 I", brief(other.query(shards.sql(workMem("$1")))));
            }
        }
        assertEquals(
                List.of("BEGIN T", "[7MB] SELECT 1 T", "[7MB] SELECT 1 T", "22023 E", "ROLLBACK I"),
                run("BEGIN", workMem("$0"), workMem("$1"), "SET work_mem = 'much'", "COMMIT"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "BEGIN ISOLATION LEVEL SERIALIZABLE",
                "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE|BEGIN",
                "BEGIN /* read committed */ ISOLATION LEVEL SERIALIZABLE",
                "BEGIN ISOLATION LEVEL READ COMMITTED, ISOLATION LEVEL SERIALIZABLE",
                "BEGIN ISOLATION LEVEL SERIALIZABLE|SET default_transaction_isolation = 'read committed'",
                "SET default_transaction_isolation = 'serializable'|BEGIN"
                        + "|SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED"
            })
    void snapshotsOfTwoTimesAreNotMixed(String beginning) {
        run(beginning.split("\\|", -1));
        assertEquals(List.of(value("v$0") + " SELECT 1 T", "0A000 E", "ROLLBACK I"), run(READ0, READ1, "COMMIT"));
        run(beginning.split("\\|", -1));
        assertEquals(List.of("0A000 E", "ROLLBACK I"), run("SELECT id FROM t", "COMMIT"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "BEGIN ISOLATION LEVEL REPEATABLE READ",
                "BEGIN|SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
                "SET default_transaction_isolation = 'repeatable read'|BEGIN"
            })
    void repeatableReadHasOneTimeOnBothShards(String beginning) {
        run(beginning.split("\\|", -1));
        assertEquals(
                List.of(value("v$0") + " SELECT 1 T", value("v$1") + " SELECT 1 T", "COMMIT I"),
                run(READ0, READ1, "COMMIT"));
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void resultsOfBothShardsAreThoseOfOneServer(Protocol protocol) {
        try (Differential twins = cluster.differential(protocol)) {
            twins.check(
                    "SELECT id, v FROM t",
                    "SELECT * FROM t",
                    "SELECT id, v, 1.50::numeric, id > 9, NULL::date FROM t WHERE id > 7",
                    "SELECT id FROM t WHERE id > 1000",
                    "SELECT FROM t",
                    shards.sql("SELECT id, v FROM t WHERE id IN ($0, $1)"),
                    "SELECT id / 0 FROM t",
                    "SELECT no_such_column FROM t",
                    "BEGIN",
                    "SELECT id FROM t",
                    shards.sql(UPDATE0),
                    "SELECT id, v FROM t",
                    "SAVEPOINT a",
                    "SELECT id / 0 FROM t",
                    "SELECT id FROM t",
                    "ROLLBACK TO a",
                    "SELECT id, v FROM t",
                    "COMMIT",
                    "SELECT id, v FROM t");
        }
    }

    @Test
    void anErrorOnOneShardEndsAScatterWithNoFurtherRow() {
        for (int i = 0; i < 10; i++) {
            List<BackendMessage> answer =
                    client.query(shards.sql("SELECT v, CASE id WHEN $1 THEN id / 0 ELSE id END FROM t"));
            int error = types(answer).indexOf('E');
            assertTrue(error >= 0, answer::toString);
            assertEquals("EZ", types(answer).substring(error));
            assertEquals("SELECT 20 I", brief(client.query("SELECT FROM t")).replaceAll("\\[] ", ""));
        }
    }

    private static String types(List<BackendMessage> messages) {
        StringBuilder types = new StringBuilder();
        messages.forEach(message -> types.append(message.type()));
        return types.toString();
    }

    @Test
    void aPipelineGoesFromShardToShard() {
        client.send(
                parse("r", "SELECT v FROM t WHERE id = $1"),
                describeStatement("r"),
                bound("r", shards.key0()),
                execute("", 0),
                bound("r", shards.key1()),
                execute("", 0),
                parse("", "SELECT id FROM t"),
                bind("", "", List.of(), false),
                describePortal(""),
                execute("", 0),
                bound("r", shards.key0()),
                execute("", 0),
                parse("", "SELECT id FROM t WHERE id < $1"),
                bound("", 9),
                execute("", 0),
                sync());
        assertEquals("1tT2DC2DC12T" + "D".repeat(20) + "C2DC12" + "D".repeat(8) + "CZ", types(client.untilReady()));
    }

    private static byte[] bound(String statement, int key) {
        return bind("", statement, List.of(Optional.of(Integer.toString(key))), false);
    }

    @Test
    void portalsOfSeveralShardsAreExecutedInAnyOrder() {
        run("BEGIN");
        for (int i = 0; i < 20; i++) {
            client.send(
                    parse("r", "SELECT v FROM t WHERE id = $1"),
                    bind("p", "r", List.of(Optional.of(Integer.toString(shards.key0()))), false),
                    bind("q", "r", List.of(Optional.of(Integer.toString(shards.key1()))), false),
                    parse("a", "SELECT id FROM t"),
                    bind("m", "a", List.of(), false),
                    parse("", ""),
                    bind("n", "", List.of(), false),
                    execute("p", 0),
                    execute("m", 0),
                    describePortal("q"),
                    execute("n", 0),
                    execute("q", 0),
                    execute("m", 0),
                    describePortal("m"),
                    closePortal("p"),
                    closePortal("m"),
                    describePortal("n"),
                    closePortal("q"),
                    closeStatement("r"),
                    closeStatement("a"),
                    closePortal("n"),
                    sync());
            List<BackendMessage> answer = client.untilReady();
            assertEquals("122121" + "2DC" + "D".repeat(20) + "CTIDCCT" + "33n3333Z", types(answer), answer::toString);
            assertEquals("[v" + shards.key0() + "]", answer.get(7).toString().substring(1));
        }
        run("COMMIT");
    }

    private static byte[] closePortal(String name) {
        return raw('C', ("P" + name + "\0").getBytes(US_ASCII));
    }

    @Test
    void aShardThatFailsFirstKeepsTheOthersDescriptionBack() {
        for (int i = 0; i < 20; i++) {
            List<BackendMessage> answer = client.query(shards.sql("SELECT 1 / (id - $0) FROM t"));
            assertEquals("EZ", types(answer).substring(types(answer).indexOf('E')));
        }
    }

    @Test
    void stringConstantsAreReadAsTheProxyReadsThem() {
        for (String off : List.of("off", "'off'", "false", "0", "no")) {
            assertEquals(List.of("0A000 I"), run("SET standard_conforming_strings = " + off));
        }
        assertEquals(List.of("SET I"), run("SET standard_conforming_strings = on"));
        run("SET ostraka.shard = 's0'");
        client.send(query("SELECT set_config('standard_conforming_strings', 'off', false)"));
        List<BackendMessage> answer = client.untilClosed();
        assertEquals("0A000", answer.get(answer.size() - 1).sqlState());
    }

    @Test
    void formatsAreKeptColumnByColumn() {
        client.send(
                parse("", "SELECT id, id FROM t"),
                raw('B', new byte[] {0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1}),
                describePortal(""),
                execute("", 0),
                sync());
        List<BackendMessage> answer = client.untilReady();
        assertEquals("12T" + "D".repeat(20) + "CZ", types(answer));
        assertEquals(
                List.of((short) 0, (short) 1),
                answer.get(2).columns().stream()
                        .map(BackendMessage.Field::format)
                        .toList());
        for (BackendMessage row : answer.subList(3, 23)) {
            int text = Integer.parseInt(new String(row.values().get(0).orElseThrow(), US_ASCII));
            assertEquals(
                    text, ByteBuffer.wrap(row.values().get(1).orElseThrow()).getInt());
        }
    }

    /** So many rows at a time, by Executes with and without Syncs between; the types of the messages that come. */
    private String fetched(String sql, int rows, boolean synced) {
        client.send(parse("", sql), bind("p", ""), sync());
        assertEquals("12Z", types(client.untilReady()));
        StringBuilder all = new StringBuilder();
        while (!all.toString().contains("C")) {
            byte[] execute = execute("p", rows);
            client.send(execute, synced ? sync() : execute, synced ? new byte[0] : sync());
            all.append(types(client.untilReady()).replace("Z", " "));
        }
        client.send(execute("p", rows), closePortal("p"), sync());
        assertEquals("C3Z", types(client.untilReady()));
        return all.toString().strip();
    }

    @Test
    void rowsOfSeveralShardsComeSomeAtATime() {
        run("BEGIN");
        for (String sql :
                List.of("SELECT id FROM t", "SELECT id FROM t ORDER BY id DESC", "SELECT id FROM t LIMIT 20")) {
            assertEquals("DDDDDDDs DDDDDDDs DDDDDDC", fetched(sql, 7, true), sql);
            assertEquals("DDDDDDDDDDsDDDDDDDDDDs CC", fetched(sql, 10, false), sql);
            assertEquals("D".repeat(20) + "C", fetched(sql, 21, true), sql);
            assertEquals("D".repeat(20) + "s C", fetched(sql, 20, true), sql);
        }
        assertEquals("DDDs DDC", fetched("SELECT id FROM t ORDER BY id LIMIT 5 OFFSET 3", 3, true));
        client.send(parse("", "SELECT id FROM t ORDER BY id"), bind("p", ""), execute("p", 3), execute("p", 0), sync());
        assertEquals("12DDDs" + "D".repeat(17) + "CZ", types(client.untilReady()));
        client.send(parse("", "SELECT id FROM t"), bind("q", ""), describePortal("q"), execute("q", 3), sync());
        assertEquals("12TDDDsZ", types(client.untilReady()));
        client.send(execute("q", 0), execute("q", 0), sync());
        assertEquals("D".repeat(17) + "CCZ", types(client.untilReady()));
        client.send(bind("q", "gone"), sync());
        assertEquals("26000 E", brief(client.untilReady()));
        client.send(execute("p", 1), sync());
        assertEquals("25P02 E", brief(client.untilReady()));
        run("ROLLBACK");
        client.send(execute("p", 1), sync());
        assertEquals("34000 I", brief(client.untilReady()));
    }

    @Test
    void twoPortalsOfSeveralShardsAreReadInTurns() throws SQLException {
        try (Connection connection = cluster.connect();
                Statement one = connection.createStatement();
                Statement other = connection.createStatement()) {
            connection.setAutoCommit(false);
            one.setFetchSize(3);
            other.setFetchSize(4);
            try (ResultSet rows = one.executeQuery("SELECT id, v FROM t ORDER BY id");
                    ResultSet others = other.executeQuery("SELECT id FROM t ORDER BY v DESC, id")) {
                List<Integer> seen = new ArrayList<>();
                for (int id = 1; id <= 20; id++) {
                    assertTrue(rows.next() && others.next());
                    assertEquals(id, rows.getInt(1));
                    assertEquals("v" + id, rows.getString(2));
                    seen.add(others.getInt(1));
                }
                assertFalse(rows.next() || others.next());
                assertEquals(20, new HashSet<>(seen).size());
            }
            connection.commit();
        }
    }

    @Test
    void anErrorAmongRowsThatComeSomeAtATime() {
        run("BEGIN");
        String failing = shards.sql("SELECT id, 1 / (id - $1) FROM t");
        client.send(parse("", failing), bind("p", ""), execute("p", 100), execute("p", 1), sync());
        assertEquals("22012 E", brief(client.untilReady()).replaceAll("^.*(22012)", "$1"));
        run("ROLLBACK");
        client.send(parse("", "SELECT id FROM t"), bind("", ""), execute("", 3), sync());
        assertEquals("12DDDsZ", types(client.untilReady()));
        assertEquals("C SELECT 20", client.query("SELECT id FROM t").get(21).toString());
    }

    @Test
    void rowsOfSeveralShardsGoOnBehindOtherReadsOfThePipeline() {
        byte[] all = parse("", "SELECT id FROM t ORDER BY id");
        for (String between :
                List.of(shards.sql(READ0), "SELECT id FROM t WHERE id IN (1, 2)", "SELECT count(*) FROM t")) {
            boolean isCombined = between.contains("count");
            client.send(all, bind("p", ""), execute("p", 3), parse("", between), bind("", ""), execute("", 0), flush());
            client.send(execute("p", 18), sync());
            String answer = types(client.untilReady());
            // The combiner needs the pipeline's transactions to have ended.
            String rest = isCombined ? "EZ" : "D".repeat(17) + "CZ";
            assertEquals("12DDDs12D" + (between.contains("IN") ? "D" : "") + "C" + rest, answer, between);
            client.send(all, bind("p", ""), parse("", between), bind("", ""), execute("", 0), execute("p", 0), sync());
            assertTrue(types(client.untilReady()).endsWith(isCombined ? "EZ" : "D".repeat(20) + "CZ"), between);
        }
    }

    @Test
    void oneShardsRowsGoPastAResultOfSeveralThatIsOpen() {
        run("BEGIN");
        client.send(parse("", "SELECT id FROM t ORDER BY id"), bind("p", ""), execute("p", 3));
        client.send(parse("", shards.sql(READ1)), bind("", ""), execute("", 0), execute("p", 3), sync());
        assertEquals("12DDDs12DCDDDsZ", types(client.untilReady()));
        run("ROLLBACK");
    }

    /** Of which {@link NoLeaks} would tell. */
    @Test
    void rowsInOrderThatNobodyFetchesAreGivenBack() {
        byte[] all = parse("", "SELECT id FROM t ORDER BY id");
        for (byte[] end : List.of(closePortal(""), bind("", ""), query("ROLLBACK"))) {
            run("BEGIN");
            client.send(all, bind("", ""), execute("", 3), sync());
            assertEquals("12DDDsZ", types(client.untilReady()));
            client.send(end, sync());
            assertTrue(types(client.untilReady()).matches("[23]Z|CZ"));
            if (end[0] == 'Q') {
                assertEquals("Z", types(client.untilReady()));
            } else {
                run("ROLLBACK");
            }
        }
        try (WireClient leaving = WireClient.login(cluster.proxy())) {
            leaving.query("BEGIN");
            leaving.send(all, bind("", ""), execute("", 3), sync());
            assertEquals("12DDDsZ", types(leaving.untilReady()));
        }
    }

    @Test
    void aPortalOverShardsThatAWriteOfThePipelineEndsSaysSo() {
        client.send(parse("", "SELECT id FROM t"), bind("p", ""), execute("p", 3));
        client.send(parse("", shards.sql(UPDATE0)), bind("", ""), execute("", 0), execute("p", 3), sync());
        String answer = brief(client.untilReady());
        assertTrue(answer.endsWith("UPDATE 1 0A000 I"), answer);
        client.send(parse("", "SELECT id FROM t"), bind("p", ""), execute("p", 3));
        client.send(parse("", shards.sql(UPDATE0)), bind("", ""), execute("", 0), closePortal("p"), sync());
        assertEquals("12DDDs12C3Z", types(client.untilReady()));
        assertEquals(List.of(value("new") + " SELECT 1 I"), run(READ0));
    }

    @Test
    void laterReadsOfAPipelineSeeWhatWasCommittedMeanwhile() throws SQLException {
        String sql = "SELECT v FROM t WHERE v = 'new'";
        client.send(parse("", sql), bind("", ""), execute("", 0), flush());
        assertEquals("12C", types(List.of(client.read(), client.read(), client.read())));
        try (WireClient other = WireClient.login(cluster.proxy())) {
            assertEquals("UPDATE 1", other.query(shards.sql(UPDATE1)).get(0).text());
        }
        client.send(parse("", sql), bind("", ""), execute("", 0), sync());
        assertEquals("12DCZ", types(client.untilReady()));
    }

    @Test
    void aRowLimitOnOneShardIsTheShards() {
        run("BEGIN");
        client.send(parse("", READ0.replace("$0", "$1")), bound("", shards.key0()), execute("", 3), sync());
        assertEquals(value("v$0") + " SELECT 1 T", brief(client.untilReady()));
    }

    @Test
    void aPipelineThatWouldWriteOnTwoShardsWritesOnNone() throws SQLException {
        client.send(statement(UPDATE0), statement(UPDATE1), statement(UPDATE0), sync());
        assertEquals("UPDATE 1 0A000 I", brief(client.untilReady()));
        assertEquals(0, written());
        client.send(statement(READ1), statement(UPDATE0), statement(READ1), sync());
        assertEquals(value("v$1") + " SELECT 1 UPDATE 1 " + value("v$1") + " SELECT 1 I", brief(client.untilReady()));
        assertEquals(1, written());
    }

    @Test
    void aPipelineThatFailsOnOneShardIsUndoneOnTheOther() throws SQLException {
        client.send(statement(UPDATE0), statement("SELECT id / 0 FROM t WHERE id = $1"), sync());
        assertEquals("UPDATE 1 22012 I", brief(client.untilReady()));
        assertEquals(0, written());
        client.send(statement(UPDATE0), statement("SELECT id / 0 FROM t"), sync());
        assertTrue(brief(client.untilReady()).endsWith("22012 I"));
        assertEquals(0, written());
        client.send(statement(UPDATE0), statement("SELECT 1 FROM t GROUP BY v HAVING count(*) > 1 ORDER BY v"), sync());
        assertTrue(brief(client.untilReady()).startsWith("UPDATE 1 "));
    }

    @Test
    void transactionCommandsBetweenPipelinedWritesAreRefused() throws SQLException {
        client.send(statement(UPDATE0), statement("COMMIT"), statement(UPDATE1), sync());
        assertEquals("UPDATE 1 0A000 I", brief(client.untilReady()));
        assertEquals(0, written());
    }

    @Test
    void aTransactionInAPipelineCommitsOnItsWriter() throws SQLException {
        client.send(
                statement("BEGIN"),
                statement(READ1),
                statement(UPDATE0),
                statement("COMMIT"),
                statement(READ1),
                sync());
        assertEquals(
                "BEGIN " + value("v$1") + " SELECT 1 UPDATE 1 COMMIT " + value("v$1") + " SELECT 1 I",
                brief(client.untilReady()));
        assertEquals(1, written());
    }

    @Test
    void aCommitThatFailsOnTheWriterIsAnErrorAndEndsTheReadersToo() throws SQLException {
        assertEquals(
                List.of("BEGIN T", value("v$1") + " SELECT 1 T", "INSERT 0 1 T", "INSERT 0 1 T", "23505 I"),
                run("BEGIN", READ1, "INSERT INTO late VALUES ($0)", "INSERT INTO late VALUES ($0)", "COMMIT"));
        assertEquals(List.of("[0] SELECT 1 I"), run("SELECT count(*) FROM late WHERE id = $0"));
        assertEquals(Map.of("s0", 0L, "s1", 0L), cluster.rowsByShard("late"));
    }

    @Test
    void statementsCanBeSentToOneShardByName() {
        assertEquals(List.of("SET I", "[s1] SHOW I"), run("SET ostraka.shard = 's1'", "SHOW ostraka.shard"));
        int here = run("SELECT FROM t").get(0).split("\\[]", -1).length - 1;
        assertTrue(here > 0 && here < 20, "rows of one shard: " + here);
        assertEquals(List.of("SELECT 0 I", value("v$1") + " SELECT 1 I"), run(READ0, READ1));
        assertEquals(List.of("22023 I", "[s1] SHOW I"), run("SET ostraka.shard = 'nowhere'", "SHOW ostraka.shard"));
        assertEquals(
                List.of("BEGIN T", "RESET T", "UPDATE 1 T", "ROLLBACK I", "[s1] SHOW I", "RESET I"),
                run("BEGIN", "RESET ostraka.shard", UPDATE0, "ROLLBACK", "SHOW ostraka.shard", "RESET ostraka.shard"));
        assertEquals(List.of("42704 I", "42704 I"), run("SET ostraka.nothing = 1", "SHOW ostraka.nothing"));
        client.send(
                parse("", "SHOW ostraka.shard"),
                bind("", "", List.of(), false),
                describePortal(""),
                execute("", 0),
                sync());
        assertEquals("12TDCZ", types(client.untilReady()));
    }

    @Test
    void aSessionWhoseServerReadsItsBytesOtherwiseEnds() {
        run("SET ostraka.shard = 's0'", "BEGIN");
        client.send(query("SELECT set_config('client_encoding', 'SJIS', false)"));
        List<BackendMessage> answer = client.untilClosed();
        assertEquals("0A000", answer.get(answer.size() - 1).sqlState());
        try (WireClient other = WireClient.login(cluster.proxy())) {
            assertEquals(
                    "UTF8",
                    new String(
                            other.query("SHOW client_encoding")
                                    .get(1)
                                    .values()
                                    .get(0)
                                    .orElseThrow(),
                            US_ASCII));
        }
    }

    @Test
    void severalStatementsOfAStringGoToTheirShards() throws SQLException {
        assertEquals(
                List.of("UPDATE 1 " + value("v$0") + " SELECT 1 I"),
                run(UPDATE0 + "; " + "SELECT 'v$0' FROM t WHERE id = $0"));
        assertEquals(List.of("UPDATE 1 [new] SELECT 1 I"), run(UPDATE1 + "; " + READ0));
        assertEquals(2, written());
        assertEquals(
                List.of("BEGIN UPDATE 1 T", "UPDATE 1 T", "ROLLBACK I"), run("BEGIN; " + UPDATE1, UPDATE0, "ROLLBACK"));
        assertEquals(
                List.of("BEGIN T", "[new] SELECT 1 T", "[new] SELECT 1 [new] SELECT 1 T", "ROLLBACK I"),
                run("BEGIN", READ0, READ1 + "; " + READ1, "ROLLBACK"));
        assertEquals(2, written());
    }

    @Test
    void flushBringsTheRowsOfBothShards() {
        client.send(
                parse("", "SELECT id FROM t"),
                bind("", "", List.of(), false),
                describePortal(""),
                execute("", 0),
                flush());
        StringBuilder seen = new StringBuilder();
        while (seen.indexOf("C") < 0) {
            seen.append(client.read().type());
        }
        assertEquals("12T" + "D".repeat(20) + "C", seen.toString());
        client.send(sync());
        assertEquals("Z", types(client.untilReady()));
    }

    @Test
    void manyScattersSentAheadAreAnsweredInOrder() {
        byte[][] ahead = new byte[60][];
        for (int i = 0; i < ahead.length; i++) {
            ahead[i] = query(shards.sql(
                    switch (i % 4) {
                        case 0 -> "SELECT id FROM t";
                        case 1 -> READ0;
                        case 2 -> "SELECT id / 0 FROM t";
                        default -> READ1;
                    }));
        }
        client.send(ahead);
        for (int i = 0; i < ahead.length; i++) {
            String answer = brief(client.untilReady());
            assertTrue(
                    switch (i % 4) {
                        case 0 -> answer.endsWith("SELECT 20 I");
                        case 1 -> answer.equals(value("v$0") + " SELECT 1 I");
                        case 2 -> answer.equals("22012 I");
                        default -> answer.equals(value("v$1") + " SELECT 1 I");
                    },
                    i + ": " + answer);
        }
    }

    @Test
    void aSlowClientHoldsUpBothShards() throws SQLException {
        String large = "UPDATE t SET v = repeat('x', 10000000)";
        cluster.onShard("s0", large);
        cluster.onShard("s1", large);
        long before = PlatformDependent.usedDirectMemory();
        client.send(query("SELECT v FROM t"));
        Await.until("both shards wait", () -> waitForClient("s0") && waitForClient("s1"));
        long more = PlatformDependent.usedDirectMemory() - before;
        assertTrue(
                before >= 0 && more < 100_000_000,
                () -> "the result has 200 MB, and " + more + " bytes more are in use");
        assertEquals("T" + "D".repeat(20) + "CZ", types(client.untilReady()));
    }

    private boolean waitForClient(String shard) throws SQLException {
        try (Connection connection = cluster.shard(shard).connect();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT 1 FROM pg_stat_activity WHERE"
                        + " datname = current_database() AND wait_event = 'ClientWrite'")) {
            return rows.next();
        }
    }
}
