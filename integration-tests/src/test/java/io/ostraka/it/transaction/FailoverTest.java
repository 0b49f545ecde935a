package io.ostraka.it.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.Endpoint;
import io.ostraka.it.harness.LogCapture;
import io.ostraka.proxy.server.OstrakaServer;
import io.ostraka.rules.config.ConfigReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.event.Level;

/** A shard's primary dies, somebody promotes its standby, and clients go on through the same proxy. */
@Timeout(300)
class FailoverTest {
    private static final int WORKERS = 4;

    /** Enough that some lie on each of two shards for every worker. */
    private static final int KEYS = 64;

    @TempDir
    private Path directory;

    private StandbyPair servers;
    private OstrakaServer proxy;

    /** Of one worker: a counter on each shard, which it increments together. */
    private static final class Worker {
        private final int first;
        private final int second;
        private final AtomicInteger tried = new AtomicInteger();
        private final AtomicInteger committed = new AtomicInteger();

        Worker(int first, int second) {
            this.first = first;
            this.second = second;
        }
    }

    private void start(boolean synchronous) throws IOException, SQLException {
        start(synchronous, true);
    }

    /** Before the shard with the standby, and, if there are {@code several}, another one. */
    private void start(boolean synchronous, boolean several) throws IOException, SQLException {
        servers = new StandbyPair("CREATE TABLE counter (id int PRIMARY KEY, n int NOT NULL DEFAULT 0)", synchronous);
        Path file = directory.resolve("proxy.yaml");
        Files.writeString(file, """
                listen: 127.0.0.1:0
                data_dir: data
                users:
                  app: { password: app-password }
                  ostraka: { password: recovery-password, console: true }
                databases:
                  test:
                    shards:
                      s0: { primary: "127.0.0.1:%d", replicas: ["127.0.0.1:%d"] }
                      %s
                    default_shard: %s
                    recovery_user: ostraka
                    tables:
                      counter: { hash: id }
                """.formatted(
                        servers.a().port(),
                        servers.b().port(),
                        several
                                ? "s1: { primary: \"127.0.0.1:%d\" }"
                                        .formatted(servers.c().port())
                                : "",
                        several ? "s1" : "s0"));
        proxy = OstrakaServer.start(ConfigReader.read(file));
        Await.until("the primary is found", () -> shown("state").equals("readable"));
        try (Connection connection = connect();
                Statement statement = connection.createStatement()) {
            for (int id = 1; id <= KEYS; id++) {
                statement.execute("INSERT INTO counter VALUES (" + id + ")");
            }
        }
    }

    @AfterEach
    void stop() throws IOException {
        if (proxy != null) {
            proxy.close();
        }
        servers.close();
    }

    private Connection connect() throws SQLException {
        return new Endpoint(proxy.addresses().get(0).getPort(), "test", "app", "app-password").connect();
    }

    /** What the console says of the shard with the standby. */
    private String shown(String column) throws SQLException {
        Endpoint console = new Endpoint(proxy.addresses().get(0).getPort(), "ostraka", "ostraka", "recovery-password");
        try (Connection connection = console.connect();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SHOW SHARDS")) {
            rows.next();
            assertEquals("s0", rows.getString("shard"));
            return String.valueOf(rows.getString(column));
        }
    }

    private List<Worker> workers() throws SQLException {
        List<Integer> here = ids(servers.a().connect(StandbyPair.DATABASE));
        List<Integer> there = ids(servers.c().connect(StandbyPair.DATABASE));
        List<Worker> workers = new ArrayList<>();
        for (int i = 0; i < WORKERS; i++) {
            workers.add(new Worker(here.get(i), there.get(i)));
        }
        return workers;
    }

    private static List<Integer> ids(Connection owned) throws SQLException {
        List<Integer> ids = new ArrayList<>();
        try (owned;
                Statement statement = owned.createStatement();
                ResultSet rows = statement.executeQuery("SELECT id FROM counter ORDER BY id")) {
            while (rows.next()) {
                ids.add(rows.getInt(1));
            }
        }
        return ids;
    }

    private void commit(Statement statement, Worker worker) throws SQLException {
        worker.tried.incrementAndGet();
        statement.execute("BEGIN");
        statement.execute("UPDATE counter SET n = n + 1 WHERE id = " + worker.first);
        statement.execute("UPDATE counter SET n = n + 1 WHERE id = " + worker.second);
        statement.execute("COMMIT");
        worker.committed.incrementAndGet();
    }

    /** Until it is told to end; after an error on a new connection, and only then with the next one. */
    private void work(Worker worker, AtomicBoolean ends, List<String> states) {
        while (!ends.get()) {
            try (Connection connection = connect();
                    Statement statement = connection.createStatement()) {
                while (!ends.get()) {
                    commit(statement, worker);
                }
            } catch (SQLException e) {
                synchronized (states) {
                    states.add(e.getSQLState());
                }
            }
        }
    }

    private static int committed(List<Worker> workers) {
        return workers.stream().mapToInt(worker -> worker.committed.get()).sum();
    }

    private String stateOf(int id) {
        try (Connection connection = connect();
                Statement statement = connection.createStatement()) {
            statement.execute("UPDATE counter SET n = n + 1 WHERE id = " + id);
            return "done";
        } catch (SQLException e) {
            return e.getSQLState();
        }
    }

