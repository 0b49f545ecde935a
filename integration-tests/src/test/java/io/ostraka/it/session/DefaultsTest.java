package io.ostraka.it.session;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What ALTER ROLE and ALTER DATABASE set holds for whoever comes after, although connections are older; and search paths. */
@ExtendWith(NoLeaks.class)
class DefaultsTest {
    private static final String DDL = """
            CREATE SCHEMA a; CREATE SCHEMA b;
            CREATE TABLE a.t (v text); CREATE TABLE b.t (v text);
            INSERT INTO a.t VALUES ('of a'); INSERT INTO b.t VALUES ('of b');
            CREATE FUNCTION turn_to(path text) RETURNS void LANGUAGE plpgsql
              AS $$ BEGIN EXECUTE 'SET search_path = ' || path; END $$""";

    private final TestCluster cluster = TestCluster.of(ClusterSpec.shards(1).withDdl(DDL));

    @AfterEach
    void reset() throws SQLException {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            client.query("ALTER ROLE app RESET ALL");
        }
        cluster.everywhere("ALTER ROLE app RESET ALL");
    }

    private static String value(WireClient client, String sql) {
        List<BackendMessage> answer = client.query(sql);
        return answer.stream()
                .filter(message -> message.type() == 'D')
                .map(BackendMessage::toString)
                .findFirst()
                .orElseGet(answer::toString);
    }

    @Test
    void newSessionsBeginWithTheNewDefaults() {
        for (String size : List.of("7MB", "8MB")) {
            try (WireClient altering = WireClient.login(cluster.proxy())) {
                altering.query("ALTER ROLE app SET work_mem = '" + size + "'");
                try (WireClient next = WireClient.login(cluster.proxy())) {
                    assertEquals("D[" + size + "]", value(next, "SHOW work_mem"));
                }
            }
        }
        try (WireClient altering = WireClient.login(cluster.proxy())) {
            altering.query("BEGIN");
            altering.query("ALTER ROLE app SET work_mem = '9MB'");
            try (WireClient next = WireClient.login(cluster.proxy())) {
                assertEquals("D[8MB]", value(next, "SHOW work_mem"));
            }
            altering.query("COMMIT");
            try (WireClient next = WireClient.login(cluster.proxy())) {
                assertEquals("D[9MB]", value(next, "SHOW work_mem"));
            }
        }
    }

    @Test
    void aSessionKeepsTheSearchPathItBeganWith() {
        try (WireClient altering = WireClient.login(cluster.proxy())) {
            altering.query("ALTER ROLE app SET search_path = a");
            try (WireClient old = WireClient.login(cluster.proxy())) {
                assertEquals("D[of a]", value(old, "SELECT v FROM t"));
                altering.query("ALTER ROLE app SET search_path = b");
                try (WireClient fresh = WireClient.login(cluster.proxy())) {
                    for (int i = 0; i < 3; i++) {
                        assertEquals("D[of b]", value(fresh, "SELECT v FROM t"));
                        assertEquals("D[of a]", value(old, "SELECT v FROM t"));
                        old.query("RESET search_path");
                    }
                    old.query("SET search_path = b");
                    assertEquals("D[of b]", value(old, "SELECT v FROM t"));
                }
            }
        }
    }

    @Test
    void aSearchPathThatAFunctionSetsFollowsItsSession() {
        try (WireClient a = WireClient.login(cluster.proxy());
                WireClient b = WireClient.login(cluster.proxy());
                WireClient c = WireClient.login(cluster.proxy())) {
            a.query("SELECT public.turn_to('a')");
            b.query("SELECT public.turn_to('b')");
            for (int i = 0; i < 3; i++) {
                assertEquals("D[of a]", value(a, "SELECT v FROM t"));
                assertEquals("D[of b]", value(b, "SELECT v FROM t"));
                assertEquals("42P01", c.query("SELECT v FROM t").get(0).sqlState());
            }
            a.query("BEGIN");
            a.query("SELECT public.turn_to('b')");
            assertEquals("D[of b]", value(a, "SELECT v FROM t"));
            a.query("ROLLBACK");
            assertEquals("D[of a]", value(a, "SELECT v FROM t"));
            a.query("BEGIN");
            a.query("SET LOCAL search_path = b");
            assertEquals("D[of b]", value(a, "SELECT v FROM t"));
            a.query("COMMIT");
            assertEquals("D[of a]", value(a, "SELECT v FROM t"));
            assertEquals("D[of b]", value(b, "SELECT v FROM t"));
        }
    }
}
