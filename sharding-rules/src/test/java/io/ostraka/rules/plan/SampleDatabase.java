package io.ostraka.rules.plan;

import io.ostraka.rules.catalog.Catalog;
import io.ostraka.rules.catalog.Column;
import io.ostraka.rules.catalog.Function;
import io.ostraka.rules.catalog.Function.Kind;
import io.ostraka.rules.catalog.Function.Volatility;
import io.ostraka.rules.catalog.FunctionName;
import io.ostraka.rules.catalog.HiddenAccess;
import io.ostraka.rules.catalog.OperatorName;
import io.ostraka.rules.catalog.Table;
import io.ostraka.rules.catalog.WriteEffects;
import io.ostraka.rules.catalog.WriteEffects.Action;
import io.ostraka.rules.config.DatabaseConfig;
import io.ostraka.rules.config.HostPort;
import io.ostraka.rules.config.PoolConfig;
import io.ostraka.rules.config.ShardConfig;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.config.TableName;
import io.ostraka.rules.config.TableRuleConfig;
import io.ostraka.rules.rule.ColumnTypes;
import io.ostraka.rules.rule.KeyType;
import io.ostraka.rules.rule.KeyValue;
import io.ostraka.rules.rule.KeyedRule;
import io.ostraka.rules.rule.RuleSet;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** A database of three shards with a table of every rule, for the tests of plans. */
final class SampleDatabase {
    static final ShardName S0 = new ShardName("s0");
    static final ShardName S1 = new ShardName("s1");
    static final ShardName S2 = new ShardName("s2");
    static final List<String> PATH = List.of("public");

    private final Map<TableName, TableRuleConfig> tableRules = new LinkedHashMap<>();
    private final Catalog.Builder builder = Catalog.builder(1);
    private final DatabaseConfig database;
    private final Catalog catalog;
    private final RuleSet rules;
    private final Planner planner;

    SampleDatabase() {
        this(3);
    }

    SampleDatabase(int shards) {
        tables();
        functions();
        views();
        Map<ShardName, ShardConfig> configs = new LinkedHashMap<>();
        for (ShardName shard : List.of(S0, S1, S2).subList(0, shards)) {
            configs.put(
                    shard,
                    new ShardConfig(
                            shard,
                            new HostPort("localhost", 5432),
                            "shop",
                            List.of(),
                            ShardConfig.TlsMode.DISABLE,
                            OptionalInt.empty(),
                            Optional.empty()));
        }
        database = new DatabaseConfig(
                "shop",
                configs,
                S0,
                Optional.empty(),
                1024,
                new PoolConfig(5, PoolConfig.Mode.TRANSACTION, Duration.ofSeconds(1)),
                DatabaseConfig.Consistency.ATOMIC,
                DatabaseConfig.SerializableAcrossShards.REFUSE,
                Optional.empty(),
                Optional.empty(),
                shards == 1 ? Map.of() : tableRules,
                shards == 1 ? Map.of() : Map.of("tenant_b", S1));
        catalog = builder.build();
        rules = RuleSet.resolve(database, columnTypes(catalog));
        if (!rules.problems().isEmpty()) {
            throw new IllegalStateException(rules.problems().toString());
        }
        planner = new Planner(database, rules, catalog);
    }

    static ColumnTypes columnTypes(Catalog catalog) {
        return new ColumnTypes() {
            @Override
            public Optional<List<Column>> columnsOf(TableName table) {
                return catalog.table(table).map(Table::columns);
            }

            @Override
            public Optional<TableName> partitionedTableOf(TableName table) {
                return catalog.table(table).flatMap(Table::partitionOf);
            }
        };
    }

    Planner planner() {
        return planner;
    }

    Catalog catalog() {
        return catalog;
    }

    /** The plan of one statement, by a single shard or by several, each for its own rows: without the combiner. */
    Plan plan(String sql) {
        return withoutCombiner(planWithCombiner(sql));
    }