    @Test
    void afterAFailoverEverythingThatWasAnsweredIsThereAndTheOldPrimaryIsNotUsedAgain()
            throws IOException, SQLException, InterruptedException {
        start(true);
        List<Worker> workers = workers();
        AtomicBoolean ends = new AtomicBoolean();
        List<String> states = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (Worker worker : workers) {
            Thread thread = new Thread(() -> work(worker, ends, states), "worker-" + worker.first);
            thread.start();
            threads.add(thread);
        }
        Await.until("commits are under way", () -> committed(workers) > 100);
        servers.a().kill();
        Await.until("the shard is missed", () -> {
            synchronized (states) {
                return states.contains("57P03");
            }
        });
        servers.promote();
        int before = committed(workers);
        Await.until("commits go on by themselves", () -> committed(workers) > before + 100);
        assertEquals("127.0.0.1:" + servers.b().port() + "/test", shown("address"));
        assertEquals("2", shown("timeline"));

        servers.a().start();
        StandbyPair.run(
                servers.a(), "postgres", "ALTER SYSTEM SET synchronous_standby_names = ''", "SELECT pg_reload_conf()");
        int later = committed(workers);
        Await.until("nobody cares for the old one", () -> committed(workers) > later + 100);
        ends.set(true);
        for (Thread thread : threads) {
            thread.join();
        }
        Await.until(
                "nothing is left prepared",
                () -> StandbyPair.ask(servers.b(), "SELECT count(*) FROM pg_prepared_xacts") == 0
                        && StandbyPair.ask(servers.c(), "SELECT count(*) FROM pg_prepared_xacts") == 0);
        for (Worker worker : workers) {
            int here = StandbyPair.ask(servers.b(), "SELECT n FROM counter WHERE id = " + worker.first);
            int there = StandbyPair.ask(servers.c(), "SELECT n FROM counter WHERE id = " + worker.second);
            assertEquals(there, here, "one half of a commit is lost");
            assertTrue(
                    here >= worker.committed.get(), here + " of " + worker.committed + " answered commits are there");
            assertTrue(here <= worker.tried.get(), "one is there twice");
        }

        int id = workers.get(0).first;
        int onOld = StandbyPair.ask(servers.a(), "SELECT n FROM counter WHERE id = " + id);
        servers.b().kill();
        Await.until("its death is seen", () -> stateOf(id).equals("57P03"));
        for (int i = 0; i < 50; i++) {
            assertEquals("57P03", stateOf(id));
        }
        assertEquals(onOld, StandbyPair.ask(servers.a(), "SELECT n FROM counter WHERE id = " + id));
        assertEquals("done", stateOf(workers.get(0).second), "other shards are served");
        servers.b().start();
        Await.until("it is back", () -> stateOf(id).equals("done"));
    }

    @Test
    void aStandbyThatLacksACommitIsNotReadAndAPersonIsCalled() throws IOException, SQLException {
        start(false);
        Worker worker = workers().get(0);
        servers.b().kill();
        try (Connection connection = connect();
                Statement statement = connection.createStatement()) {
            commit(statement, worker);
        }
        Await.until("the commit is forgotten", () -> shown("decided").equals("0"));
        servers.a().kill();
        try (LogCapture log = LogCapture.start(Level.ERROR)) {
            servers.b().start();
            servers.promote();
            Await.until("it is seen and refused", () -> shown("state").equals("no primary"));
            assertTrue(String.join("\n", log.lines()).contains("lacks transactions over several shards"));
        }
        try (Connection connection = connect();
                Statement statement = connection.createStatement()) {
            SQLException refused = assertThrows(
                    SQLException.class,
                    () -> statement.executeQuery("SELECT n FROM counter WHERE id = " + worker.first));
            assertEquals("57P03", refused.getSQLState());
        }
        assertEquals("done", stateOf(worker.second), "other shards are served");
        servers.b().kill();
        servers.a().start();
        Await.until("the one that has it is back", () -> stateOf(worker.first).equals("done"));
        assertEquals(2, StandbyPair.ask(servers.a(), "SELECT n FROM counter WHERE id = " + worker.first));
    }

    @Test
    void theOnlyShardOfADatabaseIsFollowedToo() throws IOException, SQLException {
        start(true, false);
        servers.a().kill();
        Await.until("its death is seen", () -> stateOf(1).equals("57P03"));
        servers.promote();
        Await.until("the new primary is used", () -> stateOf(1).equals("done"));
        assertEquals("127.0.0.1:" + servers.b().port() + "/test", shown("address"));
        assertEquals("2", shown("timeline"));
        servers.a().start();
        StandbyPair.run(
                servers.a(), "postgres", "ALTER SYSTEM SET synchronous_standby_names = ''", "SELECT pg_reload_conf()");
        int onOld = StandbyPair.ask(servers.a(), "SELECT n FROM counter WHERE id = 1");
        servers.b().kill();
        Await.until("its death is seen", () -> stateOf(1).equals("57P03"));
        for (int i = 0; i < 50; i++) {
            assertEquals("57P03", stateOf(1));
        }
        assertEquals(onOld, StandbyPair.ask(servers.a(), "SELECT n FROM counter WHERE id = 1"));
        servers.b().start();
        Await.until("it is back", () -> stateOf(1).equals("done"));
    }
}
