package io.ostraka.it.session;

import static io.ostraka.it.harness.FrontendMessages.bind;
import static io.ostraka.it.harness.FrontendMessages.describePortal;
import static io.ostraka.it.harness.FrontendMessages.describeStatement;
import static io.ostraka.it.harness.FrontendMessages.execute;
import static io.ostraka.it.harness.FrontendMessages.flush;
import static io.ostraka.it.harness.FrontendMessages.parse;
import static io.ostraka.it.harness.FrontendMessages.sync;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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

/** Reads of one row by its key, which shards keep prepared once they come often: each answer is that of the client's text. */
@ExtendWith(NoLeaks.class)
@ParameterizedClass(name = "{0} shards")
@ValueSource(ints = {2, 1})
class PointReadsTest {
    private static final String DDL =
            "CREATE DOMAIN mood AS text CHECK (VALUE IN ('sad', 'happy')); CREATE SCHEMA other;"
                    + " CREATE TABLE other.account (id bigint PRIMARY KEY, name text)";

    /** More often than it takes to be kept. */
    private static final int OFTEN = 12;

    private final int shards;
    private final TestCluster cluster;
    private final KeptByShards kept;
    private Twins twins;

    PointReadsTest(int shards) {
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
        twins.query("CREATE TABLE account (id bigint PRIMARY KEY, name text, code char(4),"
                + " mood mood DEFAULT 'happy', born date DEFAULT '2000-01-01')");
        for (int id = 1; id <= OFTEN; id++) {
            twins.query("INSERT INTO account VALUES (" + id + ", 'n" + id + "', 'c')");
        }
        kept.awaitCatalog();
    }

    @AfterEach
    void dropTable() {
        try (Twins ending = twins) {
            ending.query("ROLLBACK", "DROP TABLE IF EXISTS account");
        }
    }

