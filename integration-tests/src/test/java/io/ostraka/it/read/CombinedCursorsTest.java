package io.ostraka.it.read;

import static io.ostraka.it.harness.FrontendMessages.query;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.Differential;
import io.ostraka.it.harness.FrontendMessages;
import io.ostraka.it.harness.Protocol;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Cursors whose rows the combiner puts together: PostgreSQL's own, on a connection beside the transaction. */
class CombinedCursorsTest {
    private static final String COUNTED = "SELECT i2, count(*) AS n, min(t) FROM thing GROUP BY i2 ORDER BY i2";

    private TestCluster cluster;

    @BeforeEach
    void fill() throws SQLException {
        cluster = Bazaar.filled();
    }

    private void checkOrdered(String... statements) {
        try (Differential both = cluster.differential(Protocol.SIMPLE)) {
            both.checkOrdered(statements);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT count(*) FROM thing",
                "SELECT i2, count(*) AS n, min(t) FROM thing GROUP BY i2 ORDER BY i2",
                "SELECT a.id, b.no FROM thing a JOIN part b ON a.id = b.no ORDER BY a.id, b.thing_id",
                "SELECT DISTINCT mood FROM thing ORDER BY mood DESC NULLS LAST",
                "SELECT id, row_number() OVER (ORDER BY id DESC) FROM thing ORDER BY id LIMIT 11",
                "SELECT total FROM renamed r JOIN totals t ON r.number = t.total ORDER BY total, total::text COLLATE \"C\"",
            })
    void rowsComeInStepsAndBackWithScroll(String sql) {
        for (String kind : List.of("NO SCROLL CURSOR", "SCROLL CURSOR", "INSENSITIVE CURSOR WITHOUT HOLD")) {
            checkOrdered(
                    "BEGIN",
                    "DECLARE c " + kind + " FOR " + sql,
                    "FETCH c",
                    "FETCH 3 FROM c",
                    "MOVE 1 IN c",
                    "FETCH FORWARD 2 FROM c",
                    "FETCH FORWARD ALL IN c",
                    "FETCH c",
                    "MOVE ALL c",
                    "CLOSE c",
                    "FETCH c",
                    "ROLLBACK");
        }
        checkOrdered(
                "BEGIN",
                "DECLARE c SCROLL CURSOR FOR " + sql,
                "FETCH LAST FROM c",
                "FETCH PRIOR FROM c",
                "FETCH FIRST c",
                "FETCH ABSOLUTE 3 FROM c",
                "FETCH RELATIVE -1 c",
                "FETCH 0 FROM c",
                "MOVE LAST c",
                "FETCH BACKWARD ALL FROM c",
                "FETCH ABSOLUTE -1 FROM c",
                "COMMIT");
    }

    @Test
    void rowsThatShardsCouldMergeGoBackWithScroll() {
        checkOrdered(
                "BEGIN",
                "DECLARE c SCROLL CURSOR FOR SELECT id, t, n, mood, ts FROM thing ORDER BY id",
                "FETCH 5 FROM c",
                "FETCH BACKWARD 2 FROM c",
                "FETCH LAST FROM c",
                "FETCH BACKWARD 3 FROM c",
                "FETCH ABSOLUTE 10 FROM c",
                "COMMIT",
                "BEGIN",
                "DECLARE c SCROLL CURSOR FOR SELECT id FROM thing WHERE id = 7",
                "FETCH LAST FROM c",
                "FETCH BACKWARD 2 FROM c",
                "COMMIT");
    }

    @Test
    void binaryCursorsGiveBinaryRows() {
        checkOrdered(
                "BEGIN",
                "DECLARE c BINARY CURSOR FOR " + COUNTED,
                "FETCH 3 FROM c",
                "DECLARE d BINARY SCROLL CURSOR FOR SELECT id, n, ts FROM thing ORDER BY id",
                "FETCH 3 FROM d",
                "FETCH BACKWARD 1 FROM d",
                "COMMIT");
    }

    @Test
    void aCursorThatOnlyGoesForwardSaysSoAndCannotBeRunAgain() {
        checkOrdered(
                "BEGIN",
                "DECLARE c NO SCROLL CURSOR FOR " + COUNTED,
                "SAVEPOINT s",
                "FETCH 2 FROM c",
                "FETCH BACKWARD 1 FROM c",
                "FETCH 2 FROM c",
                "ROLLBACK TO s",
                "FETCH 2 FROM c",
                "ROLLBACK TO s",
                "CLOSE c",
                "DECLARE c NO SCROLL CURSOR FOR " + COUNTED,
                "FETCH 2 FROM c",
                "COMMIT");
    }

