package io.ostraka.it.session;

import static io.ostraka.it.harness.FrontendMessages.bind;
import static io.ostraka.it.harness.FrontendMessages.closeStatement;
import static io.ostraka.it.harness.FrontendMessages.describePortal;
import static io.ostraka.it.harness.FrontendMessages.describeStatement;
import static io.ostraka.it.harness.FrontendMessages.execute;
import static io.ostraka.it.harness.FrontendMessages.parse;
import static io.ostraka.it.harness.FrontendMessages.query;
import static io.ostraka.it.harness.FrontendMessages.sync;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Prepared statements by name: SQL and the protocol speak of the same ones, whichever connection serves them. */
@ExtendWith(NoLeaks.class)
class StatementNamesTest {
    private static final String SELECT = "SELECT id, v FROM t WHERE id = $1";

    private final TestCluster cluster = TestCluster.of(ClusterSpec.shards(1)
            .withDdl("CREATE TABLE t (id int PRIMARY KEY, v text)")
            .withDatabase("pool: { size: 3 }"));
    private final Twins twins = new Twins(cluster);

    StatementNamesTest() throws SQLException {
        cluster.everywhere("TRUNCATE t", "INSERT INTO t VALUES (1, 'one'), (2, 'two')");
    }

    @AfterEach
    void disconnect() {
        twins.close();
    }

    private static byte[] bound(String statement, String value) {
        return bind("", statement, List.of(Optional.of(value)), false);
    }

    @Test
    void whatSqlPreparesSqlAndTheProtocolExecute() {
        twins.query("PREPARE mine (int) AS " + SELECT, "EXECUTE mine (1)", "EXECUTE mine ('x')", "EXECUTE mine");
        twins.exchange(describeStatement("mine"), sync());
        twins.exchange(bound("mine", "2"), describePortal(""), execute("", 0), sync());
        twins.exchange(bound("mine", "x"), execute("", 0), sync());
        twins.query("BEGIN", "EXECUTE mine (2)", "SELECT 1/0", "EXECUTE mine (2)", "ROLLBACK", "EXECUTE mine (2)");
        twins.exchange(parse("", "EXECUTE mine (1)"), bind("", ""), describePortal(""), execute("", 0), sync());
        twins.query("DEALLOCATE mine", "EXECUTE mine (1)", "DEALLOCATE mine");
        assertTrue(twins.exchange(bound("mine", "2"), sync()).get(0).contains("C=26000"));
    }

    @Test
    void whatTheProtocolPreparesSqlExecutes() {
        twins.exchange(parse("theirs", SELECT, 23), sync());
        twins.query("EXECUTE theirs (1)", "EXECUTE theirs (1, 2)", "EXECUTE theirs (2)");
        twins.exchange(bound("theirs", "1"), execute("", 0), sync());
        twins.query("SELECT 1; EXECUTE theirs (1)", "PREPARE theirs AS SELECT 1", "EXECUTE theirs (1)");
        twins.exchange(parse("theirs", "SELECT 1"), sync());
        twins.exchange(closeStatement("theirs"), sync());
        twins.query("EXECUTE theirs (1)", "PREPARE theirs AS SELECT 1", "EXECUTE theirs", "DEALLOCATE PREPARE theirs");
        twins.query("EXECUTE theirs");
    }

    @Test
    void aStatementWhoseCloseIsSkippedIsThere() {
        byte[] failing = parse("f", "SELECT 10 / $1::int");
        byte[][] skipped = {
            closeStatement("s"),
            parse("s", "SELECT 'another'"),
            closeStatement("s"),
            parse("s", "SELECT 'a third'"),
            closeStatement(""),
            parse("", "SELECT 'a fourth'"),
        };
        for (int length = 1; length <= skipped.length; length++) {
            twins.exchange(parse("s", "SELECT 'the first'"), parse("", "SELECT 'unnamed'"), failing, sync());
            twins.send(bound("f", "0"), execute("", 0));
            twins.send(Arrays.copyOf(skipped, length));
            twins.exchange(sync());
            twins.exchange(bind("", "s"), execute("", 0), sync());
            twins.exchange(bind("", ""), execute("", 0), sync());
            twins.exchange(closeStatement("s"), closeStatement("f"), sync());
        }
    }

    @Test
    void aStatementThatSqlKnowsIsThereWhenItsCloseIsSkipped() {
        twins.query("PREPARE s AS SELECT 1");
        twins.exchange(parse("", "SELECT 10 / $1::int"), bound("", "0"), execute("", 0), closeStatement("s"), sync());
        twins.exchange(bind("", "s"), execute("", 0), sync());
        twins.query("EXECUTE s", "DEALLOCATE s");
    }