    static Plan withoutCombiner(Plan plan) {
        return plan instanceof Plan.Combine combine ? combine.forward() : plan;
    }

    Plan planWithCombiner(String sql) {
        List<PlannedStatement> planned = planner.plan(sql, PATH);
        if (planned.size() != 1) {
            throw new IllegalArgumentException(planned.size() + " statements: " + sql);
        }
        return planned.get(0).plan();
    }

    /** The route of a statement that is forwarded or scattered. */
    Route route(String sql, Parameter... parameters) {
        return route(sql, PATH, parameters);
    }

    Route route(String sql, List<String> path, Parameter... parameters) {
        PlannedStatement statement = planner.plan(sql, path).get(0);
        return route(statement, new Parameters(statement, List.of(parameters)));
    }

    /** Where it goes when nothing can be asked of a shard. */
    static Route route(PlannedStatement statement, StatementValues values) {
        Plan plan = withoutCombiner(statement.plan().unasked());
        if (plan instanceof Plan.Forward forward) {
            return forward.router().route(values);
        }
        if (plan instanceof Plan.Scatter scatter) {
            return scatter.router().route(values);
        }
        throw new IllegalArgumentException(plan + ": " + statement.text());
    }

    /** The shard of a row whose key has these texts. */
    ShardName owner(String table, String... key) {
        KeyedRule rule = (KeyedRule) rules.ruleFor(new TableName("public", table));
        List<KeyValue> values = new ArrayList<>();
        for (int i = 0; i < key.length; i++) {
            KeyType type = rule.keyTypes().get(i);
            values.add(type.fromText(key[i]).orElseThrow());
        }
        return rule.shardFor(values).orElseThrow();
    }

    private void tables() {
        hash("t", List.of("id"), column("id", "int8"), column("other", "int8"), column("name", "text"));
        hash("u", List.of("id"), column("id", "int8"), column("t_id", "int8"), column("other", "int8"));
        hash("small", List.of("id"), column("id", "int4"), column("other", "int4"));
        hash("customers", List.of("id"), column("id", "int8"), column("name", "text"));
        hash(
                "orders",
                List.of("customer_id"),
                column("customer_id", "int8"),
                column("id", "int8"),
                column("country", "text"),
                column("total", "numeric"));
        hash("codes", List.of("code"), column("code", "varchar"), column("n", "int4"));
        hash("chars", List.of("c"), new Column("c", "bpchar", 9, true, false, true), column("n", "int4"));
        hash("uuids", List.of("id"), column("id", "uuid"), column("n", "int4"));
        hash("moments", List.of("at"), column("at", "timestamptz"), column("n", "int4"));
        hash("days", List.of("day"), column("day", "date"), column("n", "int4"));
        hash("amounts", List.of("amount"), column("amount", "numeric"), column("n", "int4"));
        hash(
                "ledger",
                List.of("tenant", "account"),
                column("tenant", "int4"),
                column("account", "int4"),
                column("amount", "numeric"));
        table("serials", new Column("id", "int8", -1, true, true, true), column("n", "int4"));
        rule("serials", new TableRuleConfig.Hash(List.of("id"), List.of(), Optional.empty()));
        uniques();
        table("ranges", column("id", "int8"), column("n", "int4"));
        rule(
                "ranges",
                new TableRuleConfig.Range(
                        "id",
                        List.of(
                                new TableRuleConfig.Interval(Optional.of("0"), Optional.of("100"), S0),
                                new TableRuleConfig.Interval(Optional.of("100"), Optional.of("200"), S1),
                                new TableRuleConfig.Interval(Optional.of("200"), Optional.of("300"), S2)),
                        Optional.empty()));
        table("steps", column("id", "int4"), column("other", "int4"));
        rule(
                "steps",
                new TableRuleConfig.Range(
                        "id",
                        List.of(
                                new TableRuleConfig.Interval(Optional.empty(), Optional.of("4"), S0),
                                new TableRuleConfig.Interval(Optional.of("4"), Optional.of("8"), S1),
                                new TableRuleConfig.Interval(Optional.of("8"), Optional.empty(), S2)),
                        Optional.empty()));
        table("kinds", column("id", "int4"), column("other", "int4"));
        rule(
                "kinds",
                new TableRuleConfig.ListOf(
                        "id", Map.of("0", S0, "1", S1, "2", S0, "3", S1, "7", S0), Optional.of(S2), Optional.empty()));
        hash("pairs", List.of("id", "other"), column("id", "int4"), column("other", "int4"));
        table("ring", column("id", "int4"), column("other", "int4"));
        rule("ring", new TableRuleConfig.ConsistentHash(List.of("id"), 16, List.of(), Optional.empty()));
        table("accounts", column("region", "text"), column("n", "int4"));
        rule(
                "accounts",
                new TableRuleConfig.ListOf("region", Map.of("eu", S0, "us", S1), Optional.empty(), Optional.empty()));
        table("countries", column("code", "text"), column("name", "text"));
        rule("countries", new TableRuleConfig.Reference());
        table("audit", column("id", "int8"), column("note", "text"));
        rule("audit", new TableRuleConfig.Pinned(S1));
        rule("to_come", new TableRuleConfig.Hash(List.of("id"), List.of(), Optional.empty()));
        table("settings", column("k", "text"), column("v", "text"));
        builder.table(Table.plain(new TableName("public", "Orders"), List.of(column("id", "int8"))));
        builder.table(Table.plain(new TableName("other", "t"), List.of(column("id", "int8"), column("other", "int8"))));
        builder.table(Table.plain(new TableName("tenant_b", "docs"), List.of(column("id", "int8"))));
        builder.table(Table.plain(
                new TableName("pg_catalog", "pg_class"), List.of(column("oid", "oid"), column("relname", "name"))));
        builder.operator(new OperatorName("ops", "="));
        builder.operator(new OperatorName("signs", "+"));
        hazards();
        effects();
    }

