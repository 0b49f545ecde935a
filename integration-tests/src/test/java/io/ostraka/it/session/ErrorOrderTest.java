package io.ostraka.it.session;

import static io.ostraka.it.harness.FrontendMessages.bind;
import static io.ostraka.it.harness.FrontendMessages.closePortal;
import static io.ostraka.it.harness.FrontendMessages.describeStatement;
import static io.ostraka.it.harness.FrontendMessages.execute;
import static io.ostraka.it.harness.FrontendMessages.functionCall;
import static io.ostraka.it.harness.FrontendMessages.parse;
import static io.ostraka.it.harness.FrontendMessages.sync;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.TestCluster;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where two things are wrong at once, the client is told of the one that PostgreSQL tells of. */
@ExtendWith(NoLeaks.class)
class ErrorOrderTest {
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
            ending.query("ROLLBACK", "SELECT * FROM t ORDER BY id", "SHOW work_mem", "SHOW application_name");
        }
    }

    private void first(String code, List<String> answer) {
        assertTrue(answer.get(0).contains("C=" + code), () -> "the first of " + answer);
    }

    @ParameterizedTest
    @ValueSource(strings = {"SELECT * FROM missing", "SELEKT 1", "SELECT 1; SELECT 2", "SELECT $1 + 'x'", "COMMIT", ""})
    void aNameThatIsTakenIsToldOfLast(String sql) {
        twins.exchange(parse("s", "SELECT 1"), sync());
        twins.exchange(parse("s", sql), sync());
        twins.exchange(parse("", "SELECT id FROM t WHERE id = 2"), parse("s", sql), bind("", ""), sync());
        twins.exchange(bind("", "s"), execute("", 0), sync());
        twins.query("BEGIN", "SELECT 1 / 0");
        twins.exchange(parse("s", sql), sync());
        twins.exchange(bind("", "s"), execute("", 0), sync());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SHOW work_mem; EXECUTE s (2)",
                "SHOW work_mem; ROLLBACK TO one; EXECUTE s (2)",
                "EXECUTE s (2)",
                "SELECT 1; SET search_path = public; EXECUTE s (2)",
                "SHOW search_path; BEGIN; SHOW search_path; EXECUTE s (1); COMMIT",
                "SHOW search_path; DEALLOCATE s",
            })
    void anotherSearchPathIsNoErrorBeforeTheStatementIsExecuted(String string) {
        for (String block : List.of("", "BEGIN")) {
            twins.query("RESET ALL");
            twins.exchange(parse("s", "SELECT v FROM t WHERE id = $1"), sync());
            twins.query("SET search_path = pg_catalog, \"$user\"", block, string, "SHOW search_path", "ROLLBACK");
            twins.query("SHOW search_path", "SELECT v FROM public.t WHERE id = 1", "DISCARD ALL");
        }
    }

    /** What the shard would be sent has been prepared on its connection before. */
    @ParameterizedTest
    @ValueSource(strings = {"SELECT 1 + 1", "SELECT v FROM t WHERE id = 1", "INSERT INTO t VALUES (9)"})
    void aBlockThatHasFailedTakesNoParse(String sql) {
        for (int i = 0; i < 8; i++) {
            twins.exchange(parse("a" + i, sql), parse("", sql), bind("", ""), sync());
        }
        twins.query("BEGIN", "SELECT 1 / 0");
        first("25P02", twins.exchange(parse("b", sql), sync()));
        first("25P02", twins.exchange(parse("b", sql), bind("", "b"), execute("", 0), sync()));
        first("25P02", twins.exchange(parse("", sql), bind("", ""), execute("", 0), sync()));
        first("26000", twins.exchange(bind("", "b"), sync()));
        twins.query("ROLLBACK");
        first("26000", twins.exchange(bind("", "b"), sync()));
        twins.exchange(parse("b", sql), bind("", "b"), sync());
    }

    @Test
    void aSyntaxErrorIsToldOfBeforeTheBlockThatHasFailed() {
        twins.query("BEGIN", "SELECT 1 / 0");
        first("42601", twins.query("SELEKT 1"));
        first("42601", twins.query("SHOW work_mem; SELEKT 1"));
        first("42601", twins.query("ROLLBACK; SELECT 'unterminated"));
        first("42601", twins.exchange(parse("", "SELEKT 1"), sync()));
        first("25P02", twins.query("SELECT * FROM missing"));
        first("25P02", twins.query("SELECT 1; ROLLBACK"));
        twins.query("ROLLBACK; SELECT 1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT 'unterminated",
                "SELECT E'\\u12'",
                "SELECT E'\\ud800'",
                "SELECT E'\\xff'",
                "SELECT U&'\\00zz'",
                "SELECT U&'!0061' UESCAPE 'ab'",
                "SELECT \"\"",
                "SELECT 12ab",
                "SELECT 1; SELECT $$"
            })
    void whatIsNoTextOfSqlIsToldInPostgresWords(String sql) {
        twins.query(sql, "BEGIN", "SELECT 1 / 0", sql, "ROLLBACK");
        twins.exchange(parse("", "SELECT 1"), parse("s", sql), bind("", "s"), execute("", 0), sync());
        twins.exchange(bind("", "s"), sync());
        twins.query("SELECT 'a'", "SELECT E'\\u0061'");
    }

    @Test
    void theSameWhenNoShardWasInTheBlock() {
        twins.query("BEGIN");
        first("34000", twins.exchange(execute("none", 0), sync()));
        first("42601", twins.query("SHOW work_mem; SELEKT 1"));
        first("25P02", twins.query("SELECT 1"));
        twins.query("ROLLBACK", "BEGIN");
        first("34000", twins.exchange(execute("", 0), sync()));
        first("42601", twins.exchange(parse("", "SELEKT 1"), sync()));
        first("25P02", twins.exchange(parse("", "SELECT 1"), sync()));
    }

    @Test
    void settingsOfABlockAreUndoneWhenItFailsWhoeverRefuses() {
        twins.query("SET application_name = 'before'", "BEGIN", "SET application_name = 'within'");
        List<String> refused = twins.exchange(execute("none", 0), sync());
        assertEquals("S application_name\0before\0", refused.get(1));
        twins.query("ROLLBACK", "BEGIN; SET application_name = 'again'");
        twins.exchange(parse("a", "COMMIT"), bind("", "a", List.of(), one(), List.of()), sync());
        twins.query("SHOW application_name", "ROLLBACK", "SHOW application_name");
    }

    @Test
    void aBlockThatWasRefusedGoesOnFromItsSavepoint() {
        twins.query("BEGIN", "INSERT INTO t VALUES (7)", "SAVEPOINT s", "SET LOCAL work_mem = '7MB'");
        first("34000", twins.exchange(execute("none", 0), sync()));
        twins.query("ROLLBACK TO s", "SHOW work_mem", "INSERT INTO t VALUES (8)", "COMMIT");
        twins.query("SELECT count(*) FROM t");
    }

    /** PostgreSQL has that query's own portal then, with memory that is freed: the proxy does not send it there. */
    @Test
    void theUnnamedPortalOfAQueryThatFailedIsNotExecuted() {
        twins.query("BEGIN", "SELECT 1 / 0");
        first("25P02", twins.exchangeWithProxy(execute("", 0), sync()));
        twins.query("ROLLBACK", "BEGIN", "SELECT 1");
        first("34000", twins.exchange(execute("", 0), sync()));
    }

    @Test
    void aPortalOfACommandThatWasCarriedOutIsToldOfAfterTheBlockThatHasFailed() {
        twins.exchange(parse("", "BEGIN"), bind("q", ""), execute("q", 0), sync());
        first("55000", twins.exchange(execute("q", 0), sync()));
        first("25P02", twins.exchange(execute("q", 0), sync()));
    }

    @Test
    void aPortalWhoseCloseWasSkippedIsThere() {
        twins.exchange(
                parse("", "BEGIN"),
                bind("q", ""),
                execute("q", 0),
                parse("", "SELECT * FROM missing"),
                closePortal("q"),
                sync());
        first("25P02", twins.exchange(execute("q", 0), sync()));
    }

    @Test
    void aPortalWhoseBindIsSkippedIsNotThere() {
        for (byte[][] behind : new byte[][][] {
            {parse("", "SELECT * FROM missing"), bind("q", "")},
            {parse("", "SELECT v FROM t"), bind("q", ""), parse("", "SELECT * FROM missing"), bind("p", "")},
            {bind("q", "one", List.of(), List.of(Optional.of("x".getBytes(US_ASCII))), List.of())},
            {
                bind("q", "one", List.of(), one(), List.of()),
                execute("none", 0),
                bind("p", "one", List.of(), one(), List.of())
            },
        }) {
            twins.exchange(parse("c", "ROLLBACK AND CHAIN"), parse("one", "SELECT v FROM t WHERE id = $1"), sync());
            twins.query("BEGIN");
            twins.send(behind);
            twins.exchange(sync());
            twins.exchange(bind("p", "c"), closePortal("p"), sync());
            twins.exchange(bind("q", "c"), execute("q", 0), sync());
            twins.query("ROLLBACK", "DEALLOCATE ALL");
        }
    }

    @Test
    void aPortalThatABlockThatHasFailedHasNotTakenIsNotThere() {
        twins.exchange(parse("c", "ROLLBACK AND CHAIN"), parse("one", "SELECT v FROM t WHERE id = $1"), sync());
        twins.exchange(bind("", "one", List.of(), one(), List.of()), execute("", 0), sync());
        twins.query("BEGIN", "SELECT 1 / 0");
        first("25P02", twins.exchange(bind("q", "one", List.of(), one(), List.of()), sync()));
        twins.exchange(bind("q", "c"), execute("q", 0), sync());
    }

    @Test
    void aStatementWithoutNameThatIsRefusedLeavesNoneBehind() {
        twins.exchange(parse("", "SELECT 1"), sync());
        twins.exchange(parse("", "SELECT * FROM missing"), sync());
        first("26000", twins.exchange(bind("", ""), sync()));
        twins.exchange(parse("", "SELECT 1"), parse("", "SELECT * FROM missing"), parse("", "SELECT 3"), sync());
        first("26000", twins.exchange(bind("", ""), sync()));
    }

    @Test
    void aPortalsNameIsTakenForCommandsToo() {
        twins.exchange(parse("", "SELECT 1"), bind("q", ""), parse("", "BEGIN"), bind("q", ""), sync());
        twins.exchange(parse("", "BEGIN"), bind("q", ""), parse("", "SELECT 1"), bind("q", ""), sync());
    }

    @Test
    void aNameIsFreeAgainAfterDiscardAll() {
        twins.exchange(
                parse("", "DISCARD ALL"), bind("q", ""), execute("q", 0), parse("", "SELECT 1"), bind("q", ""), sync());
    }

    @Test
    void whatIsChainedToABlockThatFailedIsAnOrdinaryOne() {
        twins.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "SELECT 1 / 0", "ROLLBACK AND CHAIN");
        twins.query("SHOW transaction_isolation", "SHOW transaction_read_only", "COMMIT");
        twins.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "SELECT 1", "ROLLBACK AND CHAIN");
        twins.query("SHOW transaction_isolation", "SHOW transaction_read_only", "COMMIT");
        twins.query("BEGIN READ ONLY; SELECT 1 / 0", "COMMIT AND CHAIN; SHOW transaction_read_only", "COMMIT");
    }

    @Test
    void whatIsParsedBehindAnErrorIsNotThere() {
        twins.exchange(
                parse("", "SELECT id FROM t WHERE id = $1"),
                bind("", "", List.of(), List.of(Optional.of("x".getBytes(US_ASCII))), List.of()),
                parse("a", "SAVEPOINT s"),
                parse("", "SELECT 3"),
                parse("", "SELECT 4"),
                sync());
        first("26000", twins.exchange(bind("p", "a"), sync()));
        first("08P01", twins.exchange(bind("p", ""), sync()));
        twins.exchange(bind("p", "", List.of(), one(), List.of()), execute("p", 0), sync());
    }

    @Test
    void aWrongNumberOfParametersIsToldOfBeforeTheBlockThatHasFailed() {
        twins.exchange(parse("s", "SELECT v FROM t WHERE id = $1"), parse("c", "COMMIT"), parse("b", "BEGIN"), sync());
        twins.exchange(bind("", "s", List.of(), one(), List.of()), execute("", 0), sync());
        twins.query("BEGIN", "SELECT 1 / 0");
        first("08P01", twins.exchange(bind("", "s"), sync()));
        first("25P02", twins.exchange(bind("", "s", List.of(), one(), List.of()), sync()));
        first("08P01", twins.exchange(bind("", "b", List.of(), one(), List.of()), sync()));
        first("08P01", twins.exchange(bind("", "c", List.of(), one(), List.of()), sync()));
        first("26000", twins.exchange(bind("", "none"), sync()));
        first("25P02", twins.exchange(functionCall(177, "1", "2")));
        twins.exchange(describeStatement("s"), sync());
        twins.exchange(bind("", "c"), execute("", 0), sync());
        twins.exchange(bind("", "s", List.of(), one(), List.of()), execute("", 0), sync());
    }

    /** The shard, whose block has failed, is not sent such a statement again: it would say no more than that. */
    @Test
    void theSameForAStatementThatTheShardHasForgotten() {
        twins.query("BEGIN");
        twins.exchange(parse("", "SELECT v FROM t WHERE id = $1"), sync());
        twins.query("SELECT 1 / 0");
        first("26000", twins.exchange(bind("", ""), sync()));
        twins.query("ROLLBACK", "BEGIN");
        for (String sql : List.of(
                "SELECT v FROM t WHERE id = $1 OR '$3' = v",
                "INSERT INTO t VALUES ($1)",
                "SELECT 1",
                "SET work_mem = '7MB'",
                "PREPARE p (int) AS SELECT $1")) {
            twins.exchange(parse("", sql), parse("s", "SELECT * FROM missing"), sync());
            first("08P01", twins.exchange(bind("", "", List.of(), two(), List.of()), sync()));
            first(
                    "25P02",
                    twins.exchange(
                            bind(
                                    "",
                                    "",
                                    List.of(),
                                    sql.contains("$1") && !sql.startsWith("P") ? one() : List.of(),
                                    List.of()),
                            sync()));
            twins.query("ROLLBACK", "BEGIN");
        }
        twins.exchange(parse("", "SELECT 1", 23), parse("s", "SELECT * FROM missing"), sync());
        first("08P01", twins.exchange(bind("", ""), sync()));
        first("25P02", twins.exchange(bind("", "", List.of(), one(), List.of()), sync()));
    }

    @Test
    void aWrongNumberOfParametersIsToldOfBeforeAPortalsNameThatIsTaken() {
        twins.exchange(
                parse("", "BEGIN"), bind("q", ""), parse("s", "SELECT v FROM t WHERE id = $1"), bind("q", "s"), sync());
        first(
                "42P03",
                twins.exchange(
                                parse("", "SAVEPOINT one"),
                                bind("q", ""),
                                bind("q", "s", List.of(), one(), List.of()),
                                sync())
                        .subList(2, 3));
    }

    @Test
    void aBlocksIsolationIsToldBeforeAnythingIsParsed() {
        for (String begin : List.of(
                "BEGIN ISOLATION LEVEL REPEATABLE READ",
                "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY",
                "START TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY, DEFERRABLE",
                "BEGIN")) {
            twins.exchange(parse("", "SELECT id FROM t"), parse("", begin), bind("p", ""), execute("p", 0), sync());
            twins.query("SHOW transaction_isolation", "SELECT count(*) FROM t", "ROLLBACK");
            twins.exchange(parse("", "SET work_mem = '3MB'"), parse("", begin), bind("p", ""), execute("p", 0), sync());
            twins.query(
                    "SHOW transaction_isolation", "INSERT INTO t VALUES (9)", "COMMIT", "DELETE FROM t WHERE id = 9");
            twins.query("BEGIN");
            twins.exchange(parse("", "SELECT id FROM t"), parse("", begin), bind("p", ""), execute("p", 0), sync());
            twins.query("COMMIT");
        }
    }

    private static List<Optional<byte[]>> two() {
        return List.of(Optional.of("1".getBytes(US_ASCII)), Optional.empty());
    }

    private static List<Optional<byte[]>> one() {
        return List.of(Optional.of("1".getBytes(US_ASCII)));
    }
}
