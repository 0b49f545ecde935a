package io.ostraka.it.session;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.FrontendMessages;
import io.ostraka.it.harness.TestCluster;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One shard through Query messages, against the same script on a plain server. */
@ExtendWith(NoLeaks.class)
class SimpleProtocolTest {
    static final ClusterSpec SPEC = ClusterSpec.shards(1)
            .withDdl("CREATE TABLE t (id int PRIMARY KEY, v text);"
                    + "CREATE FUNCTION noisy(what text) RETURNS int LANGUAGE plpgsql AS"
                    + " $$ BEGIN RAISE NOTICE 'it says %', what; RAISE WARNING 'twice'; RETURN 1; END $$;"
                    + "CREATE PROCEDURE commits() LANGUAGE plpgsql AS"
                    + " $$ BEGIN INSERT INTO t VALUES (100, 'x'); COMMIT; INSERT INTO t VALUES (101, 'y'); END $$");

    private final TestCluster cluster = TestCluster.of(SPEC);
    private Twins twins;

    @BeforeEach
    void connect() throws SQLException {
        cluster.empty();
        cluster.everywhere("INSERT INTO t VALUES (1, 'one'), (2, 'two'), (3, NULL)");
        twins = new Twins(cluster);
    }

    @AfterEach
    void disconnect() {
        twins.close();
    }

