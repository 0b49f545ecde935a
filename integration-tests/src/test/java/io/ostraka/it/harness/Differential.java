package io.ostraka.it.harness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.fail;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The same statements to two servers, of which one is a plain PostgreSQL with all the data: the answers must be alike,
 * message for message: columns with their types, rows, command tags, SQLSTATEs, transaction status. Rows are compared as a bag unless
 * the test asks for their order; error texts, notices, and table OIDs are not compared.
 *
 * <p>One session on each side for all its life, so statements of a transaction can follow each other. Used by one thread.
 */
public final class Differential implements AutoCloseable {
    private static final String FEATURE_NOT_SUPPORTED = "0A000";
    /** Types made by users have other OIDs on each server (transam.h, FirstNormalObjectId). */
    private static final int FIRST_USER_OID = 16384;

    private static final int RECORD = 2249;
    private static final int RECORD_ARRAY = 2287;
    private static final int REGTYPE = 2206;

    private final WireClient tested;
    private final WireClient reference;
    private final Protocol protocol;

    public Differential(Endpoint tested, Endpoint reference, Protocol protocol) {
        this.protocol = protocol;
        this.tested = WireClient.login(tested);
        this.reference = WireClient.login(reference);
    }

    /** Runs each statement on both sides; rows may come in any order. */
    public void check(String... statements) {
        for (String sql : statements) {
            compare(sql, List.of(), false);
        }
    }

    /** Runs each statement on both sides; rows must come in the same order. */
    public void checkOrdered(String... statements) {
        for (String sql : statements) {
            compare(sql, List.of(), true);
        }
    }

    /** Runs a statement with parameters, given as text, null for null; rows may come in any order. */
    public void checkWith(String sql, String... parameters) {
        compare(sql, Arrays.stream(parameters).map(Optional::ofNullable).toList(), false);
    }

    /**
     * The tested side must refuse the statement as not supported, and say more than that. The reference does not see it.
     *
     * @return the fields of the ErrorResponse
     */
    public Map<Character, String> checkRefused(String sql) {
        List<BackendMessage> answer = send(tested, sql, List.of());
        Map<Character, String> error =
                errorOf(answer).orElseGet(() -> fail("not refused but answered: " + sql + "\n" + answer));
        assertEquals(FEATURE_NOT_SUPPORTED, error.get('C'), () -> sql + "\n" + error);
        assertFalse(error.getOrDefault('M', "").isEmpty(), () -> "no message: " + sql);
        assertFalse(
                error.getOrDefault('D', "").isEmpty()
                        && error.getOrDefault('H', "").isEmpty(),
                () -> "neither detail nor hint: " + sql + "\n" + error);
        assertFalse(
                answer.stream().anyMatch(message -> message.type() == 'D'), () -> "rows before the refusal: " + sql);
        return error;
    }

    /**
     * Correct or refused: for statements of which nobody knows whether they are supported. A refused one is not run on the
     * reference either.
     *
     * @return true when it was answered, and then as the reference does
     */
    public boolean checkUnlessRefused(String sql) {
        return checkUnlessRefused(sql, false);
    }

    /** The same; {@code ordered}: rows must come in the same order. */
    public boolean checkUnlessRefused(String sql, boolean ordered) {
        List<BackendMessage> answer = send(tested, sql, List.of());
        boolean refused = errorOf(answer)
                .filter(error -> FEATURE_NOT_SUPPORTED.equals(error.get('C')))
                .isPresent();
        if (!refused) {
            assertEquals(
                    String.join("\n", lines(send(reference, sql, List.of()), ordered)),
                    String.join("\n", lines(answer, ordered)),
                    sql);
        }
        return !refused;
    }

    /**
     * What the two sides answer, errors with their texts and positions: for whoever judges that alone.
     *
     * @param expected the reference's answer
     * @param answered the tested side's
     * @param expectedState the SQLSTATE of the reference's error, empty when there is none
     * @param isRefused whether the tested side says that it does not support what the reference answers
     */
    public record Answers(String expected, String answered, String expectedState, boolean isRefused) {}

    /** Runs a statement on both sides, with parameters as text, null for null. */
    public Answers answers(String sql, List<Optional<String>> parameters, boolean ordered) {
        List<BackendMessage> expected = send(reference, sql, parameters);
        List<BackendMessage> answered = send(tested, sql, parameters);
        String state = errorOf(expected).map(error -> error.get('C')).orElse("");
        boolean isRefused = !state.equals(FEATURE_NOT_SUPPORTED)
                && errorOf(answered)
                        .filter(error -> FEATURE_NOT_SUPPORTED.equals(error.get('C')))
                        .isPresent();
        return new Answers(withErrors(expected, ordered), withErrors(answered, ordered), state, isRefused);
    }

