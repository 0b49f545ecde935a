package io.ostraka.it.rule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.rules.rule.KeyMatch;
import io.ostraka.rules.rule.KeyType;
import io.ostraka.rules.rule.KeyValue;
import io.ostraka.rules.rule.PgHash;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** {@link KeyType} and {@link PgHash} against the server they imitate, with thousands of values of each type. */
class KeyTypesAgainstServerTest {
    private static final int VALUES = 5000;
    private static final int SLOTS = 1024;
    /** In every failure's message; {@code -Dostraka.seed} and {@code bin/ostraka-fuzz} take others. */
    private static final long SEED = Long.getLong("ostraka.seed", 1);

    private static EmbeddedPostgres server;
    private static Connection connection;

    private final KeyTexts texts = new KeyTexts(SEED);

    @BeforeAll
    static void start() throws IOException, SQLException {
        server = EmbeddedPostgres.builder().setServerConfig("fsync", "off").start();
        connection = server.getPostgresDatabase().getConnection();
        // No setting of a session may change what a key means.
        String order = List.of("DMY", "MDY", "YMD").get(Math.floorMod(SEED, 3));
        execute("SET DateStyle = 'ISO, " + order + "'");
        execute("SET TimeZone = 'Asia/Kathmandu'");
        for (KeyType type : KeyType.values()) {
            execute("CREATE TABLE hashed_" + type.typeName() + " (k " + type.typeName() + ") PARTITION BY HASH (k)");
        }
    }

    @AfterAll
    static void stop() throws IOException, SQLException {
        connection.close();
        server.close();
    }

    @ParameterizedTest
    @EnumSource
    void slotsAreThoseOfHashPartitioning(KeyType type) throws SQLException {
        List<String> keys = new ArrayList<>();
        List<Integer> slots = new ArrayList<>();
        for (String text : texts.valid(type, VALUES)) {
            type.fromText(text).ifPresent(key -> {
                keys.add(text);
                slots.add(PgHash.slot(List.of(key), SLOTS));
            });
        }
        assertTrue(keys.size() > VALUES * 9 / 10, keys.size() + " of " + VALUES + " understood");
        String mismatches = "SELECT k, slot FROM unnest(?::text[], ?::int[]) u(k, slot)"
                + " WHERE NOT satisfies_hash_partition('hashed_" + type.typeName() + "'::regclass, " + SLOTS
                + ", slot, k::" + type.typeName() + ")";
        assertEquals(List.of(), rows(mismatches, keys, slots), "seed " + SEED);
    }

    @ParameterizedTest
    @EnumSource
    void textAndBinaryInputGiveTheServersValue(KeyType type) throws SQLException {
        List<String> inputs = texts.valid(type, VALUES);
        List<byte[]> sent = serversBinary(type, inputs);
        int understood = 0;
        for (int i = 0; i < inputs.size(); i++) {
            Optional<KeyValue> fromBinary = type.fromBinary(sent.get(i));
            assertTrue(fromBinary.isPresent(), () -> type + " binary, seed " + SEED);
            Optional<KeyValue> fromText = type.fromText(inputs.get(i));
            if (fromText.isPresent()) {
                understood++;
                assertEquals(fromBinary, fromText, inputs.get(i) + ", seed " + SEED);
                assertEquals(fromBinary, type.fromText(inputs.get(i).getBytes(StandardCharsets.UTF_8)), inputs.get(i));
            }
        }
        assertTrue(understood > VALUES * 9 / 10, understood + " of " + VALUES + " understood");
    }

    @ParameterizedTest
    @EnumSource
    void brokenInputIsNeverReadAsAnotherValue(KeyType type) throws SQLException {
        List<String> mutants = new ArrayList<>();
        for (String text : texts.valid(type, 4 * VALUES)) {
            mutants.add(texts.mutated(text));
        }
        List<byte[]> sent = serversBinary(type, mutants);
        int compared = 0;
        for (int i = 0; i < mutants.size(); i++) {
            Optional<KeyValue> ours = type.fromText(mutants.get(i));
            if (ours.isPresent() && sent.get(i) != null) {
                compared++;
                assertEquals(type.fromBinary(sent.get(i)), ours, "\"" + mutants.get(i) + "\", seed " + SEED);
            }
        }
        assertTrue(compared > VALUES / 100, "only " + compared + " understood by both");
    }

