package io.ostraka.proxy.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.proxy.demo.EmbeddedServers;
import io.ostraka.proxy.demo.PostgresServer;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class CommandLineTest {
    private static final String FILE = """
            users:
              postgres: { password: "%s" }
            databases:
              shop:
                %s
                shards: { s0: { primary: "127.0.0.1:%d/postgres" }, s1: { primary: "127.0.0.1:%d/postgres" } }
                default_shard: s0
                recovery_user: postgres
                tables:
                  orders: { list: region, values: { eu: s0, us: s1 } }
            """;

    @TempDir
    private Path directory;

    private record Outcome(int status, String out, String err) {}

    private static Outcome run(Object... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine commandLine =
                Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        int status = commandLine.execute(
                List.of(arguments).stream().map(Object::toString).toArray(String[]::new));
        return new Outcome(status, out.toString(), err.toString());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''                | a command is missing",
                "frob              | frob",
                "serve             | Missing required parameter: 'FILE'",
                "check             | Missing required parameter: 'FILE'",
                "explain f         | Missing required parameter: 'SQL'",
                "demo --nodes 3    | --nodes 3: several proxies in one Raft group are not supported yet",
                "demo --shards 0   | --shards 0: must be 1 to 16",
                "demo --port 65536 | --port 65536: must be 0 to 65535",
                "demo --frob       | Unknown option: '--frob'",
            })
    void wrongUseIsExplainedAndEndsWithStatus2(String arguments, String complaint) {
        Outcome outcome = run(arguments.isEmpty() ? new Object[0] : arguments.split(" "));
        assertEquals(2, outcome.status(), outcome.err());
        assertTrue(outcome.err().contains(complaint), outcome.err());
        assertTrue(outcome.err().contains("Usage: ostraka"), outcome.err());
    }

    @Test
    void allErrorsOfAFileAreReportedWithTheirPlaces() throws Exception {
        Path file = Files.writeString(directory.resolve("wrong.yaml"), """
                users: { app: { pasword: x } }
                databases:
                  shop:
                    shards: { s0: { primary: "127.0.0.1:5432" } }
                    default_shard: s7
                """);
        for (String command : new String[] {"check", "serve"}) {
            Outcome outcome = run(command, file);
            assertEquals(1, outcome.status());
            assertTrue(outcome.err().contains("wrong.yaml:1:17: users.app.pasword: "), outcome.err());
            assertTrue(outcome.err().contains("wrong.yaml:5:20: databases.shop.default_shard: "), outcome.err());
        }
    }

    @Test
    void aStatementIsExplainedWithoutAnyShardWhenTheFileHasASchema() throws Exception {
        Files.writeString(
                directory.resolve("schema.sql"),
                "CREATE TABLE orders (region text NOT NULL, id int, PRIMARY KEY (region, id)); GRANT ALL ON orders TO app");
        Path file = Files.writeString(
                directory.resolve("shop.yaml"),
                FILE.formatted("x", "schema: schema.sql", 1, 1)
                        .replace("users:\n", "users:\n  app: { password: \"'\" }\n"));

        Outcome one = run("explain", file, "SELECT * FROM orders WHERE region = $1", "us");
        assertEquals(0, one.status(), one.err());
        assertTrue(one.out().startsWith("Forward: reads shard s1."), one.out());
        assertEquals("", one.err());

        Outcome all = run("explain", file, "SELECT * FROM orders");
        assertTrue(all.out().startsWith("Scatter: reads shards s0, s1"), all.out());

        Files.writeString(directory.resolve("schema.sql"), "CREATE TABLE orders (region nosuch)");
        Outcome wrong = run("explain", file, "SELECT 1");
        assertEquals(1, wrong.status());
        assertTrue(wrong.err().contains("schema.sql: ERROR: type \"nosuch\" does not exist"), wrong.err());
    }

    @Test
    void shardsAreLookedAtWhereTheFileHasNoSchema() throws Exception {
        Path file = directory.resolve("shop.yaml");
        try (EmbeddedServers servers = EmbeddedServers.temporary(List.of("s0", "s1"))) {
            PostgresServer s0 = servers.server("s0");
            PostgresServer s1 = servers.server("s1");
            for (PostgresServer server : servers.servers()) {
                try (var connection = server.connect("postgres");
                        var statement = connection.createStatement()) {
                    statement.execute("CREATE TABLE orders (region text PRIMARY KEY)");
                }
            }
            Files.writeString(file, FILE.formatted(s0.superuserPassword(), "", s0.port(), s1.port()));

            Outcome ready = run("check", file, "--connect");
            assertEquals(0, ready.status(), ready.out() + ready.err());
            assertTrue(ready.out().contains("the shards are ready"), ready.out());

            Outcome explained = run("explain", file, "SELECT * FROM orders WHERE region = 'us'");
            assertTrue(explained.out().startsWith("Forward: reads shard s1."), explained.out());

            s1.stop();
            Outcome down = run("check", file, "--connect");
            assertEquals(1, down.status());
            assertTrue(down.out().contains("shard s1 at 127.0.0.1:" + s1.port()), down.out());
        }
        Outcome nobody = run("explain", file, "SELECT 1");
        assertEquals(1, nobody.status());
        assertTrue(nobody.err().contains("no shard can be read"), nobody.err());
    }

    @Test
    void aTakenPortIsNamedBeforeAnythingStarts() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}))) {
            Outcome outcome = run("demo", "--port", taken.getLocalPort());
            assertEquals(1, outcome.status());
            assertTrue(outcome.err().contains("cannot listen on 127.0.0.1:" + taken.getLocalPort()), outcome.err());
            assertEquals("", outcome.out());
        }
    }
}
