package io.ostraka.it.session;

import static io.ostraka.it.harness.FrontendMessages.bind;
import static io.ostraka.it.harness.FrontendMessages.execute;
import static io.ostraka.it.harness.FrontendMessages.parse;
import static io.ostraka.it.harness.FrontendMessages.sync;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.TestCluster;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Writes of one row in a transaction block, which shards keep prepared once they come often: each answer is that of the client's text. */
@ExtendWith(NoLeaks.class)
@ParameterizedClass(name = "{0} shards")
@ValueSource(ints = {2, 1})
class PointWritesTest {
    private static final String DDL = "CREATE DOMAIN mood AS text CHECK (VALUE IN ('sad', 'happy'));"
            + " CREATE DOMAIN small AS int CHECK (VALUE < 100); CREATE SCHEMA other;"
            + " CREATE TABLE other.account (id bigint PRIMARY KEY, n int)";

    /** More often than it takes to be kept, on each shard. */
    private static final int OFTEN = 12;

    private final int shards;
    private final TestCluster cluster;
    private final KeptByShards kept;
    private Twins twins;

    PointWritesTest(int shards) {
        this.shards = shards;
        ClusterSpec spec = ClusterSpec.shards(shards).withDdl(DDL).withDatabase("pool: { size: 1 }");
        cluster = TestCluster.of(
                shards == 1 ? spec : spec.withTables("account: { hash: id }\nother.account: { hash: id }"));
        kept = new KeptByShards(cluster, shards);
    }

    @BeforeEach
    void createTable() throws SQLException {
        cluster.empty();
        twins = new Twins(cluster);
        twins.query(
                "CREATE TABLE account (id bigint PRIMARY KEY, n int CHECK (n < 1000000), name text NOT NULL DEFAULT '',"
                        + " mood mood, small small, price numeric(6,2), short smallint)");
        for (int id = 1; id <= OFTEN; id++) {
            twins.query("INSERT INTO account VALUES (" + id + ", " + id + ", 'n" + id + "', 'sad', 1, 1, 1)");
        }
        kept.awaitCatalog();
    }

    @AfterEach
    void dropTable() {
        try (Twins ending = twins) {
            ending.query("ROLLBACK", "DROP TABLE IF EXISTS account", "DROP TABLE IF EXISTS log");
        }
    }

    private void inBlock(String... statements) {
        twins.query("BEGIN");
        twins.query(statements);
        twins.query("COMMIT");
    }

    /** With each key, each in a block of its own, which brings all shards to keep it. */
    private void often(String sql) {
        for (int i = 0; i < 2; i++) {
            for (int id = 1; id <= OFTEN; id++) {
                inBlock(sql.replace("$id", Integer.toString(id)));
            }
        }
    }

