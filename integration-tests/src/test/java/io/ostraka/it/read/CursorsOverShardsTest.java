package io.ostraka.it.read;

import static io.ostraka.it.harness.FrontendMessages.bind;
import static io.ostraka.it.harness.FrontendMessages.describePortal;
import static io.ostraka.it.harness.FrontendMessages.execute;
import static io.ostraka.it.harness.FrontendMessages.parse;
import static io.ostraka.it.harness.FrontendMessages.query;
import static io.ostraka.it.harness.FrontendMessages.sync;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.Differential;
import io.ostraka.it.harness.Protocol;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import io.ostraka.it.session.Twins;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** DECLARE, FETCH, MOVE and CLOSE of cursors over shards, and of those on one of several. */
class CursorsOverShardsTest {
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
                "SELECT 1 / (id - id) FROM thing",
                "SELECT 1 / (id - id), id FROM thing ORDER BY id",
                "SELECT id FROM thing WHERE id > 1000",
                "SELECT id FROM thing WHERE id > 1000 ORDER BY id",
                "SELECT id FROM thing WHERE id IN (1, 2) ORDER BY id",
            })
    void columnsAreToldWhenThereIsARowOrNone(String query) {
        List<String> types = new ArrayList<>();
        for (WireClient client : List.of(WireClient.login(cluster.reference()), WireClient.login(cluster.proxy()))) {
            try (client) {
                client.query("BEGIN");
                client.query("DECLARE c CURSOR FOR " + query);
                types.add(types(client.query("FETCH 3 FROM c")));
            }
        }
        assertEquals(types.get(0), types.get(1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"FETCH ALL FROM c", "FETCH 60 FROM c", "MOVE ALL FROM c"})
    void noRowComesBeforeAnErrorOfTheSameFetch(String fetch) {
        List<String> types = new ArrayList<>();
        for (WireClient client : List.of(WireClient.login(cluster.reference()), WireClient.login(cluster.proxy()))) {
            try (client) {
                client.query("BEGIN");
                client.query("DECLARE c CURSOR FOR SELECT 1 / (id - 30) FROM thing");
                client.query("SAVEPOINT s");
                String simple = types(client.query(fetch));
                client.query("ROLLBACK TO s");
                client.query("CLOSE c");
                client.query("DECLARE c CURSOR FOR SELECT 1 / (id - 30) FROM thing");
                client.send(
                        parse("", fetch), bind("", "", List.of(), false), describePortal(""), execute("", 0), sync());
                types.add(simple + " " + types(client.untilReady()));
            }
        }
        assertEquals(types.get(0), types.get(1));
    }

    private static String types(List<BackendMessage> answer) {
        return answer.stream().map(message -> String.valueOf(message.type())).collect(Collectors.joining());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT id, t, n FROM thing ORDER BY id",
                "SELECT id FROM thing ORDER BY i4 DESC NULLS LAST, id",
                "SELECT n AS x FROM thing ORDER BY d NULLS FIRST, id DESC",
                "SELECT id, doc FROM thing ORDER BY id LIMIT 17 OFFSET 5",
                "SELECT id FROM thing WHERE id > 1000 ORDER BY id",
            })
    void rowsInOrderComeInSteps(String query) {
        checkOrdered(
                "BEGIN",
                "DECLARE c NO SCROLL CURSOR FOR " + query,
                "FETCH c",
                "FETCH NEXT FROM c",
                "FETCH 3 FROM c",
                "MOVE 2 IN c",
                "FETCH FORWARD 4 FROM c",
                "MOVE c",
                "FETCH FORWARD ALL IN c",
                "FETCH c",
                "FETCH ALL c",
                "MOVE ALL c",
                "CLOSE c",
                "COMMIT");
    }

    @Test
    void rowsInAnyOrderAreAllThereOnce() {
        try (Differential both = cluster.differential(Protocol.SIMPLE)) {
            both.check(
                    "BEGIN",
                    "DECLARE c CURSOR FOR SELECT id, t, mood, tags FROM thing",
                    "FETCH ALL FROM c",
                    "FETCH ALL FROM c",
                    "DECLARE d CURSOR FOR SELECT 7 FROM thing",
                    "FETCH 25 FROM d",
                    "MOVE 10 FROM d",
                    "FETCH 20 FROM d",
                    "FETCH 20 FROM d",
                    "FETCH 20 FROM d",
                    "DECLARE e CURSOR FOR SELECT 7 FROM thing",
                    "MOVE ALL FROM e",
                    "FETCH FROM e",
                    "CLOSE ALL",
                    "FETCH FROM c",
                    "ROLLBACK");
        }
        try (WireClient client = WireClient.login(cluster.proxy())) {
            client.query("BEGIN");
            client.query("DECLARE c CURSOR FOR SELECT id FROM thing");
            List<String> ids = new ArrayList<>();
            List<BackendMessage> some;
            do {
                some = client.query("FETCH 7 FROM c").stream()
                        .filter(message -> message.type() == 'D')
                        .toList();
                some.forEach(row -> ids.add(new String(row.values().get(0).orElseThrow(), StandardCharsets.UTF_8)));
            } while (!some.isEmpty());
            assertEquals(60, ids.size());
            assertEquals(60, ids.stream().distinct().count());
            client.query("COMMIT");
        }
    }

    @Test
    void severalCursorsAndOtherStatementsTakeTurns() {
        checkOrdered(
                "BEGIN",
                "DECLARE a CURSOR FOR SELECT id FROM thing ORDER BY id",
                "DECLARE one CURSOR FOR SELECT no FROM part WHERE thing_id = 7 ORDER BY no",
                "FETCH 2 FROM a",
                "DECLARE b CURSOR FOR SELECT id FROM thing ORDER BY id DESC",
                "FETCH 3 FROM b",
                "SELECT count(*) FROM thing",
                "FETCH 1 FROM one",
                "FETCH 2 FROM a",
                "FETCH 5 FROM one",
                "FETCH BACKWARD ALL FROM one",
                "CLOSE one",
                "FETCH 2 FROM b",
                "CLOSE a",
                "FETCH 2 FROM b",
                "COMMIT",
                "BEGIN",
                "DECLARE a CURSOR FOR SELECT id FROM thing ORDER BY id",
                "FETCH 2 FROM a",
                "COMMIT");
    }

    @Test
    void whatIsWrittenAfterwardsIsNotSeen() {
        checkOrdered(
                "BEGIN",
                "DECLARE c CURSOR FOR SELECT id, no2 FROM thing ORDER BY id",
                "DECLARE d CURSOR FOR SELECT no2 FROM thing WHERE no2 >= 0",
                "FETCH 2 FROM c",
                "UPDATE thing SET no2 = -1",
                "DELETE FROM thing WHERE id > 20",
                "FETCH ALL FROM c",
                "MOVE ALL FROM d",
                "DECLARE e CURSOR FOR SELECT id, no2 FROM thing ORDER BY id",
                "FETCH ALL FROM e",
                "ROLLBACK");
        checkOrdered(
                "BEGIN ISOLATION LEVEL REPEATABLE READ",
                "DECLARE c CURSOR FOR SELECT id, no2 FROM thing ORDER BY id",
                "FETCH 2 FROM c",
                "COMMIT");
    }

    @Test
    void namesAreAsInPostgresql() {
        checkOrdered(
                "DECLARE c CURSOR FOR SELECT id FROM thing ORDER BY id",
                "FETCH c",
                "CLOSE c",
                "CLOSE ALL",
                "BEGIN",
                "FETCH c",
                "ROLLBACK",
                "BEGIN",
                "CLOSE c",
                "ROLLBACK",
                "BEGIN",
                "DECLARE \"C d\" CURSOR FOR SELECT id FROM thing ORDER BY id",
                "FETCH 1 FROM \"C d\"",
                "DECLARE \"C d\" CURSOR FOR SELECT id FROM thing ORDER BY id",
                "FETCH 1 FROM \"C d\"",
                "ROLLBACK",
                "BEGIN",
                "DECLARE c CURSOR FOR SELECT id FROM thing WHERE id = 3",
                "DECLARE c CURSOR FOR SELECT id FROM thing ORDER BY id",
                "ROLLBACK",
                "FETCH c",
                "BEGIN",
                "DECLARE c CURSOR FOR SELECT nothing FROM thing",
                "FETCH c",
                "ROLLBACK",
                "BEGIN",
                "DECLARE c CURSOR FOR SELECT id FROM thing ORDER BY id",
                "COMMIT",
                "BEGIN",
                "FETCH c",
                "COMMIT");
    }

    @Test
    void savepointsEndWhatWasDeclaredSince() {
        checkOrdered(
                "BEGIN",
                "DECLARE a CURSOR FOR SELECT id FROM thing ORDER BY id",
                "SAVEPOINT s",
                "DECLARE b CURSOR FOR SELECT id FROM thing ORDER BY id",
                "FETCH 2 FROM a",
                "FETCH 2 FROM b",
                "ROLLBACK TO s",
                "FETCH 2 FROM a",
                "SAVEPOINT t",
                "FETCH 2 FROM b",
                "ROLLBACK TO t",
                "DECLARE b CURSOR FOR SELECT id FROM thing ORDER BY id DESC",
                "RELEASE t",
                "FETCH 2 FROM b",
                "CLOSE a",
                "ROLLBACK TO s",
                "SAVEPOINT t",
                "FETCH 2 FROM b",
                "ROLLBACK TO t",
                "FETCH 2 FROM a",
                "ROLLBACK TO t",
                "DECLARE a CURSOR FOR SELECT id FROM thing ORDER BY id",
                "FETCH 2 FROM a",
                "COMMIT");
    }

    @Test
    void anErrorInARowFailsTheTransactionAndTheCursor() {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            client.query("BEGIN");
            client.query("DECLARE c CURSOR FOR SELECT 1 / (id - 30) FROM thing");
            client.query("DECLARE d CURSOR FOR SELECT id FROM thing ORDER BY id");
            client.query("SAVEPOINT s");
            assertEquals(Optional.of("22012"), state(client.query("FETCH ALL FROM c")));
            assertEquals(Optional.of("25P02"), state(client.query("FETCH ALL FROM c")));
            client.query("ROLLBACK TO s");
            assertEquals(Optional.empty(), state(client.query("FETCH ALL FROM d")));
            assertEquals(Optional.of("55000"), state(client.query("FETCH ALL FROM c")));
            client.query("ROLLBACK");
            assertEquals(Optional.empty(), state(client.query("SELECT id FROM thing")));
        }
    }

    @Test
    void whatAShardCannotDoForAllIsRefused() {
        try (Differential both = cluster.differential(Protocol.SIMPLE)) {
            for (String declare : List.of(
                    "DECLARE c CURSOR FOR SELECT id FROM thing ORDER BY id FOR UPDATE",
                    "DECLARE c SCROLL CURSOR FOR SELECT id FROM thing FOR UPDATE")) {
                both.check("BEGIN");
                both.checkRefused(declare);
                both.check("ROLLBACK");
            }
        }
    }

    @Test
    void rowsAreLockedAsTheyAreFetched() {
        try (Differential holder = cluster.differential(Protocol.SIMPLE);
                Differential other = cluster.differential(Protocol.SIMPLE)) {
            holder.check("BEGIN", "DECLARE c CURSOR FOR SELECT 7 FROM thing FOR UPDATE");
            for (String fetch : List.of("FETCH 3 FROM c", "MOVE 20 FROM c", "FETCH 11 FROM c", "FETCH ALL FROM c")) {
                holder.check(fetch);
                other.check("BEGIN", "SELECT 7 FROM thing FOR UPDATE SKIP LOCKED", "ROLLBACK");
            }
            holder.check("UPDATE thing SET i4 = i4 WHERE id = 5", "FETCH FROM c", "COMMIT");
            other.check("SELECT 7 FROM thing FOR UPDATE NOWAIT");
        }
    }

    @Test
    void allShardsHaveTheTimeOfTheTransaction() {
        for (Protocol protocol : List.of(Protocol.SIMPLE, Protocol.EXTENDED)) {
            try (Differential both = cluster.differential(protocol)) {
                both.check(
                        "BEGIN",
                        "DECLARE c CURSOR FOR SELECT id, ts < now(), t FROM thing WHERE ts < CURRENT_TIMESTAMP",
                        "FETCH ALL FROM c",
                        "DECLARE d CURSOR FOR SELECT count(*), now() > '2020-01-01' AS late FROM thing",
                        "FETCH d",
                        "DECLARE e CURSOR FOR SELECT now() > '2020-01-01' AS late FROM thing WHERE id = 7",
                        "FETCH e",
                        "COMMIT");
            }
        }
    }

    @Test
    void onlyACursorWithScrollGoesBack() {
        for (String fetch : List.of("FETCH BACKWARD c", "FETCH -1 c", "MOVE LAST c", "FETCH RELATIVE -1 c")) {
            checkOrdered(
                    "BEGIN",
                    "DECLARE c NO SCROLL CURSOR FOR SELECT id FROM thing ORDER BY id",
                    "FETCH 2 FROM c",
                    fetch,
                    "ROLLBACK");
        }
    }

    private static Optional<String> state(List<BackendMessage> answer) {
        return answer.stream()
                .filter(message -> message.type() == 'E')
                .map(BackendMessage::sqlState)
                .findFirst();
    }

    @Test
    void manyRowsComeThroughInBatches() {
        String numbers = "SELECT t.id, repeat('x', 200) AS filler"
                + " FROM thing t, country a, country b, country c, country d, country e ORDER BY t.id";
        try (Differential both = cluster.differential(Protocol.SIMPLE)) {
            both.checkOrdered(
                    "BEGIN",
                    "DECLARE c CURSOR FOR " + numbers,
                    "MOVE 30000 FROM c",
                    "FETCH 7000 FROM c",
                    "FETCH 1 FROM c",
                    "MOVE ALL FROM c",
                    "COMMIT");
        }
    }

    @Test
    void aTransactionThatReadByCursorsCommitsOnAllShards() {
        checkOrdered(
                "BEGIN",
                "DECLARE c CURSOR FOR SELECT id, no2 FROM thing ORDER BY id",
                "FETCH 2 FROM c",
                "UPDATE thing SET no2 = no2 + 1 WHERE id <= 40",
                "FETCH 2 FROM c",
                "COMMIT",
                "SELECT id, no2 FROM thing ORDER BY id");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ORDER BY id", " ORDER BY id LIMIT 7"})
    void theRowThatItIsOnIsAskedFor(String order) {
        String[] asked = {"FETCH 0 FROM c", "FETCH RELATIVE 0 c", "MOVE 0 c", "MOVE BACKWARD 0 IN c"};
        try (Twins twins = new Twins(cluster)) {
            twins.query("BEGIN", "DECLARE c NO SCROLL CURSOR FOR SELECT 1 AS one FROM thing" + order);
            twins.query(asked);
            for (String fetch :
                    List.of("FETCH 2 FROM c", "MOVE 1 c", "FETCH 3 c", "MOVE ALL c", "FETCH c", "MOVE 3 c")) {
                twins.query(fetch, "MOVE 0 c");
                twins.exchange(
                        parse("", "MOVE 0 c"),
                        bind("", "", List.of(), false),
                        describePortal(""),
                        execute("", 0),
                        sync());
            }
            twins.query(asked);
            twins.query("CLOSE c", "DECLARE c NO SCROLL CURSOR FOR SELECT 1 AS one FROM thing" + order, "SAVEPOINT s");
            twins.query("FETCH 2 FROM c", "FETCH 0 FROM c", "ROLLBACK TO s", "MOVE 0 c", "ROLLBACK");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ORDER BY t.id"})
    void aClientThatReadsSlowlyGetsThemAll(String order) {
        String numbers = "SELECT t.id, repeat('x', 2000) AS filler"
                + " FROM thing t, country a, country b, country c, country d, country e" + order;
        try (WireClient client = WireClient.login(cluster.proxy())) {
            client.query("BEGIN");
            client.query("DECLARE c CURSOR FOR " + numbers);
            client.send(query("FETCH ALL FROM c"));
            Await.until("a shard waits for the proxy, which waits for the client", this::aShardWaitsToWrite);
            long rows = client.untilReady().stream()
                    .filter(message -> message.type() == 'D')
                    .count();
            assertEquals(60 * 1024, rows);
            assertEquals("C FETCH 0", client.query("FETCH ALL FROM c").get(1).toString());
            client.query("COMMIT");
        }
    }

    private boolean aShardWaitsToWrite() throws SQLException {
        for (String name : List.of("s0", "s1", "s2")) {
            try (Connection shard = cluster.shard(name).connect();
                    Statement asking = shard.createStatement();
                    ResultSet waiting =
                            asking.executeQuery("SELECT FROM pg_stat_activity WHERE wait_event = 'ClientWrite'"
                                    + " AND datname = current_database()")) {
                if (waiting.next()) {
                    return true;
                }
            }
        }
        return false;
    }
}
