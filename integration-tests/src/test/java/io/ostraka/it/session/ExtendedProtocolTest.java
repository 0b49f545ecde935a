package io.ostraka.it.session;

import static io.ostraka.it.harness.FrontendMessages.bind;
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
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.io.ByteArrayOutputStream;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One shard through Parse, Bind, Describe, Execute, Close, Flush and Sync, against the same bytes on a plain server. */
@ExtendWith(NoLeaks.class)
class ExtendedProtocolTest {
    private static final String INSERT = "INSERT INTO t VALUES ($1, $2)";
    private static final String SELECT = "SELECT id, v FROM t WHERE id = $1";
    private static final String SERIES = "SELECT i FROM generate_series(1, 5) AS i";

    private final TestCluster cluster = TestCluster.of(SimpleProtocolTest.SPEC);
    private Twins twins;

    @BeforeEach
    void connect() throws SQLException {
        cluster.empty();
        cluster.everywhere("INSERT INTO t VALUES (1, 'one'), (2, 'two'), (3, NULL)");
        twins = new Twins(cluster);
    }

    @AfterEach
    void disconnect() {
        try (Twins ending = twins) {
            ending.query("ROLLBACK", "SELECT * FROM t ORDER BY id", "SHOW work_mem");
        }
    }

    /** Parse, Bind, Describe, Execute of the unnamed statement, without Sync. */
    private static byte[] run(String sql, String... values) {
        return all(parse("", sql), bound("", "", values), describePortal(""), execute("", 0));
    }

    private static byte[] bound(String portal, String statement, String... values) {
        return bind(
                portal,
                statement,
                Arrays.stream(values).map(Optional::ofNullable).toList(),
                false);
    }

    private static byte[] binary(String portal, String statement, String... values) {
        return bind(
                portal,
                statement,
                Arrays.stream(values).map(Optional::ofNullable).toList(),
                true);
    }

    private static byte[] closePortal(String name) {
        return raw('C', ("P" + name + "\0").getBytes(US_ASCII));
    }