    private void rowsAreTheSame() {
        twins.query("SELECT id, n, name, mood, small, price, short FROM account ORDER BY id");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "UPDATE account SET n = n + 1 WHERE id = $id",
                "update account as a set n = n + -$id, name = 'is $id' where a.id = $id;",
                "/* a */ UPDATE ONLY account SET n = 5 * n, price = price - $id WHERE id = $id -- b",
                "UPDATE account SET mood = 'happy', small = 7, short = short + 1 WHERE id = $id",
                "UPDATE account SET n = small + 2, name = DEFAULT, mood = NULL WHERE name = 'n$id' AND id = $id",
                "UPDATE account SET n = -$id WHERE id = $id",
                "UPDATE public.account SET n = n + 10000000000 - 10000000000 WHERE id = $id",
                "UPDATE account SET n = n + 1 WHERE id = 1000000000$id"
            })
    void theirAnswersAreThoseOfTheText(String sql) {
        long before = kept.count();
        often(sql);
        rowsAreTheSame();
        assertTrue(kept.count() > before, "the shards keep it");
    }

    @Test
    void rowsAreInsertedSo() {
        long before = kept.count();
        for (int id = 100; id < 100 + 2 * OFTEN; id++) {
            inBlock("INSERT INTO account (id, n, name, mood) VALUES (" + id + ", -" + id + ", 'new', 'happy')");
        }
        for (int id = 200; id < 200 + 2 * OFTEN; id++) {
            inBlock("INSERT INTO account VALUES (" + id + ", 0, 'short', 'sad', 5)");
        }
        rowsAreTheSame();
        assertEquals(before + 2L * shards, kept.count());
        inBlock("INSERT INTO account (id, n, name, mood) VALUES (100, 1, 'again', 'sad')");
        inBlock("INSERT INTO account (id, n, name, mood) VALUES (300, 1000000, 'large', 'sad')");
        inBlock("INSERT INTO account (id, n, name, mood) VALUES (301, 1, 'moody', 'angry')");
        inBlock("INSERT INTO account VALUES (302, 0, 'short', 'sad', 500)");
        rowsAreTheSame();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "UPDATE account SET n = n + 1 WHERE n = $id",
                "UPDATE account SET n = n + 1 WHERE id = $id RETURNING n",
                "UPDATE account SET price = 1.5 WHERE id = $id",
                "UPDATE account SET price = 1 WHERE id = $id",
                "UPDATE account SET short = 1 WHERE id = $id",
                "UPDATE account SET mood = 'sad'WHERE id = $id",
                "UPDATE account SET n = 1 + 1 WHERE id = $id",
                "UPDATE account SET n = '1' WHERE id = $id",
                "UPDATE account SET n = n + 1 WHERE id = '$id'",
                "DELETE FROM account WHERE id = $id"
            })
    void othersAreNotKept(String sql) {
        long before = kept.count();
        often(sql);
        rowsAreTheSame();
        assertEquals(before, kept.count());
    }

    @Test
    void outsideOfABlockTheTagWaitsForTheCommit() {
        long before = kept.count();
        for (int i = 0; i < 3; i++) {
            for (int id = 1; id <= OFTEN; id++) {
                twins.query("UPDATE account SET n = n + 1 WHERE id = " + id);
                twins.query("UPDATE account SET n = n + 1 WHERE id = " + id + "; SELECT 1");
            }
        }
        assertEquals(before, kept.count());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "UPDATE account SET n = 1000000 WHERE id = 3",
                "UPDATE account SET n = 2147483647 WHERE id = 3",
                "UPDATE account SET n = 2147483648 WHERE id = 3",
                "UPDATE account SET n = 99999999999999999999 WHERE id = 3",
                "UPDATE account SET n = 0x10 WHERE id = 3",
                "UPDATE account SET n = 1_000 WHERE id = 3",
                "UPDATE account SET n = 007 WHERE id = 3",
                "UPDATE account SET n = 1 WHERE id = 99"
            })
    void aNumberOfAnotherKindIsTakenAsInTheText(String sql) {
        often("UPDATE account SET n = $id WHERE id = $id");
        inBlock(sql, "SELECT 1");
        inBlock("UPDATE account SET n = 4 WHERE id = 3");
        rowsAreTheSame();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "UPDATE account SET mood = 'angry' WHERE id = 3",
                "UPDATE account SET mood = 'it''s' WHERE id = 3",
                "UPDATE account SET mood = E'\\x73ad' WHERE id = 3",
                "UPDATE account SET mood = 's\u00e4d' WHERE id = 3",
                "UPDATE account SET mood = 'sa' \n 'd' WHERE id = 3",
                "UPDATE account SET mood = '' WHERE id = 3",
                "UPDATE account SET mood = 'angry' WHERE id = 99"
            })
    void aStringOfAnotherKindIsTakenAsInTheText(String sql) {
        often("UPDATE account SET mood = 'sad' WHERE id = $id");
        inBlock(sql, "SELECT 1");
        inBlock("UPDATE account SET mood = 'happy' WHERE id = 3");
        rowsAreTheSame();
    }

    @Test
    void anErrorEndsTheBlockAndASavepointTakesItBack() {
        often("UPDATE account SET n = n + 1 WHERE id = $id");
        inBlock(
                "SAVEPOINT a",
                "UPDATE account SET n = n + 999999 WHERE id = 3",
                "UPDATE account SET n = n + 1 WHERE id = 3",
                "ROLLBACK TO a",
                "UPDATE account SET n = n + 1 WHERE id = 3");
        inBlock("UPDATE account SET n = n + 2147483647 WHERE id = 3", "UPDATE account SET n = n + 1 WHERE id = 4");
        twins.query("BEGIN READ ONLY", "UPDATE account SET n = n + 1 WHERE id = 3", "ROLLBACK");
        twins.query("BEGIN", "UPDATE account SET n = n + 1 WHERE id = 3; UPDATE account SET n = n + 1 WHERE id = 3");
        twins.query("COMMIT");
        rowsAreTheSame();
    }

    @Test
    void aChangeOfTheTablePastTheProxyIsTakenAsInTheText() throws SQLException {
        often("UPDATE account SET name = 'a name', n = n + 1 WHERE id = $id");
        changePastTheProxy("ALTER TABLE account ADD COLUMN late int DEFAULT 5");
        often("UPDATE account SET name = 'a name', n = n + 1 WHERE id = $id");
        changePastTheProxy("ALTER TABLE account ALTER COLUMN n TYPE bigint");
        often("UPDATE account SET name = 'a name', n = n + 1 WHERE id = $id");
        rowsAreTheSame();
    }

    /** A shard keeps it, the schema changes, and the first to hear of that is who runs it. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "ALTER TABLE account RENAME COLUMN n TO m",
                "ALTER TABLE account DROP CONSTRAINT account_n_check, ALTER COLUMN n TYPE text",
                "DROP TABLE account"
            })
    void anErrorOfTheChangedTableHasItsPlaceInTheClientsText(String change) throws SQLException {
        often("UPDATE account SET name = 'a name', n = n + 1 WHERE id = $id");
        cluster.everywhere(change);
        twins.query("BEGIN");
        List<String> answer = twins.query("UPDATE account SET name = 'a longer name', n = n + 1 WHERE id = 3");
        assertTrue(answer.get(0).startsWith("E"), answer.toString());
        twins.query("ROLLBACK");
    }

    /** Who reads the catalogs between the shards' changes finds tables that are not the same; what the client makes has them read again. */
    private void changePastTheProxy(String change) throws SQLException {
        cluster.everywhere(change);
        twins.query("CREATE TABLE read_again (id bigint)", "DROP TABLE read_again");
    }

    @Test
    void triggersSeeTheClientsOwnText() {
        assumeTrue(shards == 1, "the trigger would write rows of other shards");
        twins.query(
                "CREATE TABLE log (id bigint, query text)",
                "CREATE FUNCTION logs() RETURNS trigger LANGUAGE plpgsql AS"
                        + " 'BEGIN INSERT INTO log VALUES (NEW.id, current_query()); RETURN NEW; END'",
                "CREATE TRIGGER logs AFTER UPDATE ON account FOR EACH ROW EXECUTE FUNCTION logs()");
        often("UPDATE account SET n = n + 1 WHERE id = $id");
        twins.query("SELECT id, query FROM log ORDER BY id, query");
        twins.query("DROP TRIGGER logs ON account", "DROP FUNCTION logs()");
    }

    @Test
    void anotherSearchPathMeansAnotherTable() {
        for (int id = 1; id <= OFTEN; id++) {
            twins.query("INSERT INTO other.account VALUES (" + id + ", 0)");
        }
        often("UPDATE account SET n = n + 1 WHERE id = $id");
        twins.query("SET search_path = other, public");
        often("UPDATE account SET n = n + 1 WHERE id = $id");
        rowsAreTheSame();
        twins.query("RESET search_path");
        inBlock("SET LOCAL search_path = other", "UPDATE account SET n = n + 100 WHERE id = 3");
        rowsAreTheSame();
        twins.query("SELECT * FROM other.account ORDER BY id");
    }

    @Test
    void aWriteThatWaitsTooLongEndsOnce() throws SQLException {
        assumeTrue(shards == 1, "the error tells where in the table the row is");
        often("UPDATE account SET n = n + 1 WHERE id = $id");
        try (Connection first = cluster.shard("s0").connect();
                Connection reference = cluster.reference().connect()) {
            for (Connection locking : List.of(first, reference)) {
                locking.setAutoCommit(false);
                try (Statement statement = locking.createStatement()) {
                    statement.execute("SELECT FROM account FOR UPDATE");
                }
            }
            inBlock("SET LOCAL lock_timeout = '300ms'", "UPDATE account SET n = n + 1 WHERE id = 3");
            inBlock("SET LOCAL statement_timeout = '300ms'", "UPDATE account SET n = n + 1 WHERE id = 3");
        }
        inBlock("UPDATE account SET n = n + 1 WHERE id = 3");
        rowsAreTheSame();
    }

    @Test
    void messagesOfTheExtendedProtocolGoOnBeforeAndBehind() {
        String read = "SELECT n FROM account WHERE id = $1";
        List<Optional<String>> key = List.of(Optional.of("3"));
        twins.exchange(parse("r", read), sync());
        for (int i = 0; i < OFTEN; i++) {
            twins.query("BEGIN", "UPDATE account SET n = n + 1 WHERE id = 3");
            twins.exchange(bind("p", "r", key, false), execute("p", 0), sync());
            twins.query("UPDATE account SET n = n + 1 WHERE id = 3");
            twins.exchange(execute("p", 0), sync());
            twins.query("COMMIT");
        }
        rowsAreTheSame();
    }

    @Test
    void oneThatLeavesItsTransactionOverShardsIsCommittedWithIt() {
        for (int id = 1; id < OFTEN; id++) {
            inBlock(
                    "UPDATE account SET n = n - 1 WHERE id = " + id,
                    "UPDATE account SET n = n + 1 WHERE id = " + (id + 1));
        }
        twins.query("BEGIN", "UPDATE account SET n = n - 1 WHERE id = 1");
        twins.query("UPDATE account SET n = n + 1 WHERE id = 2", "ROLLBACK");
        rowsAreTheSame();
    }
}
