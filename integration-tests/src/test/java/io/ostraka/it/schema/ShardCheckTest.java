package io.ostraka.it.schema;

import static io.ostraka.it.schema.TestShards.hash;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.proxy.schema.Finding;
import io.ostraka.proxy.schema.ShardCheck;
import io.ostraka.rules.config.HostPort;
import io.ostraka.rules.config.TableRuleConfig;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ShardCheckTest {
    private static EmbeddedPostgres server;
    private TestShards shards;

    @BeforeAll
    static void startServer() throws IOException {
        server = TestShards.startServer("max_prepared_transactions=10");
    }

    @AfterAll
    static void stopServer() throws IOException {
        server.close();
    }

    @BeforeEach
    void createShards() throws SQLException {
        shards = TestShards.create(server, 2);
    }

    @AfterEach
    void dropShards() throws SQLException {
        shards.close();
    }

    private List<String> findings() {
        return ShardCheck.check(shards.cluster()).stream()
                .map(Finding::toString)
                .toList();
    }

    @Test
    void shardsThatAreAlikeAndFitTheRulesAreNotWorthAWord() throws SQLException {
        shards.rule("customers", hash("id"));
        shards.rule("orders", hash("customer_id"));
        shards.rule("countries", new TableRuleConfig.Reference());
        shards.onAll(
                "CREATE TABLE countries (code text PRIMARY KEY)",
                "CREATE TABLE customers (id int PRIMARY KEY, country text REFERENCES countries)",
                "CREATE TABLE orders (customer_id int REFERENCES customers, n int, PRIMARY KEY (customer_id, n))");
        assertEquals(List.of(), findings());
    }

    @Test
    void keysThatTheRulesCannotKeepAreErrors() throws SQLException {
        shards.rule("customers", hash("id"));
        shards.rule("orders", hash("customer_id"));
        shards.rule("events", hash("what"));
        shards.rule("later", hash("id"));
        shards.onAll(
                "CREATE TABLE customers (id int PRIMARY KEY, email text UNIQUE)",
                "CREATE TABLE items (id int PRIMARY KEY)",
                "CREATE TABLE orders (id int PRIMARY KEY, customer_id int, item int CONSTRAINT item REFERENCES items,"
                        + " buyer int CONSTRAINT buyer REFERENCES customers)",
                "CREATE UNIQUE INDEX ON orders (lower(id::text)) WHERE item > 0",
                "CREATE TABLE events (id int)");
        assertEquals(
                List.of(
                        "error: database \"shop\": table public.events: it has no column \"what\"",
                        "note: database \"shop\": table public.later: it has a rule, but does not exist yet",
                        "error: database \"shop\": table public.customers: unique key (email) does not contain the shard"
                                + " key (id), so it cannot be enforced across shards",
                        "error: database \"shop\": table public.orders: primary key (id) does not contain the shard key"
                                + " (customer_id), so it cannot be enforced across shards",
                        "error: database \"shop\": table public.orders: UNIQUE INDEX btree (lower((id)::text)) WHERE"
                                + " (item > 0) does not contain the shard key (customer_id), so it cannot be enforced"
                                + " across shards",
                        "warning: database \"shop\": table public.orders: column customer_id of the shard key is"
                                + " nullable: a row with a null there belongs to no shard",
                        "error: database \"shop\": table public.orders: foreign key buyer refers to rows of"
                                + " public.customers that may be on other shards",
                        "error: database \"shop\": table public.orders: foreign key item refers to rows of public.items"
                                + " that may be on other shards"),
                findings());
    }

    @Test
    void schemaDifferencesAreErrors() throws SQLException {
        shards.rule("t", hash("id"));
        shards.on("s0", "CREATE TABLE t (id int PRIMARY KEY)");
        assertEquals(
                List.of("error: database \"shop\": table public.t: it is missing on s1, but exists on s0"), findings());
    }

    @Test
    void otherLocalesAndEncodingsAreErrors() throws SQLException {
        shards.add("s2", "TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'");
        List<String> findings = findings();
        assertTrue(
                findings.contains("error: database \"shop\": shard s2 has encoding LATIN1, but only UTF8 is supported"),
                findings::toString);
        assertTrue(
                findings.stream()
                        .anyMatch(finding -> finding.startsWith(
                                        "error: database \"shop\": the shards do not sort text alike: the locale is ")
                                && finding.endsWith("libc, LC_COLLATE C, LC_CTYPE C on s2")),
                findings::toString);
    }

    @Test
    void aDeadShardIsAnErrorWithItsAddress() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        shards.addAt("s2", new HostPort("127.0.0.1", port));
        List<String> findings = findings();
        assertEquals(1, findings.size(), findings::toString);
        assertTrue(
                findings.get(0)
                        .startsWith("error: database \"shop\": shard s2 at 127.0.0.1:" + port
                                + " cannot be read as user \"postgres\": Connection to 127.0.0.1:" + port
                                + " refused."),
                findings::toString);
    }

    @Test
    void noPreparedTransactionsIsAWarningWithTheLineToSet() throws IOException, SQLException {
        try (EmbeddedPostgres stock = TestShards.startServer();
                TestShards plain = TestShards.create(stock, 2)) {
            assertEquals(
                    List.of(
                            "warning: database \"shop\": shard s0 has max_prepared_transactions = 0, so transactions that"
                                    + " write on several shards will fail; put \"max_prepared_transactions = 200\" into"
                                    + " its postgresql.conf and restart it",
                            "warning: database \"shop\": shard s1 has max_prepared_transactions = 0, so transactions that"
                                    + " write on several shards will fail; put \"max_prepared_transactions = 200\" into"
                                    + " its postgresql.conf and restart it"),
                    ShardCheck.check(plain.cluster()).stream()
                            .map(Finding::toString)
                            .toList());
        }
    }

    @Test
    void fewPreparedTransactionsAreAWarningToo() throws IOException, SQLException {
        try (EmbeddedPostgres small = TestShards.startServer("max_prepared_transactions=9");
                TestShards plain = TestShards.create(small, 2)) {
            List<Finding> findings = ShardCheck.check(plain.cluster());
            assertEquals(2, findings.size(), findings::toString);
            assertEquals(
                    "warning: database \"shop\": shard s0 has max_prepared_transactions = 9 for 1 proxy: commits over"
                            + " several shards will wait for each other; put \"max_prepared_transactions = 200\" into"
                            + " its postgresql.conf and restart it",
                    findings.get(0).toString());
        }
    }
}
