package io.ostraka.rules.plan;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.rule.KeyedRule;
import io.ostraka.rules.sql.StatementTemplate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * For random rows and random predicates: every row (or pair of rows) that is in the answer lives on shards of the
 * route. The predicates are evaluated here, with SQL's three values of truth.
 */
class PlanSoundnessTest {
    private static final SampleDatabase DB = new SampleDatabase();
    private static final int KEYS = 12;

    /** A condition as text and as a function of two rows: true, false, or null for unknown. */
    private record Condition(String sql, Function<Pair, Boolean> truth) {}

    private record Row(Integer id, Integer other) {}

    /** A row is all nulls where an outer join found no partner. */
    private record Pair(Row a, Row b, Row c) {
        Pair(Row a, Row b) {
            this(a, b, NONE);
        }
    }

    private static final Row NONE = new Row(null, null);

    private record Operand(String sql, Function<Pair, Integer> value) {}

    /** The tables that a, b and c stand for. Rows of {@code pairs} have a key of two columns. */
    private List<String> realNames = List.of();

    @ParameterizedTest
    @CsvSource({
        "1, small, t, u",
        "2, small, t, u",
        "3, small, t, u",
        "4, small, t, u",
        "5, steps, steps, steps",
        "6, steps, steps, steps",
        "7, kinds, kinds, kinds",
        "8, kinds, kinds, kinds",
        "9, pairs, pairs, pairs",
        "10, pairs, pairs, pairs",
        "11, small, steps, kinds",
        "12, pairs, small, steps",
        "13, ring, ring, ring",
    })
    void everyRowOfTheAnswerIsOnAShardOfTheRoute(long seed, String a, String b, String c) {
        realNames = List.of(a, b, c);
        Random random = new Random(seed);
        int pruned = 0;
        for (int i = 0; i < 200; i++) {
            pruned += checkOneTable(random, seed);
            pruned += checkJoin(random, seed);
            pruned += checkSubquery(random, seed);
            pruned += checkThreeTables(random, seed);
        }
        assertTrue(pruned > 30, "seed " + seed + ": only " + pruned + " routes left out a shard");
    }

    /** Returns 1 when the route left out a shard. */
    private int checkOneTable(Random random, long seed) {
        Condition condition = condition(random, 3, List.of("a"));
        String sql = "SELECT * FROM " + realNames.get(0) + " a WHERE " + condition.sql();
        List<String> shards = shards(sql);
        for (int id = 0; id < KEYS; id++) {
            for (Integer other : new Integer[] {0, 1, 5, null}) {
                Pair pair = new Pair(new Row(id, other), NONE);
                if (isStored(0, pair.a()) && isTrue(condition.truth().apply(pair))) {
                    assertOn(shards, pair.a(), sql, seed);
                }
            }
        }
        return shards.size() < 3 ? 1 : 0;
    }

    private int checkJoin(Random random, long seed) {
        String kind = kind(random);
        Condition on = onOf(random, "a", "b");
        Condition where = biased(random, List.of("a", "b"));
        String sql = "SELECT * FROM " + realNames.get(0) + " a " + kind + " " + realNames.get(1) + " b ON " + on.sql()
                + " WHERE " + where.sql();
        List<String> shards = shards(sql);
        List<Row> left = rows(random, 0);
        List<Row> right = rows(random, 1);
        List<Pair> whole = join(kind, left, right, on, where);
        // The rows of each occurrence's own shards must give the same answer.
        Map<String, List<String>> each = shardsOfEach(sql);
        List<Pair> routed = join(kind, on(0, each.get("a"), left), on(1, each.get("b"), right), on, where);
        assertTrue(
                whole.size() == routed.size() && routed.containsAll(whole),
                "seed " + seed + ": " + sql + " on " + shards + " gives " + routed + " and not " + whole);
        if (DB.plan(sql) instanceof Plan.Scatter || shards.size() < 2) {
            checkEachShardAlone(
                    sql, shards, whole, shard -> join(kind, on(0, shard, left), on(1, shard, right), on, where), seed);
        }
        return shards.size() < 3 ? 1 : 0;
    }

