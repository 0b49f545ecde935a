package io.ostraka.it.read;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.Differential;
import io.ostraka.it.harness.FrontendMessages;
import io.ostraka.it.harness.Protocol;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** ORDER BY, LIMIT, OFFSET and FETCH over shards. Each statement's keys leave no two rows free to change places. */
class OrderedReadTest {
    private TestCluster cluster;

    @BeforeEach
    void fill() throws SQLException {
        cluster = Shelf.filled();
    }

    private void checkOrdered(Protocol protocol, String... statements) {
        try (Differential both = cluster.differential(protocol)) {
            both.checkOrdered(statements);
        }
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void eachTypeIsOrderedAsPostgresqlOrdersIt(Protocol protocol) {
        try (Differential both = cluster.differential(protocol)) {
            for (String column : List.of(
                    "b", "i2", "i4", "i8", "f4", "f8", "n", "t", "v", "c", "by", "d", "ti", "tz", "ts", "tstz", "iv",
                    "u")) {
                both.checkOrdered(
                        "SELECT id, " + column + " FROM item ORDER BY " + column + ", id",
                        "SELECT id FROM item ORDER BY " + column + " DESC, id DESC",
                        "SELECT id, " + column + " FROM item ORDER BY " + column + " NULLS FIRST, id",
                        "SELECT " + column + " AS x FROM item ORDER BY " + column + " DESC NULLS LAST, item.id");
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void keysMayBeAnythingThatCanBeWritten(Protocol protocol) {
        checkOrdered(
                protocol,
                "SELECT * FROM item ORDER BY id",
                "SELECT * FROM item WHERE id > 30 ORDER BY i4, id",
                "SELECT id, t FROM item ORDER BY 2, 1",
                "SELECT id AS x, -id AS y FROM item ORDER BY y",
                "SELECT id AS i4, i4 AS id FROM item ORDER BY i4",
                "SELECT -id AS id FROM item ORDER BY id",
                "SELECT -id AS id FROM item ORDER BY item.id",
                "SELECT id * 2 FROM item ORDER BY id",
                "SELECT i4 FROM item ORDER BY id % 7, -id",
                "SELECT id, i4 + 1.5 FROM item WHERE i4 < 100 ORDER BY i4 + 1.5, id",
                "SELECT id FROM item ORDER BY octet_length(by), coalesce(i2, 3::int2), id",
                "SELECT id FROM item ORDER BY CASE WHEN id > 50 THEN 0 ELSE 1 END, id",
                "SELECT id FROM item ORDER BY e COLLATE \"C\", id",
                "SELECT id, upper(t) COLLATE \"C\" AS up FROM item ORDER BY up, id",
                "SELECT id FROM item ORDER BY t IS NULL, id",
                "SELECT id FROM item ORDER BY tstz::date, id",
                "SELECT ALL id \"quoted \"\"Name\" FROM item ORDER BY \"quoted \"\"Name\"",
                "SELECT id, i2 IS DISTINCT FROM 1 AS other FROM item ORDER BY other, id",
                "SELECT p.item_id, p.no, i.t FROM item i JOIN part p ON p.item_id = i.id ORDER BY p.w, i.t, p.item_id, p.no",
                "SELECT item_id, no FROM part ORDER BY no, item_id DESC",
                "SELECT item_id, sum(w) FROM part GROUP BY item_id ORDER BY count(*) DESC, item_id LIMIT 20",
                "SELECT item_id, max(w) AS m FROM part GROUP BY 1 HAVING max(w) > 0 ORDER BY m DESC NULLS LAST, 1",
                "SELECT DISTINCT id, i2 FROM item ORDER BY i2, id OFFSET 5",
                "SELECT DISTINCT ON (item_id) item_id, no, w FROM part ORDER BY item_id, no DESC LIMIT 30",
                "SELECT i.id, k.label FROM item i JOIN kind k USING (i2) ORDER BY k.label, id",
                "SELECT id FROM (SELECT id, i4 + 1::bigint AS q FROM item WHERE i4 < 5) s ORDER BY q, id",
                "SELECT id FROM item WHERE id IN (1, 2, 3, 40, 50, 60) ORDER BY id",
                "SELECT id FROM item WHERE id = 7 ORDER BY e",
                "SELECT id FROM item WHERE false ORDER BY id",
                "SELECT id /* FROM */ FROM item -- ORDER BY 1\n ORDER BY /* x, y */ id DESC;");
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void limitsCutTheWhole(Protocol protocol) {
        checkOrdered(
                protocol,
                "SELECT id FROM item ORDER BY id LIMIT 5",
                "SELECT id FROM item ORDER BY id LIMIT 0",
                "SELECT id FROM item ORDER BY id LIMIT 5 OFFSET 3",
                "SELECT id FROM item ORDER BY id OFFSET 3 LIMIT 5",
                "SELECT id FROM item ORDER BY id OFFSET 110",
                "SELECT id FROM item ORDER BY id OFFSET 1000",
                "SELECT id FROM item ORDER BY id LIMIT ALL OFFSET 100 ROWS",
                "SELECT id FROM item ORDER BY id LIMIT NULL OFFSET 117",
                "SELECT id FROM item ORDER BY id LIMIT 3 OFFSET NULL",
                "SELECT id FROM item ORDER BY id LIMIT 9223372036854775 OFFSET 118",
                "SELECT id FROM item ORDER BY id LIMIT '4'",
                "SELECT id FROM item ORDER BY id FETCH FIRST ROW ONLY",
                "SELECT id FROM item ORDER BY id OFFSET 2 ROWS FETCH NEXT ROW ONLY",
                "SELECT id FROM item ORDER BY id OFFSET 2 ROWS FETCH NEXT 7 ROWS ONLY",
                "SELECT i2 FROM item ORDER BY i2 FETCH FIRST 3 ROWS WITH TIES",
                "SELECT i2, b FROM item ORDER BY i2 DESC, b OFFSET 10 ROWS FETCH FIRST 3 ROWS WITH TIES",
                "SELECT f8 + 0 FROM item WHERE f8 <> 0 ORDER BY f8 DESC NULLS LAST OFFSET 1 FETCH FIRST ROW WITH TIES",
                "SELECT 'x' FROM item LIMIT 7",
                "SELECT 1 FROM item OFFSET 100",
                "SELECT 1 FROM item LIMIT 200 OFFSET 100");
    }

    @Test
    void limitsAreGivenAsParametersToo() {
        try (Differential both = cluster.differential(Protocol.EXTENDED)) {
            String sql = "SELECT id FROM item WHERE id > $1 ORDER BY i4, id LIMIT $2 OFFSET $3";
            for (String limit : new String[] {"0", "1", "5", "1000", null}) {
                for (String offset : new String[] {"0", "4", "200", null}) {
                    both.checkWith(sql, "3", limit, offset);
                }
            }
            both.checkWith(sql, "3", "-1", "0");
            both.checkWith(sql, "3", "1", "-1");
            both.checkWith(sql, "3", "9223372036854775807", "10");
            both.checkWith("SELECT id FROM item ORDER BY id OFFSET $1", "100");
            both.checkWith("SELECT i2 FROM item ORDER BY i2 FETCH FIRST $1 ROWS WITH TIES", "2");
            both.checkWith("SELECT id FROM item WHERE id > $1 ORDER BY id + 0 LIMIT 3", "50");
        }
    }

    @Test
    void jdbcPagesWithBinaryResultsAndNamedStatements() throws SQLException {
        try (Connection connection = cluster.connect();
                PreparedStatement page =
                        connection.prepareStatement("SELECT id, i4, n, tstz FROM item ORDER BY id LIMIT ? OFFSET ?")) {
            for (int from = 0; from < 120; from += 10) {
                page.setInt(1, 10);
                page.setLong(2, from);
                try (ResultSet rows = page.executeQuery()) {
                    List<Integer> ids = new ArrayList<>();
                    while (rows.next()) {
                        ids.add(rows.getInt(1));
                    }
                    assertEquals(10, ids.size());
                    assertEquals(from + 1, ids.get(0));
                    assertEquals(from + 10, ids.get(9));
                    assertEquals(4, rows.getMetaData().getColumnCount());
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT id FROM item ORDER BY e",
                "SELECT id FROM item ORDER BY j",
                "TABLE item ORDER BY id DESC",
                "SELECT FROM item LIMIT 3",
                "SELECT id FROM item ORDER BY a",
                "SELECT id FROM item ORDER BY lower(e)",
                "SELECT id FROM item ORDER BY t || 'x'",
                "SELECT id FROM item ORDER BY random()",
                "SELECT id FROM item ORDER BY id USING >",
                "SELECT id FROM item ORDER BY id LIMIT 2 + 3",
                "SELECT id FROM item ORDER BY id LIMIT 2.5",
                "SELECT id FROM item ORDER BY id LIMIT 1 FOR UPDATE",
                "SELECT id FROM item ORDER BY (SELECT count(*) FROM part WHERE item_id = id)",
                "SELECT DISTINCT i2 FROM item ORDER BY i2",
                "SELECT DISTINCT id FROM item ORDER BY i2",
                "(SELECT id FROM item ORDER BY id LIMIT 2) ORDER BY id DESC",
                "SELECT id FROM (SELECT id FROM item ORDER BY id LIMIT 2) s",
                "SELECT id FROM item WHERE id = 1 UNION ALL SELECT id FROM part ORDER BY id LIMIT 1",
            })
    void whatCannotBeMergedIsRefused(String sql) {
        try (Differential both = cluster.differential(Protocol.SIMPLE)) {
            both.checkUnlessRefused(sql);
            both.checkOrdered("SELECT id FROM item ORDER BY id LIMIT 1");
        }
        try (Differential both = cluster.differential(Protocol.EXTENDED_BINARY)) {
            both.checkUnlessRefused(sql);
            both.checkOrdered("SELECT id FROM item ORDER BY id LIMIT 1");
        }
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void errorsOfTheShardsAreTold(Protocol protocol) {
        checkOrdered(
                protocol,
                "SELECT id FROM item ORDER BY nothing",
                "SELECT nothing FROM item ORDER BY id",
                "SELECT id, 1 / (id - 60) FROM item ORDER BY id",
                "SELECT id FROM item ORDER BY 1 / (id - 60)",
                "SELECT id FROM item ORDER BY id LIMIT 3");
    }

    @Test
    void aTransactionGoesOnBehindAMerge() {
        checkOrdered(
                Protocol.SIMPLE,
                "BEGIN",
                "UPDATE item SET i4 = 5 WHERE id = 9",
                "SELECT id, i4 FROM item ORDER BY i4 DESC NULLS LAST, id LIMIT 50",
                "SET LOCAL DateStyle = 'German'",
                "SELECT id, d FROM item ORDER BY d, id",
                "SELECT id FROM item ORDER BY 1 / (id - 60)",
                "SELECT id FROM item ORDER BY id LIMIT 1",
                "ROLLBACK",
                "SELECT id FROM item ORDER BY id LIMIT 1");
    }

    @Test
    void describeShowsNoHiddenColumns() {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            client.send(
                    FrontendMessages.parse("s", "SELECT t FROM item ORDER BY id, i4 LIMIT 2"),
                    FrontendMessages.describeStatement("s"),
                    FrontendMessages.bind("p", "s", List.<Optional<String>>of(), true),
                    FrontendMessages.describePortal("p"),
                    FrontendMessages.execute("p", 0),
                    FrontendMessages.execute("p", 0),
                    FrontendMessages.sync());
            List<BackendMessage> answer = client.untilReady();
            StringBuilder types = new StringBuilder();
            for (BackendMessage message : answer) {
                types.append(message.type());
                if (message.type() == 'T') {
                    assertEquals(1, message.columns().size());
                }
                if (message.type() == 'D') {
                    assertEquals(1, message.values().size());
                }
            }
            assertEquals("1tT2TDDCCZ", types.toString(), answer::toString);
        }
    }

    @Test
    void rowsComeBeforeAllAreThereAndTheLimitEndsTheRest() {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            String many = "SELECT i.id, repeat('x', 5000) FROM item i, kind k ORDER BY i.id, k.i2";
            List<BackendMessage> answer = client.query(many + " LIMIT 3");
            assertEquals(
                    3, answer.stream().filter(message -> message.type() == 'D').count(), answer::toString);
            assertTrue(answer.toString().contains("SELECT 3"));
            answer = client.query(many);
            assertEquals(
                    1200,
                    answer.stream().filter(message -> message.type() == 'D').count());
        }
    }
}