    @Test
    void errorsAreAtTheirPlacesAndEndTheTransaction() {
        checkOrdered(
                "BEGIN",
                "DECLARE c CURSOR FOR SELECT count(nothing) FROM thing",
                "FETCH c",
                "ROLLBACK",
                "DECLARE c CURSOR FOR SELECT count(*) FROM thing",
                "BEGIN",
                "DECLARE c CURSOR FOR SELECT 1 / (count(*) - 60) FROM thing",
                "SAVEPOINT s",
                "FETCH c",
                "ROLLBACK TO s",
                "FETCH c",
                "ROLLBACK",
                "BEGIN",
                "DECLARE c CURSOR FOR SELECT count(*) FROM thing",
                "DECLARE c CURSOR FOR SELECT count(*) FROM part",
                "ROLLBACK");
    }

    @Test
    void savepointsEndWhatWasDeclaredSince() {
        checkOrdered(
                "BEGIN",
                "DECLARE a CURSOR FOR " + COUNTED,
                "SAVEPOINT s",
                "DECLARE b CURSOR FOR " + COUNTED,
                "FETCH 1 FROM a",
                "FETCH 1 FROM b",
                "ROLLBACK TO s",
                "FETCH 1 FROM a",
                "SAVEPOINT t",
                "DECLARE d CURSOR FOR " + COUNTED,
                "RELEASE t",
                "FETCH 1 FROM d",
                "FETCH 1 FROM b",
                "ROLLBACK TO s",
                "FETCH 1 FROM d",
                "ROLLBACK");
    }

    @Test
    void aCursorSeesWhatWasWrittenBeforeItAndNotAfter() {
        checkOrdered(
                "BEGIN",
                "UPDATE thing SET no2 = 1 WHERE id <= 10",
                "DECLARE c CURSOR FOR SELECT no2, count(*) FROM thing WHERE no2 = 1 OR no2 = 2 GROUP BY no2 ORDER BY no2",
                "UPDATE thing SET no2 = 2 WHERE id <= 20",
                "FETCH ALL FROM c",
                "DECLARE d CURSOR FOR SELECT no2, count(*) FROM thing WHERE no2 = 1 OR no2 = 2 GROUP BY no2 ORDER BY no2",
                "FETCH ALL FROM d",
                "ROLLBACK",
                "BEGIN",
                "DECLARE c CURSOR FOR SELECT count(*) FROM thing",
                "UPDATE thing SET no2 = no2 WHERE id <= 20",
                "FETCH ALL FROM c",
                "COMMIT",
                "SELECT count(*) FROM thing");
    }

