package io.ostraka.it.harness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.fail;

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
        for (BackendMessage message : answer) {
            if (message.type() == 'D' || message.type() == 'd') {
                rows.add(line(message));
                continue;
            }
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
            case 'D' ->
                "row " + message.values().stream().map(Differential::value).toList();
            case 'd' -> "copy " + new String(message.body(), ISO_8859_1);
            case 'E' -> "error " + message.sqlState();
            default -> message.toString();
        };
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