    @Test
    void whatIsParsedAndClosedBehindAnErrorIsNotThere() {
        twins.exchange(parse("f", "SELECT 10 / $1::int"), parse("", "SELECT 'unnamed'"), sync());
        twins.exchange(
                bound("f", "0"),
                execute("", 0),
                parse("s", "SELECT 1"),
                bind("", "s"),
                closeStatement("s"),
                parse("", "SELECT 2"),
                bind("", ""),
                closeStatement(""),
                sync());
        twins.exchange(bind("", "s"), sync());
        twins.exchange(bind("", ""), execute("", 0), sync());
        twins.exchange(parse("", "SELECT * FROM missing"), closeStatement(""), sync());
        twins.exchange(bind("", ""), execute("", 0), sync());
        twins.exchange(parse("g", "SELECT 1"), closeStatement("g"), bound("f", "0"), execute("", 0), sync());
        twins.exchange(bind("", "g"), sync());
    }

    @Test
    void aCommandThatTheSessionCarriesOutIsForgottenAmongOtherStatements() {
        for (String command : List.of("DISCARD ALL", "BEGIN", "DEALLOCATE ALL")) {
            twins.exchange(parse("a", command), sync());
            twins.query("SELECT count(*) FROM t; DEALLOCATE a", "SELECT 1; DEALLOCATE a");
            twins.exchange(parse("a", command), sync());
            twins.query("SELECT 1 / 0; DEALLOCATE a", "DEALLOCATE a", "DEALLOCATE a");
        }
    }

    @Test
    void namesAreTakenWhoeverTookThem() {
        twins.query("PREPARE mine AS SELECT 1", "PREPARE mine AS SELECT 2", "PREPARE \"Mine\" AS SELECT 3");
        assertTrue(twins.exchange(parse("mine", "SELECT 4"), sync()).get(0).contains("C=42P05"));
        twins.query("EXECUTE mine", "EXECUTE \"Mine\"", "EXECUTE MINE");
        twins.exchange(closeStatement("mine"), parse("mine", "SELECT 5"), bind("", "mine"), execute("", 0), sync());
        twins.query("EXECUTE mine", "DEALLOCATE \"Mine\"", "DEALLOCATE mine");
    }

    @Test
    void amongOtherStatementsOfAString() {
        twins.query("PREPARE a AS SELECT 1; PREPARE b AS SELECT 2; EXECUTE a; EXECUTE b");
        twins.query("EXECUTE b; DEALLOCATE a; EXECUTE a; EXECUTE b", "EXECUTE a", "EXECUTE b");
        twins.query("SELECT 1; DEALLOCATE ALL; SELECT 2", "EXECUTE b");
        twins.exchange(parse("theirs", SELECT, 23), sync());
        twins.query("EXECUTE theirs (1); DEALLOCATE theirs; SELECT 3", "EXECUTE theirs (1)");
        twins.exchange(parse("s", SELECT, 23), sync());
        twins.query("DEALLOCATE ALL; SELECT 1");
        assertTrue(twins.exchange(bound("s", "1"), sync()).get(0).contains("C=26000"));
        twins.exchange(parse("s", SELECT, 23), bound("s", "1"), execute("", 0), sync());
        twins.query("DISCARD PLANS; SELECT 1", "SELECT 1; DISCARD ALL", "DISCARD TEMP; DISCARD SEQUENCES");
        twins.query("BEGIN; PREPARE a AS SELECT 7; ROLLBACK; EXECUTE a", "EXECUTE a");
    }

    @Test
    void whatCannotBePreparedDoesNotExist() {
        twins.query("PREPARE bad AS SELECT * FROM nowhere", "EXECUTE bad", "DEALLOCATE bad", "PREPARE bad AS VACUUM");
        twins.query("PREPARE bad AS SELECT 1", "EXECUTE bad");
    }

    @Test
    void deallocateAllLeavesTheUnnamedOne() {
        twins.exchange(parse("", SELECT), parse("s", SELECT), sync());
        twins.exchange(parse("d", "DEALLOCATE ALL"), sync());
        twins.query("PREPARE mine AS SELECT 1", "DEALLOCATE ALL", "EXECUTE mine", "SELECT 1");
        assertTrue(twins.exchange(bound("s", "1"), sync()).get(0).contains("C=26000"));
    }

