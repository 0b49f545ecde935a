package io.ostraka.it.harness;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A message from the server: its type byte and its body, and views of the body for the types that tests look into.
 * Written from the manual's "Message Formats" and not with the proxy's own codec, so that they can disagree.
 */
public final class BackendMessage {
    private final char type;
    private final byte[] body;

    BackendMessage(char type, byte[] body) {
        this.type = type;
        this.body = body;
    }

    /** The type byte; letters mean what they mean in a message from the server. */
    public char type() {
        return type;
    }

    /** The body without its length. Not a copy. */
    public byte[] body() {
        return body;
    }

    /** Column of a RowDescription. */
    public record Field(
            String name, int tableOid, short attribute, int typeOid, short typeSize, int typeModifier, short format) {}

    /** ErrorResponse and NoticeResponse: the fields by their code, such as {@code C} for the SQLSTATE. */
    public Map<Character, String> fields() {
        expect("EN");
        ByteBuffer in = ByteBuffer.wrap(body);
        Map<Character, String> fields = new LinkedHashMap<>();
        for (char code = (char) in.get(); code != 0; code = (char) in.get()) {
            fields.put(code, string(in));
        }
        return fields;
    }

    /** ErrorResponse and NoticeResponse: the SQLSTATE. */
    public String sqlState() {
        return fields().getOrDefault('C', "");
    }

    /** RowDescription. */
    public List<Field> columns() {
        expect("T");
        ByteBuffer in = ByteBuffer.wrap(body);
        int count = in.getShort();
        List<Field> columns = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            columns.add(new Field(
                    string(in), in.getInt(), in.getShort(), in.getInt(), in.getShort(), in.getInt(), in.getShort()));
        }
        return columns;
    }

    /** DataRow: each value's bytes, empty for null. */
    public List<Optional<byte[]>> values() {
        expect("D");
        ByteBuffer in = ByteBuffer.wrap(body);
        int count = in.getShort();
        List<Optional<byte[]>> values = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int length = in.getInt();
            if (length < 0) {
                values.add(Optional.empty());
            } else {
                byte[] value = new byte[length];
                in.get(value);
                values.add(Optional.of(value));
            }
        }
        return values;
    }

    /** ParameterDescription: the types. */
    public List<Integer> parameterOids() {
        expect("t");
        ByteBuffer in = ByteBuffer.wrap(body);
        int count = in.getShort();
        List<Integer> oids = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            oids.add(in.getInt());
        }
        return oids;
    }

    /** CommandComplete: the tag. ParameterStatus: the setting's name. */
    public String text() {
        expect("CS");
        return string(ByteBuffer.wrap(body));
    }

    /** ReadyForQuery: {@code I} idle, {@code T} in a transaction, {@code E} in a failed one. */
    public char transactionStatus() {
        expect("Z");
        return (char) body[0];
    }

    private void expect(String types) {
        if (types.indexOf(type) < 0) {
            throw new AssertionError("expected a message of type " + types + ", not " + this);
        }
    }

    private static String string(ByteBuffer in) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (byte next = in.get(); next != 0; next = in.get()) {
            bytes.write(next);
        }
        return bytes.toString(UTF_8);
    }

    @Override
    public String toString() {
        return switch (type) {
            case 'E', 'N' -> type + "" + fields();
            case 'T' -> "T" + columns().stream().map(Field::name).toList();
            case 'D' ->
                "D"
                        + values().stream()
                                .map(value -> value.map(bytes -> new String(bytes, UTF_8))
                                        .orElse("NULL"))
                                .toList();
            case 'C', 'S' -> type + " " + text();
            case 'Z' -> "Z " + transactionStatus();
            default -> type + "[" + body.length + "]";
        };
    }
}