    /**
     * Scattered, the answer is what the shards answer one after the other; forwarded anywhere, each shard's own
     * answer.
     */
    private static <T> void checkEachShardAlone(
            String sql, List<String> shards, List<T> whole, Function<List<String>, List<T>> answer, long seed) {
        List<T> together = new ArrayList<>();
        for (String shard : shards) {
            together.addAll(answer.apply(List.of(shard)));
        }
        for (String shard : shards.isEmpty() ? List.of("s0", "s1", "s2") : List.<String>of()) {
            together.addAll(answer.apply(List.of(shard)));
        }
        assertTrue(
                whole.size() == together.size() && together.containsAll(whole),
                "seed " + seed + ": " + sql + " on each of " + shards + " gives " + together + " and not " + whole);
    }

    /** {@code (a ? b) ? c}, {@code c ? (a ? b)}, and the same with the inner join as a subquery. */
    private int checkThreeTables(Random random, long seed) {
        String inner = kind(random);
        String outer = kind(random);
        boolean derived = random.nextBoolean();
        boolean first = random.nextBoolean();
        Condition innerOn = onOf(random, "a", "b");
        Condition innerWhere = derived ? biased(random, List.of("a", "b")) : new Condition("true", pair -> true);
        Condition outerOn = onOf(random, random.nextBoolean() ? "a" : "b", "c");
        Condition where = biased(random, List.of("a", "b", "c"));
        String joined = realNames.get(0) + " a " + inner + " " + realNames.get(1) + " b ON " + innerOn.sql();
        String nested = derived
                ? "(SELECT a.id AS aid, a.other AS ao, b.id AS bid, b.other AS bo FROM " + joined + " WHERE "
                        + innerWhere.sql() + ") d"
                : "(" + joined + ")";
        String from = first
                ? nested + " " + outer + " " + realNames.get(2) + " c ON " + named(outerOn.sql(), derived)
                : realNames.get(2) + " c " + outer + " " + nested + " ON " + named(outerOn.sql(), derived);
        String sql = "SELECT * FROM " + from + " WHERE " + named(where.sql(), derived);
        List<String> shards = shards(sql);
        List<Row> as = rows(random, 0);
        List<Row> bs = rows(random, 1);
        List<Row> cs = rows(random, 2);
        Function<Map<String, List<String>>, List<Pair>> answer = on -> {
            List<Pair> left = join(inner, on(0, on.get("a"), as), on(1, on.get("b"), bs), innerOn, innerWhere);
            return joinThird(outer, first, left, on(2, on.get("c"), cs), outerOn, where);
        };
        List<String> all = List.of("s0", "s1", "s2");
        List<Pair> whole = answer.apply(Map.of("a", all, "b", all, "c", all));
        List<Pair> routed = answer.apply(shardsOfEach(sql));
        assertTrue(
                whole.size() == routed.size() && routed.containsAll(whole),
                "seed " + seed + ": " + sql + " on " + shards + " gives " + routed + " and not " + whole);
        if (DB.plan(sql) instanceof Plan.Scatter || shards.size() < 2) {
            checkEachShardAlone(sql, shards, whole, on -> answer.apply(Map.of("a", on, "b", on, "c", on)), seed);
        }
        return shards.size() < 3 ? 1 : 0;
    }

    private static String named(String condition, boolean derived) {
        return derived
                ? condition
                        .replace("a.id", "d.aid")
                        .replace("a.other", "d.ao")
                        .replace("b.id", "d.bid")
                        .replace("b.other", "d.bo")
                : condition;
    }

    private static String kind(Random random) {
        return List.of("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN").get(random.nextInt(4));
    }

    private static Condition onOf(Random random, String left, String right) {
        return random.nextInt(3) == 0 ? onKey(left, right) : condition(random, 1, List.of(left, right));
    }