    /** Tables whose writes do more than the statement says. */
    private void effects() {
        HiddenAccess sequence = new HiddenAccess(Set.of(new TableName("public", "numbered_n_seq")), Set.of());
        table(
                "numbered",
                column("id", "int8"),
                new Column("n", "int8", -1, true, true, true, false, sequence),
                column("note", "text"));
        rule("numbered", new TableRuleConfig.Hash(List.of("id"), List.of(), Optional.empty()));
        builder.table(new Table(
                new TableName("public", "numbered_n_seq"),
                Table.Kind.SEQUENCE,
                List.of(),
                List.of(),
                List.of(),
                Optional.empty(),
                List.of(),
                Optional.empty(),
                HiddenAccess.NONE,
                HiddenAccess.NONE,
                false));
        table("counted", new Column("n", "int8", -1, true, true, true, false, sequence), column("note", "text"));
        written("moved", HiddenAccess.NONE, new WriteEffects(List.of(before("moves")), List.of()));
        written("touched", HiddenAccess.NONE, new WriteEffects(List.of(before("touches")), List.of()));
        written(
                "parents",
                HiddenAccess.NONE,
                new WriteEffects(
                        List.of(),
                        List.of(
                                cascade("orphans", "id", Action.NONE, Action.SET),
                                cascade("renamed", "other", Action.CASCADE, Action.NONE),
                                cascade("triggered", "id", Action.NONE, Action.CASCADE))));
        written("orphans", HiddenAccess.NONE, WriteEffects.NONE);
        written("renamed", HiddenAccess.NONE, WriteEffects.NONE);
        written(
                "elders",
                HiddenAccess.NONE,
                new WriteEffects(List.of(), List.of(cascade("orphans", "id", Action.NONE, Action.CASCADE))));
        own("moves", "plpgsql", "BEGIN NEW.id := NEW.id + 1; RETURN NEW; END");
        own("touches", "plpgsql", "BEGIN IF NEW.id = 5 THEN NEW.other := 1; END IF; RETURN NEW; END");
        HiddenAccess log = new HiddenAccess(Set.of(), Set.of(new FunctionName("public", "logs")));
        table("logged", List.of(), HiddenAccess.NONE, log, column("id", "int8"));
        table("logged_far", List.of(), HiddenAccess.NONE, log, column("id", "int8"));
        rule("logged_far", new TableRuleConfig.Pinned(S1));
        own("logs", "plpgsql", "BEGIN INSERT INTO settings VALUES ('a', 'b'); RETURN NULL; END");
        own("both", "sql", "SELECT count(*) FROM settings, audit");
        builder.table(new Table(
                new TableName("public", "pointed"),
                Table.Kind.TABLE,
                List.of(column("id", "int8"), column("part", "text"), column("note", "text"), column("n", "int4")),
                List.of("id", "part"),
                List.of(List.of("id", "part")),
                Optional.empty(),
                List.of(),
                Optional.empty(),
                HiddenAccess.NONE,
                HiddenAccess.NONE,
                false));
        rule("pointed", new TableRuleConfig.Hash(List.of("id"), List.of(), Optional.empty()));
        table("uneven", column("id", "int8"));
        rule("uneven", new TableRuleConfig.Hash(List.of("id"), List.of(), Optional.empty()));
        builder.disagreement(
                new TableName("public", "uneven"), "table public.uneven: column id is int8 on s0, text on s1");
    }

