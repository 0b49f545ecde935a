package io.ostraka.it.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.FrontendMessages;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Query strings whose statements go to different shards answer, and leave behind, what PostgreSQL does with them. */
@ExtendWith(NoLeaks.class)
class QueryStringTest {
    private static final String ALL = "SELECT * FROM t ORDER BY id";

    private final TestCluster cluster = TestCluster.of(TwoShards.SPEC);
    private TwoShards shards;
    private Twins twins;

    @BeforeEach
    void connect() throws SQLException {
        shards = TwoShards.filled(cluster);
        twins = new Twins(cluster);
    }

    @AfterEach
    void disconnect() {
        try (Twins ending = twins) {
            ending.query("ROLLBACK", ALL, "SELECT count(*) FROM late", "SHOW work_mem");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "UPDATE t SET v = 'a' WHERE id = $0; UPDATE t SET v = 'b' WHERE id = $1",
                "INSERT INTO t VALUES (101, 'x'); INSERT INTO t VALUES (102, 'x'); INSERT INTO t VALUES (103, 'x')",
                "INSERT INTO t VALUES (201, 'x'), (202, 'x'), (203, 'x'), (204, 'x'), (205, 'x'); DELETE FROM t WHERE id = $0 OR id > 200",
                "SELECT v FROM t WHERE id = $0; SELECT v FROM t WHERE id = $1; SELECT 1 AS one",
                "UPDATE t SET v = 'all'; SELECT count(*), min(v) FROM t; SELECT id, v FROM t ORDER BY id LIMIT 3",
                "DELETE FROM t WHERE id = $0; SELECT count(*) FROM t; DELETE FROM t WHERE id = $1; SELECT count(*) FROM t",
                "SET LOCAL work_mem = '5MB'; UPDATE t SET v = 'a' WHERE id = $1; SHOW work_mem; SELECT id FROM t WHERE id = $0",
                "SET work_mem = '5MB'; SELECT v FROM t WHERE id = $1; SELECT v FROM t WHERE id = $0; RESET work_mem",
                "SELECT v FROM t WHERE id = $0; SELECT count(*) FROM t a JOIN t b ON a.v = b.v; SELECT v FROM t WHERE id = $1",
                "SELECT v FROM t WHERE id = $0; ; SELECT v FROM t WHERE id = $1; -- the end"
            })
    void theyAreOneTransaction(String sql) {
        assertTrue(twins.query(shards.sql(sql)).stream().noneMatch(line -> line.startsWith("E")));
        twins.query(ALL);
        twins.query("BEGIN", shards.sql(sql), "ROLLBACK");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "UPDATE t SET v = 'a' WHERE id = $0; SELECT 1 / 0 FROM t WHERE id = $1; UPDATE t SET v = 'c' WHERE id = $1",
                "UPDATE t SET v = 'a' WHERE id = $0; INSERT INTO t VALUES ($1, 'twice')",
                "UPDATE t SET v = 'a' WHERE id = $0; SELECT missing FROM t WHERE id = $1; DELETE FROM t WHERE id = $0",
                "SET work_mem = '5MB'; UPDATE t SET v = 'a' WHERE id = $0; INSERT INTO t VALUES ($1, 'twice'); SELECT 1",
                "UPDATE t SET v = 'a' WHERE id = $0; SELECT count(*) FROM t a JOIN t b ON a.v = b.v WHERE a.missing = 1",
                "UPDATE t SET v = 'a' WHERE id = $0; EXPLAIN SELECT count(*) FROM t a JOIN t b ON a.v = b.v WHERE a.missing = 1",
                "UPDATE t SET v = 'a' WHERE id = $0; INSERT INTO t VALUES (501, 'x'), ($1, 'x'), (502, 'x'), (503, 'x'); SELECT 1"
            })
    void anErrorUndoesAllOfThem(String sql) {
        assertTrue(twins.query(shards.sql(sql)).stream().anyMatch(line -> line.startsWith("E")));
        twins.query(ALL, "SHOW work_mem", "BEGIN", "SELECT 1", shards.sql(sql), "SELECT 2", "ROLLBACK", ALL);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "BEGIN; UPDATE t SET v = 'a' WHERE id = $0; UPDATE t SET v = 'b' WHERE id = $1; COMMIT",
                "BEGIN; UPDATE t SET v = 'a' WHERE id = $0; UPDATE t SET v = 'b' WHERE id = $1; ROLLBACK",
                "BEGIN; UPDATE t SET v = 'a' WHERE id = $0; SAVEPOINT s; UPDATE t SET v = 'b' WHERE id = $1;"
                        + " ROLLBACK TO s; SELECT count(*) FROM t; COMMIT; SELECT v FROM t WHERE id = $0",
                "BEGIN; UPDATE t SET v = 'a' WHERE id = $0; UPDATE t SET v = 'b' WHERE id = $1; COMMIT;"
                        + " UPDATE t SET v = 'c' WHERE id = $0; UPDATE t SET v = 'd' WHERE id = $1",
                "BEGIN; UPDATE t SET v = 'a' WHERE id = $0; SELECT 1 / 0 FROM t WHERE id = $1; COMMIT",
                "BEGIN; UPDATE t SET v = 'a' WHERE id = $0; UPDATE t SET v = 'b' WHERE id = $1"
            })
    void blocksMayBeginAndEndInThem(String sql) {
        twins.query(shards.sql(sql), "SELECT 1", "COMMIT", ALL);
    }

    /** The error takes the place of the last statement's end; only its details tell of shards. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "%s",
                "%s; SELECT 1",
                "%s; SELECT id, v FROM t ORDER BY id LIMIT 3",
                "%s; SELECT v FROM t WHERE id = $0",
                "%s; EXPLAIN (COSTS off) SELECT 1",
                "BEGIN; %s; COMMIT; SELECT 1"
            })
    void aCommitThatFailsCommitsNothing(String string) {
        String inserts = "INSERT INTO late VALUES (1), (2), (3), (4), (5), (6); INSERT INTO late VALUES (1)";
        String sql = shards.sql(String.format(Locale.ROOT, string, inserts));
        try (WireClient client = WireClient.login(cluster.proxy());
                WireClient reference = WireClient.login(cluster.reference())) {
            List<String> answer = withoutDetails(client.query(sql));
            assertEquals(withoutDetails(reference.query(sql)), answer);
            assertEquals("E 23505", answer.get(answer.size() - 2));
        }
        twins.query("SELECT count(*) FROM late");
    }

    private static List<String> withoutDetails(List<BackendMessage> answer) {
        return Twins.lines(answer).stream()
                .map(line -> line.replaceAll("(?s)^E .*C=(.....).*", "E $1"))
                .toList();
    }

    @Test
    void commandsOnOneShardAtTheEndAreToldOfWhenTheyAreCommitted() {
        twins.query(
                shards.sql("DELETE FROM t WHERE id = $0; DELETE FROM t WHERE id = $1; EXPLAIN (COSTS off) SELECT 1"),
                shards.sql("SELECT v FROM t WHERE id = $0; SELECT v FROM t WHERE id = $1; SHOW work_mem"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "PREPARE p AS SELECT v FROM t WHERE id = @; EXECUTE p($0); EXECUTE p($1); DEALLOCATE p",
                "PREPARE p (int) AS UPDATE t SET v = v || '!' WHERE id = @; EXECUTE p($0); EXECUTE p($1); SELECT count(*) FROM t",
                "SELECT v FROM t WHERE id = $0; EXECUTE missing; SELECT v FROM t WHERE id = $1",
                "DECLARE c CURSOR FOR SELECT id FROM t ORDER BY id; FETCH 3 FROM c; FETCH 2 FROM c; CLOSE c; SELECT v FROM t WHERE id = $1",
                "DECLARE c CURSOR FOR SELECT id FROM t WHERE id = $0; FETCH ALL FROM c; UPDATE t SET v = 'a' WHERE id = $1",
                "DECLARE c CURSOR FOR SELECT count(*) FROM t a JOIN t b ON a.v = b.v; FETCH c; SELECT v FROM t WHERE id = $1",
                "SELECT v FROM t WHERE id = $1; DECLARE c CURSOR WITH HOLD FOR SELECT id FROM t ORDER BY id; FETCH 2 FROM c",
                "FETCH 2 FROM c; CLOSE c",
                "SELECT v FROM t WHERE id = $0; COPY (SELECT id, v FROM t WHERE id = $1) TO STDOUT; SELECT 1",
                "COPY (SELECT count(*) FROM t) TO STDOUT; SELECT v FROM t WHERE id = $0; SELECT v FROM t WHERE id = $1"
            })
    void preparedStatementsCursorsAndCopiesMayStandInThem(String string) {
        String sql = shards.sql(string).replace("@", "$1");
        twins.query(sql, "SELECT count(*) FROM t", "BEGIN", sql, "ROLLBACK", "DEALLOCATE ALL");
        twins.query("CLOSE ALL");
    }

    @Test
    void aCopyFromTheClientMayBeTheLast() {
        twins.send(FrontendMessages.query(
                shards.sql("DELETE FROM t WHERE id = $0; DELETE FROM t WHERE id = $1; COPY t FROM STDIN")));
        twins.sameUpTo('G');
        twins.exchange(
                FrontendMessages.raw('d', "301\ta\n302\tb\n303\tc\n304\td\n".getBytes(StandardCharsets.UTF_8)),
                FrontendMessages.raw('c', new byte[0]));
        twins.query(ALL);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ROLLBACK; SELECT 1",
                "COMMIT; SELECT v FROM t WHERE id = $0",
                "ROLLBACK TO s; SELECT v FROM t WHERE id = $0; SELECT v FROM t WHERE id = $1",
                "ROLLBACK; BEGIN; SELECT count(*) FROM t",
                "SELECT 1; ROLLBACK",
                "SELECT v FROM t WHERE id = $0; ROLLBACK; SELECT 1",
                "ROLLBACK; SELECT 1 / 0; SELECT 2"
            })
    void aBlockThatHasFailedMayEndInThem(String sql) {
        twins.query("BEGIN", "SAVEPOINT s", shards.sql("UPDATE t SET v = 'a' WHERE id = $0"));
        twins.query(shards.sql("UPDATE t SET v = 'a' WHERE id = $1"), "SELECT 1 / 0", shards.sql(sql), "SELECT 3");
        twins.query("ROLLBACK", ALL);
        twins.query("BEGIN", "SELECT 1 / 0", shards.sql(sql), "SELECT 3", "ROLLBACK");
    }

    @ParameterizedTest
    @ValueSource(strings = {"EXPLAIN", "EXPLAIN (ANALYZE)"})
    void queriesOfTheCombinerAreExplainedBehindOthers(String explain) {
        String sql = "SELECT v FROM t WHERE id = $0; " + explain + " SELECT count(*) FROM t a JOIN t b ON a.v = b.v";
        try (WireClient client = WireClient.login(cluster.proxy())) {
            List<String> answer = Twins.lines(client.query(shards.sql(sql)));
            assertTrue(answer.contains("C EXPLAIN\0"), answer::toString);
            assertEquals("Z I", answer.get(answer.size() - 1));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SET search_path = other, public; SELECT 1; SELECT v FROM t WHERE id = $0; SELECT count(*) FROM t",
                "SET search_path = other, public; INSERT INTO t VALUES ($0, 'there'); SELECT * FROM t; SELECT count(*) FROM public.t",
                "SELECT v FROM t WHERE id = $0; SET LOCAL search_path = other; SELECT * FROM t WHERE id = $1; DELETE FROM public.t WHERE id = $1",
                "SET search_path = other; SELECT missing FROM t; SELECT 1",
                "SET search_path = nowhere; SELECT v FROM t WHERE id = $0; SELECT 1",
                "SET ROLE NONE; SELECT 1; SELECT v FROM t WHERE id = $0",
                "RESET ALL; SELECT count(*) FROM t",
                "DISCARD ALL; SELECT 1",
                "DELETE FROM t WHERE id = $0; RESET ALL; DELETE FROM t WHERE id = $1",
                "BEGIN; SET search_path = other; SELECT count(*) FROM t; ROLLBACK; SELECT count(*) FROM t"
            })
    void namesFollowTheSearchPathOfTheirPlace(String sql) {
        twins.query(shards.sql(sql), "SHOW search_path", "SELECT count(*) FROM t", ALL, "RESET search_path");
        twins.query("BEGIN", shards.sql(sql), "SHOW search_path", "ROLLBACK", "SHOW search_path", "RESET search_path");
    }

    @ParameterizedTest
    @ValueSource(strings = {"COMMIT", "ROLLBACK", "ROLLBACK TO s"})
    void namesAreNotTakenForThoseOfASearchPathThatEndsInTheString(String end) {
        for (String table : List.of("t WHERE id = $0", "t")) {
            twins.query("BEGIN", "SAVEPOINT s", "SET LOCAL search_path = other");
            twins.query(shards.sql(end + "; SELECT count(*) FROM " + table), "ROLLBACK");
        }
        twins.query("BEGIN", shards.sql("ROLLBACK; SELECT v FROM t WHERE id = $0"));
    }

    @Test
    void nothingIsReadBehindAFunctionThatHasMovedTheSearchPath() {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            for (String sql :
                    List.of("SELECT v FROM t WHERE id = $0", "SELECT v FROM t WHERE id = $0; SELECT 1 FROM t")) {
                List<BackendMessage> answer = client.query(shards.sql("SELECT move(); " + sql));
                assertEquals("0A000", answer.get(answer.size() - 2).sqlState(), answer::toString);
            }
        }
    }

    @Test
    void queriesSentAheadAreAnsweredInOrder() {
        String sql = shards.sql("UPDATE t SET v = v || '+' WHERE id = $0; UPDATE t SET v = v || '-' WHERE id = $1");
        String wrong = shards.sql("UPDATE t SET v = 'a' WHERE id = $0; SELECT 1 / 0 FROM t WHERE id = $1; SELECT 2");
        for (int i = 0; i < 20; i++) {
            twins.send(FrontendMessages.query(i % 3 == 1 ? wrong : sql), FrontendMessages.query("SELECT 1"));
        }
        for (int i = 0; i < 40; i++) {
            twins.same();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "DELETE FROM t WHERE id = $0; COPY t FROM STDIN; DELETE FROM t WHERE id = $1",
                "SELECT v FROM t WHERE id = $0; DELETE FROM t WHERE id = $1; BEGIN; DELETE FROM t WHERE id = $0",
                "DELETE FROM t WHERE id = $0; DELETE FROM t WHERE id = $1; COMMIT",
                "SELECT v FROM t WHERE id = $0; ALTER TABLE t ADD COLUMN w int",
                "SELECT v FROM t WHERE id = $0; CREATE TABLE made AS SELECT * FROM t",
                "DELETE FROM t WHERE id = $0; SET client_encoding = 'SJIS'; DELETE FROM t WHERE id = $1"
            })
    void whatIsRefusedIsRefusedBeforeAnythingRuns(String sql) {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            List<BackendMessage> answer = client.query(shards.sql(sql));
            assertEquals("0A000", answer.get(0).sqlState(), answer::toString);
            assertEquals(2, answer.size());
            List<String> rows = Twins.lines(client.query("SELECT count(*) FROM t"));
            assertTrue(rows.get(1).endsWith("20"), rows::toString);
        }
    }
}