    private static List<Pair> joinThird(
            String kind, boolean pairsFirst, List<Pair> pairs, List<Row> cs, Condition on, Condition where) {
        boolean keepPairs = kind.startsWith("FULL") || kind.startsWith(pairsFirst ? "LEFT" : "RIGHT");
        boolean keepThird = kind.startsWith("FULL") || kind.startsWith(pairsFirst ? "RIGHT" : "LEFT");
        List<Pair> joined = new ArrayList<>();
        for (Pair pair : pairs) {
            List<Pair> partners = cs.stream()
                    .map(c -> new Pair(pair.a(), pair.b(), c))
                    .filter(triple -> isTrue(on.truth().apply(triple)))
                    .toList();
            joined.addAll(partners);
            if (partners.isEmpty() && keepPairs) {
                joined.add(pair);
            }
        }
        for (Row c : keepThird ? cs : List.<Row>of()) {
            if (pairs.stream().noneMatch(pair -> isTrue(on.truth().apply(new Pair(pair.a(), pair.b(), c))))) {
                joined.add(new Pair(NONE, NONE, c));
            }
        }
        return joined.stream()
                .filter(triple -> isTrue(where.truth().apply(triple)))
                .toList();
    }

    /** Mostly with a key fixed, or else hardly any route would leave out a shard. */
    private static Condition biased(Random random, List<String> tables) {
        Condition rest = condition(random, 1, tables);
        if (random.nextInt(3) == 0) {
            return rest;
        }
        String table = tables.get(random.nextInt(tables.size()));
        int key = random.nextInt(KEYS);
        return new Condition("(" + table + ".id = " + key + " AND " + rest.sql() + ")", pair -> {
            Integer id = row(pair, table).id();
            return and(
                    id == null ? null : Boolean.valueOf(id == key), rest.truth().apply(pair));
        });
    }

    private static Row row(Pair pair, String table) {
        return switch (table) {
            case "a" -> pair.a();
            case "b" -> pair.b();
            default -> pair.c();
        };
    }

    private int checkSubquery(Random random, long seed) {
        Condition inner = biased(random, List.of("a", "b"));
        Condition outer = biased(random, List.of("a"));
        int form = random.nextInt(4);
        String subquery =
                switch (form) {
                    case 0 -> "EXISTS (SELECT 1 FROM " + realNames.get(1) + " b WHERE " + inner.sql() + ")";
                    case 1 -> "NOT EXISTS (SELECT 1 FROM " + realNames.get(1) + " b WHERE " + inner.sql() + ")";
                    case 2 -> "a.id IN (SELECT b.id FROM " + realNames.get(1) + " b WHERE " + inner.sql() + ")";
                    default -> "a.id NOT IN (SELECT b.id FROM " + realNames.get(1) + " b WHERE " + inner.sql() + ")";
                };
        String sql = "SELECT * FROM " + realNames.get(0) + " a WHERE " + outer.sql() + " AND " + subquery;
        List<String> shards = shards(sql);
        List<Row> left = rows(random, 0);
        List<Row> right = rows(random, 1);
        List<Row> whole = semijoin(form, left, right, inner, outer);
        Map<String, List<String>> each = shardsOfEach(sql);
        List<Row> routed = semijoin(form, on(0, each.get("a"), left), on(1, each.get("b"), right), inner, outer);
        assertTrue(
                whole.size() == routed.size() && routed.containsAll(whole),
                "seed " + seed + ": " + sql + " on " + shards + " gives " + routed + " and not " + whole);
        if (DB.plan(sql) instanceof Plan.Scatter || shards.size() < 2) {
            checkEachShardAlone(
                    sql,
                    shards,
                    whole,
                    shard -> semijoin(form, on(0, shard, left), on(1, shard, right), inner, outer),
                    seed);
        }
        return shards.size() < 3 ? 1 : 0;
    }

    private static List<Row> semijoin(int form, List<Row> left, List<Row> right, Condition inner, Condition outer) {
        List<Row> found = new ArrayList<>();
        for (Row a : left) {
            boolean matches = right.stream()
                    .anyMatch(b -> isTrue(inner.truth().apply(new Pair(a, b))) && (form < 2 || b.id().equals(a.id())));
            boolean wanted = form % 2 == 0 ? matches : !matches;
            if (wanted && isTrue(outer.truth().apply(new Pair(a, NONE)))) {
                found.add(a);
            }
        }
        return found;
    }

