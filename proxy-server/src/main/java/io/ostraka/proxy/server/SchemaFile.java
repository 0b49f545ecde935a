package io.ostraka.proxy.server;

import io.ostraka.proxy.demo.EmbeddedServers;
import io.ostraka.proxy.demo.PostgresServer;
import io.ostraka.rules.config.ClusterConfig;
import io.ostraka.rules.config.DatabaseConfig;
import io.ostraka.rules.config.HostPort;
import io.ostraka.rules.config.ShardConfig;
import io.ostraka.rules.config.ShardConfig.TlsMode;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.config.UserConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A DDL file as a catalog that can be read: run in an empty PostgreSQL of our own, which stands in for every shard. So
 * PostgreSQL itself is the reader of DDL. Blocking; {@link #close} stops the server.
 */
final class SchemaFile implements AutoCloseable {
    private static final String DATABASE = "explain";

    private final EmbeddedServers servers;
    private final ClusterConfig config;
    private final DatabaseConfig database;

    private SchemaFile(EmbeddedServers servers, ClusterConfig config, DatabaseConfig database) {
        this.servers = servers;
        this.config = config;
        this.database = database;
    }

    static SchemaFile load(Path ddl, ClusterConfig config, DatabaseConfig database) throws IOException {
        String text = Files.readString(ddl);
        EmbeddedServers servers = EmbeddedServers.temporary(List.of(DATABASE));
        try {
            PostgresServer server = servers.server(DATABASE);
            run(server, text, config);
            DatabaseConfig standIn = standIn(database, server);
            return new SchemaFile(servers, withSuperuser(config, server), standIn);
        } catch (SQLException e) {
            servers.close();
            throw new IOException(ddl + ": " + e.getMessage(), e);
        } catch (RuntimeException e) {
            servers.close();
            throw e;
        }
    }

    /** The configuration, with a user who may log in to the stand-in. */
    ClusterConfig config() {
        return config;
    }

    /** The database, with all its shards at the stand-in. */
    DatabaseConfig database() {
        return database;
    }

    @Override
    public void close() throws IOException {
        servers.close();
    }

    private static void run(PostgresServer server, String ddl, ClusterConfig config) throws SQLException {
        try (Connection connection = server.connect("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE DATABASE " + DATABASE);
            for (String user : config.users().keySet()) { // the file may grant to them
                if (!user.equals(PostgresServer.SUPERUSER)) {
                    statement.execute("CREATE ROLE " + statement.enquoteIdentifier(user, true));
                }
            }
        }
        try (Connection connection = server.connect(DATABASE);
                Statement statement = connection.createStatement()) {
            statement.execute(ddl);
        }
    }

    private static ClusterConfig withSuperuser(ClusterConfig config, PostgresServer server) {
        Map<String, UserConfig> users = new LinkedHashMap<>(config.users());
        users.put(
                PostgresServer.SUPERUSER,
                new UserConfig(
                        PostgresServer.SUPERUSER,
                        new UserConfig.Credential.Password(server.superuserPassword()),
                        false,
                        Optional.empty(),
                        Optional.empty()));
        return new ClusterConfig(
                config.listen(),
                config.allowPlaintext(),
                config.dataDir(),
                config.tls(),
                config.node(),
                config.peers(),
                config.peerSecret(),
                users,
                config.usersFromShards(),
                config.auth(),
                config.limits(),
                config.workers(),
                config.databases());
    }

    private static ShardConfig standIn(ShardName name, HostPort address) {
        return new ShardConfig(
                name, address, DATABASE, List.of(), TlsMode.DISABLE, OptionalInt.empty(), Optional.empty());
    }

    private static DatabaseConfig standIn(DatabaseConfig database, PostgresServer server) {
        Map<ShardName, ShardConfig> shards = new LinkedHashMap<>();
        HostPort address = new HostPort("127.0.0.1", server.port());
        database.shards().keySet().forEach(name -> shards.put(name, standIn(name, address)));
        return new DatabaseConfig(
                database.name(),
                shards,
                database.defaultShard(),
                database.combiner().map(combiner -> standIn(combiner.name(), address)),
                database.slots(),
                database.pool(),
                database.consistency(),
                database.serializable(),
                Optional.of(PostgresServer.SUPERUSER),
                database.schema(),
                database.tables(),
                database.schemas());
    }
}
