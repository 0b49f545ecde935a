package io.ostraka.proxy.server;

import io.ostraka.rules.config.ClusterConfig;
import io.ostraka.rules.config.ConfigReader;
import io.ostraka.rules.config.DatabaseConfig;
import io.ostraka.rules.config.HostPort;
import io.ostraka.rules.config.UserConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * {@code ostraka backup}: one moment on all shards, of which a running proxy makes sure that it cuts no transaction in half. Asks
 * that proxy's console.
 */
@Command(
        name = "backup",
        description =
                "Writes a restore point on all shards of a database, or dumps them, at one moment, through the proxy that"
                        + " runs with this file.")
final class BackupCommand implements Callable<Integer> {
    @Parameters(paramLabel = "FILE", description = "The configuration file of a proxy that runs.")
    private Path file;

    @ArgGroup(multiplicity = "1")
    private Kind kind;

    @Option(names = "--database", description = "Which one, when the file has several.")
    private Optional<String> database = Optional.empty();

    @Option(
            names = "--pg-dump",
            defaultValue = "pg_dump",
            description =
                    "The program that dumps a shard, of its PostgreSQL version or a newer one; else that on PATH.")
    private String pgDump;

    @Spec
    private CommandSpec spec;

    /** What is wanted. */
    static final class Kind {
        @Option(names = "--point", paramLabel = "NAME", description = "Restore points, for point-in-time recovery.")
        private Optional<String> point = Optional.empty();

        @Option(names = "--dump", paramLabel = "DIR", description = "Where to write a dump of each shard.")
        private Optional<Path> dump = Optional.empty();
    }

    @Override
    public Integer call() throws IOException, SQLException, InterruptedException {
        Main.logOnly("ERROR");
        ClusterConfig config = ConfigReader.read(file);
        DatabaseConfig wanted = wanted(config);
        try (Connection console = console(config);
                Statement statement = console.createStatement()) {
            if (kind.point.isPresent()) {
                String command =
                        "RESTORE POINT " + quoted(kind.point.get(), '\'') + " IN " + quoted(wanted.name(), '"');
                PrintWriter out = spec.commandLine().getOut();
                out.print(manifest(wanted, rows(statement, command)));
                out.flush();
            } else {
                dump(config, wanted, statement, kind.dump.orElseThrow());
            }
        }
        return 0;
    }

    private DatabaseConfig wanted(ClusterConfig config) throws IOException {
        List<String> names = List.copyOf(config.databases().keySet());
        String name = database.orElse(names.size() == 1 ? names.get(0) : "");
        DatabaseConfig found = config.databases().get(name);
        if (found == null) {
            throw new IOException("which database? --database is one of " + names);
        }
        return found;
    }

    private static String quoted(String text, char quote) {
        return quote + text.replace(String.valueOf(quote), "" + quote + quote) + quote;
    }

    private static Connection console(ClusterConfig config) throws IOException, SQLException {
        for (UserConfig user : config.users().values()) {
            if (user.console() && user.credential() instanceof UserConfig.Credential.Password password) {
                HostPort address = config.listen().get(0);
                boolean isAny =
                        address.host().equals("0.0.0.0") || address.host().equals("::");
                Properties login = new Properties();
                login.setProperty("user", user.name());
                login.setProperty("password", password.value());
                login.setProperty("sslmode", config.tls().isPresent() ? "require" : "disable");
                return DriverManager.getConnection(
                        "jdbc:postgresql://" + (isAny ? new HostPort("127.0.0.1", address.port()) : address)
                                + "/ostraka",
                        login);
            }
        }
        throw new IOException("the file has no user with \"console: true\" and a password");
    }

    private static List<Map<String, String>> rows(Statement statement, String command) throws SQLException {
        List<Map<String, String>> rows = new ArrayList<>();
        try (ResultSet found = statement.executeQuery(command)) {
            ResultSetMetaData columns = found.getMetaData();
            while (found.next()) {
                Map<String, String> row = new LinkedHashMap<>();
                for (int i = 1; i <= columns.getColumnCount(); i++) {
                    row.put(columns.getColumnName(i), found.getString(i));
                }
                rows.add(row);
            }
        }
        return rows;
    }

    /** In YAML. */
    private static String manifest(DatabaseConfig database, List<Map<String, String>> rows) {
        StringBuilder text = new StringBuilder("database: " + quoted(database.name(), '\'') + "\nshards:\n");
        for (Map<String, String> row : rows) {
            text.append("  ").append(row.get("shard")).append(":\n");
            row.forEach((key, value) -> {
                if (!key.equals("shard")) {
                    text.append("    ")
                            .append(key)
                            .append(": ")
                            .append(quoted(value, '\''))
                            .append('\n');
                }
            });
        }
        return text.toString();
    }

    private void dump(ClusterConfig config, DatabaseConfig wanted, Statement console, Path directory)
            throws IOException, SQLException, InterruptedException {
        Files.createDirectories(directory);
        try (Stream<Path> there = Files.list(directory)) {
            if (there.findAny().isPresent()) {
                throw new IOException(directory + " is not empty");
            }
        }
        UserConfig user = config.users().get(wanted.recoveryUser().orElseThrow());
        List<Map<String, String>> shards = rows(console, "SNAPSHOT " + quoted(wanted.name(), '"'));
        List<Process> dumps = new ArrayList<>();
        for (Map<String, String> shard : shards) {
            dumps.add(start(user, shard, directory.resolve(shard.get("shard") + ".dump")));
        }
        List<String> failed = new ArrayList<>();
        for (int i = 0; i < dumps.size(); i++) {
            if (dumps.get(i).waitFor() != 0) {
                failed.add(shards.get(i).get("shard"));
            }
        }
        if (!failed.isEmpty()) {
            throw new IOException(
                    pgDump + " failed for shards " + failed + ": what is in " + directory + " is no backup");
        }
        // Last: a directory without it is not complete.
        Files.writeString(directory.resolve("manifest.yaml"), manifest(wanted, shards));
        PrintWriter out = spec.commandLine().getOut();
        out.println("dumped " + dumps.size() + " shards at one moment into " + directory);
        out.flush();
    }

    private Process start(UserConfig user, Map<String, String> shard, Path target) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                        pgDump,
                        "--format=custom",
                        "--no-password",
                        "--snapshot=" + shard.get("snapshot"),
                        "--host=" + shard.get("host"),
                        "--port=" + shard.get("port"),
                        "--username=" + user.shardUser().orElse(user.name()),
                        "--file=" + target,
                        "--dbname=" + shard.get("database"))
                .inheritIO();
        Optional<String> password = user.shardPassword();
        if (password.isEmpty() && user.credential() instanceof UserConfig.Credential.Password own) {
            password = Optional.of(own.value());
        }
        password.ifPresent(known -> builder.environment().put("PGPASSWORD", known));
        return builder.start();
    }
}
