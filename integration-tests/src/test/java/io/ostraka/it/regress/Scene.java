package io.ostraka.it.regress;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.ostraka.it.harness.Endpoint;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

/**
 * What a script leaves behind, as one PostgreSQL has run it: definitions, rows, and the reads in it, which are asked again with all of that
 * there. What it does with transactions, roles, temporary tables' lives and the like is left out.
 *
 * @param definitions in their order
 * @param keys a column to shard each table by that has one
 * @param rows of each table, as COPY gives them
 * @param questions its SELECTs and SETs, in their order
 */
record Scene(List<String> definitions, Map<String, String> keys, Map<String, byte[]> rows, List<String> questions) {
    private static final Set<String> READS = Set.of("SELECT", "WITH", "VALUES", "TABLE", "");
    private static final Set<String> DEFINES = Set.of("CREATE", "ALTER", "COMMENT");
    private static final Set<String> FILLS = Set.of("INSERT", "UPDATE", "DELETE", "MERGE");
    private static final Set<String> SETS = Set.of("SET", "RESET");
    private static final Pattern WRITES =
            Pattern.compile("\\b(INSERT INTO|UPDATE .* SET|DELETE FROM|MERGE INTO)\\b", Pattern.DOTALL);
    private static final Pattern INTO = Pattern.compile("SELECT\\b.*\\bINTO\\b.*\\bFROM\\b.*", Pattern.DOTALL);
    private static final Pattern TEMPORARY =
            Pattern.compile("(?i)\\b(global\\s+|local\\s+)?temp(orary)?\\s+(?=table|view|sequence|recursive)");
    private static final Pattern ON_COMMIT = Pattern.compile("(?i)\\bon\\s+commit\\s+\\w+(\\s+rows)?");
    /** What other databases would see, or what makes rows depend on who writes them. */
    private static final Pattern NOT_HERE = Pattern.compile(
            "(CREATE|ALTER)\\s+(OR\\s+REPLACE\\s+)?(ROLE|USER|GROUP|TABLESPACE|DATABASE|SUBSCRIPTION|PUBLICATION|SERVER|FOREIGN|POLICY"
                    + "|(CONSTRAINT\\s+)?TRIGGER|RULE|EVENT|SYSTEM)\\b.*",
            Pattern.DOTALL);
    /** Settings that say who one is, or what a session cannot have here. */
    private static final Pattern NOT_SET = Pattern.compile(
            "(SET|RESET)\\s+(SESSION\\s+|LOCAL\\s+)?(ROLE|AUTHORIZATION|SESSION|TRANSACTION|CONSTRAINTS|CLIENT_ENCODING|NAMES"
                    + "|STANDARD_CONFORMING_STRINGS|SEARCH_PATH|STATEMENT_TIMEOUT|ALL|DEFAULT_T\\w+|TRANSACTION\\w+)\\b.*",
            Pattern.DOTALL);

    private static final Set<String> KEY_TYPES = Set.of(
            "int2",
            "int4",
            "int8",
            "text",
            "varchar",
            "bpchar",
            "uuid",
            "numeric",
            "date",
            "timestamp",
            "timestamptz",
            "bytea",
            "bool");

    private static final String TABLES = "SELECT c.relname FROM pg_class c WHERE c.relkind = 'r'"
            + " AND c.relnamespace = 'public'::regnamespace AND c.relpersistence <> 't'%s ORDER BY c.oid";
    private static final String ALONE = " AND NOT c.relispartition"
            + " AND NOT EXISTS (SELECT FROM pg_inherits i WHERE c.oid IN (i.inhrelid, i.inhparent))";
    /** Columns that all unique keys have, of tables that refer to no others. */
    private static final String COLUMNS = "SELECT a.attname, t.typname FROM pg_attribute a"
            + " JOIN pg_type t ON t.oid = a.atttypid WHERE attrelid = '%s'::regclass AND attnum > 0 AND NOT attisdropped"
            + " AND attgenerated = '' AND NOT EXISTS (SELECT FROM pg_index i"
            + " WHERE i.indrelid = a.attrelid AND indisunique AND NOT a.attnum = ANY (indkey))"
            + " AND NOT EXISTS (SELECT FROM pg_constraint k WHERE contype IN ('f', 'x') AND attrelid IN (conrelid, confrelid))"
            + " ORDER BY attnum";

