package io.ostraka.proxy.demo;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The demo's shards with the schema of a small shop, and the configuration file of a proxy in front of them. The rows
 * come last and through that proxy: {@link #loadRows}. Owned by who opens it; used by one thread.
 */
public final class DemoShop implements AutoCloseable {
    public static final String DATABASE = "shop";
    public static final String USER = "app";
    public static final String PASSWORD = "ostraka";

    /** The proxy's own login on the shards; its password is the superuser's. */
    private static final String RECOVERY_USER = "ostraka";

    private static final Pattern PLACEHOLDER = Pattern.compile("@([a-z_]+)(?: ([0-9]+))?@");

    private final EmbeddedServers servers;
    private final Path configFile;

    private DemoShop(EmbeddedServers servers, Path configFile) {
        this.servers = servers;
        this.configFile = configFile;
    }

    /**
     * Starts the shards {@code s0}, {@code s1} and so on. With a directory their data stays there, and a later call finds
     * it again; without, it is temporary. {@code port} is for the configuration file only.
     */
    public static DemoShop open(int shardCount, Optional<Path> directory, int port) throws IOException, SQLException {
        List<String> names =
                IntStream.range(0, shardCount).mapToObj(i -> "s" + i).toList();
        EmbeddedServers servers =
                directory.isPresent() ? EmbeddedServers.kept(directory.get(), names) : EmbeddedServers.temporary(names);
        try {
            if (!servers.isComplete()) {
                String schema = resource("schema.sql");
                for (PostgresServer server : servers.servers()) {
                    createDatabase(server, schema);
                }
            }
            Path configFile = servers.directory().resolve("ostraka.yaml");
            writeConfig(configFile, servers, port);
            return new DemoShop(servers, configFile);
        } catch (IOException | SQLException | RuntimeException e) {
            servers.close();
            throw e;
        }
    }

    /** In the order of their names. */
    public List<PostgresServer> shards() {
        return servers.servers();
    }

    /** Holds passwords, so only its owner can read it; lives as long as the shards' data. */
    public Path configFile() {
        return configFile;
    }

    /**
     * Inserts the sample rows through the proxy that listens on {@code port}, unless an earlier start has done so.
     *
     * @return the number of rows inserted
     */
    public int loadRows(int port) throws IOException, SQLException {
        if (servers.isComplete()) {
            return 0;
        }
        int rows;
        try (Connection proxy =
                DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/" + DATABASE, USER, PASSWORD)) {
            rows = new SampleRows(proxy)
                    .insert(shards().stream().map(PostgresServer::name).toList());
        }
        servers.markComplete();
        return rows;
    }

    @Override
    public void close() throws IOException {
        servers.close();
    }

    private static void createDatabase(PostgresServer server, String schema) throws SQLException {
        try (Connection superuser = server.connect("postgres");
                Statement statement = superuser.createStatement()) {
            // Recovery finishes prepared transactions of any user, which takes a superuser.
            statement.execute(
                    "CREATE ROLE " + RECOVERY_USER + " SUPERUSER LOGIN PASSWORD '" + server.superuserPassword() + "'");
            statement.execute("CREATE ROLE " + USER + " LOGIN PASSWORD '" + PASSWORD + "'");
            statement.execute("CREATE DATABASE " + DATABASE + " OWNER " + USER);
        }
        try (Connection app = server.connect(DATABASE, USER, PASSWORD);
                Statement statement = app.createStatement()) {
            statement.execute(schema);
        }
    }

    private static void writeConfig(Path file, EmbeddedServers servers, int port) throws IOException {
        List<PostgresServer> shards = servers.servers();
        String shardLines = shards.stream()
                .map(shard -> "      " + shard.name() + ": { primary: \"127.0.0.1:" + shard.port() + "\" }")
                .collect(Collectors.joining("\n"));
        String text = PLACEHOLDER.matcher(resource("rules.yaml")).replaceAll(placeholder -> switch (placeholder.group(
                1)) {
            case "port" -> Integer.toString(port);
            case "data_dir" -> quoted(servers.directory().resolve("proxy").toString());
            case "app_password" -> quoted(PASSWORD);
            case "recovery_password" -> quoted(shards.get(0).superuserPassword());
            case "shards" -> shardLines;
            case "shard" -> shardName(placeholder, shards);
            default -> throw new IllegalStateException("rules.yaml has an unknown " + placeholder.group());
        });
        Files.deleteIfExists(file);
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, text);
    }

    /** {@code @shard n@}: the n-th shard, counted round when there are fewer, so that one shard will do. */
    private static String shardName(MatchResult placeholder, List<PostgresServer> shards) {
        return shards.get(Integer.parseInt(placeholder.group(2)) % shards.size())
                .name();
    }

    private static String quoted(String text) {
        return "'" + text.replace("'", "''") + "'";
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = DemoShop.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("resource " + name + " is missing");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
