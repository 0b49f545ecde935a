package io.ostraka.it.schema;

import static io.ostraka.it.schema.TestShards.hash;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.proxy.schema.SchemaService;
import io.ostraka.proxy.schema.SchemaState;
import io.ostraka.rules.config.HostPort;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.config.TableName;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 2, unit = TimeUnit.MINUTES)
class SchemaServiceTest {
    private static final Duration OFTEN = Duration.ofMillis(50);
    private static final Duration NEVER = Duration.ofHours(1);
    private static final TableName T = new TableName("public", "t");

    private static EmbeddedPostgres server;
    private final BlockingQueue<SchemaState> states = new LinkedBlockingQueue<>();
    private TestShards shards;

    @BeforeAll
    static void startServer() throws IOException {
        server = TestShards.startServer();
    }

    @AfterAll
    static void stopServer() throws IOException {
        server.close();
    }

    @BeforeEach
    void createShards() throws SQLException {
        shards = TestShards.create(server, 2);
        shards.rule("t", hash("id"));
    }

    @AfterEach
    void dropShards() throws SQLException {
        shards.close();
    }

    private SchemaService service(Duration interval) {
        return SchemaService.of(shards.cluster(), shards.database(), interval, states::add)
                .orElseThrow();
    }

    private SchemaState await(Predicate<SchemaState> condition) throws InterruptedException {
        while (true) {
            SchemaState state = states.poll(30, TimeUnit.SECONDS);
            assertNotNull(state, "no such state came");
            if (condition.test(state)) {
                return state;
            }
        }
    }

    @Test
    void aChangeOnAShardIsNoticed() throws SQLException, InterruptedException {
        try (SchemaService service = service(OFTEN)) {
            SchemaState first = service.start().join();
            assertTrue(first.catalog().table(T).isEmpty());
            assertSame(first, service.current());
            shards.onAll("CREATE TABLE t (id int)");
            SchemaState created = await(state ->
                    state.catalog().table(T).isPresent() && state.differences().isEmpty());
            assertTrue(created.catalog().version() > first.catalog().version());
            shards.on("s1", "ALTER TABLE t ADD COLUMN extra text");
            SchemaState drifted = await(state -> !state.differences().isEmpty());
            assertEquals(
                    "table public.t: column extra is missing on s0, but exists on s1",
                    drifted.differences().get(0).text());
        }
    }

    @Test
    void everyKindOfChangeIsNoticed() throws SQLException, InterruptedException {
        shards.onAll(
                "CREATE TABLE t (id int, n int)",
                "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
                "CREATE FUNCTION same(int, int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 = $2'",
                "CREATE FUNCTION tr() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
                "CREATE POLICY p ON t USING (same(id, 1))",
                "CREATE DOMAIN d AS int",
                "CREATE TABLE u (id d, n int)",
                "CREATE VIEW v AS SELECT id FROM t");
        try (SchemaService service = service(OFTEN)) {
            service.start().join();
            for (String change : List.of(
                    "CREATE SCHEMA app",
                    "ALTER TABLE t ALTER n SET DEFAULT 1",
                    "ALTER TABLE t ALTER n SET DEFAULT f()",
                    "ALTER TABLE t ALTER n SET NOT NULL",
                    "ALTER TABLE t ADD PRIMARY KEY (id)",
                    "CREATE UNIQUE INDEX some_index ON t (n)",
                    "DROP INDEX some_index",
                    "ALTER TABLE t ADD CONSTRAINT c CHECK (same(n, 1)) NOT VALID",
                    "ALTER TABLE t RENAME n TO m",
                    "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tr()",
                    "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
                    "CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING",
                    "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2'",
                    "ALTER FUNCTION f() STABLE",
                    "CREATE OPERATOR === (FUNCTION = same, LEFTARG = int, RIGHTARG = int)",
                    "ALTER DOMAIN d SET NOT NULL",
                    "CREATE OR REPLACE VIEW v AS SELECT id FROM t WHERE id > 0",
                    "CREATE TABLE heir () INHERITS (u)",
                    "ALTER TABLE heir NO INHERIT u",
                    "CREATE SEQUENCE s",
                    "DROP VIEW v")) {
                long before = service.current().catalog().version();
                shards.onAll(change);
                SchemaState seen = states.poll(30, TimeUnit.SECONDS);
                assertNotNull(seen, "not noticed: " + change);
                // Both shards may have been seen at once or one after the other.
                service.refresh().join();
                states.clear();
                assertTrue(service.current().catalog().version() > before, change);
            }
        }
    }

    @Test
    void aShardThatAcceptsAndNeverAnswersIsDeadToo() throws IOException {
        try (ServerSocket mute = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            shards.addAt("s2", new HostPort("127.0.0.1", mute.getLocalPort()));
            try (SchemaService service = service(NEVER)) {
                assertEquals(
                        Set.of(new ShardName("s2")),
                        service.start().join().unread().keySet());
            }
        }
    }

    @Test
    void aRefreshSeesWhatWasCommittedBefore() throws SQLException {
        try (SchemaService service = service(NEVER)) {
            SchemaState first = service.start().join();
            shards.onAll("CREATE TABLE t (id int)");
            SchemaState second = service.refresh().join();
            assertTrue(second.catalog().table(T).isPresent());
            assertSame(second, service.current());
            assertTrue(second.catalog().version() > first.catalog().version());
            assertSame(second, service.refresh().join(), "nothing changed, so the version stays");
        }
    }

    @Test
    void whatDoesNotTouchTheCatalogMakesNoNewVersion() throws SQLException {
        shards.onAll("CREATE TABLE t (id int)");
        try (SchemaService service = service(NEVER)) {
            SchemaState first = service.start().join();
            shards.onAll("INSERT INTO t SELECT generate_series(1, 1000)", "ANALYZE t", "VACUUM t", "TRUNCATE t");
            assertSame(first, service.refresh().join());
        }
    }

    @Test
    void aShardThatIsDeadAtStartIsNamedAndReadWhenItIsBack() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        shards.onAll("CREATE TABLE t (id int)");
        shards.addAt("s2", new HostPort("127.0.0.1", port));
        try (SchemaService service = service(OFTEN)) {
            SchemaState first = service.start().join();
            assertEquals(Set.of(new ShardName("s2")), first.unread().keySet());
            assertTrue(first.catalog().table(T).isPresent(), "the others were read");
            assertEquals(0, first.differences().size(), "what a dead shard has is not known to differ");
            try (EmbeddedPostgres back =
                    EmbeddedPostgres.builder().setPort(port).start()) {
                try (Connection connection = DriverManager.getConnection(back.getJdbcUrl("postgres", "postgres"));
                        Statement statement = connection.createStatement()) {
                    statement.execute("CREATE DATABASE \"" + shards.databaseOf("s2") + "\"");
                }
                SchemaState whole = await(state -> state.unread().isEmpty());
                assertEquals(
                        "table public.t: it is missing on s2, but exists on s0 and s1",
                        whole.differences().get(0).text());
            }
        }
    }

    @Test
    void aShardThatDiesKeepsTheCatalogItHad() throws SQLException {
        shards.onAll("CREATE TABLE t (id int)");
        try (SchemaService service = service(NEVER)) {
            SchemaState first = service.start().join();
            try (Connection connection = shards.connect("postgres");
                    Statement statement = connection.createStatement()) {
                statement.execute("DROP DATABASE \"" + shards.databaseOf("s1") + "\" WITH (FORCE)");
            }
            assertSame(first, service.refresh().join());
        }
    }
}
