package io.ostraka.it.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What functions leave in their connection, which no statement shows, stays with the session. */
@ExtendWith(NoLeaks.class)
class FunctionStateTest {
    /** The next session is lent what the one before has given back, or a new one. */
    private static final ClusterSpec SPEC =
            ClusterSpec.shards(1).withDdl("""
                    CREATE TABLE stamped (a int);
                    CREATE FUNCTION remember() RETURNS int LANGUAGE plpgsql AS
                      $$ BEGIN PERFORM set_config('work_mem', '77MB', false); RETURN 1; END $$;
                    CREATE FUNCTION indirectly() RETURNS int LANGUAGE sql AS 'SELECT remember()';
                    CREATE VIEW seen AS SELECT indirectly();
                    CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS
                      $$ BEGIN SET work_mem = '77MB'; RETURN NEW; END $$;
                    CREATE TRIGGER stamp BEFORE INSERT ON stamped FOR EACH ROW EXECUTE FUNCTION stamp();
                    CREATE FUNCTION lock() RETURNS int LANGUAGE plpgsql AS
                      $$ BEGIN PERFORM pg_advisory_lock(5); RETURN 1; END $$;
                    CREATE FUNCTION tabulate() RETURNS int LANGUAGE plpgsql AS
                      $$ BEGIN CREATE TEMP TABLE own (a int); RETURN 1; END $$;
                    CREATE FUNCTION turning() RETURNS int LANGUAGE sql AS 'SELECT 1';
                    CREATE FUNCTION speak(text) RETURNS int LANGUAGE plpgsql AS
                      $$ BEGIN EXECUTE $1; RETURN 1; END $$;
                    """).withDatabase("pool: { size: 1, acquire_timeout: 30s }");

    private final TestCluster cluster = TestCluster.of(SPEC);

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT remember()",
                "SELECT indirectly()",
                "SELECT * FROM seen",
                "INSERT INTO stamped VALUES (1)",
                "SELECT lock()",
                "SELECT tabulate()",
                "SELECT speak('SET work_mem = 1234')"
            })
    void whatAFunctionLeavesBehindIsNotFoundByAnotherSession(String sql) {
        try (WireClient first = WireClient.login(cluster.proxy())) {
            assertTrue(first.query(sql).stream().noneMatch(message -> message.type() == 'E'), sql);
        }
        try (WireClient next = WireClient.login(cluster.proxy())) {
            assertEquals("D[4MB]", value(next.query("SHOW work_mem")));
            assertEquals("D[t]", value(next.query("SELECT to_regclass('pg_temp.own') IS NULL")));
            assertEquals(
                    "D[0]",
                    value(next.query("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
                            + " AND pid = pg_backend_pid()")));
        }
    }

    @Test
    void aFunctionIsNotTakenForWhatItWasBeforeItsMakerReplacedIt() {
        try (WireClient first = WireClient.login(cluster.proxy())) {
            assertEquals("D[1]", value(first.query("SELECT turning()")));
            first.query("CREATE OR REPLACE FUNCTION turning() RETURNS int LANGUAGE plpgsql AS"
                    + " $$ BEGIN PERFORM set_config('work_mem', '77MB', false); RETURN 2; END $$");
            assertEquals("D[2]", value(first.query("SELECT turning()")));
            assertEquals("D[77MB]", value(first.query("SHOW work_mem")));
        }
        try (WireClient next = WireClient.login(cluster.proxy())) {
            assertEquals("D[4MB]", value(next.query("SHOW work_mem")));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"SELECT remember()", "INSERT INTO stamped VALUES (1)"})
    void theSessionItselfFindsIt(String sql) {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            client.query(sql);
            assertEquals("D[77MB]", value(client.query("SHOW work_mem")));
            client.query("SELECT 1");
            assertEquals("D[77MB]", value(client.query("SHOW work_mem")));
        }
    }

    private static String value(List<BackendMessage> answer) {
        return answer.stream()
                .filter(message -> message.type() == 'D')
                .map(BackendMessage::toString)
                .findFirst()
                .orElseGet(answer::toString);
    }
}
