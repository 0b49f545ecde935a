package io.ostraka.bench;

import io.ostraka.proxy.demo.EmbeddedServers;
import io.ostraka.proxy.demo.PostgresServer;
import java.io.IOException;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HexFormat;
import java.util.List;

/**
 * The data: table {@code accounts} whole on one server for everybody else, and dealt to two servers for Ostraka, by the
 * slot formula in SQL, so that wrong routing finds no row; dealt once more to two databases of the server that has it whole.
 * Table {@code incoming} is empty, for COPY.
 */
final class Shards implements AutoCloseable {
    static final String DATABASE = "bench";
    static final String USER = "bench";

    /** Slots 0 to 511 of 1024 are the first shard's; formula: resharding.md, section 2. */
    private static final String ON_FIRST_SHARD =
            "(((hashint8extended(id, 8816678312871386365) & 1023) + 227) & 1023) < 512";

    private static final String SCHEMA = """
            CREATE TABLE accounts (id bigint PRIMARY KEY, payload text NOT NULL);
            CREATE TABLE incoming (id bigint PRIMARY KEY, payload text NOT NULL)""";

    private final EmbeddedServers servers;
    private final int rows;
    private final String password;

    private Shards(EmbeddedServers servers, int rows, String password) {
        this.servers = servers;
        this.rows = rows;
        this.password = password;
    }

    static Shards start(int rows) throws IOException, SQLException {
        byte[] random = new byte[16];
        new SecureRandom().nextBytes(random);
        Shards shards = new Shards(
                EmbeddedServers.temporary(List.of("whole", "s0", "s1")),
                rows,
                HexFormat.of().formatHex(random));
        try {
            for (PostgresServer server : shards.servers.servers()) {
                shards.createRoles(server);
            }
            shards.fill("whole", DATABASE, "true");
            shards.fill("whole", halfDatabase("s0"), ON_FIRST_SHARD);
            shards.fill("whole", halfDatabase("s1"), "NOT " + ON_FIRST_SHARD);
            shards.fill("s0", DATABASE, ON_FIRST_SHARD);
            shards.fill("s1", DATABASE, "NOT " + ON_FIRST_SHARD);
        } catch (SQLException | RuntimeException e) {
            shards.close();
            throw e;
        }
        return shards;
    }

    private void createRoles(PostgresServer server) throws SQLException {
        try (Connection connection = server.connect("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE ROLE " + USER + " LOGIN PASSWORD '" + password + "'");
            // Ostraka's recovery user.
            statement.execute("CREATE ROLE ostraka SUPERUSER LOGIN PASSWORD '" + password + "'");
        }
    }

    private void fill(String name, String database, String condition) throws SQLException {
        PostgresServer server = servers.server(name);
        try (Connection connection = server.connect("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE DATABASE " + database + " OWNER " + USER);
        }
        try (Connection connection = target(name, database).connect();
                Statement statement = connection.createStatement()) {
            statement.execute(SCHEMA);
            statement.execute("INSERT INTO accounts SELECT id, 'payload of account ' || lpad(id::text, 60, '.')"
                    + " FROM generate_series(1, " + rows + ") id WHERE " + condition);
        }
        try (Connection connection = server.connect(database);
                Statement statement = connection.createStatement()) {
            statement.execute("VACUUM (FREEZE, ANALYZE)");
        }
    }

    /** What {@code accounts} holds under {@code id}. */
    static String payload(long id) {
        String digits = Long.toString(id);
        return "payload of account " + ".".repeat(60 - digits.length()) + digits;
    }

    /** Ids run from 1 to this. */
    int rows() {
        return rows;
    }

    String password() {
        return password;
    }

    /** The server that has all rows. */
    Target whole() {
        return target("whole", DATABASE);
    }

    /** The database of the server {@link #whole()} that has the rows of that shard. */
    static String halfDatabase(String shard) {
        return DATABASE + "_" + shard;
    }

    int port(String server) {
        return servers.server(server).port();
    }

    private Target target(String name, String database) {
        return new Target(port(name), database, USER, password);
    }

    /** Removes what COPY has brought, everywhere. */
    void emptyIncoming() throws SQLException {
        for (PostgresServer server : servers.servers()) {
            try (Connection connection = target(server.name(), DATABASE).connect();
                    Statement statement = connection.createStatement()) {
                statement.execute("TRUNCATE incoming");
            }
        }
    }

    String version() throws SQLException {
        try (Connection connection = whole().connect();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SHOW server_version")) {
            row.next();
            return row.getString(1);
        }
    }

    @Override
    public void close() throws IOException {
        servers.close();
    }
}
