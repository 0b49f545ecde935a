package io.ostraka.it.schema;

import static io.ostraka.it.schema.TestShards.hash;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.proxy.schema.SchemaDifference;
import io.ostraka.proxy.schema.SchemaService;
import io.ostraka.proxy.schema.SchemaState;
import io.ostraka.rules.catalog.Catalog;
import io.ostraka.rules.catalog.Column;
import io.ostraka.rules.catalog.Function;
import io.ostraka.rules.catalog.FunctionName;
import io.ostraka.rules.catalog.HiddenAccess;
import io.ostraka.rules.catalog.Table;
import io.ostraka.rules.catalog.WriteEffects;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.config.TableName;
import io.ostraka.rules.config.TableRuleConfig;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the proxy makes of real catalogs. */
class CatalogTest {
    private static EmbeddedPostgres server;
    private TestShards shards;

    @BeforeAll
    static void startServer() throws IOException {
        server = TestShards.startServer();
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

    private SchemaState read() {
        try (SchemaService service = SchemaService.of(
                        shards.cluster(), shards.database(), Duration.ofHours(1), state -> {})
                .orElseThrow()) {
            SchemaState state = service.start().join();
            assertEquals(Map.of(), state.unread());
            return state;
        }
    }

    private static TableName table(String name) {
        return new TableName("public", name);
    }

    private static FunctionName function(String name) {
        return new FunctionName("public", name);
    }

    private Table readTable(String name) {
        return read().catalog().table(table(name)).orElseThrow();
    }

    @Test
    void columnsHavePostgresqlsOwnTypeNames() throws SQLException {
        shards.onAll(
                "CREATE DOMAIN cents AS numeric(12,2) NOT NULL",
                "CREATE DOMAIN price AS cents DEFAULT 0",
                "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
                "CREATE TYPE mood AS ENUM ('sad', 'ok')",
                "CREATE TABLE t (a int PRIMARY KEY, b char(3) COLLATE \"C\", c varchar(20) COLLATE loose, d price,"
                        + " e timestamptz DEFAULT now(), gone int, f text[] COLLATE \"en-x-icu\", g mood, h bigint GENERATED ALWAYS AS IDENTITY)",
                "ALTER TABLE t DROP COLUMN gone");
        assertEquals(
                List.of(
                        new Column("a", "int4", -1, true, false, true),
                        new Column("b", "bpchar", 7, false, false, true, true, HiddenAccess.NONE),
                        new Column("c", "varchar", 24, false, false, false),
                        new Column("d", "numeric", (12 << 16 | 2) + 4, true, true, true),
                        new Column("e", "timestamptz", -1, false, true, true, false, HiddenAccess.NONE, "now()"),
                        new Column("f", "_text", -1, false, false, true),
                        new Column("g", "mood", -1, false, false, true),
                        new Column(
                                "h",
                                "int8",
                                -1,
                                true,
                                true,
                                true,
                                false,
                                new HiddenAccess(Set.of(table("t_h_seq")), Set.of()))),
                readTable("t").columns());
    }

    @Test
    void keysAreThoseThatAreUniqueWithoutCondition() throws SQLException {
        shards.onAll(
                "CREATE TABLE t (a int, b int, c int, d text, PRIMARY KEY (b, a))",
                "CREATE UNIQUE INDEX ON t (c) INCLUDE (d)",
                "CREATE UNIQUE INDEX ON t (d) WHERE c > 0",
                "CREATE UNIQUE INDEX ON t (lower(d))",
                "CREATE INDEX ON t (a)");
        Table t = readTable("t");
        assertEquals(List.of("b", "a"), t.primaryKey());
        assertEquals(List.of(List.of("b", "a"), List.of("c")), t.uniqueKeys());
    }

    @Test
    void partitionsAndHeirsKnowTheirParents() throws SQLException {
        shards.rule("p", hash("id"));
        shards.onAll(
                "CREATE TABLE p (id int, at date) PARTITION BY RANGE (at)",
                "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
                "CREATE TABLE base (id int)",
                "CREATE TABLE heir (more int) INHERITS (base)");
        SchemaState state = read();
        Table p1 = state.catalog().table(table("p1")).orElseThrow();
        assertEquals(Table.Kind.TABLE, p1.kind());
        assertEquals(Optional.of(table("p")), p1.partitionOf());
        assertEquals(List.of(), p1.inherits());
        assertEquals(
                Table.Kind.PARTITIONED,
                state.catalog().table(table("p")).orElseThrow().kind());
        Table heir = state.catalog().table(table("heir")).orElseThrow();
        assertEquals(List.of(table("base")), heir.inherits());
        assertEquals(Optional.empty(), heir.partitionOf());
        assertEquals(state.rules().ruleFor(table("p")), state.rules().ruleFor(table("p1")));
    }

    @Test
    void definitionsOfViewsNameEverythingInFull() throws SQLException {
        shards.onAll(
                "CREATE SCHEMA app",
                "CREATE TABLE app.t (id int)",
                "ALTER DATABASE " + shards.databaseOf("s0") + " SET search_path = app",
                "CREATE VIEW app.v AS SELECT id FROM app.t");
        Table view = read().catalog().table(new TableName("app", "v")).orElseThrow();
        assertTrue(view.isView());
        assertTrue(view.definition().orElseThrow().contains("FROM app.t"), view.definition()::orElseThrow);
        assertFalse(view.hasRules());
    }

    @Test
    void whatAStatementReachesWithoutNamingItIsKnown() throws SQLException {
        shards.onAll(
                "CREATE TABLE log (line text)",
                "CREATE TABLE allowed (id int)",
                "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
                "CREATE FUNCTION fresh() RETURNS int LANGUAGE sql VOLATILE AS 'SELECT 1'",
                "CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2'",
                "CREATE FUNCTION sane(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0'",
                "CREATE TABLE t (id int CHECK (sane(id)), n int DEFAULT fresh(), v int GENERATED ALWAYS AS (id * 2)"
                        + " VIRTUAL, s int GENERATED ALWAYS AS (twice(id)) STORED)",
                "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION note()",
                "CREATE TABLE guarded (id int)",
                "ALTER TABLE guarded ENABLE ROW LEVEL SECURITY",
                "CREATE POLICY p ON guarded FOR SELECT USING (id IN (SELECT a.id FROM allowed a) AND sane(id))",
                "CREATE TABLE ruled (id int)",
                "CREATE RULE r AS ON INSERT TO ruled DO ALSO INSERT INTO log VALUES ('x')",
                "CREATE TABLE p (id int) PARTITION BY LIST (id)",
                "CREATE TABLE p1 PARTITION OF p DEFAULT",
                "CREATE TRIGGER tr BEFORE INSERT ON p1 FOR EACH ROW EXECUTE FUNCTION note()");
        Catalog catalog = read().catalog();
        Table t = catalog.table(table("t")).orElseThrow();
        assertEquals(HiddenAccess.NONE, t.onRead());
        assertEquals(
                new HiddenAccess(Set.of(), Set.of(function("note"), function("twice"), function("sane"))), t.onWrite());
        assertTrue(t.columns().stream()
                .anyMatch(column -> column.onDefault().equals(new HiddenAccess(Set.of(), Set.of(function("fresh"))))));
        HiddenAccess policy = new HiddenAccess(Set.of(table("allowed")), Set.of(function("sane")));
        assertEquals(policy, catalog.table(table("guarded")).orElseThrow().onRead());
        assertTrue(catalog.table(table("ruled")).orElseThrow().hasRules());
        assertFalse(t.hasRules());
        assertEquals(
                new HiddenAccess(Set.of(), Set.of(function("note"))),
                catalog.table(table("p")).orElseThrow().onWrite(),
                "a partition's trigger is its parent's");
    }

    @Test
    void whatWritesDoBesidesIsRead() throws SQLException {
        shards.onAll(
                "CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
                "CREATE TABLE parent (id int PRIMARY KEY, code int UNIQUE)",
                "CREATE TABLE child (id int REFERENCES parent ON DELETE CASCADE,"
                        + " code int REFERENCES parent (code) ON UPDATE CASCADE ON DELETE SET NULL,"
                        + " plain int REFERENCES parent)",
                "CREATE TRIGGER a BEFORE INSERT ON parent FOR EACH ROW EXECUTE FUNCTION stamp('x', 'y z')",
                "CREATE TRIGGER b AFTER INSERT ON parent FOR EACH ROW EXECUTE FUNCTION stamp()",
                "CREATE TRIGGER c BEFORE UPDATE ON parent FOR EACH STATEMENT EXECUTE FUNCTION stamp()",
                "CREATE TRIGGER d BEFORE UPDATE OR DELETE ON parent FOR EACH ROW EXECUTE FUNCTION stamp()",
                "CREATE TRIGGER e BEFORE INSERT ON parent FOR EACH ROW EXECUTE FUNCTION stamp()",
                "ALTER TABLE parent DISABLE TRIGGER e");
        WriteEffects effects =
                read().catalog().table(table("parent")).orElseThrow().effects();
        assertEquals(
                List.of(
                        new WriteEffects.RowTrigger(function("stamp"), true, false, List.of("x", "y z")),
                        new WriteEffects.RowTrigger(function("stamp"), false, true, List.of())),
                effects.before());
        assertEquals(
                Set.of(
                        new WriteEffects.Cascade(
                                table("child"),
                                List.of("id"),
                                List.of("id"),
                                WriteEffects.Action.NONE,
                                WriteEffects.Action.CASCADE),
                        new WriteEffects.Cascade(
                                table("child"),
                                List.of("code"),
                                List.of("code"),
                                WriteEffects.Action.CASCADE,
                                WriteEffects.Action.SET)),
                Set.copyOf(effects.cascades()));
    }

    @Test
    void sequencesBehindColumnsAreReachedByWrites() throws SQLException {
        shards.onAll("CREATE TABLE t (a serial, b int GENERATED BY DEFAULT AS IDENTITY)");
        Catalog catalog = read().catalog();
        Table t = catalog.table(table("t")).orElseThrow();
        assertEquals(HiddenAccess.NONE, t.onWrite());
        assertEquals(
                List.of(
                        new HiddenAccess(Set.of(table("t_a_seq")), Set.of()),
                        new HiddenAccess(Set.of(table("t_b_seq")), Set.of())),
                t.columns().stream().map(Column::onDefault).toList());
        assertEquals(
                Table.Kind.SEQUENCE,
                catalog.table(table("t_b_seq")).orElseThrow().kind());
    }

    @Test
    void functionsAreKnownWithTheSystemsOwn() throws SQLException {
        shards.onAll(
                "CREATE TABLE t (id int)",
                "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'",
                "CREATE FUNCTION f(text) RETURNS SETOF int LANGUAGE sql STABLE BEGIN ATOMIC SELECT id FROM t; END",
                "CREATE FUNCTION step(int, int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
                "CREATE AGGREGATE agg(int) (SFUNC = step, STYPE = int)",
                "CREATE OPERATOR === (FUNCTION = step, LEFTARG = int, RIGHTARG = int)");
        Catalog catalog = read().catalog();
        Function f = catalog.function(function("f")).orElseThrow();
        assertEquals(Function.Volatility.STABLE, f.volatility());
        assertTrue(f.returnsSet());
        assertEquals(2, f.bodies().size());
        assertTrue(f.bodies().stream().anyMatch(body -> body.contains("public.t")), f.bodies()::toString);
        Function aggregate = catalog.function(function("agg")).orElseThrow();
        assertTrue(aggregate.mayAggregate());
        assertEquals(Set.of(function("step")), aggregate.calls());
        assertEquals(Set.of(function("step")), catalog.ambientFunctions());
        Function now = catalog.function(new FunctionName("pg_catalog", "now")).orElseThrow();
        assertEquals(Function.Volatility.STABLE, now.volatility());
        assertEquals(
                Set.of(Function.Kind.AGGREGATE),
                catalog.function(new FunctionName("pg_catalog", "count"))
                        .orElseThrow()
                        .kinds());
        assertTrue(catalog.table(new TableName("pg_catalog", "pg_class")).isPresent());
    }

    @Test
    void differencesAreReportedByName() throws SQLException {
        shards.rule("orders", hash("id"));
        shards.rule("countries", new TableRuleConfig.Reference());
        shards.rule("audit", new TableRuleConfig.Pinned(new ShardName("s1")));
        shards.on(
                "s0", "CREATE TABLE orders (id int PRIMARY KEY, total numeric(10,2) NOT NULL, at date DEFAULT now())");
        shards.on("s1", "CREATE TABLE orders (id int, total numeric(12,2), at date)");
        shards.on("s0", "CREATE TABLE countries (code text PRIMARY KEY)");
        shards.on("s1", "CREATE TABLE audit (line text)");
        shards.on("s0", "CREATE TABLE local (id int)");
        shards.on("s1", "CREATE TABLE stray (id int)");
        SchemaState state = read();
        assertEquals(
                List.of(
                        "table public.countries: it is missing on s1, but exists on s0",
                        "table public.orders: column id is NOT NULL on s0, nullable on s1",
                        "table public.orders: column total is numeric(10,2) on s0, numeric(12,2) on s1",
                        "table public.orders: column total is NOT NULL on s0, nullable on s1",
                        "table public.orders: column at has DEFAULT now() on s0, no default on s1",
                        "table public.orders: PRIMARY KEY (id) is missing on s1, but exists on s0"),
                state.differences().stream().map(SchemaDifference::text).toList());
        assertTrue(state.catalog().disagreement(table("orders")).isPresent());
        assertTrue(state.catalog().disagreement(table("audit")).isEmpty());
        Table orders = state.catalog().table(table("orders")).orElseThrow();
        assertEquals(List.of(), orders.uniqueKeys(), "a key that one shard lacks is no key");
        assertFalse(orders.column("total").orElseThrow().notNull());
        assertTrue(state.catalog().table(table("audit")).isPresent());
        assertTrue(state.catalog().table(table("local")).isPresent());
        assertTrue(
                state.catalog().table(table("stray")).isEmpty(), "not where its rule looks, so no statement means it");
    }

    @Test
    void temporaryTablesOfOtherSessionsAreNotSeen() throws SQLException {
        try (var connection = shards.connect(shards.databaseOf("s0"));
                var statement = connection.createStatement()) {
            statement.execute("CREATE TEMPORARY TABLE passing (id int PRIMARY KEY, n int DEFAULT 1 CHECK (n > 0))");
            statement.execute("CREATE TEMPORARY VIEW glance AS SELECT * FROM passing");
            statement.execute("CREATE TEMPORARY TABLE heir () INHERITS (passing)");
            assertTrue(read().catalog().tables().stream()
                    .noneMatch(table -> table.name().name().equals("passing")
                            || table.name().schema().startsWith("pg_temp")));
        }
    }
}
