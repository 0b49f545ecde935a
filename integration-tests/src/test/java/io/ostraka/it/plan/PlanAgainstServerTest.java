package io.ostraka.it.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.proxy.schema.SchemaService;
import io.ostraka.proxy.schema.SchemaState;
import io.ostraka.rules.config.ClusterConfig;
import io.ostraka.rules.config.ConfigReader;
import io.ostraka.rules.config.DatabaseConfig;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.plan.Merge;
import io.ostraka.rules.plan.Plan;
import io.ostraka.rules.plan.PlannedStatement;
import io.ostraka.rules.plan.Planner;
import io.ostraka.rules.plan.Route;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Soundness of plans, with PostgreSQL as the judge: random rows lie in one database as a whole and in three others by the
 * rules; random queries are planned, and where the plan says that a shard's answer, or the shards' answers one after the
 * other, are the answer, they are compared with the whole's.
 *
 * <p>{@code -Dostraka.plan.queries=100000} makes it as long as one likes, {@code -Dostraka.plan.seed=N} takes others.
 */
class PlanAgainstServerTest {
    private static final long SEED = Long.getLong("ostraka.plan.seed", 1);
    private static final int QUERIES = Integer.getInteger("ostraka.plan.queries", 1500);
    private static final List<String> PATH = List.of("public");

    /** A larger answer is not looked at. */
    private static final int MAX_ROWS = 2_000;

    static final String DDL = "CREATE TABLE t (id int8, other int8);"
            + "CREATE TABLE u (id int8, t_id int8, other int8);"
            + "CREATE TABLE small (id int4, other int4);"
            + "CREATE TABLE ledger (tenant int4, account int4, other int4);"
            + "CREATE TABLE ranges (id int8, other int8);"
            + "CREATE TABLE lists (id int8, other int8);"
            + "CREATE TABLE copies (id int8, other int8);";

    private static final String CONFIG = """
            users:
              postgres: { password: postgres }
            databases:
              shop:
                shards:
                  s0: { primary: "127.0.0.1:PORT/whole" }
                  s1: { primary: "127.0.0.1:PORT/whole" }
                  s2: { primary: "127.0.0.1:PORT/whole" }
                default_shard: s0
                recovery_user: postgres
                tables:
                  t: { hash: id }
                  u: { hash: id }
                  small: { hash: id }
                  ledger: { hash: [tenant, account] }
                  ranges:
                    range: id
                    ranges: [ { to: "3", shard: s0 }, { from: "3", to: "6", shard: s1 }, { from: "6", shard: s2 } ]
                  lists: { list: id, values: { "1": s0, "2": s1, "3": s1 }, otherwise: s2 }
                  copies: { reference: true }
            """;

    private static EmbeddedPostgres server;
    private static Planner planner;
    private static final Map<String, Connection> DATABASES = new LinkedHashMap<>();

    @BeforeAll
    static void start() throws IOException, SQLException {
        server = EmbeddedPostgres.builder().setServerConfig("fsync", "off").start();
        try (Connection connection = connect("postgres");
                Statement statement = connection.createStatement()) {
            for (String database : List.of("whole", "s0", "s1", "s2")) {
                statement.execute("CREATE DATABASE " + database);
            }
        }
        for (String database : List.of("whole", "s0", "s1", "s2")) {
            DATABASES.put(database, connect(database));
            execute(database, DDL);
        }
        ClusterConfig config = ConfigReader.read(
                CONFIG.replace("PORT", "" + server.getPort()), Path.of("test.yaml"), name -> Optional.empty());
        DatabaseConfig database = config.databases().get("shop");
        try (SchemaService schema = SchemaService.of(config, database, Duration.ofDays(1), state -> {})
                .orElseThrow()) {
            SchemaState state = schema.start().join();
            assertEquals(List.of(), state.rules().problems());
            planner = new Planner(database, state.rules(), state.catalog());
        }
        fill(new Random(SEED));
        // Some queries join everything with everything.
        execute("whole", "SET statement_timeout = '2s'");
    }

    @AfterAll
    static void stop() throws IOException, SQLException {
        for (Connection connection : DATABASES.values()) {
            connection.close();
        }
        server.close();
    }

    private static Connection connect(String database) throws SQLException {
        return DriverManager.getConnection(server.getJdbcUrl("postgres", database));
    }

    private static void execute(String database, String sql) throws SQLException {
        try (Statement statement = DATABASES.get(database).createStatement()) {
            statement.execute(sql);
        }
    }