    @ParameterizedTest
    @EnumSource
    void orderIsTheServers(KeyType type) throws SQLException {
        List<String> left = texts.valid(type, VALUES);
        List<String> right = new ArrayList<>(left);
        Collections.shuffle(right, new Random(SEED));
        // Neighbours are close more often than strangers: equal in the first digits, signs, weights.
        for (int i = 0; i + 1 < right.size(); i += 3) {
            right.set(i, left.get(i));
        }
        String cast = "::" + type.typeName() + (type.ordersAsServer() ? "" : " COLLATE \"C\"");
        List<List<Object>> order = rows(
                "SELECT CASE WHEN l" + cast + " < r" + cast + " THEN -1 WHEN l" + cast + " = r" + cast
                        + " THEN 0 ELSE 1 END FROM unnest(?::text[], ?::text[]) WITH ORDINALITY u(l, r, i) ORDER BY i",
                left,
                right);
        for (int i = 0; i < left.size(); i++) {
            Optional<KeyValue> l = type.fromText(left.get(i));
            Optional<KeyValue> r = type.fromText(right.get(i));
            if (l.isPresent() && r.isPresent()) {
                String pair = left.get(i) + " and " + right.get(i) + ", seed " + SEED;
                assertEquals(order.get(i).get(0), Integer.signum(l.get().compareTo(r.get())), pair);
                assertEquals(order.get(i).get(0).equals(0), l.equals(r), pair);
            }
        }
    }

    @Test
    void compositeKeysCombineAsHashPartitioningDoes() throws SQLException {
        execute("CREATE TABLE composite (a int8, b text, c uuid) PARTITION BY HASH (a, b, c)");
        List<String> a = texts.valid(KeyType.INT8, VALUES);
        List<String> b = texts.valid(KeyType.TEXT, VALUES);
        List<String> c = texts.valid(KeyType.UUID, VALUES);
        List<Integer> slots = new ArrayList<>();
        for (int i = 0; i < VALUES; i++) {
            List<KeyValue> key = List.of(
                    KeyType.INT8.fromText(a.get(i)).orElseThrow(),
                    KeyType.TEXT.fromText(b.get(i)).orElseThrow(),
                    KeyType.UUID.fromText(c.get(i)).orElseThrow());
            slots.add(PgHash.slot(key, SLOTS));
        }
        String mismatches = "SELECT a, b, c FROM unnest(?::text[], ?::text[], ?::text[], ?::int[]) u(a, b, c, slot)"
                + " WHERE NOT satisfies_hash_partition('composite'::regclass, " + SLOTS
                + ", slot, a::int8, b::text, c::uuid)";
        assertEquals(List.of(), rows(mismatches, a, b, c, slots), "seed " + SEED);
    }

    /** The expression that resharding gives to a shard. */
    @Test
    void aSlotCanBeComputedInPlainSql() throws SQLException {
        List<String> keys = texts.valid(KeyType.INT8, VALUES);
        List<Integer> slots = new ArrayList<>();
        for (String key : keys) {
            slots.add(PgHash.slot(List.of(KeyType.INT8.fromText(key).orElseThrow()), SLOTS));
        }
        String mismatches = "SELECT k, slot FROM unnest(?::text[], ?::int[]) u(k, slot) WHERE slot <>"
                + " ((hashint8extended(k::int8, " + PgHash.PARTITION_SEED + ") & 1023) + 227) & 1023";
        assertEquals(List.of(), rows(mismatches, keys, slots), "seed " + SEED);
    }

    @ParameterizedTest
    @CsvSource({
        "int2, int4",
        "int2, int8",
        "int4, int2",
        "int4, int8",
        "int8, int4",
        "int2, numeric",
        "int4, numeric",
        "int8, numeric",
        "numeric, int2",
        "numeric, int4",
        "numeric, int8",
        "text, varchar",
        "varchar, text",
        "bpchar, text",
        "bpchar, varchar",
        "text, bpchar",
        "varchar, bpchar",
        "date, timestamp",
        "timestamp, date",
        "date, timestamptz",
        "timestamp, timestamptz",
        "timestamptz, date",
        "timestamptz, timestamp",
    })
    void whateverTheServerCallsEqualIsTheSameKey(String keyType, String valueType) throws SQLException {
        KeyType column = KeyType.named(keyType).orElseThrow();
        KeyType other = KeyType.named(valueType).orElseThrow();
        List<String> keys = new ArrayList<>();
        List<String> values = new ArrayList<>();
        for (int i = 0; i < VALUES; i++) {
            keys.add(texts.common(column));
            values.add(texts.common(other));
        }
        List<List<Object>> equal = rows(
                "SELECT k::" + keyType + " = v::" + valueType
                        + " FROM unnest(?::text[], ?::text[]) WITH ORDINALITY u(k, v, i) ORDER BY i",
                keys,
                values);
        int matches = 0;
        for (int i = 0; i < VALUES; i++) {
            KeyValue value = other.fromText(values.get(i)).orElseThrow();
            KeyValue key = column.fromText(keys.get(i)).orElseThrow();
            if (equal.get(i).get(0).equals(true)) {
                matches++;
                KeyMatch match = column.compared(value);
                assertTrue(
                        match.equals(KeyMatch.UNKNOWN) || match.equals(new KeyMatch.Key(key)),
                        () -> key + " = " + value + " gave " + match + ", seed " + SEED);
            }
        }
        assertTrue(matches > VALUES / 100, "only " + matches + " matches");
    }

