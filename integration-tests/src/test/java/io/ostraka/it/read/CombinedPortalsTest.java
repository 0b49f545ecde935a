package io.ostraka.it.read;

import static io.ostraka.it.harness.FrontendMessages.bind;
import static io.ostraka.it.harness.FrontendMessages.closePortal;
import static io.ostraka.it.harness.FrontendMessages.describePortal;
import static io.ostraka.it.harness.FrontendMessages.execute;
import static io.ostraka.it.harness.FrontendMessages.flush;
import static io.ostraka.it.harness.FrontendMessages.parse;
import static io.ostraka.it.harness.FrontendMessages.query;
import static io.ostraka.it.harness.FrontendMessages.sync;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.session.Twins;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Portals of the extended protocol whose rows the combiner puts together, executed with row limits; message for message as PostgreSQL. */
class CombinedPortalsTest {
    private static final String COUNTED = "SELECT i2, count(*) FROM thing GROUP BY i2 ORDER BY i2";

    private TestCluster cluster;
    private Twins twins;

    @BeforeEach
    void connect() throws SQLException {
        cluster = Bazaar.filled();
        twins = new Twins(cluster);
    }

    @AfterEach
    void disconnect() {
        twins.close();
    }

    @Test
    void aPortalGivesItsRowsInPiecesAndThenNone() {
        for (String portal : List.of("", "p")) {
            twins.exchange(query("BEGIN"));
            twins.exchange(parse("", COUNTED), bind(portal, ""), describePortal(portal), execute(portal, 2), sync());
            twins.exchange(execute(portal, 1), describePortal(portal), execute(portal, 1), sync());
            twins.exchange(execute(portal, 100), execute(portal, 3), execute(portal, 0), sync());
            twins.exchange(closePortal(portal), sync());
            twins.exchange(execute(portal, 1), sync());
            twins.exchange(query("ROLLBACK"));
        }
    }

    @Test
    void allRowsAreThereOnce() {
        twins.exchange(query("BEGIN"));
        twins.exchange(parse("s", COUNTED), bind("p", "s"), bind("q", "s"), execute("p", 0), execute("p", 0), sync());
        twins.exchange(execute("q", 1), execute("p", 0), execute("q", 0), execute("q", 0), sync());
        twins.exchange(query("COMMIT"));
        twins.exchange(execute("q", 0), sync());
    }

    @Test
    void outsideATransactionBlockItLastsUpToSync() {
        twins.exchange(
                parse("", COUNTED),
                bind("", ""),
                describePortal(""),
                execute("", 2),
                flush(),
                execute("", 2),
                execute("", 0),
                sync());
        twins.exchange(execute("", 1), sync());
        twins.exchange(parse("", COUNTED), bind("", ""), execute("", 2), sync());
        twins.exchange(execute("", 1), sync());
        twins.exchange(query("SELECT count(*) FROM thing"));
    }

    @Test
    void valuesAndFormatsAreTheClients() {
        String sql = "SELECT i2, count(*), max(n) FROM thing WHERE id > $1 GROUP BY i2 ORDER BY i2";
        twins.exchange(query("BEGIN"));
        for (boolean binary : List.of(false, true)) {
            twins.exchange(
                    parse("", sql),
                    bind("p", "", List.of(Optional.of("20")), binary),
                    describePortal("p"),
                    execute("p", 2),
                    sync());
            twins.exchange(execute("p", 2), execute("p", 0), closePortal("p"), sync());
        }
        twins.exchange(query("COMMIT"));
    }

    @Test
    void severalTakeTurnsWithOtherStatements() {
        twins.exchange(query("BEGIN"));
        twins.exchange(parse("s", COUNTED), bind("p", "s"), execute("p", 1), bind("q", "s"), execute("q", 2), sync());
        twins.exchange(query("SELECT count(*) FROM part"));
        twins.exchange(execute("p", 1), execute("q", 1), sync());
        twins.exchange(query("UPDATE thing SET no2 = 9 WHERE id < 30"));
        twins.exchange(closePortal("p"), execute("q", 0), sync());
        twins.exchange(query("ROLLBACK"));
    }

    @Test
    void savepointsAndErrorsEndIt() {
        twins.exchange(query("BEGIN"));
        twins.exchange(query("SAVEPOINT a"));
        twins.exchange(parse("s", COUNTED), bind("p", "s"), execute("p", 1), sync());
        twins.exchange(query("SAVEPOINT b"));
        twins.exchange(query("ROLLBACK TO b"));
        twins.exchange(execute("p", 1), sync());
        twins.exchange(query("ROLLBACK TO a"));
        twins.exchange(execute("p", 1), sync());
        twins.exchange(query("ROLLBACK"));

        twins.exchange(query("BEGIN"));
        String failing = "SELECT id, 10 / (4 - row_number() OVER (ORDER BY id)) FROM thing ORDER BY id";
        twins.exchange(parse("", failing), bind("p", ""), execute("p", 2), sync());
        twins.exchange(query("SAVEPOINT a"));
        twins.exchange(execute("p", 1), execute("p", 1), execute("p", 1), sync());
        twins.exchange(execute("p", 1), sync());
        twins.exchange(query("ROLLBACK TO a"));
        twins.exchange(execute("p", 1), sync());
        twins.exchange(query("ROLLBACK"));
    }

    @Test
    void settingsOfTheMomentShowTheRows() {
        String sql = "SELECT i2, max(tstz) FROM thing WHERE isfinite(tstz) GROUP BY i2 ORDER BY i2";
        twins.exchange(query("BEGIN"));
        twins.exchange(parse("", sql), bind("p", ""), execute("p", 1), sync());
        twins.exchange(query("SET LOCAL TIME ZONE 'Asia/Tokyo'"));
        twins.exchange(execute("p", 1), sync());
        twins.exchange(execute("p", 0), sync());
        twins.exchange(query("COMMIT"));
    }

    @Test
    void jdbcFetchesSomeRowsAtATimeAndMayLeaveTheRest() throws SQLException {
        String sql = "SELECT a.id, b.thing_id FROM thing a JOIN part b ON b.no = a.id % 3 ORDER BY 1, 2";
        try (Connection connection = cluster.connect();
                PreparedStatement statement = connection.prepareStatement(sql);
                Statement other = connection.createStatement()) {
            connection.setAutoCommit(false);
            int all = rows(statement);
            statement.setFetchSize(7);
            for (int i = 0; i < 8; i++) {
                assertEquals(all, rows(statement), "execution " + i);
                try (ResultSet some = statement.executeQuery()) {
                    assertTrue(some.next());
                }
                other.execute("SELECT count(*) FROM thing");
                connection.commit();
            }
            connection.setAutoCommit(true);
            statement.setMaxRows(5);
            assertEquals(5, rows(statement));
            assertEquals(5, rows(statement));
        }
    }

    private static int rows(PreparedStatement statement) throws SQLException {
        int count = 0;
        try (ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
                count++;
            }
        }
        return count;
    }
}
