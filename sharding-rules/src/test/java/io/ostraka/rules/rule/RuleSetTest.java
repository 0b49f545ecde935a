package io.ostraka.rules.rule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.rules.catalog.Column;
import io.ostraka.rules.config.DatabaseConfig;
import io.ostraka.rules.config.HostPort;
import io.ostraka.rules.config.PoolConfig;
import io.ostraka.rules.config.ShardConfig;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.config.TableName;
import io.ostraka.rules.config.TableRuleConfig;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class RuleSetTest {
    private static final ShardName S0 = new ShardName("s0");
    private static final ShardName S1 = new ShardName("s1");

    private final Map<TableName, TableRuleConfig> rules = new LinkedHashMap<>();
    private final Map<TableName, List<Column>> tables = new HashMap<>();
    private final Map<TableName, TableName> partitions = new HashMap<>();

    @Test
    void everyKindOfRuleIsSettled() {
        table("customers", "id int8");
        table("sessions", "id uuid");
        table("events", "created_at timestamptz");
        table("accounts", "region bpchar");
        table("countries", "code text");
        table("audit_log", "id int8");
        table("ledger", "tenant int4", "account int8");
        rule("customers", hash("id"));
        rule("sessions", new TableRuleConfig.ConsistentHash(List.of("id"), 160, List.of(), Optional.empty()));
        rule(
                "events",
                range(
                        "created_at",
                        interval("", "2026-01-01T00:00:00Z", S0),
                        interval("2026-01-01T00:00:00Z", "", S1)));
        rule("accounts", list("region", Map.of("eu", S0, "us", S1)));
        rule("countries", new TableRuleConfig.Reference());
        rule("audit_log", new TableRuleConfig.Pinned(S1));
        rule("ledger", hash("tenant", "account"));
        RuleSet set = settled();

        assertEquals(List.of(), set.problems());
        HashRule customers = assertInstanceOf(HashRule.class, set.ruleFor(name("customers")));
        assertEquals(List.of(KeyType.INT8), customers.keyTypes());
        assertEquals(1024, customers.slots());
        assertInstanceOf(ConsistentHashRule.class, set.ruleFor(name("sessions")));
        RangeRule events = assertInstanceOf(RangeRule.class, set.ruleFor(name("events")));
        assertEquals(Optional.of(S0), events.shardFor(key(KeyType.TIMESTAMPTZ, "2026-01-01 01:59:59+02")));
        assertEquals(Optional.of(S1), events.shardFor(key(KeyType.TIMESTAMPTZ, "2026-01-01 02:00:00+02")));
        ListRule accounts = assertInstanceOf(ListRule.class, set.ruleFor(name("accounts")));
        assertEquals(Optional.of(S0), accounts.shardFor(key(KeyType.BPCHAR, "eu   ")));
        assertEquals(Optional.empty(), accounts.shardFor(key(KeyType.BPCHAR, "mars")));
        assertEquals(new ReferenceRule(new TreeSet<>(List.of(S0, S1))), set.ruleFor(name("countries")));
        assertEquals(new PinnedRule(S1), set.ruleFor(name("audit_log")));
        assertEquals(
                List.of("tenant", "account"),
                assertInstanceOf(HashRule.class, set.ruleFor(name("ledger"))).keyColumns());
    }

    @Test
    void aTableWithoutRuleFollowsItsSchemaElseTheDefaultShard() {
        RuleSet set = settled();
        assertEquals(new PinnedRule(S0), set.ruleFor(name("anything")));
        assertEquals(new PinnedRule(S1), set.ruleFor(new TableName("tenant_b", "anything")));
    }

    @Test
    void aRuleMayComeBeforeItsTableButNothingElseHoldsMeanwhile() {
        rule("tomorrow", hash("id"));
        RuleSet today = settled();
        assertEquals(List.of(), today.problems());
        PgErrorException refused = assertThrows(PgErrorException.class, () -> today.ruleFor(name("tomorrow")));
        assertEquals(SqlState.UNDEFINED_OBJECT, refused.error().state());
        table("tomorrow", "id int8");
        assertInstanceOf(HashRule.class, settled().ruleFor(name("tomorrow")));
    }

    @Test
    void aRuleHoldsForPartitionsOfPartitions() {
        table("orders", "id int8");
        table("orders_2026", "id int8");
        table("orders_2026_01", "id int8");
        partitions.put(name("orders_2026"), name("orders"));
        partitions.put(name("orders_2026_01"), name("orders_2026"));
        rule("orders", hash("id"));
        RuleSet set = settled();
        assertEquals(set.ruleFor(name("orders")), set.ruleFor(name("orders_2026_01")));
    }

    @Test
    void aRuleOfItsOwnForAPartitionClosesIt() {
        table("orders", "id int8");
        table("orders_2026", "id int8");
        partitions.put(name("orders_2026"), name("orders"));
        rule("orders", hash("id"));
        rule("orders_2026", hash("id"));
        RuleSet set = settled();
        assertEquals(
                List.of("table \"public.orders_2026\": it is a partition of \"public.orders\""
                        + " (Give the rule to the partitioned table; it holds for all its partitions.)"),
                set.problems().stream().map(RuleProblem::toString).toList());
        assertThrows(PgErrorException.class, () -> set.ruleFor(name("orders_2026")));
    }

    @Test
    void whatDoesNotFitTheCatalogIsReportedAllAtOnceAndClosesItsTableOnly() {
        table("a", "id int8");
        table("b", "id float8", "ok int4");
        table("c", "at timestamptz");
        table("d", "n int4");
        table("e", "n numeric");
        tables.put(name("f"), List.of(new Column("name", "text", -1, true, false, false)));
        table("g", "id int4");
        rule("a", hash("nix"));
        rule("b", hash("id", "ok"));
        rule("c", range("at", interval("2026-01-01", "", S0)));
        rule("d", range("n", interval("1", "10", S0), interval("9", "20", S1), interval("7", "7", S1)));
        rule("e", list("n", new LinkedHashMap<>(Map.of("1.0", S0, "1.00", S1))));
        rule("f", hash("name"));
        rule("g", hash("id"));
        RuleSet set = settled();

        List<String> messages = set.problems().stream()
                .map(p -> p.table().name() + ": " + p.message())
                .toList();
        assertEquals(7, messages.size(), messages::toString);
        assertEquals("a: it has no column \"nix\"", messages.get(0));
        assertEquals("b: column \"id\" of type float8 cannot be a shard key", messages.get(1));
        assertEquals("c: the range bound \"2026-01-01\" is not a value of type timestamptz", messages.get(2));
        assertEquals("d: the range [7, 7) is empty", messages.get(3));
        assertEquals("d: the ranges [1, 10) and [9, 20) overlap", messages.get(4));
        assertTrue(
                messages.get(5).matches("e: the value \"1\\.00?\" is listed twice, in other words"), messages.get(5));
        assertEquals("f: column \"name\" has a nondeterministic collation and cannot be a shard key", messages.get(6));

        PgErrorException refused = assertThrows(PgErrorException.class, () -> set.ruleFor(name("a")));
        assertEquals(SqlState.CONFIG_FILE_ERROR, refused.error().state());
        assertEquals("it has no column \"nix\"", refused.error().detail());
        assertInstanceOf(HashRule.class, set.ruleFor(name("g")));
    }

    @Test
    void equalPlacementIsColocated() {
        table("a", "id int8");
        table("b", "a_id int4");
        table("c", "a_id text");
        table("d", "id int8");
        table("e", "id varchar");
        rule("a", hash("id"));
        rule("b", hash("a_id"));
        rule("c", hash("a_id"));
        rule("d", new TableRuleConfig.Hash(List.of("id"), List.of(S1), Optional.empty()));
        rule("e", hash("id"));
        RuleSet set = settled();
        assertTrue(set.colocated(name("a"), name("b")), "int8 and int4 hash alike");
        assertTrue(set.colocated(name("c"), name("e")), "text and varchar hash alike");
        assertFalse(set.colocated(name("a"), name("c")), "other type");
        assertFalse(set.colocated(name("a"), name("d")), "other shards");
        assertTrue(set.colocated(name("x"), name("y")), "both on the default shard");
        assertFalse(set.colocated(name("x"), name("a")));
    }

    @Test
    void rangesAndListsAreColocatedByTheirValuesNotTheirWords() {
        table("a", "n numeric");
        table("b", "n numeric");
        table("c", "n numeric");
        table("d", "n numeric");
        rule("a", range("n", interval("", "1.0", S0), interval("1", "", S1)));
        rule("b", range("n", interval("1.00", "", S1), interval("", "1e0", S0)));
        rule("c", list("n", Map.of("1", S0)));
        rule("d", list("n", Map.of("1.0", S0)));
        RuleSet set = settled();
        assertTrue(set.colocated(name("a"), name("b")));
        assertTrue(set.colocated(name("c"), name("d")));
        assertFalse(set.colocated(name("a"), name("c")));
    }

    @Test
    void aClaimOfColocationIsChecked() {
        table("customers", "id int8");
        table("good", "customer_id int8");
        table("bad", "customer_id text");
        rule("customers", hash("id"));
        rule("good", new TableRuleConfig.Hash(List.of("customer_id"), List.of(), Optional.of(name("customers"))));
        rule("bad", new TableRuleConfig.Hash(List.of("customer_id"), List.of(), Optional.of(name("customers"))));
        RuleSet set = settled();
        assertEquals(
                List.of(name("bad")),
                set.problems().stream().map(RuleProblem::table).toList());
        assertThrows(PgErrorException.class, () -> set.ruleFor(name("bad")));
    }

    private RuleSet settled() {
        Map<ShardName, ShardConfig> shards = new LinkedHashMap<>();
        for (ShardName shard : List.of(S1, S0)) {
            shards.put(
                    shard,
                    new ShardConfig(
                            shard,
                            new HostPort("127.0.0.1", 5432),
                            "shop",
                            List.of(),
                            ShardConfig.TlsMode.DISABLE,
                            OptionalInt.empty(),
                            Optional.empty()));
        }
        DatabaseConfig database = new DatabaseConfig(
                "shop",
                shards,
                S0,
                Optional.empty(),
                1024,
                new PoolConfig(1, PoolConfig.Mode.TRANSACTION, Duration.ofSeconds(1)),
                DatabaseConfig.Consistency.ATOMIC,
                DatabaseConfig.SerializableAcrossShards.REFUSE,
                Optional.empty(),
                Optional.empty(),
                rules,
                Map.of("tenant_b", S1));
        return RuleSet.resolve(database, new ColumnTypes() {
            @Override
            public Optional<List<Column>> columnsOf(TableName table) {
                return Optional.ofNullable(tables.get(table));
            }

            @Override
            public Optional<TableName> partitionedTableOf(TableName table) {
                return Optional.ofNullable(partitions.get(table));
            }
        });
    }

    private static TableName name(String table) {
        return new TableName("public", table);
    }

    /** Columns are {@code name type}. */
    private void table(String table, String... columns) {
        tables.put(
                name(table),
                List.of(columns).stream()
                        .map(column -> column.split(" "))
                        .map(words -> new Column(words[0], words[1], -1, true, false, true))
                        .toList());
    }

    private void rule(String table, TableRuleConfig rule) {
        rules.put(name(table), rule);
    }

    private static TableRuleConfig hash(String... columns) {
        return new TableRuleConfig.Hash(List.of(columns), List.of(), Optional.empty());
    }

    private static TableRuleConfig range(String column, TableRuleConfig.Interval... intervals) {
        return new TableRuleConfig.Range(column, List.of(intervals), Optional.empty());
    }

    private static TableRuleConfig list(String column, Map<String, ShardName> values) {
        return new TableRuleConfig.ListOf(column, values, Optional.empty(), Optional.empty());
    }

    private static TableRuleConfig.Interval interval(String from, String to, ShardName shard) {
        return new TableRuleConfig.Interval(
                Optional.of(from).filter(text -> !text.isEmpty()),
                Optional.of(to).filter(text -> !text.isEmpty()),
                shard);
    }

    private static List<KeyValue> key(KeyType type, String text) {
        return List.of(type.fromText(text).orElseThrow());
    }
}
