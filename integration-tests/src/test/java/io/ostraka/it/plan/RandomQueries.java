package io.ostraka.it.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * SELECTs of any shape over the tables of {@link PlanAgainstServerTest}, whose columns are whole numbers. What they answer is
 * determined up to the order of rows. Some are not valid; the server says so. Confined to one thread.
 */
final class RandomQueries {
    /** Table and columns; the first ones are the key. */
    private static final List<List<String>> TABLES = List.of(
            List.of("t", "id", "other"),
            List.of("u", "id", "t_id", "other"),
            List.of("small", "id", "other"),
            List.of("ledger", "tenant", "account", "other"),
            List.of("ranges", "id", "other"),
            List.of("lists", "id", "other"),
            List.of("copies", "id", "other"));

    private static final int VALUES = 8;

    private final Random random;
    private int names;

    RandomQueries(Random random) {
        this.random = random;
    }

    /** An item of FROM as others see it. */
    private record Item(String alias, List<String> columns) {
        String column(int place) {
            return alias + "." + columns.get(place % columns.size());
        }
    }

    /** A query's text and its number of columns. */
    private record Text(String sql, int width) {}

    String query() {
        names = 0;
        if (chance(8)) {
            String name = name();
            Text inside = body(1, List.of());
            Item rows = new Item(name, columns(inside.width()));
            String reference = chance(4) ? name + " JOIN " + name + " again ON again.a0 = " + name + ".a0" : name;
            return "WITH " + name + " (" + String.join(", ", rows.columns()) + ") AS "
                    + (chance(3) ? "MATERIALIZED " : "") + "(" + inside.sql() + ") SELECT " + name + ".* FROM "
                    + reference + where(List.of(rows), List.of(), 1);
        }
        return body(2, List.of()).sql();
    }

    private Text body(int depth, List<Item> outer) {
        if (depth > 0 && chance(7)) {
            int width = 1 + random.nextInt(2);
            String operator = pick("UNION ALL", "UNION ALL", "UNION", "EXCEPT", "INTERSECT", "INTERSECT ALL");
            return new Text(
                    "(" + select(depth - 1, outer, width).sql() + ") " + operator + " ("
                            + select(depth - 1, outer, width).sql() + ")",
                    width);
        }
        return select(depth, outer, 1 + random.nextInt(3));
    }

    private Text select(int depth, List<Item> outer, int width) {
        List<Item> items = new ArrayList<>();
        String from = from(depth, items, outer);
        String where = where(items, outer, depth);
        if (chance(5)) {
            return grouped(items, from + where, width);
        }
        List<String> list = new ArrayList<>();
        for (int i = 0; i < width; i++) {
            list.add(output(items, outer, depth, i));
        }
        String distinct = chance(10) ? "DISTINCT " : "";
        String sql = "SELECT " + distinct + String.join(", ", list) + " FROM " + from + where;
        if (chance(10)) {
            List<String> order = new ArrayList<>();
            for (int i = 1; i <= width; i++) {
                order.add(Integer.toString(i));
            }
            sql += " ORDER BY " + String.join(", ", order) + " LIMIT " + random.nextInt(4);
        }
        return new Text(sql, width);
    }

    private Text grouped(List<Item> items, String rest, int width) {
        String key = key(items);
        String second = anyColumn(items);
        List<String> list = new ArrayList<>();
        List<String> aggregates =
                List.of("count(*)", "sum(" + second + ")", "max(" + second + ")", "count(DISTINCT " + second + ")");
        for (int i = 0; i < width; i++) {
            list.add(i == 0 ? key : aggregates.get(random.nextInt(4)));
        }
        String having = chance(4) ? " HAVING count(*) > 1" : "";
        String by = chance(5) ? "1" : key + (chance(4) ? ", " + second : "");
        return chance(6)
                ? new Text("SELECT count(*)" + ", 1".repeat(width - 1) + " FROM " + rest, width)
                : new Text("SELECT " + String.join(", ", list) + " FROM " + rest + " GROUP BY " + by + having, width);
    }

    private String output(List<Item> items, List<Item> outer, int depth, int place) {
        if (place == 0 && !chance(4)) {
            return key(items);
        }
        if (depth > 0 && chance(6)) {
            List<Item> seen = new ArrayList<>(outer);
            seen.addAll(items);
            return "(" + scalar(depth - 1, seen) + ")";
        }
        if (chance(12)) {
            return "rank() OVER (PARTITION BY " + key(items) + " ORDER BY " + anyColumn(items) + ")";
        }
        return chance(5) ? anyColumn(items) + " + 1" : anyColumn(items);
    }

    private String scalar(int depth, List<Item> outer) {
        List<Item> items = new ArrayList<>();
        String from = from(Math.min(depth, 1), items, outer);
        return "SELECT " + pick("count(*)", "max(" + anyColumn(items) + ")", "sum(" + anyColumn(items) + ")") + " FROM "
                + from + where(items, outer, depth);
    }