    /** Few values, so that joins find partners, and several rows of one key. */
    private static void fill(Random random) throws SQLException {
        for (int i = 0; i < 14; i++) {
            for (String table : List.of("t", "u", "small", "ledger", "ranges", "lists", "copies")) {
                boolean three = table.equals("u") || table.equals("ledger");
                String second = table.equals("ledger") ? "" + random.nextInt(3) : value(random);
                String row = random.nextInt(8) + (three ? ", " + second : "") + ", " + value(random);
                String insert = "INSERT INTO " + table + " VALUES (" + row + ")";
                execute("whole", insert);
                List<String> shards = table.equals("copies")
                        ? List.of("s0", "s1", "s2")
                        : List.of(assertInstanceOf(Route.One.class, route(plan(insert)), insert)
                                .shard()
                                .value());
                for (String shard : shards) {
                    execute(shard, insert);
                }
            }
        }
    }

    private static String value(Random random) {
        return random.nextInt(6) == 0 ? "NULL" : "" + random.nextInt(8);
    }

    private static PlannedStatement plan(String sql) {
        List<PlannedStatement> planned = planner.plan(sql, PATH);
        assertEquals(1, planned.size(), sql);
        return planned.get(0);
    }

    private static Route route(PlannedStatement statement) {
        if (statement.plan() instanceof Plan.Combine combine) {
            return combine.forward().router().route(statement.values());
        }
        if (statement.plan() instanceof Plan.Forward forward) {
            return forward.router().route(statement.values());
        }
        return assertInstanceOf(Plan.Scatter.class, statement.plan(), statement.text())
                .router()
                .route(statement.values());
    }

    /** What was compared how often. */
    private static final class Tally {
        private int onOne;
        private int scattered;
        private int limited;
        private int refused;
        private int invalid;

        @Override
        public String toString() {
            return onOne + " on one shard, " + scattered + " scattered, " + limited + " cut to a limit, " + refused
                    + " refused, " + invalid + " not valid or too large";
        }
    }

    @Test
    void whatAPlansShardsAnswerIsTheAnswer() throws SQLException {
        RandomQueries queries = new RandomQueries(new Random(SEED));
        Tally tally = new Tally();
        for (int i = 0; i < QUERIES; i++) {
            check(queries.query(), tally);
        }
        System.out.println("plans against a server: " + tally + " (seed " + SEED + ")");
        assertTrue(tally.onOne > QUERIES / 20, tally + " (seed " + SEED + ")");
        assertTrue(tally.scattered > QUERIES / 20, tally + " (seed " + SEED + ")");
    }

    private static void check(String sql, Tally tally) throws SQLException {
        List<String> whole;
        try {
            whole = rows("whole", sql);
        } catch (SQLException notValid) {
            tally.invalid++;
            return;
        }
        if (whole.size() > MAX_ROWS) {
            tally.invalid++;
            return;
        }
        PlannedStatement statement = plan(sql);
        if (statement.plan() instanceof Plan.Refusal) {
            tally.refused++;
            return;
        }
        Route route = route(statement);
        if (route instanceof Route.One one) {
            tally.onOne++;
            assertEquals(whole, rows(one.shard().value(), sql), "on " + one + ": " + sql + " (seed " + SEED + ")");
        } else if (route instanceof Route.Any) {
            tally.onOne++;
            for (String shard : List.of("s0", "s1", "s2")) {
                assertEquals(whole, rows(shard, sql), "on any, " + shard + ": " + sql + " (seed " + SEED + ")");
            }
        } else if (statement.plan() instanceof Plan.Scatter scatter
                && scatter.merge() instanceof Merge.Ordered ordered
                && !ordered.limit().isNone()) {
            // Which rows are within the limit is decided in the merge: see OrderedReadTest.
            tally.limited++;
        } else if (route instanceof Route.Many many && statement.plan() instanceof Plan.Scatter) {
            tally.scattered++;
            List<String> together = new ArrayList<>();
            for (ShardName shard : many.shards()) {
                together.addAll(rows(shard.value(), sql));
            }
            Collections.sort(together);
            assertEquals(whole, together, "scattered over " + many + ": " + sql + " (seed " + SEED + ")");
        } else {
            tally.refused++;
        }
    }

    /** As texts, sorted. */
    private static List<String> rows(String database, String sql) throws SQLException {
        List<String> rows = new ArrayList<>();
        try (Statement statement = DATABASES.get(database).createStatement()) {
            statement.setMaxRows(MAX_ROWS + 1);
            try (ResultSet result = statement.executeQuery(sql)) {
                int columns = result.getMetaData().getColumnCount();
                while (result.next()) {
                    StringBuilder row = new StringBuilder();
                    for (int i = 1; i <= columns; i++) {
                        row.append(result.getString(i)).append('|');
                    }
                    rows.add(row.toString());
                }
            }
        }
        Collections.sort(rows);
        return rows;
    }
}