    @ParameterizedTest
    @CsvSource({
        "'numeric(10,2)', numeric",
        "'numeric(6)', numeric",
        "'numeric(4,-2)', numeric",
        "'numeric(3,6)', numeric",
        "'numeric(8,3)', int4",
        "'varchar(5)', text",
        "'varchar(20)', text",
        "'char(5)', text",
        "'char(20)', bpchar",
        "text, int8",
        "int4, numeric",
        "int2, int4",
        "'timestamp(0)', timestamp",
        "'timestamp(3)', timestamp",
        "'timestamptz(2)', timestamptz",
        "date, timestamp",
        "timestamp, date",
        "int8, int2",
        "numeric, int8",
        "varchar, varchar",
    })
    void aStoredKeyIsWhatTheColumnThenHolds(String columnType, String valueType) throws SQLException {
        KeyType other = KeyType.named(valueType).orElseThrow();
        execute("DROP TABLE IF EXISTS stored");
        execute("CREATE TABLE stored (i int, k " + columnType + ")");
        List<Object> column =
                rows("SELECT typname::text, atttypmod FROM pg_attribute a JOIN pg_type t ON t.oid = atttypid"
                                + " WHERE attrelid = 'stored'::regclass AND attname = 'k'")
                        .get(0);
        KeyType key = KeyType.named((String) column.get(0)).orElseThrow();
        List<String> values = new ArrayList<>();
        List<KeyValue> expected = new ArrayList<>();
        Random random = new Random(SEED);
        for (int i = 0; i < VALUES; i++) {
            String text = texts.valid(other);
            // Short ones and small ones fit narrow columns.
            String value = other == KeyType.NUMERIC ? text.strip().replaceAll("[eE].*", "") : text;
            String cut = i % 2 == 0 && value.length() > 6 && key.family() != KeyType.Family.TIMESTAMP
                    ? value.substring(
                            0, value.offsetByCodePoints(0, Math.min(4, value.codePointCount(0, value.length()))))
                    : value;
            String candidate = other == KeyType.NUMERIC && random.nextBoolean()
                    ? random.nextInt(2000) - 1000 + "." + random.nextInt(100_000)
                    : cut;
            other.fromText(candidate).ifPresent(parsed -> {
                if (key.stored(parsed, (int) column.get(1)) instanceof KeyMatch.Key stored) {
                    values.add(candidate);
                    expected.add(stored.value());
                }
            });
        }
        assertTrue(values.size() > 5, "stored: " + values.size());
        try (PreparedStatement insert = connection.prepareStatement(
                "INSERT INTO stored SELECT i, v::" + valueType + " FROM unnest(?::text[]) WITH ORDINALITY u(v, i)")) {
            insert.setArray(1, connection.createArrayOf("text", values.toArray()));
            insert.executeUpdate();
        }
        List<List<Object>> held = rows("SELECT " + sendFunction(key) + "(k) FROM stored ORDER BY i");
        for (int i = 0; i < values.size(); i++) {
            assertEquals(
                    key.fromBinary((byte[]) held.get(i).get(0)),
                    Optional.of(expected.get(i)),
                    values.get(i) + " in " + columnType + ", seed " + SEED);
        }
    }

    /** The server's binary form of each input; null where it is no input of the type. */
    private static List<byte[]> serversBinary(KeyType type, List<String> inputs) throws SQLException {
        List<byte[]> sent = new ArrayList<>();
        for (List<Object> row : rows(
                "SELECT CASE WHEN pg_input_is_valid(k, '" + type.typeName() + "') THEN " + sendFunction(type) + "(k::"
                        + type.typeName() + ") END FROM unnest(?::text[]) WITH ORDINALITY u(k, i) ORDER BY i",
                inputs)) {
            sent.add((byte[]) row.get(0));
        }
        return sent;
    }

    private static String sendFunction(KeyType type) {
        return switch (type) {
            case INT2, INT4, INT8, TEXT, VARCHAR, BPCHAR, BYTEA, BOOL -> type.typeName() + "send";
            case UUID, NUMERIC, DATE, TIMESTAMP, TIMESTAMPTZ -> type.typeName() + "_send";
        };
    }

    private static List<List<Object>> rows(String sql, List<?>... arrays) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < arrays.length; i++) {
                String elements = arrays[i].get(0) instanceof Integer ? "int4" : "text";
                statement.setArray(i + 1, connection.createArrayOf(elements, arrays[i].toArray()));
            }
            List<List<Object>> rows = new ArrayList<>();
            try (ResultSet results = statement.executeQuery()) {
                int columns = results.getMetaData().getColumnCount();
                while (results.next()) {
                    List<Object> row = new ArrayList<>();
                    for (int column = 1; column <= columns; column++) {
                        row.add(results.getObject(column));
                    }
                    rows.add(row);
                }
            }
            return rows;
        }
    }

    private static void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
