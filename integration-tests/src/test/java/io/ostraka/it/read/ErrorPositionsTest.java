package io.ostraka.it.read;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.Endpoint;
import io.ostraka.it.harness.FrontendMessages;
import io.ostraka.it.harness.Protocol;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An error's position is one in the client's text, also where the shards have got another one. */
class ErrorPositionsTest {
    private static final List<String> STATEMENTS = List.of(
            "SELECT id, nosuch FROM thing",
            "  /* ä𝄞 */ SELECT id FROM thing WHERE nosuch = 1",
            "SELECT id, 'ä𝄞' FROM thing WHERE nosuch = 1 ORDER BY i4",
            "SELECT id FROM thing WHERE i4 = 5 AND t = 'lifted' ORDER BY nosuch",
            "SELECT id FROM thing ORDER BY i4 + 1, length(nosuch) LIMIT 3",
            "SELECT nosuch(id) FROM thing ORDER BY id",
            "SELECT id FROM thing WHERE i4 = 'no number' ORDER BY id LIMIT 1",
            "SELECT count(nosuch) FROM thing",
            " /* ä𝄞 */ SELECT count(*) FROM thing WHERE nosuch > 5",
            "SELECT sum(t) FROM thing",
            "SELECT i2, count(*) FROM thing GROUP BY i2 HAVING max(nosuch) > 5",
            "SELECT i4, count(*) FROM thing GROUP BY i2",
            "SELECT string_agg(t, ',' ORDER BY nosuch) FROM thing",
            "SELECT a.id FROM thing a JOIN thing b ON a.i4 = b.nosuch",
            "SELECT a.id FROM thing a JOIN thing b ON a.i4 = b.t",
            "SELECT id FROM thing UNION SELECT 'no number'::int FROM part",
            "EXPLAIN SELECT nosuch FROM thing",
            " /* ä𝄞 */ EXPLAIN (COSTS false, FORMAT JSON) SELECT id FROM thing ORDER BY i4, nosuch",
            "EXPLAIN\tSELECT count(nosuch) FROM thing",
            "EXPLAIN(VERBOSE)SELECT a.id FROM thing a JOIN part b ON a.i4 = b.nosuch",
            "EXPLAIN SELECT i4, count(*) FROM thing GROUP BY i2",
            "EXPLAIN(SELECT sum(t) FROM thing)",
            "EXPLAIN ANALYZE SELECT id, nosuch FROM thing",
            "/* ä𝄞 */ EXPLAIN (ANALYZE) SELECT count(*) FROM thing a JOIN thing b ON a.i4 = b.nosuch",
            "INSERT INTO part (thing_id, no, w) VALUES (1001, 1, length('ä𝄞')), (1002, 1, 5), (1003, 1, nosuch)",
            "INSERT INTO part (thing_id, no, w) VALUES (1001, 1, 2), (1002, 1, '5'), (1003, 1, 'no number')");

    /** What the proxy cannot even cut into words. */
    private static final List<String> LEXICAL = List.of(
            "SELECT 'unterminated",
            "SELECT id FROM thing WHERE t = $tag$ä𝄞",
            "SELECT \"unterminated FROM thing",
            "SELECT \"\" FROM thing",
            "SELECT 1 /* never /* ended */",
            "SELECT 123abc FROM thing",
            "SELECT id FROM thing WHERE id = $1a",
            "SELECT E'\\u12' FROM thing",
            "SELECT /* ä𝄞 */ E'\\ud800x' FROM thing",
            "SELECT id FROM thing WHERE t = E'\\xff'",
            "SELECT U&'\\00zz' FROM thing",
            "SELECT U&'!0061' UESCAPE 'ab' FROM thing",
            "SELECT id FROM thing WHERE t = U&'\\d800'",
            "SELECT U&\"\\110000\" FROM thing",
            "SELECT B'12', X'xy' FROM thing",
            "SELECT 1; SELECT 'unterminated",
            "DELETE FROM thing; SELECT \"\"");

    private static final List<String> CURSORS = List.of(
            "DECLARE c CURSOR FOR SELECT nosuch FROM thing",
            " /* ä𝄞 */ DECLARE c CURSOR FOR SELECT id FROM thing ORDER BY i4 + 1, length(nosuch)",
            " /* ä𝄞 */ DECLARE \"ä\" CURSOR FOR SELECT count(nosuch) FROM thing",
            "DECLARE c SCROLL CURSOR FOR SELECT nosuch FROM thing");

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void thoseOfCursorsAreToo(Protocol protocol) throws SQLException {
        TestCluster cluster = Bazaar.filled();
        for (String sql : CURSORS) {
            String expected = error(cluster.reference(), protocol, true, sql);
            assertTrue(expected.contains("at Optional["), expected);
            assertEquals(expected, error(cluster.proxy(), protocol, true, sql), sql);
        }
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void theyAreInTheClientsText(Protocol protocol) throws SQLException {
        TestCluster cluster = Bazaar.filled();
        int placed = 0;
        for (String sql : STATEMENTS) {
            String expected = error(cluster.reference(), protocol, false, sql);
            assertEquals(expected, error(cluster.proxy(), protocol, false, sql), sql);
            assertEquals(expected, error(cluster.proxy(), protocol, true, sql), "in a block: " + sql);
            placed += expected.contains("at Optional[") ? 1 : 0;
        }
        assertTrue(placed > 14, "only " + placed + " of the errors have a position");
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void whatIsNoTextOfSqlIsToldInPostgresWords(Protocol protocol) throws SQLException {
        TestCluster cluster = Bazaar.filled();
        for (String sql : LEXICAL) {
            for (boolean inBlock : List.of(false, true)) {
                Map<Character, String> expected = fields(cluster.reference(), protocol, inBlock, sql);
                Map<Character, String> actual = fields(cluster.proxy(), protocol, inBlock, sql);
                for (char field : new char[] {'C', 'M', 'D', 'H', 'P'}) {
                    assertEquals(expected.get(field), actual.get(field), sql + ": " + field);
                }
            }
        }
    }

    private static String error(Endpoint server, Protocol protocol, boolean inBlock, String sql) {
        Map<Character, String> fields = fields(server, protocol, inBlock, sql);
        return fields.isEmpty() ? "no error" : fields.get('C') + " at " + Optional.ofNullable(fields.get('P'));
    }

    private static Map<Character, String> fields(Endpoint server, Protocol protocol, boolean inBlock, String sql) {
        try (WireClient client = WireClient.login(server)) {
            if (inBlock) {
                client.query("BEGIN");
            }
            if (protocol == Protocol.SIMPLE) {
                client.send(FrontendMessages.query(sql));
            } else {
                client.send(
                        FrontendMessages.parse("", sql),
                        FrontendMessages.bind("", "", List.of(), protocol == Protocol.EXTENDED_BINARY),
                        FrontendMessages.describePortal(""),
                        FrontendMessages.execute("", 0),
                        FrontendMessages.sync());
            }
            return client.untilReady().stream()
                    .filter(message -> message.type() == 'E')
                    .findFirst()
                    .map(BackendMessage::fields)
                    .orElseGet(Map::of);
        }
    }
}