    @Test
    void rowsComeAsTheyAre() {
        List<String> answer = twins.query("SELECT id, v FROM t ORDER BY id");
        assertEquals(6, answer.size());
        twins.query("SELECT", "SELECT FROM t", "VALUES (1, 'a'), (2, NULL)", "TABLE t", "SHOW server_version");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", ";", ";;; ;", "-- nothing", "/* a /* nested */ comment */", " ; -- a\n ; "})
    void anEmptyQueryHasItsOwnAnswer(String sql) {
        assertEquals(List.of("I ", "Z I"), twins.query(sql));
        twins.query("BEGIN");
        assertEquals(List.of("I ", "Z T"), twins.query(sql));
        twins.query("SELECT 1/0");
        assertEquals(List.of("I ", "Z E"), twins.query(sql));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT 1; SELECT 2",
                "SELECT 1;; SELECT 2;",
                "INSERT INTO t VALUES (7, 'x'); SELECT 1/0; INSERT INTO t VALUES (8, 'x')",
                "INSERT INTO t VALUES (7, 'x'); SELECT * FROM nowhere; INSERT INTO t VALUES (8, 'x')",
                "INSERT INTO t VALUES (7, 'x'); SELEC 1",
                "BEGIN; INSERT INTO t VALUES (7, 'x'); COMMIT",
                "BEGIN; INSERT INTO t VALUES (7, 'x'); ROLLBACK; SELECT 1",
                "INSERT INTO t VALUES (7, 'x'); BEGIN; INSERT INTO t VALUES (8, 'x')",
                "INSERT INTO t VALUES (7, 'x'); COMMIT; SELECT 1/0",
                "INSERT INTO t VALUES (7, 'x'); ROLLBACK; INSERT INTO t VALUES (8, 'x')",
                "BEGIN; SELECT 1/0; COMMIT",
                "BEGIN; BEGIN; COMMIT; COMMIT",
                "BEGIN; SAVEPOINT a; INSERT INTO t VALUES (7, 'x'); ROLLBACK TO a; COMMIT",
                "SAVEPOINT a; SELECT 1",
                "SET work_mem = '5MB'; SELECT current_setting('work_mem')",
                "SET work_mem = '5MB'; SELECT 1/0",
                "SET work_mem = '5MB'; COMMIT; SELECT 1/0",
                "BEGIN; SET work_mem = '5MB'; SET LOCAL lock_timeout = '7s'",
                "SHOW work_mem; RESET work_mem; SHOW work_mem",
                "SELECT noisy('a'); SELECT noisy('b')",
                "VALUES (1); ; VALUES (2); -- end"
            })
    void aStringOfSeveralStatementsIsOneTransaction(String sql) {
        twins.query("SET work_mem = '3MB'");
        twins.query(sql);
        twins.query("SELECT count(*) FROM t", "SHOW work_mem", "SHOW lock_timeout", "COMMIT");
        twins.query("SELECT * FROM t ORDER BY id", "SHOW work_mem", "SHOW lock_timeout");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT 1/0",
                "SELECT nothing FROM t",
                "SELECT * FROM nowhere",
                "INSERT INTO t VALUES (1, 'again')",
                "SELECT 'a'::int",
                "SELECT noisy(1, 2)",
                "CREATE TABLE t (id int)",
                "DROP TABLE nowhere",
                "SET no_such_setting = 1",
                "SET work_mem = 'much'",
                "SHOW no_such_setting",
                "DO $$ BEGIN RAISE EXCEPTION 'mine' USING ERRCODE = 'P0042', DETAIL = 'd', HINT = 'h'; END $$",
                "SELECT pg_catalog.pg_sleep('x')"
            })
    void anErrorHasAllItsFields(String sql) {
        List<String> answer = twins.query(sql);
        assertTrue(answer.get(answer.size() - 2).startsWith("E "), () -> "no error: " + answer);
        twins.query("BEGIN", sql, "SELECT 1", "COMMIT", "SELECT 1");
    }

    @Test
    void aSyntaxErrorIsOneWithAPosition() {
        assertTrue(twins.query("SELEC 1").get(0).contains("P=1"));
        twins.query("SELECT 1 FROM FROM", "SELECT (1", "SELECT 'open", "SELECT \"", "SELECT $x$", "/* open");
        twins.query("BEGIN", "SELEC 1", "SELECT 1", "ROLLBACK");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "BEGIN|COMMIT",
                "START TRANSACTION|END",
                "begin work|abort",
                "BEGIN ISOLATION LEVEL SERIALIZABLE, READ ONLY, DEFERRABLE|SHOW transaction_isolation|"
                        + "INSERT INTO t VALUES (9, 'x')|COMMIT",
                "BEGIN TRANSACTION READ ONLY|SHOW transaction_read_only|COMMIT",
                "BEGIN|BEGIN|COMMIT",
                "BEGIN|START TRANSACTION READ ONLY|SHOW transaction_read_only|INSERT INTO t VALUES (9, 'x')|COMMIT",
                "BEGIN|SELECT 1|BEGIN READ ONLY|INSERT INTO t VALUES (9, 'x')|COMMIT",
                "BEGIN|BEGIN ISOLATION LEVEL SERIALIZABLE|SHOW transaction_isolation|COMMIT|SHOW transaction_isolation",
                "BEGIN|SELECT 1|begin/* a */isolation level serializable|SELECT 1|COMMIT",
                "BEGIN|SELECT 1; BEGIN READ ONLY|INSERT INTO t VALUES (9, 'x')|COMMIT",
                "COMMIT|ROLLBACK|END|ABORT",
                "COMMIT AND CHAIN|ROLLBACK AND CHAIN",
                "BEGIN ISOLATION LEVEL REPEATABLE READ|INSERT INTO t VALUES (9, 'x')|COMMIT AND CHAIN|"
                        + "SHOW transaction_isolation|INSERT INTO t VALUES (10, 'x')|ROLLBACK AND CHAIN|"
                        + "SHOW transaction_isolation|COMMIT AND NO CHAIN|SHOW transaction_isolation",
                "BEGIN|SET TRANSACTION ISOLATION LEVEL REPEATABLE READ|COMMIT AND CHAIN|SHOW transaction_isolation|"
                        + "SET LOCAL work_mem = '9MB'|COMMIT AND CHAIN|SHOW transaction_isolation|SHOW work_mem|COMMIT",
                "BEGIN|SET transaction_isolation = 'serializable'|SET TRANSACTION READ ONLY|ROLLBACK AND CHAIN|"
                        + "SHOW transaction_isolation|SHOW transaction_read_only|COMMIT",
                "BEGIN|SELECT 1/0|SELECT 1|COMMIT",
                "BEGIN|SELECT 1/0|BEGIN|SAVEPOINT a|ROLLBACK",
                "BEGIN|SELECT 1/0|COMMIT AND CHAIN|SELECT 1|COMMIT",
                "BEGIN|SELECT 1/0|RELEASE a|SET work_mem = '1MB'|SHOW work_mem|DISCARD ALL|DEALLOCATE ALL|"
                        + "ROLLBACK TO a|ROLLBACK",
                "SAVEPOINT a|RELEASE a|ROLLBACK TO a",
                "BEGIN|SAVEPOINT a|INSERT INTO t VALUES (9, 'x')|ROLLBACK TO a|INSERT INTO t VALUES (9, 'y')|"
                        + "RELEASE a|COMMIT",
                "BEGIN|SAVEPOINT a|SELECT 1/0|ROLLBACK TO SAVEPOINT a|SELECT 1|SELECT 1/0|ROLLBACK TO a|COMMIT",
                "BEGIN|SAVEPOINT a|SAVEPOINT b|RELEASE a|ROLLBACK TO b|ROLLBACK TO a|ROLLBACK",
                "BEGIN|SAVEPOINT a|SAVEPOINT a|INSERT INTO t VALUES (9, 'x')|RELEASE a|ROLLBACK TO a|COMMIT",
                "BEGIN|SAVEPOINT \"A b\"|ROLLBACK TO \"A b\"|RELEASE \"A b\"|RELEASE \"A b\"|COMMIT",
                "BEGIN|ROLLBACK TO nothing|COMMIT",
                "BEGIN|RELEASE nothing|SELECT 1|ROLLBACK",
                "BEGIN|SET TRANSACTION ISOLATION LEVEL REPEATABLE READ|SHOW transaction_isolation|COMMIT",
                "BEGIN|SELECT 1|SET TRANSACTION ISOLATION LEVEL SERIALIZABLE|COMMIT",
                "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE|SHOW transaction_isolation",
                "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ|BEGIN|"
                        + "SHOW transaction_isolation|COMMIT|SHOW default_transaction_isolation",
                "SET LOCAL work_mem = '9MB'|SHOW work_mem",
                "BEGIN|SET LOCAL work_mem = '9MB'|SHOW work_mem|COMMIT|SHOW work_mem",
                "BEGIN|SET work_mem = '9MB'|ROLLBACK|SHOW work_mem",
                "BEGIN|SET work_mem = '9MB'|COMMIT|SHOW work_mem",
                "BEGIN|SET work_mem = '9MB'|SAVEPOINT a|SET work_mem = '10MB'|ROLLBACK TO a|SHOW work_mem|COMMIT|"
                        + "SHOW work_mem",
                "BEGIN|SAVEPOINT a|SET work_mem = '9MB'|ROLLBACK TO a|SHOW work_mem|COMMIT|SHOW work_mem",
                "SET work_mem = '9MB'|BEGIN|RESET work_mem|ROLLBACK|SHOW work_mem",
                "SET work_mem = '9MB'|SET lock_timeout = '9s'|RESET ALL|SHOW work_mem|SHOW lock_timeout",
                "SET work_mem = '9MB'|SET work_mem TO DEFAULT|SHOW work_mem",
                "SET TIME ZONE 'Asia/Tokyo'|SHOW timezone|SELECT '2020-01-01 00:00+00'::timestamptz|RESET TIME ZONE",
                "SET NAMES 'UTF8'|SHOW client_encoding",
                "SET search_path = nowhere|SELECT * FROM t|RESET search_path|SELECT count(*) FROM t",
                "SET application_name = 'a ''b'|SHOW application_name",
                "DISCARD ALL|DISCARD PLANS|DISCARD SEQUENCES|DISCARD TEMP",
                "BEGIN|DISCARD ALL|ROLLBACK",
                "DEALLOCATE ALL|DEALLOCATE nothing",
                "SET CONSTRAINTS ALL DEFERRED|BEGIN|SET CONSTRAINTS ALL DEFERRED|COMMIT",
                "CALL commits()|SELECT count(*) FROM t",
                "BEGIN|CALL commits()|COMMIT|SELECT count(*) FROM t",
                "SELECT noisy('hello')|BEGIN|SELECT noisy('x')|COMMIT",
                "BEGIN|DECLARE c CURSOR FOR SELECT id FROM t ORDER BY id|FETCH 2 FROM c|MOVE 1 FROM c|FETCH 1 FROM c|"
                        + "CLOSE c|FETCH 1 FROM c|COMMIT",
                "BEGIN|LOCK TABLE t|COMMIT|LOCK TABLE t",
                "EXPLAIN (COSTS OFF) SELECT * FROM t|EXPLAIN (COSTS OFF) SELECT * FROM nowhere",
                "CREATE TABLE made (a int)|INSERT INTO made VALUES (1)|DROP TABLE made",
                "BEGIN|CREATE TABLE made (a int)|ROLLBACK|SELECT * FROM made"
            })
    void commandsAnswerAsOnTheServer(String script) {
        twins.query(script.split("\\|", -1));
        twins.query("ROLLBACK", "SELECT * FROM t ORDER BY id", "SHOW work_mem", "SHOW transaction_isolation");
    }

    @Test
    void aNotificationReachesTheListener() {
        assertEquals(List.of("C LISTEN\0", "Z I"), twins.query("LISTEN news"));
        List<String> own = twins.query("NOTIFY news, 'from myself'");
        assertTrue(own.stream().anyMatch(line -> line.equals("A news\0from myself\0")), own::toString);
        try (Twins other = new Twins(cluster)) {
            other.query("NOTIFY news, 'from another'");
        }
        assertEquals(List.of("A news\0from another\0"), twins.sameUpTo('A'));
        twins.query("SELECT 1", "UNLISTEN news", "NOTIFY news", "SELECT 1");
    }

    @Test
    void copyInTakesRowsAndCopyOutGivesThem() {
        twins.send(FrontendMessages.query("COPY t FROM STDIN"));
        assertEquals('G', twins.sameUpTo('G').get(0).charAt(0));
        assertEquals(
                List.of("C COPY 2\0", "Z I"),
                twins.exchange(data("10\tten\n11\t\\N\n"), FrontendMessages.raw('c', none())));
        List<String> out = twins.query("COPY t TO STDOUT");
        assertEquals(9, out.size());
        twins.query("COPY (SELECT 1 WHERE false) TO STDOUT", "SELECT count(*) FROM t");
    }

    @Test
    void aCopyThatFailsLeavesNothing() {
        for (String rows : List.of("10\tten\nx\ty\n", "10\n", "1\tagain\n")) {
            twins.send(FrontendMessages.query("COPY t FROM STDIN"));
            twins.sameUpTo('G');
            twins.send(data(rows), data("12\tlater\n"), FrontendMessages.raw('c', none()));
            List<String> answer = twins.same();
            assertTrue(answer.get(0).startsWith("E "), answer::toString);
            twins.query("SELECT count(*) FROM t");
        }
    }

    @Test
    void theClientCanBreakACopyOff() {
        twins.send(FrontendMessages.query("COPY t FROM STDIN"));
        twins.sameUpTo('G');
        List<String> answer =
                twins.exchange(data("10\tten\n"), FrontendMessages.raw('f', "changed my mind\0".getBytes(US_ASCII)));
        assertTrue(answer.get(0).contains("changed my mind"), answer::toString);
        twins.query("SELECT count(*) FROM t");
    }

    @Test
    void aQueryDuringACopyEndsTheSession() {
        twins.send(FrontendMessages.query("COPY t FROM STDIN"));
        twins.sameUpTo('G');
        twins.send(data("10\tten\n"), FrontendMessages.query("SELECT 5"));
        List<String> answer = twins.sameUntilClosed();
        assertTrue(answer.get(0).startsWith("E "), answer::toString);
    }

    @Test
    void syncAndFlushDuringACopyMeanNothing() {
        twins.send(FrontendMessages.query("COPY t FROM STDIN"));
        twins.sameUpTo('G');
        twins.exchange(
                FrontendMessages.sync(),
                data("10\tten\n"),
                FrontendMessages.flush(),
                FrontendMessages.raw('c', none()));
        twins.query("SELECT count(*) FROM t");
    }

    @Test
    void copyAmongOtherStatementsOfAString() {
        twins.send(FrontendMessages.query(
                "SELECT 1; COPY t FROM STDIN; SELECT count(*) FROM t; COPY t FROM STDIN; SELECT 2"));
        twins.sameUpTo('G');
        twins.send(data("10\tten\n"), FrontendMessages.raw('c', none()));
        twins.sameUpTo('G');
        twins.exchange(data("11\televen\n"), FrontendMessages.raw('c', none()));
        twins.query("SELECT count(*) FROM t");
    }

    @Test
    void copyDataOutsideACopyIsThrownAway() {
        twins.send(data("10\tten\n"), FrontendMessages.raw('c', none()));
        twins.query("SELECT count(*) FROM t");
    }

    @Test
    void copyOfManyRowsArrivesWhole() {
        twins.send(FrontendMessages.query("COPY t FROM STDIN"));
        twins.sameUpTo('G');
        StringBuilder rows = new StringBuilder();
        for (int i = 1000; i < 21_000; i++) {
            rows.append(i).append("\tvalue ").append(i).append('\n');
            if (i % 500 == 0) {
                twins.send(data(rows.toString()));
                rows.setLength(0);
            }
        }
        twins.exchange(data(rows.toString()), FrontendMessages.raw('c', none()));
        twins.query("SELECT count(*), sum(id), md5(string_agg(v, ',' ORDER BY id)) FROM t", "COPY t TO STDOUT");
    }

    @Test
    void aResultLargerThanAnyBufferArrivesWhole() {
        twins.query("SELECT repeat('x', 3000000), repeat('y', 70000) FROM generate_series(1, 3)");
        twins.query("SELECT i, repeat('z', i % 300) FROM generate_series(1, 20000) AS i");
    }

    @Test
    void queriesSentAheadAreAnsweredInOrder() {
        byte[][] ahead = new byte[100][];
        for (int i = 0; i < ahead.length; i++) {
            ahead[i] = FrontendMessages.query(i % 7 == 0 ? "SELECT 1/0" : i % 5 == 0 ? "" : "SELECT " + i);
        }
        twins.send(ahead);
        for (int i = 0; i < ahead.length; i++) {
            twins.same();
        }
    }

    @Test
    void whatIsNoMessageEndsTheSession() {
        twins.send(FrontendMessages.raw('?', none()));
        List<String> answer = twins.sameUntilClosed();
        assertTrue(answer.get(0).contains("C=08P01"), answer::toString);
    }

    @Test
    void aFunctionIsCalledByItsOid() {
        // int4pl has been 177 for ever
        byte[] call = FrontendMessages.raw('F', new byte[] {
            0, 0, 0, (byte) 177, 0, 1, 0, 1, 0, 2, 0, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0, 4, 0, 0, 0, 6, 0, 1
        });
        assertEquals(List.of("V \0\0\0\4\0\0\0\13", "Z I"), twins.exchange(call));
        twins.query("BEGIN");
        twins.exchange(call);
        twins.query("SELECT 1/0");
        twins.exchange(call);
        twins.query("ROLLBACK");
    }

    private static byte[] data(String rows) {
        return FrontendMessages.raw('d', rows.getBytes(UTF_8));
    }

    private static byte[] none() {
        return new byte[0];
    }
}