    /**
     * Runs scripts on an empty database.
     *
     * @param before statements whose reads are nobody's questions
     */
    static Scene played(Endpoint model, List<String> before, List<String> script) throws SQLException, IOException {
        List<String> definitions = new ArrayList<>();
        List<String> questions = new ArrayList<>();
        try (Connection connection = model.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("SET statement_timeout = '20s'");
            for (String sql : before) {
                play(statement, sql, definitions, new ArrayList<>());
            }
            for (String sql : script) {
                play(statement, sql, definitions, questions);
            }
            Map<String, String> keys = new TreeMap<>();
            for (String table : names(statement, TABLES.formatted(ALONE))) {
                key(statement, table).ifPresent(key -> keys.put(table, key));
            }
            Map<String, byte[]> rows = new LinkedHashMap<>();
            for (String table : names(statement, TABLES.formatted(""))) {
                ByteArrayOutputStream copied = new ByteArrayOutputStream();
                copies(connection).copyOut("COPY " + quoted(table) + " TO STDOUT", copied);
                rows.put(table, copied.toByteArray());
            }
            return new Scene(definitions, keys, rows, questions);
        }
    }

    private static void play(Statement statement, String written, List<String> definitions, List<String> questions) {
        String upper = written.toUpperCase(Locale.ROOT);
        String verb = upper.split("[\\s(;]+", 2)[0];
        boolean makesTable =
                INTO.matcher(upper).matches() && !WRITES.matcher(upper).find();
        if (SETS.contains(verb) && !NOT_SET.matcher(upper).matches()) {
            questions.add(written);
        }
        if (READS.contains(verb) && !makesTable && !WRITES.matcher(upper).find()) {
            questions.add(written);
            return;
        }
        boolean isRun = makesTable || READS.contains(verb) || DEFINES.contains(verb) || FILLS.contains(verb);
        if (!isRun || NOT_HERE.matcher(upper).matches()) {
            return;
        }
        String sql = verb.equals("CREATE") || makesTable ? lasting(written) : written;
        try {
            statement.execute(sql);
        } catch (SQLException impossible) {
            return; // wrong on purpose, or it needs what was left out
        }
        if (makesTable || DEFINES.contains(verb)) {
            definitions.add(sql);
        }
    }

    private static String lasting(String sql) {
        String named = TEMPORARY.matcher(sql).replaceFirst("");
        return named.equals(sql) ? sql : ON_COMMIT.matcher(named).replaceFirst("");
    }

    private static Optional<String> key(Statement statement, String table) throws SQLException {
        List<String> columns = new ArrayList<>();
        try (ResultSet rows = statement.executeQuery(COLUMNS.formatted(quoted(table)))) {
            while (rows.next()) {
                if (KEY_TYPES.contains(rows.getString(2))) {
                    columns.add(rows.getString(1));
                }
            }
        }
        for (String column : columns) {
            String nulls = "SELECT count(*) FROM " + quoted(table) + " WHERE " + quoted(column) + " IS NULL";
            try (ResultSet rows = statement.executeQuery(nulls)) {
                rows.next();
                if (rows.getLong(1) == 0) {
                    return Optional.of(column);
                }
            }
        }
        return Optional.empty();
    }

    private static List<String> names(Statement statement, String query) throws SQLException {
        List<String> names = new ArrayList<>();
        try (ResultSet rows = statement.executeQuery(query)) {
            while (rows.next()) {
                names.add(rows.getString(1));
            }
        }
        return names;
    }

    /** The rules of its tables, in YAML. */
    String rules() {
        StringBuilder yaml = new StringBuilder();
        keys.forEach((table, key) -> yaml.append("'%s': { hash: '%s' }%n".formatted(quoted(table), quoted(key))));
        return yaml.toString().strip();
    }

    /** Puts its rows into a table that is there. */
    void fill(Endpoint server, String table, Order order) throws SQLException, IOException {
        byte[] copied = order.of(rows.get(table));
        try (Connection connection = server.connect()) {
            copies(connection).copyIn("COPY " + quoted(table) + " FROM STDIN", new ByteArrayInputStream(copied));
        }
    }

    /** How rows lie in a table. */
    enum Order {
        AS_WRITTEN,
        BACKWARDS,
        SHUFFLED;

        /** COPY's lines; each is a row: it writes newlines in values otherwise. */
        private byte[] of(byte[] lines) {
            if (this == AS_WRITTEN || lines.length == 0) {
                return lines;
            }
            List<String> rows = new ArrayList<>(List.of(new String(lines, ISO_8859_1).split("(?<=\n)")));
            if (this == BACKWARDS) {
                Collections.reverse(rows);
            } else {
                Collections.shuffle(rows, new Random(rows.size()));
            }
            return String.join("", rows).getBytes(ISO_8859_1);
        }
    }

    private static CopyManager copies(Connection connection) throws SQLException {
        return connection.unwrap(PGConnection.class).getCopyAPI();
    }

    static String quoted(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }
}
