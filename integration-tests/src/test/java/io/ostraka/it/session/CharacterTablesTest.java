package io.ostraka.it.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.TestCluster;
import io.ostraka.proxy.wire.ClientEncoding;
import io.ostraka.rules.error.PgErrorException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The tables of characters that the proxy has are the server's. They were written by {@link #writesTheTables}, with {@code
 * -Dostraka.characters=} and the directory of the resources.
 */
class CharacterTablesTest {
    /** Of those with one byte for a character, two that Java does not know. */
    private static final List<String> WRITTEN = List.of(
            "LATIN6",
            "LATIN8",
            "BIG5",
            "EUC_CN",
            "EUC_JP",
            "EUC_JIS_2004",
            "EUC_KR",
            "EUC_TW",
            "GB18030",
            "GBK",
            "JOHAB",
            "SJIS",
            "SHIFT_JIS_2004",
            "UHC");

    private static final int ASCII = 128;
    private static final int PAIRS = Character.MAX_CODE_POINT + 1;

    private final TestCluster cluster = TestCluster.of(SimpleProtocolTest.SPEC);

    // ---- whether they are the server's ---------------------------------------------------------------------------

    @ParameterizedTest
    @ValueSource(
            strings = {
                "BIG5",
                "EUC_CN",
                "EUC_JP",
                "EUC_JIS_2004",
                "EUC_KR",
                "EUC_TW",
                "GB18030",
                "GBK",
                "JOHAB",
                "SJIS",
                "SHIFT_JIS_2004",
                "UHC"
            })
    void theCharactersAreThoseOfPostgres(String name) throws SQLException {
        ClientEncoding encoding = ClientEncoding.require(name);
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        StringBuilder characters = new StringBuilder();
        List<byte[]> unread = new ArrayList<>();
        forms(name).forEach(code -> {
            try {
                characters.append(encoding.text(code)).append(' ');
                read.writeBytes(code);
                read.write(' ');
            } catch (PgErrorException none) {
                unread.add(code);
            }
        });
        StringBuilder written = new StringBuilder();
        List<Integer> lacking = new ArrayList<>();
        points().forEach(point -> {
            try {
                encoding.bytes(Character.toString(point));
                written.appendCodePoint(point).append(' ');
            } catch (PgErrorException none) {
                lacking.add(point);
            }
        });
        assertTrue(written.length() > 7_000, "characters of " + name);
        try (Connection connection = cluster.reference().connect();
                PreparedStatement from = connection.prepareStatement("SELECT convert_from(?, '" + name + "')");
                PreparedStatement to = connection.prepareStatement("SELECT convert_to(?, '" + name + "')")) {
            from.setBytes(1, read.toByteArray());
            assertEquals(characters.toString(), only(from));
            to.setString(1, written.toString());
            assertEquals(HexFormat.of().formatHex(encoding.bytes(written.toString())), only(to).substring(2));
            // What is not known here is not known there.
            Random random = new Random(12);
            for (int i = 0; i < 300 && !unread.isEmpty(); i++) {
                byte[] code = unread.get(random.nextInt(unread.size()));
                from.setBytes(1, code);
                assertEquals(
                        error(() -> encoding.text(code)),
                        error(() -> only(from)),
                        HexFormat.of().formatHex(code));
            }
            for (int i = 0; i < 300 && !lacking.isEmpty(); i++) {
                String character = Character.toString(lacking.get(random.nextInt(lacking.size())));
                to.setString(1, character);
                assertTrue(comesBackAsAnother(connection, to, name, character), name + " has " + character);
            }
        }
    }

    /** Also when the server has no way to write it. */
    private static boolean comesBackAsAnother(
            Connection connection, PreparedStatement to, String name, String character) throws SQLException {
        try {
            to.executeQuery().close();
        } catch (SQLException lacks) {
            return true;
        }
        try (PreparedStatement there =
                connection.prepareStatement("SELECT convert_from(convert_to(?, '" + name + "'), '" + name + "')")) {
            there.setString(1, character);
            return !only(there).equals(character);
        } catch (SQLException unreadable) {
            return true;
        }
    }

    private interface Conversion {
        String run() throws SQLException;
    }

