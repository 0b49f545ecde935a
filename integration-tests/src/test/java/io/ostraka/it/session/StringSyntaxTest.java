package io.ostraka.it.session;

import static io.ostraka.it.harness.FrontendMessages.bind;
import static io.ostraka.it.harness.FrontendMessages.describePortal;
import static io.ostraka.it.harness.FrontendMessages.execute;
import static io.ostraka.it.harness.FrontendMessages.parse;
import static io.ostraka.it.harness.FrontendMessages.query;
import static io.ostraka.it.harness.FrontendMessages.sync;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** {@code standard_conforming_strings} off, in a database of one shard. */
@ExtendWith(NoLeaks.class)
class StringSyntaxTest {
    private static final String OFF = "SET standard_conforming_strings = off";
    private static final String ON = "SET standard_conforming_strings = on";

    /** Read as the standard has it, the first of these hides what follows it, and the second runs it. */
    private static final List<String> ODD = List.of(
            "SELECT 'a\\'; SET work_mem = \\'5MB', ';\\''",
            "SELECT 'it\\'s', '\\060', 'a\\\\', 'b''c'",
            "SELECT 'a'\n'\\'b'",
            "SELECT date'2000\\x2d01-01'",
            "SELECT 'a\\\\'; SELECT 'b'",
            "SELECT 'a\\'",
            "SELECT U&'\\0061'",
            "SELECT E'\\'', $$a\\'$$, 1 /* 'a\\' */");

    private final TestCluster cluster = TestCluster.of(SimpleProtocolTest.SPEC);
    private Twins twins;

    @BeforeEach
    void connect() throws SQLException {
        cluster.empty();
        twins = new Twins(cluster);
    }

    @AfterEach
    void disconnect() {
        try (Twins ending = twins) {
            ending.query("ROLLBACK", "SHOW standard_conforming_strings", "SHOW work_mem");
        }
    }

    @Test
    void backslashesEscapeInQueries() {
        twins.query(OFF);
        ODD.stream().filter(sql -> !sql.equals("SELECT 'a\\'")).forEach(twins::query);
        twins.query("SET escape_string_warning = off");
        ODD.stream().filter(sql -> !sql.equals("SELECT 'a\\'")).forEach(twins::query);
        twins.query(ON);
        twins.query("SELECT 'a\\', 'b'");
    }

    @Test
    void backslashesEscapeInPreparedStatements() {
        twins.query(OFF, "SET escape_string_warning = off");
        for (int i = 0; i < ODD.size(); i++) {
            String sql = ODD.get(i);
            if (!sql.contains("U&") && !sql.equals("SELECT 'a\\'")) {
                twins.exchange(parse("", sql), bind("", ""), describePortal(""), execute("", 0), sync());
                twins.exchange(parse("s" + i, sql), sync());
            }
        }
        twins.query(ON);
        for (int i : new int[] {0, 1, 2, 3}) {
            twins.exchange(bind("", "s" + i), describePortal(""), execute("", 0), sync());
        }
        twins.exchange(parse("", "SELECT 'a\\', 'b'"), bind("", ""), execute("", 0), sync());
    }

    @Test
    void aPipelineIsReadAsItsOwnCommandsSay() {
        twins.query("SET escape_string_warning = off");
        twins.exchange(
                parse("", OFF),
                bind("", ""),
                execute("", 0),
                parse("", "SELECT 'it\\'s'"),
                bind("", ""),
                execute("", 0),
                parse("", ON),
                bind("", ""),
                execute("", 0),
                parse("", "SELECT 'its\\'"),
                bind("", ""),
                execute("", 0),
                sync());
    }

    @Test
    void transactionsAndResetsReturnToIt() {
        twins.query("SET escape_string_warning = off", "BEGIN", OFF, "SELECT 'it\\'s'", "ROLLBACK", "SELECT 'its\\'");
        twins.query("BEGIN", "SAVEPOINT a", OFF, "SELECT 'it\\'s'", "SELECT 1 / 0", "ROLLBACK TO a", "SELECT 'its\\'");
        twins.query("ROLLBACK", OFF, "BEGIN", ON, "SELECT 'its\\'", "SELECT 1 / 0", "ROLLBACK", "SELECT 'it\\'s'");
        twins.query("RESET standard_conforming_strings", "SELECT 'its\\'");
        twins.query(OFF, "RESET ALL", "SELECT 'its\\'");
        twins.query(OFF, "DISCARD ALL", "SELECT 'its\\'");
    }

    @Test
    void otherSessionsReadAsBefore() {
        twins.query(OFF, "SELECT 1");
        try (WireClient other = WireClient.login(cluster.proxy())) {
            assertEquals("D[its\\]", other.query("SELECT 'its\\'").get(1).toString());
            twins.query("SELECT 2");
        }
    }

    @Test
    void whatWouldBeReadOtherwiseLaterIsRefused() {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            client.send(parse("s", "SELECT 'its\\'"), sync());
            client.untilReady();
            assertEquals("0A000", client.query(OFF).get(0).sqlState());
            client.query("DEALLOCATE ALL");
            assertEquals("C SET", client.query(OFF).get(0).toString());
            assertEquals("0A000", client.query(ON + "; SELECT 1").get(0).sqlState());
            assertEquals("0A000", client.query("SELECT N'it\\'s'").get(0).sqlState());
        }
    }

    @Test
    void aFunctionThatTurnsItOffEndsTheSession() {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            client.send(query("SELECT set_config('standard_conforming_strings', 'off', false)"));
            assertTrue(client.untilClosed().stream()
                    .anyMatch(message ->
                            message.type() == 'E' && message.sqlState().equals("0A000")));
        }
    }
}