    private static WriteEffects.RowTrigger before(String function) {
        return new WriteEffects.RowTrigger(new FunctionName("public", function), true, true, List.of());
    }

    private static WriteEffects.Cascade cascade(String child, String referenced, Action onUpdate, Action onDelete) {
        return new WriteEffects.Cascade(
                new TableName("public", child), List.of("id"), List.of(referenced), onUpdate, onDelete);
    }

    private void written(String name, HiddenAccess onWrite, WriteEffects effects) {
        builder.table(new Table(
                new TableName("public", name),
                Table.Kind.TABLE,
                List.of(column("id", "int8"), column("other", "int8")),
                List.of(),
                List.of(),
                Optional.empty(),
                List.of(),
                Optional.empty(),
                HiddenAccess.NONE,
                onWrite,
                false,
                effects));
        rule(name, new TableRuleConfig.Hash(List.of("id"), List.of(), Optional.empty()));
    }

    private void uniques() {
        table(
                "members",
                List.of(List.of("id"), List.of("email")),
                HiddenAccess.NONE,
                HiddenAccess.NONE,
                column("id", "int8"),
                column("email", "text"),
                column("n", "int4"));
        rule("members", new TableRuleConfig.Hash(List.of("id"), List.of(), Optional.empty()));
        table(
                "profiles",
                List.of(List.of("id"), List.of("id", "nick")),
                HiddenAccess.NONE,
                HiddenAccess.NONE,
                column("id", "int8"),
                column("nick", "text"),
                column("n", "int4"));
        rule("profiles", new TableRuleConfig.Hash(List.of("id"), List.of(), Optional.empty()));
    }