    /** Where there is an error, what PostgreSQL words for users, and no rows: which ones come before it depends on their order. */
    private static String withErrors(List<BackendMessage> answer, boolean ordered) {
        Optional<Map<Character, String>> error = errorOf(answer);
        if (error.isEmpty()) {
            return String.join("\n", lines(answer, ordered));
        }
        List<String> lines = new ArrayList<>(
                lines(answer.stream().filter(message -> message.type() != 'D').toList(), ordered));
        for (char field : new char[] {'M', 'D', 'H', 'P'}) {
            lines.add("  " + field + " " + error.get().getOrDefault(field, ""));
        }
        return String.join("\n", lines);
    }

    @Override
    public void close() {
        try (tested;
                reference) {
            tested.send(FrontendMessages.terminate());
            reference.send(FrontendMessages.terminate());
        }
    }

    private void compare(String sql, List<Optional<String>> parameters, boolean ordered) {
        List<String> expected = lines(send(reference, sql, parameters), ordered);
        assertEquals(
                String.join("\n", expected), String.join("\n", lines(send(tested, sql, parameters), ordered)), sql);
    }

    private List<BackendMessage> send(WireClient client, String sql, List<Optional<String>> parameters) {
        if (protocol == Protocol.SIMPLE) {
            if (!parameters.isEmpty()) {
                throw new IllegalArgumentException("the simple protocol has no parameters");
            }
            client.send(FrontendMessages.query(sql));
        } else {
            client.send(
                    FrontendMessages.parse("", sql),
                    FrontendMessages.bind("", "", parameters, protocol == Protocol.EXTENDED_BINARY),
                    FrontendMessages.describePortal(""),
                    FrontendMessages.execute("", 0),
                    FrontendMessages.sync());
        }
        return client.untilReady();
    }

    private static Optional<Map<Character, String>> errorOf(List<BackendMessage> answer) {
        return answer.stream()
                .filter(message -> message.type() == 'E')
                .findFirst()
                .map(BackendMessage::fields);
    }

    /** The answer as text to compare; rows that follow each other are sorted unless their order counts. */
    private static List<String> lines(List<BackendMessage> answer, boolean ordered) {
        List<String> lines = new ArrayList<>();
        List<String> rows = new ArrayList<>();
        List<BackendMessage.Field> columns = List.of();
        for (BackendMessage message : answer) {
            if (message.type() == 'D') {
                rows.add(row(message, columns));
                continue;
            }
            if (message.type() == 'd') {
                rows.add(line(message));
                continue;
            }
            columns = message.type() == 'T' ? message.columns() : columns;
            if (!ordered) {
                Collections.sort(rows);
            }
            lines.addAll(rows);
            rows.clear();
            if (message.type() != 'N' && message.type() != 'S') { // sent at any time, and about the server
                lines.add(line(message));
            }
        }
        return lines;
    }

    private static String line(BackendMessage message) {
        return switch (message.type()) {
            case 'T' ->
                "columns "
                        + message.columns().stream().map(Differential::column).toList();
            case 'd' -> "copy " + new String(message.body(), ISO_8859_1);
            case 'E' -> "error " + message.sqlState();
            default -> message.toString();
        };
    }

    private static String row(BackendMessage message, List<BackendMessage.Field> columns) {
        List<String> values = new ArrayList<>();
        for (Optional<byte[]> value : message.values()) {
            values.add(values.size() < columns.size() ? value(value, columns.get(values.size())) : value(value));
        }
        return "row " + values;
    }

    /** In binary, rows, arrays and regtype have OIDs of types in them, and users' types have others on each server. */
    private static String value(Optional<byte[]> value, BackendMessage.Field field) {
        int type = field.typeOid();
        if (field.format() == 0 || value.isEmpty()) {
            return value(value);
        }
        if (type == REGTYPE) {
            int named = ByteBuffer.wrap(value.get()).getInt();
            return named < FIRST_USER_OID ? "type " + named : "user type";
        }
        boolean mayBeOfUser = type >= FIRST_USER_OID || type == RECORD || type == RECORD_ARRAY;
        return field.typeSize() < 0 && mayBeOfUser ? value.get().length + " bytes" : value(value);
    }

    private static String column(BackendMessage.Field field) {
        String type = field.typeOid() < FIRST_USER_OID ? "type " + field.typeOid() : "user type";
        return field.name() + ": " + type + " modifier " + field.typeModifier() + " size " + field.typeSize()
                + " format " + field.format();
    }

    /** Bytes as they are: printable for text, and for binary at least the same on both sides. */
    private static String value(Optional<byte[]> value) {
        return value.map(bytes -> "'" + new String(bytes, ISO_8859_1) + "'").orElse("null");
    }
}