    private static String error(Conversion conversion) throws SQLException {
        try {
            return "none: " + conversion.run();
        } catch (PgErrorException e) {
            return e.error().state().code() + " " + e.error().message();
        } catch (SQLException e) {
            return e.getSQLState() + " " + e.getMessage().replace("ERROR: ", "");
        }
    }

    private static String only(PreparedStatement statement) throws SQLException {
        try (ResultSet result = statement.executeQuery()) {
            result.next();
            return result.getString(1);
        }
    }

    /** All bytes that may be a character's, and some more. */
    private static List<byte[]> forms(String name) {
        List<byte[]> forms = new ArrayList<>();
        for (int first = ASCII; first < 0x100; first++) {
            forms.add(new byte[] {(byte) first});
            for (int second = 0; second < 0x100; second++) {
                if (second >= 0x30 || second == ' ') {
                    forms.add(new byte[] {(byte) first, (byte) second});
                }
            }
        }
        boolean isShifted = name.startsWith("EUC_J");
        int[] planes = name.equals("EUC_TW") ? IntStream.range(0xA0, 0xB0).toArray() : new int[] {0};
        for (int plane : planes) {
            for (int third = 0xA0; third < 0x100; third++) {
                for (int fourth = 0xA0; fourth < 0x100 && (plane > 0 || isShifted); fourth++) {
                    forms.add(
                            isShifted
                                    ? new byte[] {(byte) 0x8F, (byte) third, (byte) fourth}
                                    : new byte[] {(byte) 0x8E, (byte) plane, (byte) third, (byte) fourth});
                }
            }
        }
        for (int i = 0; i < 60_000 && name.equals("GB18030"); i++) {
            // Of the first plane, and of the others, which are from 0x90308130 on.
            int number = i < 40_000 ? i : 189_000 + (i - 40_000) * 53;
            forms.add(new byte[] {
                (byte) (0x81 + number / 12_600),
                (byte) ('0' + number / 1_260 % 10),
                (byte) (0x81 + number / 10 % 126),
                (byte) ('0' + number % 10)
            });
        }
        // The first byte of some is a character of its own.
        if (name.startsWith("S")) {
            forms.removeIf(form -> form.length > 1 && (form[0] & 0xFF) >= 0xA1 && (form[0] & 0xFF) <= 0xDF);
        }
        return forms;
    }

    /** The characters of planes 0 and 2, and others that some encoding may have. */
    private static IntStream points() {
        return IntStream.range(ASCII, 0x30000).filter(point -> point < 0xD800 || point > 0xDFFF);
    }

    // ---- writing them --------------------------------------------------------------------------------------------

    @Test
    @EnabledIfSystemProperty(named = "ostraka.characters", matches = ".+")
    void writesTheTables() throws SQLException, IOException {
        Path directory = Path.of(System.getProperty("ostraka.characters"));
        try (Connection connection = cluster.reference().connect();
                Statement statement = connection.createStatement()) {
            statement.execute("""
                    CREATE FUNCTION pg_temp.read(encoding name, codes text[]) RETURNS TABLE (number int, read text)
                    LANGUAGE plpgsql AS $$ BEGIN
                        FOR i IN 1 .. cardinality(codes) LOOP
                            BEGIN
                                read := convert_from(decode(codes[i], 'hex'), encoding);
                                number := i;
                                RETURN NEXT;
                            EXCEPTION WHEN OTHERS THEN NULL;
                            END;
                        END LOOP;
                    END $$""");
            statement.execute("""
                    CREATE FUNCTION pg_temp.write(encoding name, points int[]) RETURNS TABLE (number int, written bytea)
                    LANGUAGE plpgsql AS $$ BEGIN
                        FOR i IN 1 .. cardinality(points) LOOP
                            BEGIN
                                written := convert_to(chr(points[i]), encoding);
                                number := i;
                                RETURN NEXT;
                            EXCEPTION WHEN OTHERS THEN NULL;
                            END;
                        END LOOP;
                    END $$""");
            for (String name : WRITTEN) {
                Files.write(directory.resolve(name + ".characters"), table(connection, name));
            }
        }
    }