    private void hazards() {
        HiddenAccess sneaky = new HiddenAccess(Set.of(), Set.of(new FunctionName("public", "sneaky")));
        HiddenAccess pure = new HiddenAccess(Set.of(), Set.of(new FunctionName("public", "pure")));
        table("triggered", List.of(), HiddenAccess.NONE, sneaky, column("id", "int8"));
        rule("triggered", new TableRuleConfig.Hash(List.of("id"), List.of(), Optional.empty()));
        table("stamped", List.of(), HiddenAccess.NONE, pure, column("id", "int8"));
        rule("stamped", new TableRuleConfig.Hash(List.of("id"), List.of(), Optional.empty()));
        HiddenAccess policy = new HiddenAccess(Set.of(new TableName("public", "customers")), Set.of());
        table("guarded", List.of(), policy, HiddenAccess.NONE, column("id", "int8"));
        rule("guarded", new TableRuleConfig.Hash(List.of("id"), List.of(), Optional.empty()));
        builder.table(new Table(
                new TableName("public", "ruled"),
                Table.Kind.TABLE,
                List.of(column("id", "int8")),
                List.of(),
                List.of(),
                Optional.empty(),
                List.of(),
                Optional.empty(),
                HiddenAccess.NONE,
                HiddenAccess.NONE,
                true));
        TableName parent = new TableName("public", "parts");
        builder.table(new Table(
                parent,
                Table.Kind.PARTITIONED,
                List.of(column("id", "int8"), column("n", "int4")),
                List.of(),
                List.of(),
                Optional.empty(),
                List.of(),
                Optional.empty(),
                HiddenAccess.NONE,
                HiddenAccess.NONE,
                false));
        rule("parts", new TableRuleConfig.Hash(List.of("id"), List.of(), Optional.empty()));
        builder.table(new Table(
                new TableName("public", "parts_1"),
                Table.Kind.TABLE,
                List.of(column("id", "int8"), column("n", "int4")),
                List.of(),
                List.of(),
                Optional.of(parent),
                List.of(),
                Optional.empty(),
                HiddenAccess.NONE,
                HiddenAccess.NONE,
                false));
        table("animals", column("id", "int8"));
        rule("animals", new TableRuleConfig.Hash(List.of("id"), List.of(), Optional.empty()));
        builder.table(new Table(
                new TableName("public", "cats"),
                Table.Kind.TABLE,
                List.of(column("id", "int8")),
                List.of(),
                List.of(),
                Optional.empty(),
                List.of(new TableName("public", "animals")),
                Optional.empty(),
                HiddenAccess.NONE,
                HiddenAccess.NONE,
                false));
    }

    private void functions() {
        for (String name : List.of(
                "count",
                "sum",
                "max",
                "min",
                "avg",
                "string_agg",
                "array_agg",
                "stddev",
                "percentile_cont",
                "corr",
                "json_agg")) {
            system(name, Kind.AGGREGATE, Volatility.IMMUTABLE, false);
        }
        for (String name : List.of("lower", "upper", "abs", "date_part", "int8", "float8")) {
            system(name, Kind.FUNCTION, Volatility.IMMUTABLE, false);
        }
        for (String name : List.of("row_number", "rank", "lag")) {
            system(name, Kind.WINDOW, Volatility.IMMUTABLE, false);
        }
        for (String name :
                List.of("now", "length", "date_trunc", "pg_get_userbyid", "version", "query_to_xml", "ts_stat")) {
            system(name, Kind.FUNCTION, Volatility.STABLE, false);
        }
        for (String name : List.of(
                "random",
                "nextval",
                "currval",
                "setval",
                "set_config",
                "pg_advisory_lock",
                "pg_advisory_xact_lock",
                "pg_notify",
                "pg_sleep",
                "pg_switch_wal")) {
            system(name, Kind.FUNCTION, Volatility.VOLATILE, false);
        }
        system("generate_series", Kind.FUNCTION, Volatility.STABLE, true);
        system("unnest", Kind.FUNCTION, Volatility.IMMUTABLE, true);
        own("sneaky", "sql", "SELECT count(*) FROM orders");
        own("wraps", "plpgsql", "BEGIN RETURN sneaky(); END");
        own("builds", "plpgsql", "BEGIN EXECUTE 'SELECT 1'; END");
        own("snake", "plpython3u", "return 1");
        own("locks", "sql", "SELECT pg_advisory_xact_lock(1)");
        own("pure", "sql", "SELECT 1 + 1");
        own("audited", "plpgsql", "BEGIN INSERT INTO audit VALUES (1, 'x'); RETURN 1; END");
    }