    @Test
    void aSimpleQueryDropsWhatHasNoName() {
        for (String sql :
                List.of("SELECT 1", "", "BEGIN", "SET work_mem = '5MB'", "DISCARD PLANS", "SELEC", "COMMIT")) {
            twins.exchange(parse("", "SELECT 42"), bind("", ""), execute("", 0), sync());
            twins.query(sql);
            assertTrue(twins.exchange(bind("", ""), sync()).get(0).contains("C=26000"), sql);
            twins.query("ROLLBACK");
        }
        twins.query("BEGIN");
        for (String sql : List.of("SELECT 1", "SAVEPOINT a", "SHOW work_mem", "")) {
            twins.exchange(
                    parse("s", "SELECT i FROM generate_series(1, 9) AS i"), bind("", "s"), execute("", 1), sync());
            twins.query(sql);
            twins.exchange(execute("", 1), sync());
            twins.query("ROLLBACK", "BEGIN", "DEALLOCATE s");
        }
    }

    @Test
    void errorsSpeakOfStatementsByTheClientsNames() {
        twins.exchange(parse("s", SELECT), parse("u", SELECT), sync());
        String error = twins.exchange(bind("", "u"), sync()).get(0);
        assertTrue(error.contains("prepared statement \"u\" requires 1"), error);
        twins.exchange(bind("", "s"), sync());
        twins.exchange(bound("s", "1"), execute("", 0), sync());
        // The shard has one statement for both, and answers when the next one was met.
        String first = twins.exchange(bind("", "u"), bind("", "s"), sync()).get(0);
        assertTrue(first.contains("prepared statement \"u\" requires 1"), first);
        twins.exchange(bound("u", "1"), bind("", "s"), parse("", SELECT), bind("", ""), sync());
        twins.exchange(parse("ostraka_1", SELECT), bind("", "ostraka_1"), sync());
    }

    @ParameterizedTest
    @ValueSource(strings = {"DISCARD PLANS", "DISCARD SEQUENCES", "DISCARD TEMP", "DISCARD ALL", "DEALLOCATE mine"})
    void whatIsDroppedInAPipelineIsPartOfItsTransaction(String drop) {
        // Behind an empty statement the server has nothing left to do but to end the transaction.
        for (String last : List.of("SELECT 1", "SELECT 1/0", "")) {
            twins.query("PREPARE mine AS SELECT 3", "EXECUTE mine");
            twins.exchange(
                    parse("", "DELETE FROM t WHERE id = 2"),
                    bind("", ""),
                    execute("", 0),
                    parse("", drop),
                    bind("", ""),
                    execute("", 0),
                    parse("", last),
                    bind("", ""),
                    execute("", 0),
                    sync());
            twins.exchange(parse("", "SELECT count(*) FROM t"), bind("", ""), execute("", 0), sync());
            twins.query("EXECUTE mine", "DEALLOCATE ALL", "INSERT INTO t VALUES (2, 'two') ON CONFLICT DO NOTHING");
        }
    }

    @Test
    void eachSessionHasItsOwn() {
        try (WireClient a = WireClient.login(cluster.proxy());
                WireClient b = WireClient.login(cluster.proxy())) {
            a.query("PREPARE mine AS SELECT 'of a'");
            b.query("PREPARE mine AS SELECT 'of b'");
            for (int i = 0; i < 3; i++) {
                assertEquals("D[of a]", a.query("EXECUTE mine").get(1).toString());
                assertEquals("D[of b]", b.query("EXECUTE mine").get(1).toString());
            }
            a.query("DISCARD ALL");
            assertEquals("26000", a.query("EXECUTE mine").get(0).sqlState());
            assertEquals("D[of b]", b.query("EXECUTE mine").get(1).toString());
        }
    }

    @Test
    void aParseIsAnsweredBeforeALaterMessageIsRefused() throws SQLException {
        TestCluster two = TestCluster.of(TwoShards.SPEC);
        TwoShards.filled(two);
        try (WireClient client = WireClient.login(two.proxy())) {
            for (String name : List.of("", "s")) {
                client.send(
                        parse(name, "INSERT INTO t VALUES ($1, 'x')", 23),
                        bind("", name, List.of(Optional.empty()), false),
                        execute("", 0),
                        sync());
                assertEquals(
                        "[1, 2, E, Z]",
                        client.untilReady().stream()
                                .map(each -> each.type())
                                .toList()
                                .toString());
            }
            client.send(parse("s", "SELECT 1"), sync());
            assertEquals("42P05", client.untilReady().get(0).sqlState());
            client.send(parse("bad", "SELECT nothing FROM t WHERE id = $1", 23), bind("", "x"), sync());
            assertEquals("42703", client.untilReady().get(0).sqlState());
            client.send(query("BEGIN"), parse("u", "SELECT 1"), query("SELECT pg_backend_pid() FROM t"), sync());
            client.untilReady();
            assertEquals('1', client.read().type());
        }
    }
}
