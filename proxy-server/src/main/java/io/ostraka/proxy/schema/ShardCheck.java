package io.ostraka.proxy.schema;

import io.ostraka.proxy.schema.Finding.Severity;
import io.ostraka.rules.config.ClusterConfig;
import io.ostraka.rules.config.DatabaseConfig;
import io.ostraka.rules.config.ShardConfig;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgErrorException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Looks at the shards themselves, for {@code ostraka check --connect}: are they reachable, able, and alike? Blocks; lives for
 * one check, on the thread that calls it.
 */
public final class ShardCheck {
    private static final int OLDEST_VERSION = 150_000;
    /** For each proxy. With fewer, commits wait for each other often. */
    private static final int FEW_PREPARED = 10;

    private static final String SERVER = "SELECT current_setting('server_version_num')::int,"
            + " current_setting('server_version'), current_setting('max_prepared_transactions')::int,"
            + " pg_is_in_recovery(), pg_encoding_to_char(d.encoding), d.datcollate, d.datctype,"
            // The columns are not the same in all versions: daticulocale became datlocale in 17.
            + " CASE d.datlocprovider WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' END,"
            + " coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale', ''),"
            + " coalesce(pg_database_collation_actual_version(d.oid), '')"
            + " FROM pg_database d WHERE d.datname = current_database()";

    private final DatabaseConfig database;
    private boolean mustReadRoles;
    private int proxies = 1;
    private final List<Finding> findings = new ArrayList<>();
    private final Map<ShardName, Server> servers = new TreeMap<>();
    private final Map<ShardName, ShardSchema> schemas = new TreeMap<>();
    private final Map<ShardName, String> unread = new TreeMap<>();

    /** What a server says of itself and of its database. */
    private record Server(
            int version,
            String versionText,
            int maxPreparedTransactions,
            boolean standby,
            String encoding,
            String locale,
            String collationVersion) {}

    private ShardCheck(DatabaseConfig database) {
        this.database = database;
    }

    /** Checks every database of the file; the worst is not necessarily first. Empty: nothing to say. */
    public static List<Finding> check(ClusterConfig cluster) {
        List<Finding> all = new ArrayList<>();
        cluster.databases().values().forEach(database -> {
            ShardCheck check = new ShardCheck(database);
            check.run(cluster);
            check.findings.forEach(finding -> all.add(
                    new Finding(finding.severity(), "database \"" + database.name() + "\": " + finding.text())));
        });
        return List.copyOf(all);
    }

    private void run(ClusterConfig cluster) {
        if (database.recoveryUser().isEmpty()) {
            add(Severity.NOTE, "without a recovery_user its shard cannot be looked at");
            return;
        }
        ShardLogin login;
        try {
            login = SchemaService.recoveryLogin(cluster.users(), database);
        } catch (PgErrorException e) {
            add(Severity.ERROR, e.error().message());
            return;
        }
        mustReadRoles = cluster.usersFromShards();
        proxies = Math.max(1, cluster.peers().size());
        database.shards().values().forEach(shard -> visit(shard, login));
        database.combiner().ifPresent(combiner -> visit(combiner, login));
        servers.forEach(this::checkServer);
        compareServers();
        SchemaState state = SchemaMerge.merge(database, 1, schemas, unread);
        state.differences().forEach(difference -> add(Severity.ERROR, difference.text()));
        findings.addAll(RuleFit.check(database, state, schemas));
    }

    private void add(Severity severity, String text) {
        findings.add(new Finding(severity, text));
    }

    private void visit(ShardConfig shard, ShardLogin login) {
        try (CatalogPool pool = new CatalogPool(shard, login);
                Connection connection = pool.connection()) {
            Server server = ask(connection);
            servers.put(shard.name(), server);
            if (mustReadRoles) {
                checkRoles(shard, login, connection);
            }
            if (server.version() >= OLDEST_VERSION) {
                schemas.put(shard.name(), CatalogReader.read(connection));
            } else {
                unread.put(shard.name(), "version " + server.versionText());
            }
        } catch (SQLException e) {
            String reason = SchemaService.messageOf(e);
            unread.put(shard.name(), reason);
            add(
                    Severity.ERROR,
                    server(shard.name()) + " at " + shard.primary() + " cannot be read as user \"" + login.user()
                            + "\": " + reason);
        }
    }