    private static List<Pair> join(String kind, List<Row> left, List<Row> right, Condition on, Condition where) {
        List<Pair> joined = new ArrayList<>();
        for (Row a : left) {
            boolean partner = false;
            for (Row b : right) {
                if (isTrue(on.truth().apply(new Pair(a, b)))) {
                    partner = true;
                    joined.add(new Pair(a, b));
                }
            }
            if (!partner && (kind.startsWith("LEFT") || kind.startsWith("FULL"))) {
                joined.add(new Pair(a, NONE));
            }
        }
        if (kind.startsWith("RIGHT") || kind.startsWith("FULL")) {
            for (Row b : right) {
                if (left.stream().noneMatch(a -> isTrue(on.truth().apply(new Pair(a, b))))) {
                    joined.add(new Pair(NONE, b));
                }
            }
        }
        return joined.stream().filter(pair -> isTrue(where.truth().apply(pair))).toList();
    }

    /** Distinct rows, so that a list can be compared as a set of the same size. */
    private List<Row> rows(Random random, int table) {
        List<Row> rows = new ArrayList<>();
        for (int id = 0; id < KEYS; id++) {
            if (random.nextInt(3) > 0) {
                Row row = new Row(id, random.nextInt(4) == 0 ? null : random.nextInt(KEYS));
                if (isStored(table, row)) {
                    rows.add(row);
                }
            }
        }
        return rows;
    }

    /** {@code table} is 0 for a, 1 for b, 2 for c. */
    private List<Row> on(int table, List<String> shards, List<Row> rows) {
        return rows.stream().filter(row -> shards.contains(owner(table, row))).toList();
    }

    private String owner(int table, Row row) {
        String name = realNames.get(table);
        return (name.equals("pairs")
                        ? DB.owner(name, row.id().toString(), row.other().toString())
                        : DB.owner(name, row.id().toString()))
                .value();
    }

    /** No column of a key is null. */
    private boolean isStored(int table, Row row) {
        return row.other() != null || !realNames.get(table).equals("pairs");
    }

    private void assertOn(List<String> shards, Row row, String sql, long seed) {
        assertTrue(shards.contains(owner(0, row)), "seed " + seed + ": " + row + " of " + sql + " is not on " + shards);
    }

    private static List<String> shards(String sql) {
        Route route = DB.route(sql);
        if (route instanceof Route.Many many) {
            return many.shards().stream().map(ShardName::value).toList();
        }
        // Any shard must do: one without the rows as well as any other.
        return route instanceof Route.One one ? List.of(one.shard().value()) : List.of();
    }

    /** The shards that each occurrence needs by itself: a sharper question than the route, which has those of all. */
    private static Map<String, List<String>> shardsOfEach(String sql) {
        StatementTemplate template = StatementTemplate.of(sql).get(0);
        QueryPlanner planner = DB.planner().queries();
        QueryPlanner.Planned planned = planner.plan(template, 0, sql.length(), SampleDatabase.PATH);
        StatementValues values = PlannedStatement.of(template, planned.plan()).values();
        Map<String, List<String>> shards = new HashMap<>();
        for (Occurrence occurrence : planned.analysis().occurrences()) {
            ShardSet found = OccurrenceShards.of(occurrence, (KeyedRule) occurrence.rule(), planner.space())
                    .shards(values, planned.reader(), planner.space());
            shards.put(
                    occurrence.leaf().toString(),
                    found.names().stream().map(ShardName::value).toList());
        }
        return shards;
    }

