package io.ostraka.it.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * SELECTs as people write reports: joins of all kinds, subqueries everywhere, groups and grouping sets, windows, set operations, WITH and
 * WITH RECURSIVE, and LIMIT with a total order, over tables of every rule whose columns are whole numbers. What they answer is determined
 * up to the order of rows; a query {@linkplain Report#isOrdered() in order} by all its columns also in that. {@link RandomQueries} are
 * shorter and wilder. Confined to one thread.
 */
final class RandomReports {
    /** Table and columns; the first ones are the key. */
    private static final List<List<String>> TABLES = List.of(
            List.of("t", "id", "other"),
            List.of("u", "id", "t_id", "other"),
            List.of("small", "id", "other"),
            List.of("ledger", "tenant", "account", "other"),
            List.of("ranges", "id", "other"),
            List.of("lists", "id", "other"),
            List.of("ring", "id", "other"),
            List.of("copies", "id", "other"),
            List.of("apart.fixed", "id", "other"));

    private static final int VALUES = 8;

    private final Random random;
    private int names;
    /** What WITH has made up to now. */
    private final List<Item> common = new ArrayList<>();

    RandomReports(Random random) {
        this.random = random;
    }

    /** A query, and whether its rows must come in the same order everywhere. */
    record Report(String sql, boolean isOrdered) {}

    /** An item of FROM as others see it. */
    private record Item(String alias, List<String> columns) {
        String column(int place) {
            return alias + "." + columns.get(place % columns.size());
        }
    }

    Report report() {
        names = 0;
        common.clear();
        String with = chance(3) ? with() : "";
        int width = 1 + random.nextInt(3);
        String body = chance(4) ? operation(2, List.of(), width) : select(2, List.of(), width);
        common.clear();
        boolean isOrdered = chance(2);
        return new Report(with + (isOrdered ? body + order(width) + limit() : body), isOrdered);
    }

    // ---- WITH ----------------------------------------------------------------------------------------------------

    private String with() {
        List<String> queries = new ArrayList<>();
        boolean isRecursive = chance(3);
        for (int i = 1 + random.nextInt(2); i > 0; i--) {
            String name = name();
            int width = 1 + random.nextInt(2);
            Item rows = new Item(name, columns(width));
            String head = name + " (" + String.join(", ", rows.columns()) + ") AS ";
            if (isRecursive && i == 1) {
                queries.add(head + "(" + recursive(rows) + ")");
            } else {
                String kind = pick("", "", "MATERIALIZED ", "NOT MATERIALIZED ");
                queries.add(head + kind + "(" + body(1, List.of(), width) + ")");
            }
            common.add(rows);
        }
        return "WITH " + (isRecursive ? "RECURSIVE " : "") + String.join(", ", queries) + " ";
    }

    /** Numbers that a step makes larger, so that it ends. */
    private String recursive(Item rows) {
        Item table = table();
        List<String> step = new ArrayList<>();
        for (int i = 0; i < rows.columns().size(); i++) {
            step.add(i == 0 ? rows.column(0) + " + 1 + coalesce(" + table.column(1) + ", 0)" : table.column(i));
        }
        return select(0, List.of(), rows.columns().size()) + " UNION SELECT " + String.join(", ", step) + " FROM "
                + rows.alias() + " JOIN " + table.alias() + " ON " + table.column(0) + " = " + rows.column(0)
                + " WHERE "
                + rows.column(0) + " < " + VALUES;
    }

    /** A table under its own name; {@link #from} gives aliases. */
    private Item table() {
        List<String> table = TABLES.get(random.nextInt(TABLES.size() - 1));
        return new Item(table.get(0), table.subList(1, table.size()));
    }

    // ---- queries -------------------------------------------------------------------------------------------------

    private String body(int depth, List<Item> outer, int width) {
        return depth > 0 && chance(6) ? operation(depth, outer, width) : select(depth, outer, width);
    }

    private String operation(int depth, List<Item> outer, int width) {
        String operator = pick("UNION", "UNION ALL", "UNION ALL", "INTERSECT", "INTERSECT ALL", "EXCEPT", "EXCEPT ALL");
        return "(" + body(depth - 1, outer, width) + ") " + operator + " ("
                + (chance(4) ? limited(depth - 1, outer, width) : body(depth - 1, outer, width)) + ")";
    }

    /** In the order of all its columns, and cut. */
    private String limited(int depth, List<Item> outer, int width) {
        return select(depth, outer, width) + order(width) + " LIMIT " + random.nextInt(6);
    }

    private String order(int width) {
        return " ORDER BY "
                + IntStream.rangeClosed(1, width)
                        .mapToObj(place -> place + pick("", "", " DESC", " NULLS FIRST", " DESC NULLS LAST"))
                        .collect(Collectors.joining(", "));
    }

    private String limit() {
        return switch (random.nextInt(6)) {
            case 0 -> " LIMIT " + random.nextInt(10);
            case 1 -> " LIMIT " + random.nextInt(10) + " OFFSET " + random.nextInt(5);
            case 2 -> " OFFSET " + random.nextInt(8);
            case 3 -> " FETCH FIRST " + (1 + random.nextInt(5)) + " ROWS WITH TIES";
            default -> "";
        };
    }

    private String select(int depth, List<Item> outer, int width) {
        List<Item> items = new ArrayList<>();
        String rest = from(depth, items, outer);
        rest += where(depth, items, outer);
        return switch (random.nextInt(10)) {
            case 0, 1, 2 -> grouped(depth, items, outer, rest, width);
            case 3 -> "SELECT " + list(width, place -> windowed(items)) + " FROM " + rest;
            case 4 -> "SELECT DISTINCT " + list(width, place -> value(items)) + " FROM " + rest;
            case 5 -> "SELECT " + list(width, place -> aggregate(items)) + " FROM " + rest;
            default -> "SELECT " + list(width, place -> output(depth, items, outer)) + " FROM " + rest;
        };
    }

    private interface Column {
        String at(int place);
    }

    private static String list(int width, Column column) {
        return IntStream.range(0, width).mapToObj(column::at).collect(Collectors.joining(", "));
    }

    private String grouped(int depth, List<Item> items, List<Item> outer, String rest, int width) {
        String first = value(items);
        String second = column(items);
        String by =
                switch (random.nextInt(6)) {
                    case 0 -> "ROLLUP (" + first + ", " + second + ")";
                    case 1 -> "CUBE (" + first + ", " + second + ")";
                    case 2 -> "GROUPING SETS ((" + first + "), (" + second + "), ())";
                    case 3 -> first;
                    default -> first + ", " + second;
                };
        boolean hasSecond = !by.equals(first);
        String having =
                switch (random.nextInt(6)) {
                    case 0 -> " HAVING count(*) > 1";
                    case 1 -> " HAVING " + aggregate(items) + " > 2";
                    case 2 -> depth > 0 ? " HAVING count(*) >= (" + scalar(0, outer) + ")" : "";
                    default -> "";
                };
        return "SELECT "
                + list(
                        width,
                        place -> place == 0
                                ? first
                                : hasSecond && chance(3)
                                        ? second
                                        : chance(6) ? "sum(count(*)) OVER ()" : aggregate(items))
                + " FROM " + rest + " GROUP BY " + by + having;
    }

    /** Whole numbers, so that any operation can take them. */
    private String aggregate(List<Item> items) {
        String argument = value(items);
        String filter = chance(5) ? " FILTER (WHERE " + column(items) + " > " + random.nextInt(4) + ")" : "";
        return switch (random.nextInt(12)) {
            case 0, 1 -> "count(*)" + filter;
            case 2 -> "sum(" + argument + ")" + filter;
            case 3 -> "min(" + argument + ")" + filter;
            case 4 -> "max(" + argument + ")" + filter;
            case 5 -> "count(" + argument + ")" + filter;
            case 6 -> "count(DISTINCT " + argument + ")" + filter;
            case 7 -> "sum(DISTINCT " + argument + ")" + filter;
            case 8 -> "(avg(" + argument + ")" + filter + " * 1000)::int8";
            case 9 -> "length(string_agg(" + argument + "::text, ',' ORDER BY " + argument + ")" + filter + ")";
            case 10 -> "percentile_disc(0.5) WITHIN GROUP (ORDER BY " + argument + ")" + filter;
            default -> "bit_or((" + argument + ")::int8)" + filter;
        };
    }

    /** Alike for rows that are alike in the window's order. */
    private String windowed(List<Item> items) {
        if (chance(3)) {
            return column(items);
        }
        String function =
                pick("count(*)", "sum(" + column(items) + ")", "max(" + value(items) + ")", "rank()", "dense_rank()");
        String partition = chance(2) ? "PARTITION BY " + value(items) + " " : "";
        return function + " OVER (" + partition + "ORDER BY " + column(items) + pick("", " DESC") + ")";
    }

    private String output(int depth, List<Item> items, List<Item> outer) {
        List<Item> seen = new ArrayList<>(outer);
        seen.addAll(items);
        if (depth > 0 && chance(6)) {
            return "(" + scalar(depth - 1, seen) + ")";
        }
        if (depth > 0 && chance(10)) {
            return "(" + condition(depth, items, outer) + ")::int";
        }
        return value(chance(5) ? seen : items);
    }

    private String value(List<Item> items) {
        String column = column(items);
        return switch (random.nextInt(9)) {
            case 0 -> column + " + " + random.nextInt(4);
            case 1 -> "coalesce(" + column + ", " + column(items) + ", -1)";
            case 2 -> "CASE WHEN " + column + " > 3 THEN " + column(items) + " ELSE 0 END";
            case 3 -> column + " % 3";
            default -> column;
        };
    }

    private String scalar(int depth, List<Item> outer) {
        List<Item> items = new ArrayList<>();
        String from = from(Math.min(depth, 1), items, outer);
        String where = where(depth, items, outer);
        return chance(5)
                ? "SELECT " + value(items) + " AS x FROM " + from + where + " ORDER BY x LIMIT 1"
                : "SELECT " + aggregate(items) + " FROM " + from + where;
    }

    // ---- FROM ----------------------------------------------------------------------------------------------------

    private String from(int depth, List<Item> items, List<Item> outer) {
        StringBuilder from = new StringBuilder(item(depth, items, outer));
        for (int i = pick(0, 0, 1, 1, 2); i > 0; i--) {
            int left = items.size();
            if (chance(6)) {
                from.append(chance(2) ? ", " : " CROSS JOIN ").append(item(depth, items, outer));
                continue;
            }
            String kind = pick("JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN");
            boolean isLateral = !kind.startsWith("R") && !kind.startsWith("F");
            String right = item(depth, items, isLateral ? outer : List.of());
            List<Item> before = items.subList(0, left);
            List<Item> after = items.subList(left, items.size());
            String on = before.get(random.nextInt(before.size())).column(chance(2) ? 0 : 1) + " = "
                    + after.get(0).column(chance(2) ? 0 : 1);
            // FULL JOIN takes no other conditions than those it can hash or merge by.
            if (!kind.startsWith("F") && chance(4)) {
                on += pick(" AND ", " OR ") + condition(Math.min(depth, 1), items, List.of());
            }
            from.append(' ')
                    .append(kind)
                    .append(' ')
                    .append(right)
                    .append(" ON ")
                    .append(on);
        }
        return from.toString();
    }

    private String item(int depth, List<Item> items, List<Item> outer) {
        String alias = name();
        if (!common.isEmpty() && chance(4)) {
            Item rows = common.get(random.nextInt(common.size()));
            items.add(new Item(alias, rows.columns()));
            return rows.alias() + " " + alias;
        }
        if (chance(14)) {
            items.add(new Item(alias, columns(2)));
            return pick("(VALUES (1, 2), (3, NULL), (6, 6)) ", "unnest(ARRAY[1, 2, 5], ARRAY[7, 2]) ") + alias
                    + " (a0, a1)";
        }
        if (depth > 0 && chance(4)) {
            boolean isLateral = chance(3) && !items.isEmpty();
            List<Item> seen = new ArrayList<>(outer);
            if (isLateral) {
                seen.addAll(items);
            }
            int width = 1 + random.nextInt(2);
            String inside = chance(4)
                    ? limited(depth - 1, isLateral ? seen : List.of(), width)
                    : body(depth - 1, isLateral ? seen : List.of(), width);
            items.add(new Item(alias, columns(width)));
            return (isLateral ? "LATERAL (" : "(") + inside + ") " + alias + " (" + String.join(", ", columns(width))
                    + ")";
        }
        List<String> table = TABLES.get(random.nextInt(chance(2) ? 4 : TABLES.size()));
        items.add(new Item(alias, table.subList(1, table.size())));
        return table.get(0) + " " + alias;
    }

    // ---- conditions ----------------------------------------------------------------------------------------------

    private String where(int depth, List<Item> items, List<Item> outer) {
        List<String> parts = new ArrayList<>();
        if (!outer.isEmpty() && !chance(4)) {
            parts.add(items.get(0).column(0) + " = "
                    + outer.get(random.nextInt(outer.size())).column(chance(3) ? 1 : 0));
        }
        for (int i = random.nextInt(3); i > 0; i--) {
            parts.add(condition(depth, items, outer));
        }
        return parts.isEmpty() ? "" : " WHERE " + String.join(" AND ", parts);
    }

    private String condition(int depth, List<Item> items, List<Item> outer) {
        List<Item> seen = new ArrayList<>(outer);
        seen.addAll(items);
        String key = items.get(random.nextInt(items.size())).column(0);
        return switch (random.nextInt(depth > 0 ? 18 : 10)) {
            case 0 -> key + " = " + random.nextInt(VALUES);
            case 1 ->
                key + " IN (" + random.nextInt(VALUES) + ", " + random.nextInt(VALUES) + ", " + pick("NULL", "3") + ")";
            case 2 -> column(seen) + pick(" = ", " <> ", " < ", " >= ") + value(items);
            case 3 ->
                column(items) + pick(" IS NULL", " IS NOT NULL", " IS DISTINCT FROM 3", " IS NOT DISTINCT FROM NULL");
            case 4 ->
                "(" + column(items) + ", " + key + ")" + pick(" = ", " < ", " <> ") + "(" + random.nextInt(VALUES)
                        + ", 4)";
            case 5 -> key + pick(" BETWEEN ", " NOT BETWEEN ") + random.nextInt(4) + " AND " + (3 + random.nextInt(5));
            case 6 ->
                key + pick(" = ANY", " <> ALL") + " ('{" + random.nextInt(VALUES) + "," + pick("2", "NULL") + "}')";
            case 7 -> "(" + column(items) + " > 2) IS " + pick("TRUE", "NOT TRUE", "UNKNOWN", "NOT FALSE");
            case 8 -> "coalesce(" + column(items) + " = " + column(seen) + ", " + pick("true", "false") + ")";
            case 9 -> "NOT (" + key + " = " + random.nextInt(VALUES) + ")";
            case 10 -> "(" + condition(depth - 1, items, outer) + " OR " + condition(depth - 1, items, outer) + ")";
            case 11 -> "NOT (" + condition(depth - 1, items, outer) + ")";
            case 12, 13 -> pick("", "NOT ") + "EXISTS (" + body(depth - 1, seen, 1) + ")";
            case 14 -> value(items) + pick(" IN (", " NOT IN (") + body(depth - 1, seen, 1) + ")";
            case 15 -> "(" + key + ", " + column(items) + ") IN (" + body(depth - 1, seen, 2) + ")";
            case 16 -> column(items) + pick(" > ALL (", " = ANY (", " <= ANY (") + body(depth - 1, seen, 1) + ")";
            default -> value(items) + pick(" = (", " < (", " IS DISTINCT FROM (") + scalar(depth - 1, seen) + ")";
        };
    }

    private String column(List<Item> items) {
        return items.get(random.nextInt(items.size())).column(random.nextInt(3));
    }

    private static List<String> columns(int width) {
        return IntStream.range(0, width).mapToObj(place -> "a" + place).toList();
    }

    private String name() {
        return "n" + names++;
    }

    private boolean chance(int oneIn) {
        return random.nextInt(oneIn) == 0;
    }

    @SafeVarargs
    @SuppressWarnings("varargs")
    private <T> T pick(T... choices) {
        return choices[random.nextInt(choices.length)];
    }
}
