package io.ostraka.it.schema;

import io.ostraka.rules.config.ClusterConfig;
import io.ostraka.rules.config.DatabaseConfig;
import io.ostraka.rules.config.HostPort;
import io.ostraka.rules.config.LimitsConfig;
import io.ostraka.rules.config.PoolConfig;
import io.ostraka.rules.config.ShardConfig;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.config.TableName;
import io.ostraka.rules.config.TableRuleConfig;
import io.ostraka.rules.config.UserConfig;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Shards for tests of the catalog: databases {@code s0}, {@code s1} ... of one embedded server, new for each test. (Which
 * server a shard is on makes no difference to its catalog.) Confined to the test's thread.
 */
final class TestShards implements AutoCloseable {
    private static final AtomicInteger NEXT = new AtomicInteger();

    private final EmbeddedPostgres server;
    private final String prefix = "test" + NEXT.incrementAndGet() + "_";
    private final Map<ShardName, HostPort> shards = new LinkedHashMap<>();
    private final Map<TableName, TableRuleConfig> rules = new LinkedHashMap<>();

    private TestShards(EmbeddedPostgres server) {
        this.server = server;
    }

    static EmbeddedPostgres startServer(String... settings) throws IOException {
        EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder().setServerConfig("fsync", "off");
        for (String setting : settings) {
            String[] parts = setting.split("=", 2);
            builder.setServerConfig(parts[0], parts[1]);
        }
        return builder.start();
    }

    /** So many empty shards. */
    static TestShards create(EmbeddedPostgres server, int count) throws SQLException {
        TestShards shards = new TestShards(server);
        for (int i = 0; i < count; i++) {
            shards.add("s" + i, "");
        }
        return shards;
    }

    /** One more shard; {@code options} are those of {@code CREATE DATABASE}. */
    void add(String shard, String options) throws SQLException {
        try (Connection connection = connect("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE DATABASE \"" + prefix + shard + "\" " + options);
        }
        addAt(shard, new HostPort("127.0.0.1", server.getPort()));
    }

    /** One more shard, wherever it is. */
    void addAt(String shard, HostPort address) {
        shards.put(new ShardName(shard), address);
    }

    void rule(String table, TableRuleConfig rule) {
        rules.put(new TableName("public", table), rule);
    }

    static TableRuleConfig hash(String... columns) {
        return new TableRuleConfig.Hash(List.of(columns), List.of(), Optional.empty());
    }

    void on(String shard, String... sql) throws SQLException {
        try (Connection connection = connect(prefix + shard);
                Statement statement = connection.createStatement()) {
            for (String one : sql) {
                statement.execute(one);
            }
        }
    }

    void onAll(String... sql) throws SQLException {
        for (ShardName shard : shards.keySet()) {
            on(shard.value(), sql);
        }
    }

    Connection connect(String database) throws SQLException {
        return DriverManager.getConnection(server.getJdbcUrl("postgres", database));
    }

    String databaseOf(String shard) {
        return prefix + shard;
    }

    DatabaseConfig database() {
        Map<ShardName, ShardConfig> configs = new LinkedHashMap<>();
        shards.forEach((name, address) -> configs.put(
                name,
                new ShardConfig(
                        name,
                        address,
                        prefix + name,
                        List.of(),
                        ShardConfig.TlsMode.DISABLE,
                        OptionalInt.empty(),
                        Optional.empty())));
        return new DatabaseConfig(
                "shop",
                configs,
                new ShardName("s0"),
                Optional.empty(),
                1024,
                new PoolConfig(5, PoolConfig.Mode.TRANSACTION, Duration.ofSeconds(5)),
                DatabaseConfig.Consistency.ATOMIC,
                DatabaseConfig.SerializableAcrossShards.REFUSE,
                Optional.of("postgres"),
                Optional.empty(),
                rules,
                Map.of());
    }

    ClusterConfig cluster() {
        UserConfig user = new UserConfig(
                "postgres", new UserConfig.Credential.Password("postgres"), false, Optional.empty(), Optional.empty());
        return new ClusterConfig(
                List.of(),
                false,
                Path.of("unused"),
                Optional.empty(),
                "n1",
                Map.of(),
                Optional.empty(),
                Map.of("postgres", user),
                false,
                ClusterConfig.AuthMode.TRUST,
                LimitsConfig.DEFAULT,
                OptionalInt.empty(),
                Map.of("shop", database()));
    }

    @Override
    public void close() throws SQLException {
        try (Connection connection = connect("postgres");
                Statement statement = connection.createStatement()) {
            for (ShardName shard : shards.keySet()) {
                statement.execute("DROP DATABASE IF EXISTS \"" + prefix + shard + "\" WITH (FORCE)");
            }
        }
    }
}