    private static byte[] table(Connection connection, String name) throws SQLException, IOException {
        TreeMap<Integer, Integer> points = new TreeMap<>();
        List<int[]> pairs = new ArrayList<>();
        List<byte[]> forms = forms(name);
        if (name.startsWith("LATIN")) {
            forms.removeIf(form -> form.length > 1);
        }
        try (PreparedStatement read = connection.prepareStatement("SELECT number, read FROM pg_temp.read(?, ?)")) {
            read.setString(1, name);
            read.setArray(
                    2,
                    connection.createArrayOf(
                            "text",
                            forms.stream().map(HexFormat.of()::formatHex).toArray()));
            try (ResultSet result = read.executeQuery()) {
                while (result.next()) {
                    int[] character = result.getString(2).codePoints().toArray();
                    int point = character[0];
                    if (character.length > 1) {
                        point = PAIRS + pairs.size();
                        pairs.add(character);
                    }
                    points.put(code(name, forms.get(result.getInt(1) - 1)), point);
                }
            }
        }
        if (name.equals("GB18030")) {
            IntStream.rangeClosed(Character.MIN_SUPPLEMENTARY_CODE_POINT, Character.MAX_CODE_POINT)
                    .forEach(point -> points.put((1 << 24) + 189_000 + point - 0x10000, point));
        }
        Map<Integer, Integer> codes = new TreeMap<>();
        TreeSet<Integer> ambiguous = new TreeSet<>();
        Integer[] all = points().boxed().toArray(Integer[]::new);
        try (PreparedStatement write = connection.prepareStatement("SELECT number, written FROM pg_temp.write(?, ?)")) {
            write.setString(1, name);
            write.setArray(2, connection.createArrayOf("int4", all));
            try (ResultSet result = write.executeQuery()) {
                while (result.next()) {
                    int point = all[result.getInt(1) - 1];
                    int code = code(name, result.getBytes(2));
                    Integer read = code < ASCII ? (Integer) code : points.get(code);
                    if (read != null && read != point) {
                        ambiguous.add(read);
                    }
                    codes.put(point, code);
                }
            }
        }
        return table(points, codes, pairs, ambiguous);
    }

    private static byte[] table(
            Map<Integer, Integer> points, Map<Integer, Integer> codes, List<int[]> pairs, Set<Integer> ambiguous)
            throws IOException {
        List<int[]> runs = new ArrayList<>();
        int[] run = {-1, 0, 0, 0};
        for (Map.Entry<Integer, Integer> entry : points.entrySet()) {
            int code = entry.getKey();
            int point = entry.getValue();
            boolean isAsked = codes.containsKey(point) || point < Character.MIN_SUPPLEMENTARY_CODE_POINT;
            boolean leadsBack = !isAsked || codes.getOrDefault(point, -1) == code;
            int oneWay = leadsBack ? 0 : 1;
            if (run[0] + run[2] == code && run[1] + run[2] == point && run[3] == oneWay) {
                run[2]++;
            } else {
                run = new int[] {code, point, 1, oneWay};
                runs.add(run);
            }
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(bytes)) {
            number(out, pairs.size());
            for (int[] pair : pairs) {
                number(out, pair[0]);
                number(out, pair[1]);
            }
            number(out, ambiguous.size());
            for (int point : ambiguous) {
                number(out, point);
            }
            number(out, runs.size());
            int code = 0;
            int point = 0;
            for (int[] next : runs) {
                number(out, 2 * next[2] + next[3]);
                signed(out, next[0] - code);
                signed(out, next[1] - point);
                code = next[0] + next[2];
                point = next[1] + next[2];
            }
        }
        return bytes.toByteArray();
    }

    /** The number that the proxy has for a character's bytes. */
    private static int code(String name, byte[] bytes) {
        if (bytes.length == 4 && name.equals("GB18030")) {
            int two = ((bytes[0] & 0xFF) - 0x81) * 10 + bytes[1] - '0';
            return (1 << 24) + (two * 126 + (bytes[2] & 0xFF) - 0x81) * 10 + bytes[3] - '0';
        }
        int code = 0;
        for (byte single : bytes) {
            code = code << 8 | (single & 0xFF);
        }
        return code & 0xFFFFFF;
    }

    private static void number(OutputStream out, int number) throws IOException {
        int left = number;
        while (left > 0x7F) {
            out.write((left & 0x7F) | 0x80);
            left >>>= 7;
        }
        out.write(left);
    }

    private static void signed(OutputStream out, int number) throws IOException {
        number(out, (number << 1) ^ (number >> 31));
    }
}