    @Test
    void rowsAreShownAsTheSettingsOfTheMomentSay() {
        String times = "SELECT max(tstz), min(by), count(*) FROM thing WHERE isfinite(tstz) GROUP BY i2 ORDER BY i2";
        checkOrdered(
                "BEGIN",
                "SET LOCAL DateStyle = 'German'",
                "DECLARE c SCROLL CURSOR FOR " + times,
                "FETCH 1 FROM c",
                "SAVEPOINT s",
                "SET LOCAL TIME ZONE 'Asia/Tokyo'",
                "FETCH FIRST FROM c",
                "SET LOCAL bytea_output = 'escape'",
                "FETCH NEXT FROM c",
                "FETCH FIRST FROM c",
                "ROLLBACK TO s",
                "FETCH FIRST FROM c",
                "COMMIT",
                "BEGIN",
                "DECLARE c SCROLL CURSOR FOR " + times,
                "SET TIME ZONE 'America/New_York'",
                "FETCH 1 FROM c",
                "FETCH ALL FROM c",
                "ROLLBACK");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT i2, count(*), max(tstz) FROM thing WHERE isfinite(tstz) GROUP BY i2 ORDER BY i2",
                "SELECT id, tstz FROM thing ORDER BY id LIMIT 7",
                "SELECT no, thing_id FROM part WHERE thing_id = 7 ORDER BY no",
                "SELECT code FROM country ORDER BY code"
            })
    void whatIsDeclaredWithHoldOutlivesItsTransaction(String sql) {
        checkOrdered(
                "BEGIN",
                "DECLARE c SCROLL CURSOR WITH HOLD FOR " + sql,
                "FETCH 1 FROM c",
                "SAVEPOINT s",
                "DECLARE d CURSOR WITH HOLD FOR " + sql,
                "ROLLBACK TO s",
                "FETCH 1 FROM d",
                "ROLLBACK TO s",
                "COMMIT",
                "FETCH 1 FROM c",
                "SET TIME ZONE 'Asia/Tokyo'",
                "FETCH FIRST FROM c",
                "BEGIN",
                "SET LOCAL TIME ZONE 'America/New_York'",
                "FETCH FIRST FROM c",
                "FETCH 1 FROM c",
                "ROLLBACK",
                "FETCH ALL FROM c",
                "FETCH BACKWARD 2 FROM c",
                "CLOSE c",
                "FETCH c",
                "DECLARE c CURSOR WITH HOLD FOR " + sql,
                "DECLARE c CURSOR WITH HOLD FOR " + sql,
                "FETCH 1 FROM c",
                "BEGIN",
                "DECLARE e CURSOR WITH HOLD FOR " + sql,
                "ROLLBACK",
                "FETCH e",
                "FETCH 1 FROM c",
                "CLOSE ALL",
                "FETCH c",
                "DECLARE c CURSOR WITH HOLD FOR " + sql,
                "DISCARD ALL",
                "FETCH c",
                "DECLARE c CURSOR WITH HOLD FOR SELECT 1 / (count(*) - 60) FROM thing",
                "FETCH c",
                "SELECT count(*) FROM thing");
    }

    @Test
    void aTransactionThatWroteOnSeveralShardsCommitsWithItsCursorWithHold() {
        checkOrdered(
                "BEGIN",
                "UPDATE thing SET no2 = 5 WHERE id <= 40",
                "DECLARE c CURSOR WITH HOLD FOR SELECT no2, count(*) FROM thing GROUP BY no2 ORDER BY no2 NULLS FIRST",
                "COMMIT",
                "FETCH ALL FROM c",
                "CLOSE c",
                "UPDATE thing SET no2 = NULL WHERE no2 = 5");
    }

    @Test
    void aCancelledOrLostOneEndsTheTransactionAndNoMore() throws SQLException {
        String sleeping = "DECLARE c CURSOR FOR SELECT pg_sleep(count(*))::text FROM thing";
        for (boolean isLost : List.of(false, true)) {
            try (WireClient client = WireClient.login(cluster.proxy())) {
                client.query("BEGIN");
                assertEquals(Optional.empty(), state(client.query(sleeping)));
                client.send(query("FETCH c"));
                Await.until("the combiner sleeps", () -> count("pg_stat_activity WHERE wait_event = 'PgSleep'") > 0);
                if (isLost) {
                    cluster.onShard(
                            "s0",
                            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
                } else {
                    WireClient other = WireClient.connect(cluster.proxy());
                    other.send(FrontendMessages.cancelRequest(client.backendKeyData()));
                    other.untilClosed();
                    other.close();
                }
                assertEquals(Optional.of(isLost ? "08006" : "57014"), state(client.untilReady()));
                assertEquals(Optional.of("25P02"), state(client.query("FETCH c")));
                client.query("ROLLBACK");
                assertEquals(Optional.empty(), state(client.query("SELECT count(*) FROM thing")));
            }
        }
    }

    @Test
    void whatACursorHasUsedIsGivenBack() throws SQLException {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            for (String end : List.of("CLOSE c", "COMMIT", "ROLLBACK")) {
                for (int i = 0; i < 10; i++) {
                    client.query("BEGIN");
                    client.query("DECLARE c CURSOR FOR " + COUNTED);
                    client.query("FETCH 1 FROM c");
                    assertEquals(Optional.empty(), state(client.query(end)));
                    client.query("COMMIT");
                }
            }
            client.query("BEGIN");
            client.query("DECLARE c CURSOR FOR " + COUNTED);
            client.query("DECLARE d CURSOR WITH HOLD FOR " + COUNTED);
            assertTrue(count("pg_stat_activity WHERE state = 'idle in transaction'") > 1);
        }
        Await.until("no temporary table is left", () -> count("pg_class WHERE relname LIKE 'ostraka\\_%'") == 0);
        Await.until("no cursor is left", () -> count("pg_stat_activity WHERE state = 'idle in transaction'") == 0);
    }

    @Test
    void aClientThatReadsSlowlyGetsThemAll() throws SQLException {
        String numbers = "SELECT id, repeat('x', 2000) AS filler, count(*) OVER ()"
                + " FROM thing, country a, country b, country c, country d, country e";
        try (WireClient client = WireClient.login(cluster.proxy())) {
            client.query("BEGIN");
            client.query("DECLARE c CURSOR FOR " + numbers);
            client.send(query("FETCH ALL FROM c"));
            Await.until(
                    "the combiner waits for the proxy, which waits for the client",
                    () -> count("pg_stat_activity WHERE wait_event = 'ClientWrite'") > 0);
            long rows = client.untilReady().stream()
                    .filter(message -> message.type() == 'D')
                    .count();
            assertEquals(60 * 1024, rows);
            client.query("COMMIT");
        }
    }

    private static Optional<String> state(List<BackendMessage> answer) {
        return answer.stream()
                .filter(message -> message.type() == 'E')
                .map(BackendMessage::sqlState)
                .findFirst();
    }

    /** On the combiner. */
    private long count(String from) throws SQLException {
        try (Connection shard = cluster.shard("s0").connect();
                Statement asking = shard.createStatement();
                ResultSet counted = asking.executeQuery("SELECT count(*) FROM " + from)) {
            counted.next();
            return counted.getLong(1);
        }
    }
}