    /** With each key, which brings both shards to keep it. */
    private void often(String sql) {
        for (int i = 0; i < 3; i++) {
            for (int id = 1; id <= OFTEN; id++) {
                twins.query(sql.replace("$id", Integer.toString(id)));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT name FROM account WHERE id = $id",
                "SELECT * FROM account WHERE id = $id;",
                "/* a */ select a.code as c, a.name, code from account as a where id = $id -- b",
                "SELECT FROM account WHERE id = $id AND code = 'c'",
                "SELECT id FROM account WHERE name = 'n$id' AND id = '$id'",
                "SELECT id, born FROM account WHERE id = $id AND mood = 'happy' AND born = '2000-01-01'",
                "SELECT id FROM account WHERE id = 10000000000 AND name = 'n$id'",
                "SELECT name FROM account WHERE id = $id AND id = 1"
            })
    void theirAnswersAreThoseOfTheText(String sql) {
        often(sql);
    }

    @Test
    void shardsKeepThem() {
        long before = kept.count();
        often("SELECT name FROM account WHERE id = $id");
        assertEquals(before + shards, kept.count());
        often("SELECT id FROM account WHERE name = 'n$id' AND mood = 'happy' AND id = $id");
        assertEquals(before + 2L * shards, kept.count());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT name FROM account WHERE name = 'n$id'",
                "SELECT name, 1 FROM account WHERE id = $id",
                "SELECT name FROM account WHERE id = $id OR id = $id",
                "SELECT name FROM account WHERE id = $id AND born > '1999-01-01'",
                "SELECT name FROM account WHERE id = $id FOR UPDATE",
                "SELECT name FROM account WHERE id = $id LIMIT 1",
                "SELECT name FROM account WHERE id = $id.0",
                "BEGIN; SELECT name FROM account WHERE id = $id; COMMIT"
            })
    void othersAreNotKept(String sql) {
        long before = kept.count();
        often(sql);
        assertEquals(before, kept.count());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT name FROM account WHERE mood = 'angry' AND id = 1",
                "SELECT name FROM account WHERE mood = 'it''s' AND id = 1",
                "SELECT name FROM account WHERE mood = E'\\x68appy' AND id = 1",
                "SELECT name FROM account WHERE mood = 'h\u00e4ppy' AND id = 1",
                "SELECT name FROM account WHERE mood = 'ha' 'ppy' AND id = 1",
                "SELECT name FROM account WHERE mood = 'ha'\n'ppy' AND id = 1",
                "SELECT name FROM account WHERE mood = 'sad' AND id = 0x1",
                "SELECT name FROM account WHERE mood = 'sad' AND id = 1_0",
                "SELECT name FROM account WHERE mood = 'sad' AND id = 007",
                "SELECT name FROM account WHERE mood = '' AND id = 7"
            })
    void aValueOfAnotherKindIsAnsweredOrRefusedAsInTheText(String sql) {
        often("SELECT name FROM account WHERE mood = 'happy' AND id = $id");
        for (int i = 0; i < 3; i++) {
            twins.query(sql, "SELECT name FROM account WHERE mood = 'happy' AND id = 3");
        }
    }

    @Test
    void anErrorIsThatOfTheText() {
        often("SELECT name FROM account WHERE born = '2000-01-01' AND id = $id");
        List<String> answer = twins.query("SELECT name FROM account WHERE born = 'yesterdays' AND id = 3");
        assertTrue(answer.get(0).contains("P=39"), answer.toString());
        twins.query("SELECT name FROM account WHERE born = '2000-01-01' AND id = 3");
    }

    @Test
    void aChangeOfTheTablePastTheProxyIsNotSeenAsAnError() throws SQLException {
        often("SELECT * FROM account WHERE id = $id");
        changePastTheProxy("ALTER TABLE account ADD COLUMN late int DEFAULT 5");
        often("SELECT * FROM account WHERE id = $id");
        changePastTheProxy("ALTER TABLE account ALTER COLUMN name TYPE varchar(10)");
        often("SELECT * FROM account WHERE id = $id");
        changePastTheProxy("ALTER TABLE account RENAME COLUMN name TO called");
        often("SELECT * FROM account WHERE id = $id");
    }

    /** Who reads the catalogs between the shards' changes finds tables that are not the same; what the client makes has them read again. */
    private void changePastTheProxy(String change) throws SQLException {
        cluster.everywhere(change);
        twins.query("CREATE TABLE read_again (id bigint)", "DROP TABLE read_again");
    }

    /** As a driver sends what it does not expect to come again. */
    private void oftenBound(String sql) {
        for (int i = 0; i < 3; i++) {
            for (int id = 1; id <= OFTEN; id++) {
                bound(sql, id);
            }
        }
    }

    private List<String> bound(String sql, int id) {
        return twins.exchange(
                parse("", sql),
                bind("", "", List.of(Optional.of(Integer.toString(id))), false),
                describePortal(""),
                execute("", 0),
                sync());
    }

    @Test
    void shardsKeepThoseWithoutNameToo() {
        long before = kept.count();
        oftenBound("SELECT name FROM account WHERE id = $1");
        assertEquals(before + shards, kept.count());
        oftenBound("SELECT name FROM account WHERE id = $1 AND mood = 'happy'");
        oftenBound("SELECT name FROM account WHERE (name = 'n1' OR code = 'c') AND id = $1");
        assertEquals(before + shards, kept.count());
    }

    @Test
    void aKeptStatementTakesTheMessagesOfOneWithoutName() {
        String sql = "SELECT name, code FROM account WHERE id = $1";
        oftenBound(sql);
        List<Optional<String>> key = List.of(Optional.of("3"));
        twins.exchange(parse("", sql), bind("", "", key, true), execute("", 0), sync());
        twins.exchange(parse("", sql), describeStatement(""), bind("", "", key, false), execute("", 0), sync());
        twins.exchange(parse("", sql), bind("", "", key, false), execute("", 1), execute("", 1), sync());
        twins.exchange(bind("", "", key, false), execute("", 0), bind("", "", key, false), execute("", 0), sync());
        twins.exchange(parse("", sql), bind("", "", List.of(Optional.of("three")), false), execute("", 0), sync());
        twins.exchange(parse("", sql), bind("", "", List.of(), false), execute("", 0), sync());
        twins.exchange(parse("", sql), bind("p", "", key, false), execute("p", 0), sync());
        twins.send(parse("", sql), bind("", "", key, false), flush());
        twins.sameUpTo('2');
        twins.exchange(execute("", 0), sync());
        twins.query("BEGIN");
        bound(sql, 4);
        twins.query("COMMIT");
        bound(sql, 4);
    }

    @Test
    void aValueThatComesInPiecesIsPassedOnAsItComes() {
        String sql = "SELECT id FROM account WHERE id = $1 AND name = $2";
        for (int i = 0; i < OFTEN; i++) {
            List<Optional<String>> values = List.of(Optional.of("3"), Optional.of("n3"));
            twins.exchange(parse("", sql), bind("", "", values, false), execute("", 0), sync());
        }
        List<Optional<String>> large = List.of(Optional.of("3"), Optional.of("n".repeat(20_000_000)));
        twins.exchange(parse("", sql), bind("", "", large, false), execute("", 0), sync());
        bound("SELECT name FROM account WHERE id = $1", 3);
    }

    @Test
    void aChangeOfTheTablePastTheProxyIsNoErrorForWhoParsesAnew() throws SQLException {
        String all = "SELECT * FROM account WHERE id = $1";
        oftenBound(all);
        cluster.everywhere("ALTER TABLE account ADD COLUMN late int DEFAULT 5");
        oftenBound(all);
        cluster.everywhere("ALTER TABLE account ALTER COLUMN name TYPE varchar(10)");
        List<Optional<String>> key = List.of(Optional.of("3"));
        twins.exchange(parse("", all), bind("", "", key, true), execute("", 0), sync());
        oftenBound("SELECT late FROM account WHERE id = $1");
        cluster.everywhere("ALTER TABLE account DROP COLUMN late");
        List<String> answer = bound("SELECT late FROM account WHERE id = $1", 3);
        assertTrue(answer.stream().anyMatch(line -> line.contains("42703")), answer.toString());
        oftenBound(all);
    }

    @Test
    void aTableThatIsGoneIsGone() throws SQLException {
        often("SELECT name FROM account WHERE id = $id");
        cluster.everywhere("DROP TABLE account");
        List<String> answer = twins.query("SELECT name FROM account WHERE id = 3");
        assertTrue(answer.get(0).contains("42P01"), answer.toString());
    }

    @Test
    void anotherSearchPathMeansAnotherTable() {
        for (int id = 1; id <= OFTEN; id++) {
            twins.query("INSERT INTO other.account VALUES (" + id + ", 'other')");
        }
        often("SELECT name FROM account WHERE id = $id");
        twins.query("SET search_path = other, public");
        often("SELECT name FROM account WHERE id = $id");
        twins.query("RESET search_path");
        often("SELECT name FROM account WHERE id = $id");
    }

    @Test
    void settingsAreTheSessionsOwn() {
        often("SELECT id, born FROM account WHERE id = $id");
        twins.query("SET datestyle = 'German, DMY'", "SELECT id, born FROM account WHERE id = 3");
        twins.query("SELECT id, born FROM account WHERE id = 3 AND born = '01.02.2000'");
        twins.query("RESET datestyle", "SELECT id, born FROM account WHERE id = 3");
    }

    @Test
    void aReadThatWaitsTooLongEndsOnce() throws SQLException {
        often("SELECT name FROM account WHERE id = $id");
        twins.query("SET statement_timeout = '300ms'");
        try (Connection first = cluster.shard("s0").connect();
                Connection second = cluster.shard("s" + (shards - 1)).connect();
                Connection reference = cluster.reference().connect()) {
            for (Connection locking : shards == 1 ? List.of(first, reference) : List.of(first, second, reference)) {
                locking.setAutoCommit(false);
                try (Statement statement = locking.createStatement()) {
                    statement.execute("LOCK TABLE account");
                }
            }
            List<String> answer = twins.query("SELECT name FROM account WHERE id = 3");
            assertTrue(answer.get(0).contains("57014"), answer.toString());
            assertEquals(2, answer.size());
        }
        twins.query("SELECT name FROM account WHERE id = 3");
    }
}