    private String server(ShardName name) {
        return database.shards().containsKey(name) ? "shard " + name : "the combiner";
    }

    private void checkRoles(ShardConfig shard, ShardLogin login, Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(RoleService.MAY_READ)) {
            row.next();
            if (!row.getBoolean(1)) {
                add(
                        Severity.ERROR,
                        server(shard.name()) + " does not let user \"" + login.user()
                                + "\" read pg_authid, as users_from_shards needs; as superuser: GRANT SELECT ON"
                                + " pg_authid TO \"" + login.user() + "\"");
            }
        }
    }

    private static Server ask(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(SERVER)) {
            row.next();
            String icuOrBuiltin = row.getString(9);
            return new Server(
                    row.getInt(1),
                    row.getString(2),
                    row.getInt(3),
                    row.getBoolean(4),
                    row.getString(5),
                    row.getString(8) + (icuOrBuiltin.isEmpty() ? "" : " " + icuOrBuiltin) + ", LC_COLLATE "
                            + row.getString(6) + ", LC_CTYPE " + row.getString(7),
                    row.getString(10));
        }
    }

    private void checkServer(ShardName shard, Server server) {
        if (server.version() < OLDEST_VERSION) {
            add(
                    Severity.ERROR,
                    server(shard) + " runs PostgreSQL " + server.versionText() + ", but 15 is the oldest supported");
        }
        if (server.standby()) {
            add(Severity.ERROR, server(shard) + " is a standby: the primary is expected there");
        }
        if (server.maxPreparedTransactions() == 0
                && !database.hasOneShard()
                && database.shards().containsKey(shard)) {
            add(
                    Severity.WARNING,
                    "shard " + shard
                            + " has max_prepared_transactions = 0, so transactions that write on several shards"
                            + " will fail; put \"max_prepared_transactions = 200\" into its postgresql.conf and restart"
                            + " it");
        } else if (server.maxPreparedTransactions() < FEW_PREPARED * proxies
                && !database.hasOneShard()
                && database.shards().containsKey(shard)) {
            add(
                    Severity.WARNING,
                    "shard " + shard + " has max_prepared_transactions = " + server.maxPreparedTransactions() + " for "
                            + proxies + (proxies == 1 ? " proxy" : " proxies")
                            + ": commits over several shards will wait for each other; put"
                            + " \"max_prepared_transactions = 200\" into its postgresql.conf and restart it");
        }
        if (!server.encoding().equals("UTF8")) {
            add(Severity.ERROR, server(shard) + " has encoding " + server.encoding() + ", but only UTF8 is supported");
        }
    }

    private void compareServers() {
        compare(Severity.ERROR, "the shards do not sort text alike: the locale is ", Server::locale);
        compare(
                Severity.WARNING,
                "the shards may not sort text alike: the collation's version is ",
                server -> server.collationVersion().isEmpty() ? "unknown" : server.collationVersion());
        compare(
                Severity.WARNING,
                "the shards run different major versions: PostgreSQL ",
                server -> Integer.toString(server.version() / 10_000));
    }

    private void compare(Severity severity, String what, Function<Server, String> aspect) {
        Map<String, Set<ShardName>> groups = new LinkedHashMap<>();
        servers.forEach((shard, server) -> {
            if (database.shards().containsKey(shard)) { // the combiner's fitness is the schema's to tell
                groups.computeIfAbsent(aspect.apply(server), first -> new TreeSet<>())
                        .add(shard);
            }
        });
        if (groups.size() > 1) {
            add(
                    severity,
                    what
                            + groups.entrySet().stream()
                                    .map(group -> group.getKey() + " on " + SchemaComparison.and(group.getValue()))
                                    .collect(Collectors.joining("; ")));
        }
    }
}