    private void views() {
        view("t_view", "SELECT t.id, t.other AS o FROM public.t", column("id", "int8"), column("o", "int8"));
        view(
                "busy_view",
                "SELECT o.customer_id, count(*) AS n FROM public.orders o GROUP BY o.customer_id",
                column("customer_id", "int8"),
                column("n", "int8"));
        view("top_view", "SELECT t.id FROM public.t ORDER BY t.other LIMIT 10", column("id", "int8"));
        view(
                "one_view",
                "SELECT t.id, t.other FROM public.t WHERE t.id = 1",
                column("id", "int8"),
                column("other", "int8"));
        builder.table(new Table(
                new TableName("public", "t_mat"),
                Table.Kind.MATERIALIZED_VIEW,
                List.of(column("id", "int8")),
                List.of(),
                List.of(),
                Optional.empty(),
                List.of(),
                Optional.of("SELECT t.id FROM public.t"),
                HiddenAccess.NONE,
                HiddenAccess.NONE,
                false));
    }

    private void view(String name, String definition, Column... columns) {
        builder.table(new Table(
                new TableName("public", name),
                Table.Kind.VIEW,
                List.of(columns),
                List.of(),
                List.of(),
                Optional.empty(),
                List.of(),
                Optional.of(definition),
                HiddenAccess.NONE,
                HiddenAccess.NONE,
                false));
    }

    private void system(String name, Kind kind, Volatility volatility, boolean returnsSet) {
        builder.function(
                Function.overload(new FunctionName("pg_catalog", name), kind, volatility, returnsSet, "internal", ""));
    }

    private void own(String name, String language, String body) {
        builder.function(Function.overload(
                new FunctionName("public", name), Kind.FUNCTION, Volatility.VOLATILE, false, language, body));
    }

    private void hash(String name, List<String> key, Column... columns) {
        table(name, columns);
        rule(name, new TableRuleConfig.Hash(key, List.of(), Optional.empty()));
    }

    private void table(String name, Column... columns) {
        builder.table(Table.plain(new TableName("public", name), List.of(columns)));
    }

    private void table(
            String name, List<List<String>> uniqueKeys, HiddenAccess onRead, HiddenAccess onWrite, Column... columns) {
        builder.table(new Table(
                new TableName("public", name),
                Table.Kind.TABLE,
                List.of(columns),
                List.of(),
                uniqueKeys,
                Optional.empty(),
                List.of(),
                Optional.empty(),
                onRead,
                onWrite,
                false));
    }

    private void rule(String table, TableRuleConfig rule) {
        tableRules.put(new TableName("public", table), rule);
    }

    static Column column(String name, String type) {
        return new Column(name, type, -1, false, false, true);
    }

    /** A bound parameter; {@code oid} is 0 when Parse leaves the type open, -1 for a null. */
    record Parameter(int oid, boolean binary, ByteBuffer bytes) {
        static Parameter text(String text) {
            return typed(0, text);
        }

        static Parameter typed(int oid, String text) {
            return new Parameter(oid, false, StandardCharsets.UTF_8.encode(text));
        }

        static Parameter isNull() {
            return new Parameter(-1, false, ByteBuffer.allocate(0));
        }
    }

    static StatementValues values(PlannedStatement statement, Parameter... parameters) {
        return new Parameters(statement, List.of(parameters));
    }

    private record Parameters(PlannedStatement statement, List<Parameter> parameters) implements StatementValues {
        @Override
        public CharSequence literal(int index) {
            return statement.literal(index);
        }

        @Override
        public int parameterCount() {
            return parameters.size();
        }

        @Override
        public boolean parameterIsNull(int number) {
            return parameters.get(number - 1).oid() < 0;
        }

        @Override
        public int parameterOid(int number) {
            return Math.max(0, parameters.get(number - 1).oid());
        }

        @Override
        public boolean parameterIsBinary(int number) {
            return parameters.get(number - 1).binary();
        }

        @Override
        public byte[] parameter(int number) {
            ByteBuffer bytes = parameters.get(number - 1).bytes().duplicate();
            byte[] copy = new byte[bytes.remaining()];
            bytes.get(copy);
            return copy;
        }
    }
}