    private static Condition condition(Random random, int depth, List<String> tables) {
        int choice = depth == 0 ? random.nextInt(6) : random.nextInt(12);
        return switch (choice) {
            case 0, 1, 2 -> comparison(random, tables);
            case 3 -> list(random, tables);
            case 4 -> isNull(random, tables);
            case 5 -> between(random, tables);
            case 6, 7, 8 -> {
                Condition left = condition(random, depth - 1, tables);
                Condition right = condition(random, depth - 1, tables);
                yield new Condition(
                        "(" + left.sql() + " AND " + right.sql() + ")",
                        pair -> and(left.truth().apply(pair), right.truth().apply(pair)));
            }
            case 9, 10 -> {
                Condition left = condition(random, depth - 1, tables);
                Condition right = condition(random, depth - 1, tables);
                yield new Condition(
                        "(" + left.sql() + " OR " + right.sql() + ")",
                        pair -> not(and(
                                not(left.truth().apply(pair)), not(right.truth().apply(pair)))));
            }
            default -> {
                Condition inner = condition(random, depth - 1, tables);
                yield new Condition(
                        "NOT (" + inner.sql() + ")", pair -> not(inner.truth().apply(pair)));
            }
        };
    }

    private static Condition onKey(String left, String right) {
        return new Condition(left + ".id = " + right + ".id", pair -> {
            Integer a = row(pair, left).id();
            Integer b = row(pair, right).id();
            return (a == null || b == null) ? null : Boolean.valueOf(a.equals(b));
        });
    }

    private static Condition comparison(Random random, List<String> tables) {
        Operand left = column(random, tables);
        Operand right = random.nextBoolean() ? column(random, tables) : constant(random);
        int operator = random.nextInt(8);
        String symbol = operator < 5 ? "=" : List.of("<>", "<", ">=").get(operator - 5);
        return new Condition(left.sql() + " " + symbol + " " + right.sql(), pair -> {
            Integer a = left.value().apply(pair);
            Integer b = right.value().apply(pair);
            if (a == null || b == null) {
                return null;
            }
            return switch (symbol) {
                case "=" -> a.equals(b);
                case "<>" -> !a.equals(b);
                case "<" -> a < b;
                default -> a >= b;
            };
        });
    }

    private static Condition list(Random random, List<String> tables) {
        Operand left = column(random, tables);
        List<Operand> members = new ArrayList<>();
        for (int i = random.nextInt(3); i >= 0; i--) {
            members.add(constant(random));
        }
        String listed = String.join(", ", members.stream().map(Operand::sql).toList());
        return new Condition(left.sql() + " IN (" + listed + ")", pair -> {
            Boolean found = Boolean.FALSE;
            for (Operand member : members) {
                Integer a = left.value().apply(pair);
                Integer b = member.value().apply(pair);
                Boolean equal = (a == null || b == null) ? null : Boolean.valueOf(a.equals(b));
                found = not(and(not(found), not(equal)));
            }
            return found;
        });
    }

    private static Condition isNull(Random random, List<String> tables) {
        Operand left = column(random, tables);
        return new Condition(left.sql() + " IS NULL", pair -> left.value().apply(pair) == null);
    }

    private static Condition between(Random random, List<String> tables) {
        Operand left = column(random, tables);
        int low = random.nextInt(KEYS);
        return new Condition(left.sql() + " BETWEEN " + low + " AND " + (low + 2), pair -> {
            Integer value = left.value().apply(pair);
            return value == null ? null : Boolean.valueOf(value >= low && value <= low + 2);
        });
    }

    private static Operand column(Random random, List<String> tables) {
        String table = tables.get(random.nextInt(tables.size()));
        boolean key = random.nextInt(3) > 0;
        return new Operand(table + (key ? ".id" : ".other"), pair -> {
            Row row = row(pair, table);
            return key ? row.id() : row.other();
        });
    }

    private static Operand constant(Random random) {
        int value = random.nextInt(KEYS + 1);
        return value == KEYS ? new Operand("NULL", pair -> null) : new Operand("" + value, pair -> value);
    }

    private static boolean isTrue(Boolean truth) {
        return truth != null && truth;
    }

    private static Boolean not(Boolean truth) {
        return truth == null ? null : Boolean.valueOf(!truth);
    }

    private static Boolean and(Boolean left, Boolean right) {
        if (Boolean.FALSE.equals(left) || Boolean.FALSE.equals(right)) {
            return Boolean.FALSE;
        }
        return (left == null || right == null) ? null : Boolean.TRUE;
    }
}
