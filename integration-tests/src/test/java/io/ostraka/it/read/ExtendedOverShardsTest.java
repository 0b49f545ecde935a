package io.ostraka.it.read;

import static io.ostraka.it.harness.FrontendMessages.bind;
import static io.ostraka.it.harness.FrontendMessages.closePortal;
import static io.ostraka.it.harness.FrontendMessages.copyData;
import static io.ostraka.it.harness.FrontendMessages.copyDone;
import static io.ostraka.it.harness.FrontendMessages.copyFail;
import static io.ostraka.it.harness.FrontendMessages.describePortal;
import static io.ostraka.it.harness.FrontendMessages.describeStatement;
import static io.ostraka.it.harness.FrontendMessages.execute;
import static io.ostraka.it.harness.FrontendMessages.flush;
import static io.ostraka.it.harness.FrontendMessages.parse;
import static io.ostraka.it.harness.FrontendMessages.query;
import static io.ostraka.it.harness.FrontendMessages.sync;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Differential;
import io.ostraka.it.harness.Protocol;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import io.ostraka.it.session.Twins;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** COPY, EXPLAIN and the commands of cursors over several shards in the extended protocol, as most drivers send them. */
class ExtendedOverShardsTest {
    private static final String MERGED = "SELECT id, t, n FROM thing ORDER BY id";
    private static final String COUNTED = "SELECT i2, count(*) FROM thing GROUP BY i2 ORDER BY i2";

    private TestCluster cluster;

    @BeforeEach
    void fill() throws SQLException {
        cluster = Bazaar.filled();
    }