    private String from(int depth, List<Item> items, List<Item> outer) {
        String from = item(depth, items, outer);
        int more = chance(2) ? 0 : 1 + random.nextInt(2);
        for (int i = 0; i < more; i++) {
            List<Item> left = new ArrayList<>(items);
            if (chance(5)) {
                from += ", " + item(depth, items, outer);
            } else {
                String kind = pick("JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN");
                String right = item(depth, items, kind.startsWith("R") || kind.startsWith("F") ? List.of() : outer);
                from += " " + kind + " " + right + " ON "
                        + on(left, items.subList(left.size(), items.size()), items, depth);
            }
        }
        return from;
    }

    private String on(List<Item> left, List<Item> right, List<Item> all, int depth) {
        String keys = key(left) + " = " + key(right);
        String whole = chance(3) ? left.get(0).column(1) + " = " + right.get(0).column(1) + " AND " + keys : keys;
        return chance(4) ? whole + " AND " + condition(all, List.of(), Math.min(depth, 1)) : whole;
    }

    private String item(int depth, List<Item> items, List<Item> outer) {
        String alias = name();
        if (depth > 0 && chance(5)) {
            boolean lateral = chance(2);
            List<Item> seen = new ArrayList<>(outer);
            if (lateral) {
                seen.addAll(items);
            }
            Text inside = body(depth - 1, lateral ? seen : List.of());
            Item rows = new Item(alias, columns(inside.width()));
            items.add(rows);
            return (lateral ? "LATERAL " : "") + "(" + inside.sql() + ") " + alias + " ("
                    + String.join(", ", rows.columns()) + ")";
        }
        List<String> table = chance(3) ? TABLES.get(random.nextInt(TABLES.size())) : TABLES.get(random.nextInt(3));
        items.add(new Item(alias, table.subList(1, table.size())));
        return table.get(0) + " " + alias;
    }

    private String where(List<Item> items, List<Item> outer, int depth) {
        List<String> parts = new ArrayList<>();
        if (!outer.isEmpty() && !chance(4)) {
            parts.add(key(items) + " = " + key(outer));
            if (chance(2)) {
                parts.add(items.get(0).column(1) + " = "
                        + outer.get(outer.size() - 1).column(1));
            }
        }
        if (chance(3)) {
            parts.add(key(items) + " = " + random.nextInt(VALUES));
        }
        for (int i = random.nextInt(3); i > 0; i--) {
            parts.add(condition(items, outer, depth));
        }
        return parts.isEmpty() ? "" : " WHERE " + String.join(" AND ", parts);
    }

    private String condition(List<Item> items, List<Item> outer, int depth) {
        List<Item> seen = new ArrayList<>(outer);
        seen.addAll(items);
        int choice = random.nextInt(depth > 0 ? 13 : 8);
        return switch (choice) {
            case 0, 1 -> key(items) + " = " + anyColumn(seen);
            case 2 -> anyColumn(seen) + " " + pick("=", "<", ">=", "<>") + " " + random.nextInt(VALUES);
            case 3 -> key(items) + " IN (" + random.nextInt(VALUES) + ", " + random.nextInt(VALUES) + ")";
            case 4 -> anyColumn(items) + pick(" IS NULL", " IS NOT NULL");
            case 5 ->
                "(" + anyColumn(items) + ", " + anyColumn(items) + ") = (" + random.nextInt(VALUES) + ", "
                        + random.nextInt(VALUES) + ")";
            case 6 ->
                key(items) + pick(" BETWEEN ", " NOT BETWEEN ") + random.nextInt(4) + " AND " + (3 + random.nextInt(5));
            case 7 -> key(items) + " = ANY (ARRAY[" + random.nextInt(VALUES) + ", " + random.nextInt(VALUES) + "])";
            case 8 -> "(" + condition(items, outer, depth - 1) + " OR " + condition(items, outer, depth - 1) + ")";
            case 9 -> "NOT (" + condition(items, outer, depth - 1) + ")";
            case 10 ->
                pick("", "NOT ") + "EXISTS (" + select(depth - 1, seen, 1).sql() + ")";
            case 11 ->
                key(items) + pick(" IN (", " IN (", " NOT IN (")
                        + select(depth - 1, seen, 1).sql() + ")";
            default -> anyColumn(items) + pick(" = (", " < (") + scalar(depth - 1, seen) + ")";
        };
    }

    private String key(List<Item> items) {
        return items.get(random.nextInt(items.size())).column(0);
    }

    private String anyColumn(List<Item> items) {
        return items.get(random.nextInt(items.size())).column(random.nextInt(3));
    }

    private static List<String> columns(int width) {
        List<String> columns = new ArrayList<>();
        for (int i = 0; i < width; i++) {
            columns.add("a" + i);
        }
        return columns;
    }

    private String name() {
        return "n" + names++;
    }

    private boolean chance(int oneIn) {
        return random.nextInt(oneIn) == 0;
    }

    private String pick(String... choices) {
        return choices[random.nextInt(choices.length)];
    }
}