    private static byte[] all(byte[]... messages) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (byte[] message : messages) {
            bytes.writeBytes(message);
        }
        return bytes.toByteArray();
    }

    @Test
    void oneStatementAtATime() {
        assertEquals(6, twins.exchange(run(SELECT, "2"), sync()).size());
        twins.exchange(run(SELECT, "17"), sync());
        twins.exchange(run(SELECT, (String) null), sync());
        twins.exchange(run(INSERT, "9", "nine"), sync());
        twins.exchange(run("SELECT"), sync());
    }

    @Test
    void aNamedStatementServesManyBinds() {
        twins.exchange(parse("s", SELECT), describeStatement("s"), sync());
        for (String id : List.of("1", "2", "3", "4", "1")) {
            twins.exchange(bound("", "s", id), execute("", 0), sync());
            twins.exchange(binary("", "s", id), describePortal(""), execute("", 0), sync());
        }
        twins.exchange(bound("a", "s", "1"), bound("b", "s", "2"), execute("b", 0), execute("a", 0), sync());
        twins.exchange(closeStatement("s"), sync());
        assertTrue(twins.exchange(bound("", "s", "1"), sync()).get(0).contains("C=26000"));
    }

    @Test
    void aCursorThatSqlDeclaredIsAPortal() {
        twins.query("BEGIN", "DECLARE c CURSOR FOR " + SERIES);
        assertTrue(twins.exchange(describePortal("c"), execute("c", 2), execute("c", 0), sync())
                .contains("D \0\1\0\0\0\0015"));
        twins.exchange(closePortal("c"), sync());
        twins.query("FETCH 1 FROM c", "ROLLBACK");
        twins.query("DECLARE h CURSOR WITH HOLD FOR " + SERIES);
        twins.exchange(run("SELECT 1"), execute("h", 1), run("SELECT 2"), sync());
        twins.exchange(describePortal("h"), execute("h", 0), sync());
        assertTrue(twins.exchange(describePortal("none"), sync()).get(0).contains("C=34000"));
        twins.exchange(closePortal("none"), sync());
        twins.query("CLOSE h");
    }

    @Test
    void parameterTypesAreAsDeclaredOrFound() {
        twins.exchange(parse("s", "SELECT $1, $2 + 1", 25, 20), describeStatement("s"), sync());
        twins.exchange(parse("u", "SELECT $1::int8, $2::text"), describeStatement("u"), sync());
        twins.exchange(parse("v", "SELECT $1"), describeStatement("v"), sync());
        twins.exchange(parse("w", "SELECT $2::int"), describeStatement("w"), sync());
        twins.exchange(parse("x", "SELECT $1::no_such_type"), describeStatement("x"), sync());
    }

    @Test
    void statementsArePipelinedWithoutSync() {
        byte[][] pipeline = new byte[50][];
        for (int i = 0; i < pipeline.length; i++) {
            pipeline[i] = i % 3 == 0 ? run(INSERT, "" + (100 + i), "v" + i) : run(SELECT, "" + (100 + i - i % 3));
        }
        twins.exchange(all(pipeline), sync());
        twins.exchange(all(pipeline), sync());
    }

    @Test
    void syncAfterSyncIsAnsweredEachTime() {
        twins.send(sync(), sync(), run(SELECT, "1"), sync(), sync());
        for (int i = 0; i < 4; i++) {
            twins.same();
        }
    }

    @Test
    void flushBringsWhatIsThere() {
        twins.send(parse("s", SELECT), flush());
        twins.sameUpTo('1');
        twins.send(describeStatement("s"), flush());
        twins.sameUpTo('T');
        twins.send(bound("", "s", "1"), flush());
        twins.sameUpTo('2');
        twins.send(execute("", 0), flush());
        twins.sameUpTo('C');
        twins.send(closeStatement("s"), flush());
        twins.sameUpTo('3');
        assertEquals(List.of("Z I"), twins.exchange(sync()));
    }

    @Test
    void afterAnErrorAllIsSkippedUpToSync() {
        twins.exchange(
                run(INSERT, "10", "x"), run("SELECT 1/0"), run(INSERT, "11", "x"), parse("s", "SELECT 1"), sync());
        assertTrue(twins.exchange(bound("", "s"), sync()).get(0).contains("C=26000"));
        twins.exchange(run(INSERT, "1", "again"), run(SELECT, "1"), sync());
        twins.exchange(run("SELECT * FROM nowhere"), run(SELECT, "1"), sync());
        twins.exchange(run("SELEC 1"), run(SELECT, "1"), sync());
        twins.exchange(bound("", "nothing"), run(SELECT, "1"), sync());
        twins.exchange(execute("nothing", 0), run(SELECT, "1"), sync());
        twins.exchange(describeStatement("nothing"), run(SELECT, "1"), sync());
        twins.exchange(describePortal("nothing"), run(SELECT, "1"), sync());
        twins.exchange(run(SELECT, "x"), run(SELECT, "1"), sync());
        twins.exchange(run(SELECT), run(SELECT, "1"), sync());
        twins.exchange(run(SELECT, "1"), sync());
    }

    @Test
    void aQueryAfterAnErrorIsSkippedTooUntilSync() {
        twins.send(run("SELECT 1/0"), query("SELECT 2"), run(SELECT, "1"), sync());
        twins.same();
        twins.query("SELECT 3");
    }

    @Test
    void aStatementThatCouldNotBeParsedDoesNotExist() {
        twins.exchange(parse("s", "SELECT * FROM nowhere"), sync());
        assertTrue(twins.exchange(bound("", "s"), execute("", 0), sync()).get(0).contains("C=26000"));
        twins.exchange(parse("s", SELECT), bound("", "s", "1"), execute("", 0), sync());
        twins.exchange(parse("", "SELECT * FROM nowhere"), sync());
        assertTrue(twins.exchange(bound("", ""), execute("", 0), sync()).get(0).contains("C=26000"));
    }

    @Test
    void whatWasParsedBeforeAnErrorStays() {
        twins.exchange(parse("s", SELECT), run("SELECT 1/0"), parse("u", SELECT), sync());
        twins.exchange(bound("", "s", "1"), execute("", 0), sync());
        assertTrue(twins.exchange(bound("", "u", "1"), sync()).get(0).contains("C=26000"));
        twins.exchange(parse("u", SELECT), sync());
    }

    @Test
    void namesAreTakenUntilTheyAreClosed() {
        twins.exchange(parse("s", SELECT), sync());
        assertTrue(twins.exchange(parse("s", SELECT), sync()).get(0).contains("C=42P05"));
        twins.exchange(closeStatement("s"), parse("s", "SELECT 5"), bound("", "s"), execute("", 0), sync());
        twins.exchange(bound("p", "s"), bound("p", "s"), sync());
        twins.exchange(bound("p", "s"), closePortal("p"), bound("p", "s"), execute("p", 0), sync());
        twins.exchange(bound("", "s"), bound("", "s"), execute("", 0), sync());
        twins.exchange(closeStatement("never"), closePortal("never"), sync());
        twins.exchange(parse("", "SELECT 6"), parse("", "SELECT 7"), bound("", ""), execute("", 0), sync());
    }

    @Test
    void aPortalGivesItsRowsInPieces() {
        twins.query("BEGIN");
        twins.exchange(parse("", SERIES), bound("p", ""), execute("p", 2), sync());
        twins.exchange(execute("p", 2), sync());
        twins.exchange(execute("p", 2), sync());
        twins.exchange(execute("p", 2), sync());
        twins.exchange(closePortal("p"), execute("p", 2), sync());
    }

    @Test
    void aPortalInPiecesEndsWithItsPipeline() {
        twins.exchange(parse("", SERIES), bound("p", ""), execute("p", 2), execute("p", 2), execute("p", 9), sync());
        assertTrue(twins.exchange(execute("p", 2), sync()).get(0).contains("C=34000"));
    }

    @Test
    void portalsEndWithTheirTransaction() {
        twins.query("BEGIN");
        twins.exchange(parse("s", SERIES), bound("p", "s"), execute("p", 2), sync());
        twins.query("COMMIT");
        assertTrue(twins.exchange(execute("p", 2), sync()).get(0).contains("C=34000"));
        twins.query("BEGIN");
        twins.exchange(bound("p", "s"), execute("p", 2), sync());
        twins.query("ROLLBACK");
        assertTrue(twins.exchange(execute("p", 2), sync()).get(0).contains("C=34000"));
        twins.exchange(bound("p", "s"), execute("p", 2), sync());
    }

    @Test
    void portalsMadeSinceASavepointEndWithIt() {
        twins.query("BEGIN");
        twins.exchange(parse("s", SERIES), bound("p", "s"), execute("p", 1), sync());
        twins.query("SAVEPOINT a");
        twins.exchange(bound("q", "s"), execute("q", 1), sync());
        twins.query("SELECT 1/0", "ROLLBACK TO a");
        twins.exchange(execute("p", 1), sync());
        twins.query("ROLLBACK TO a");
        twins.exchange(bound("q", "s"), execute("q", 1), sync());
        twins.query("ROLLBACK TO a");
        assertTrue(twins.exchange(execute("q", 1), sync()).get(0).contains("C=34000"));
    }

    @Test
    void aBindThatFailedLeavesNoPortal() {
        twins.query("BEGIN", "SAVEPOINT a");
        twins.exchange(parse("s", SELECT), bound("p", "s", "x"), sync());
        twins.query("ROLLBACK TO a");
        twins.exchange(bound("p", "s", "1"), execute("p", 0), sync());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "  ", "-- nothing", ";"})
    void anEmptyStatementHasItsOwnAnswers(String sql) {
        twins.exchange(run(sql), sync());
        twins.exchange(parse("s", sql), describeStatement("s"), sync());
        twins.exchange(bound("p", "s"), describePortal("p"), execute("p", 0), execute("p", 0), sync());
        twins.query("BEGIN", "SELECT 1/0");
        twins.exchange(bound("p", "s"), execute("p", 0), sync());
        twins.exchange(run(sql), sync());
    }

    @Test
    void severalStatementsCannotBePrepared() {
        assertTrue(twins.exchange(run("SELECT 1; SELECT 2"), sync()).get(0).contains("C=42601"));
        twins.exchange(run("SELECT 1;"), sync());
    }

    @Test
    void parametersInBinaryAndResultsMixed() {
        twins.exchange(
                parse("", "SELECT $1::int4, $2::text, $1::int8"),
                // formats: binary, text; values 7, 'x'; results: text, text, binary
                raw('B', new byte[] {
                    0, 0, 0, 2, 0, 1, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 7, 0, 0, 0, 1, 'x', 0, 3, 0, 0, 0, 0, 0, 1
                }),
                describePortal(""),
                execute("", 0),
                sync());
    }

    @Test
    void aBeginInAPipelineOpensABlock() {
        twins.exchange(run("BEGIN"), run(INSERT, "10", "x"), sync());
        twins.exchange(run(INSERT, "11", "x"), run("COMMIT"), run(INSERT, "12", "x"), sync());
        twins.exchange(run("BEGIN"), run(INSERT, "13", "x"), run("ROLLBACK"), sync());
        twins.exchange(run("BEGIN"), run("SELECT 1/0"), run("ROLLBACK"), sync());
        twins.exchange(run("SELECT 1"), sync());
        twins.exchange(run("ROLLBACK"), sync());
    }

    @Test
    void transactionCommandsOneBySync() {
        for (String sql : List.of(
                "BEGIN",
                "SAVEPOINT a",
                "INSERT INTO t VALUES (20, 'x')",
                "SELECT 1/0",
                "SELECT 1",
                "ROLLBACK TO a",
                "RELEASE a",
                "RELEASE a",
                "COMMIT",
                "COMMIT",
                "BEGIN",
                "SET LOCAL work_mem = '7MB'",
                "SHOW work_mem",
                "COMMIT AND CHAIN",
                "BEGIN",
                "ROLLBACK",
                "SET work_mem = '8MB'",
                "SHOW work_mem",
                "RESET work_mem",
                "DISCARD ALL",
                "START TRANSACTION READ ONLY",
                "INSERT INTO t VALUES (21, 'x')",
                "COMMIT AND CHAIN",
                "COMMIT")) {
            twins.exchange(run(sql), sync());
        }
    }

    @Test
    void aPreparedCommandCanBeRepeated() {
        twins.exchange(parse("b", "BEGIN"), parse("c", "COMMIT"), parse("s", "SAVEPOINT x"), sync());
        for (int i = 0; i < 3; i++) {
            twins.exchange(describeStatement("b"), bound("", "b"), describePortal(""), execute("", 0), sync());
            twins.exchange(bound("", "s"), execute("", 0), sync());
            twins.exchange(run(INSERT, "" + (30 + i), "x"), sync());
            twins.exchange(bound("", "c"), execute("", 0), sync());
        }
    }

    @Test
    void settingsInAPipelineGoWithItWhenItFails() {
        twins.exchange(run("SET work_mem = '8MB'"), run("SHOW work_mem"), run("SELECT 1/0"), sync());
        twins.query("SHOW work_mem");
        twins.exchange(run("SET work_mem = '8MB'"), run("SHOW work_mem"), sync());
        twins.query("SHOW work_mem");
    }

    @Test
    void preparedStatementsOfSqlAndOfTheProtocolShareTheirNames() {
        twins.exchange(parse("s", SELECT), sync());
        twins.query("DEALLOCATE s", "DEALLOCATE s");
        twins.exchange(parse("s", SELECT), parse("u", SELECT), sync());
        twins.query("DEALLOCATE ALL");
        assertTrue(twins.exchange(bound("", "u", "1"), sync()).get(0).contains("C=26000"));
        twins.exchange(parse("s", SELECT), sync());
        twins.query("DISCARD ALL");
        assertTrue(twins.exchange(bound("", "s", "1"), sync()).get(0).contains("C=26000"));
        twins.exchange(parse("s", SELECT), sync());
        twins.query("DISCARD PLANS");
        twins.exchange(bound("", "s", "1"), execute("", 0), sync());
        twins.exchange(run("DEALLOCATE s"), sync());
        twins.exchange(run("DEALLOCATE ALL"), sync());
    }

    @Test
    void copyGoesThroughExecuteToo() {
        twins.send(parse("", "COPY t FROM STDIN"), bound("", ""), execute("", 0), flush());
        twins.sameUpTo('G');
        twins.exchange(data("40\tx\n"), data("41\ty\n"), raw('c', new byte[0]), sync());
        twins.exchange(run("COPY t TO STDOUT"), sync());
        twins.send(parse("", "COPY t FROM STDIN"), bound("", ""), execute("", 0), flush());
        twins.sameUpTo('G');
        twins.exchange(data("42\tx\n"), raw('f', "no\0".getBytes(US_ASCII)), sync());
        twins.send(parse("", "COPY t FROM STDIN"), bound("", ""), execute("", 0), flush());
        twins.sameUpTo('G');
        twins.exchange(data("bad\tx\n"), data("43\ty\n"), raw('c', new byte[0]), sync());
        twins.exchange(run(SELECT, "40"), sync());
    }

    @Test
    void copyWhoseSyncCameFirstAsSomeDriversSendIt() {
        twins.send(parse("", "COPY t FROM STDIN"), bound("", ""), execute("", 0), sync());
        twins.sameUpTo('G');
        twins.exchange(data("40\tx\n"), raw('c', new byte[0]), sync());
        twins.exchange(run(SELECT, "40"), sync());
    }

    @Test
    void aCachedPlanOfAChangedTableIsMadeAnew() {
        twins.query("CREATE TABLE changing (a int)", "INSERT INTO changing VALUES (1)");
        twins.exchange(parse("s", "SELECT * FROM changing"), bound("", "s"), execute("", 0), sync());
        twins.query("ALTER TABLE changing ADD b int");
        twins.exchange(bound("", "s"), execute("", 0), sync());
        twins.query("DROP TABLE changing");
    }

    @Test
    void wrongNumbersOfValuesAndFormatsAreErrors() {
        twins.exchange(parse("", SELECT), bound("", "", "1", "2"), sync());
        twins.exchange(parse("", SELECT), bound("", ""), sync());
        twins.exchange(
                parse("", "SELECT 1, 2"),
                raw('B', new byte[] {0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0}),
                execute("", 0),
                sync());
    }

    @Test
    void manyStatementsAndPortalsInOneTransaction() {
        twins.query("BEGIN");
        List<byte[]> messages = new ArrayList<>();
        for (int i = 0; i < 600; i++) {
            messages.add(parse("s" + i, "SELECT " + i + " + $1::int"));
            messages.add(bound("p" + i, "s" + i, "1"));
        }
        for (int i = 599; i >= 0; i--) {
            messages.add(execute("p" + i, 1));
        }
        twins.exchange(all(messages.toArray(byte[][]::new)), sync());
        for (int i = 0; i < 600; i += 7) {
            twins.exchange(bound("", "s" + i, "2"), execute("", 0), sync());
        }
    }

    @Test
    void theClientIsReadAgainAfterAnAnswerThatFilledTheWayBack() {
        for (int bytes = 60_000; bytes < 140_000; bytes += 500) {
            int rows = bytes / 100;
            twins.exchange(run("SELECT repeat('x', 93) FROM generate_series(1, " + rows + ")"), sync());
        }
    }

    @Test
    void aMissingPortalAfterBeginIsAnErrorOfTheBlock() {
        twins.send(query("START TRANSACTION READ ONLY"), execute("", 0), sync());
        twins.same();
        twins.same();
        twins.query("ROLLBACK");
    }

    @Test
    void simpleAndExtendedMixInOneTransaction() {
        twins.exchange(parse("s", SELECT), sync());
        twins.query("BEGIN");
        twins.exchange(bound("", "s", "1"), execute("", 0), sync());
        twins.query("INSERT INTO t VALUES (50, 'x')");
        twins.exchange(bound("", "s", "50"), execute("", 0), sync());
        twins.exchange(run("SELECT 1/0"), sync());
        twins.exchange(bound("", "s", "50"), execute("", 0), sync());
        twins.query("COMMIT");
        twins.exchange(bound("", "s", "50"), execute("", 0), sync());
    }

    @Test
    void aQueryInAPipelineWithoutSyncIsRefusedAndNothingIsLeftOfThePipeline() {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            client.send(run(INSERT, "60", "x"), query("SELECT count(*) FROM t"));
            List<BackendMessage> answer = client.untilReady();
            assertEquals("0A000", answer.get(answer.size() - 2).sqlState());
            assertEquals("D[3]", client.query("SELECT count(*) FROM t").get(1).toString());
        }
        twins.query("BEGIN");
        twins.send(run(INSERT, "60", "x"), query("SELECT count(*) FROM t"), run(SELECT, "60"), sync());
        twins.same();
        twins.same();
    }

    private static byte[] data(String rows) {
        return raw('d', rows.getBytes(UTF_8));
    }
}