    // ---- cursors -------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @EnumSource(
            value = Protocol.class,
            names = {"EXTENDED", "EXTENDED_BINARY"})
    void cursorsOfTheCombinerAreAsInPostgresql(Protocol protocol) {
        try (Differential both = cluster.differential(protocol)) {
            for (String kind : List.of("SCROLL CURSOR", "BINARY SCROLL CURSOR", "SCROLL CURSOR WITH HOLD")) {
                both.checkOrdered(
                        "BEGIN",
                        "DECLARE c " + kind + " FOR " + COUNTED,
                        "FETCH 2 FROM c",
                        "MOVE 1 FROM c",
                        "FETCH BACKWARD 2 FROM c",
                        "FETCH ALL FROM c",
                        "DECLARE d CURSOR FOR " + COUNTED,
                        "FETCH ALL FROM d",
                        "CLOSE d",
                        "CLOSE d",
                        "ROLLBACK");
            }
            both.checkOrdered(
                    "DECLARE c CURSOR WITH HOLD FOR " + COUNTED,
                    "FETCH 2 FROM c",
                    "CLOSE c",
                    "FETCH c",
                    "DECLARE c CURSOR FOR " + COUNTED);
        }
    }

    @Test
    void cursorsOverShardsAndOnOneAreAsInPostgresql() {
        try (Differential both = cluster.differential(Protocol.EXTENDED)) {
            both.checkOrdered(
                    "BEGIN",
                    "DECLARE c NO SCROLL CURSOR FOR " + MERGED,
                    "FETCH 2 FROM c",
                    "MOVE 3 FROM c",
                    "DECLARE one SCROLL CURSOR FOR SELECT no FROM part WHERE thing_id = 7 ORDER BY no",
                    "FETCH 2 FROM one",
                    "FETCH 2 FROM c",
                    "FETCH BACKWARD ALL FROM one",
                    "CLOSE one",
                    "DECLARE c CURSOR FOR " + MERGED,
                    "ROLLBACK",
                    "BEGIN",
                    "DECLARE c NO SCROLL CURSOR FOR " + MERGED,
                    "FETCH ALL FROM c",
                    "FETCH BACKWARD 1 FROM c",
                    "ROLLBACK",
                    "BEGIN",
                    "FETCH 1 FROM nothing",
                    "ROLLBACK");
        }
        try (Differential both = cluster.differential(Protocol.EXTENDED_BINARY)) {
            both.check("BEGIN", "DECLARE c CURSOR FOR " + MERGED);
            both.checkRefused("FETCH 2 FROM c");
            both.check("ROLLBACK");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {MERGED, COUNTED})
    void messagesAreThoseOfPostgresql(String sql) {
        try (Twins twins = new Twins(cluster)) {
            twins.exchange(
                    parse("", "BEGIN"),
                    bind("", ""),
                    execute("", 0),
                    parse("d", "DECLARE c NO SCROLL CURSOR FOR " + sql),
                    describeStatement("d"),
                    bind("p", "d"),
                    describePortal("p"),
                    execute("p", 0),
                    execute("p", 0),
                    sync());
            twins.exchange(query("ROLLBACK"));
            twins.exchange(
                    parse("", "BEGIN"),
                    bind("", ""),
                    execute("", 0),
                    bind("p", "d"),
                    execute("p", 0),
                    closePortal("p"),
                    sync());
            twins.exchange(
                    parse("f", "FETCH 2 FROM c"),
                    describeStatement("f"),
                    bind("", "f"),
                    describePortal(""),
                    execute("", 0),
                    bind("", "f"),
                    execute("", 3),
                    flush(),
                    bind("", "f"),
                    execute("", 100),
                    sync());
            twins.exchange(describePortal("c"), sync());
            twins.exchange(parse("", "MOVE 1 FROM c"), bind("", ""), describePortal(""), execute("", 0), sync());
            twins.exchange(parse("", "CLOSE c"), bind("", ""), describePortal(""), execute("", 0), sync());
            twins.exchange(parse("", "COMMIT"), bind("", ""), execute("", 0), sync());
        }
    }

    // ---- EXPLAIN -------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void jdbcExplains(boolean autoCommit) throws SQLException {
        try (Connection connection = cluster.connect()) {
            connection.setAutoCommit(autoCommit);
            for (String sql : List.of(
                    "EXPLAIN " + MERGED,
                    "EXPLAIN " + COUNTED,
                    "EXPLAIN (ANALYZE) " + MERGED,
                    "EXPLAIN (ANALYZE) " + COUNTED)) {
                try (PreparedStatement explain = connection.prepareStatement(sql)) {
                    for (int i = 0; i < 7; i++) {
                        try (ResultSet plan = explain.executeQuery()) {
                            assertEquals("QUERY PLAN", plan.getMetaData().getColumnName(1));
                            assertTrue(plan.next());
                            assertTrue(plan.getString(1).startsWith("Ostraka"), plan.getString(1));
                        }
                    }
                }
            }
            try (PreparedStatement count = connection.prepareStatement("SELECT count(*) FROM thing");
                    ResultSet rows = count.executeQuery()) {
                assertTrue(rows.next());
                assertEquals(60, rows.getInt(1));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"EXPLAIN (ANALYZE) " + COUNTED, "COPY (" + COUNTED + ") TO STDOUT"})
    void whatWasReadBeforeInThePipelineEndsFirst(String sql) {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            client.send(
                    parse("", "SELECT count(*) FROM part WHERE thing_id = 7"),
                    bind("", ""),
                    execute("", 0),
                    parse("", "SELECT v FROM setting"),
                    bind("", ""),
                    execute("", 0),
                    parse("", sql),
                    bind("", ""),
                    execute("", 0),
                    sync());
            assertTrue(client.untilReady().stream().noneMatch(message -> message.type() == 'E'));
        }
    }

    // ---- COPY ----------------------------------------------------------------------------------------------------

    @Test
    void copyOutIsThatOfPostgresql() {
        try (Twins twins = new Twins(cluster)) {
            for (String sql :
                    List.of("COPY (" + COUNTED + ") TO STDOUT", "COPY (" + MERGED + ") TO STDOUT (FORMAT csv)")) {
                twins.exchange(
                        parse("", sql),
                        describeStatement(""),
                        bind("", ""),
                        describePortal(""),
                        execute("", 0),
                        closePortal(""),
                        sync());
                twins.exchange(query("BEGIN"));
                twins.exchange(parse("", sql), bind("", ""), execute("", 0), sync());
                twins.exchange(query("ROLLBACK"));
            }
        }
        try (Differential both = cluster.differential(Protocol.EXTENDED)) {
            both.check("COPY part TO STDOUT", "COPY part (x) TO STDOUT", "SELECT count(*) FROM part");
        }
    }

    @Test
    void copyInIsThatOfPostgresql() {
        String copy = "COPY part FROM STDIN";
        String rows = "1\t901\t1\n2\t901\t2\n3\t901\t3\n4\t901\t4\n";
        try (Twins twins = new Twins(cluster)) {
            for (boolean isSyncFirst : List.of(false, true)) {
                twins.exchange(query("BEGIN"));
                twins.exchange(
                        parse("", copy),
                        bind("", ""),
                        describePortal(""),
                        execute("", 0),
                        isSyncFirst ? sync() : new byte[0],
                        copyData(rows),
                        copyDone(),
                        sync());
                twins.exchange(query("SELECT thing_id, no FROM part WHERE no = 901 ORDER BY 1"));
                twins.exchange(query("ROLLBACK"));
            }
            twins.exchange(
                    parse("", copy), bind("", ""), execute("", 0), copyData(rows), copyDone(), closePortal(""), sync());
            twins.exchange(query("SELECT thing_id, no FROM part WHERE no = 901 ORDER BY 1"));
            twins.exchange(query("DELETE FROM part WHERE no = 901"));
        }
    }

    @Test
    void aCopyThatFailsLeavesNothing() {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            client.send(
                    parse("", "COPY part FROM STDIN"),
                    bind("", ""),
                    execute("", 0),
                    copyData("1\t902\t1\n2\t902\t2\n3\t902\t3\n"),
                    copyFail("no"),
                    sync());
            assertEquals(
                    "57014",
                    client.untilReady().stream()
                            .filter(message -> message.type() == 'E')
                            .findFirst()
                            .orElseThrow()
                            .sqlState());
            assertTrue(client.query("SELECT thing_id FROM part WHERE no = 902").stream()
                    .noneMatch(message -> message.type() == 'D'));
        }
    }

    /** What the pipeline has written would be committed before its end. */
    @Test
    void behindAWriteOfItsPipelineItIsRefused() {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            client.send(
                    parse("", "UPDATE thing SET no2 = 77 WHERE id = 1"),
                    bind("", ""),
                    execute("", 0),
                    parse("", "EXPLAIN " + COUNTED),
                    bind("", ""),
                    execute("", 0),
                    sync());
            assertTrue(client.untilReady().toString().contains("0A000"));
            assertTrue(client.query("SELECT id FROM thing WHERE no2 = 77").stream()
                    .noneMatch(message -> message.type() == 'D'));
        }
    }
}
