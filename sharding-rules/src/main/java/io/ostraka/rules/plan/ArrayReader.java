package io.ostraka.rules.plan;

import io.ostraka.rules.rule.KeyType;
import io.ostraka.rules.rule.KeyValue;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The elements of an array that is one literal or parameter; nulls, which equal nothing, are left out. Source:
 * {@code array_in}, {@code array_recv}. What is not certain to be read as the server does is empty.
 */
final class ArrayReader {
    private static final Map<Integer, KeyType> ELEMENT_OF = new HashMap<>();

    static {
        int[][] arrays = {
            {1005, 21},
            {1007, 23},
            {1016, 20},
            {1009, 25},
            {1015, 1043},
            {1014, 1042},
            {2951, 2950},
            {1231, 1700},
            {1182, 1082},
            {1115, 1114},
            {1185, 1184},
            {1001, 17},
            {1000, 16}
        };
        for (int[] array : arrays) {
            KeyType.ofOid(array[1]).ifPresent(element -> ELEMENT_OF.put(array[0], element));
        }
    }

    private ArrayReader() {}

    static Optional<List<KeyValue>> read(Value array, KeyType inferred, StatementValues values, ValueReader reader) {
        Optional<KeyType> cast = array.type().flatMap(ValueReader::typeNamed);
        if (array.type().isPresent() && cast.isEmpty()) {
            return Optional.empty();
        }
        if (array.source() instanceof Value.Source.OfLiteral literal) {
            CharSequence text = literal.index() < 0 ? literal.text() : values.literal(literal.index());
            return ValueReader.string(text).flatMap(string -> fromText(string, cast.orElse(inferred)));
        }
        if (!(array.source() instanceof Value.Source.OfParameter parameter)) {
            return Optional.of(List.of());
        }
        int number = parameter.number();
        if (number > values.parameterCount()) {
            return Optional.empty();
        }
        if (values.parameterIsNull(number)) {
            return Optional.of(List.of());
        }
        int oid = values.parameterOid(number);
        if (oid == 0 && reader.ambiguous().contains(number)) {
            return Optional.empty();
        }
        Optional<KeyType> declared = oid == 0 ? Optional.of(cast.orElse(inferred)) : elementOf(oid);
        // An array converted from one type to another is left to the server.
        if (declared.isEmpty() || (cast.isPresent() && cast.get() != declared.get())) {
            return Optional.empty();
        }
        byte[] bytes = values.parameter(number);
        return values.parameterIsBinary(number)
                ? fromBinary(bytes, declared.get(), values)
                : fromText(new String(values.inUtf8(bytes), StandardCharsets.UTF_8), declared.get());
    }

    private static Optional<KeyType> elementOf(int arrayOid) {
        return Optional.ofNullable(ELEMENT_OF.get(arrayOid));
    }

    private static Optional<List<KeyValue>> fromBinary(byte[] bytes, KeyType type, StatementValues values) {
        try {
            ByteBuffer in = ByteBuffer.wrap(bytes);
            int dimensions = in.getInt();
            in.getInt();
            if (in.getInt() != type.oid() || dimensions < 0 || dimensions > 6) {
                return Optional.empty();
            }
            for (int i = 0; i < dimensions; i++) {
                in.getLong();
            }
            List<KeyValue> elements = new ArrayList<>();
            while (in.hasRemaining()) {
                int length = in.getInt();
                if (length < 0) {
                    continue;
                }
                if (length > in.remaining()) {
                    return Optional.empty();
                }
                byte[] element = new byte[length];
                in.get(element);
                Optional<KeyValue> value = type.fromBinary(type.hasCharacters() ? values.inUtf8(element) : element);
                if (value.isEmpty()) {
                    return Optional.empty();
                }
                elements.add(value.get());
            }
            return Optional.of(elements);
        } catch (BufferUnderflowException tooShort) {
            return Optional.empty();
        }
    }

    /** One dimension, braces at both ends; blanks around elements are cut, quoted ones are whole. */
    static Optional<List<KeyValue>> fromText(String text, KeyType type) {
        String body = text.strip();
        int end = body.length() - 1;
        if (end < 1 || body.charAt(0) != '{' || body.charAt(end) != '}') {
            return Optional.empty();
        }
        List<KeyValue> elements = new ArrayList<>();
        int at = afterBlanks(body, 1, end);
        if (at == end) {
            return Optional.of(elements);
        }
        while (at < end) {
            StringBuilder element = new StringBuilder();
            boolean isQuoted = body.charAt(at) == '"';
            int next = isQuoted ? quoted(body, at + 1, end, element) : plain(body, at, end, element);
            if (next < 0) {
                return Optional.empty();
            }
            if (isQuoted || !element.toString().equalsIgnoreCase("null")) {
                Optional<KeyValue> value = type.fromText(element.toString());
                if (value.isEmpty()) {
                    return Optional.empty();
                }
                elements.add(value.get());
            }
            if (next == end) {
                return Optional.of(elements);
            }
            at = afterBlanks(body, next + 1, end);
        }
        // A comma with nothing behind it.
        return Optional.empty();
    }

    private static int afterBlanks(String text, int from, int end) {
        int i = from;
        while (i < end && Character.isWhitespace(text.charAt(i))) {
            i++;
        }
        return i;
    }

    /** Returns where the comma or the closing brace stands, -1 when it is not that simple. */
    private static int quoted(String text, int from, int end, StringBuilder element) {
        int i = from;
        while (i < end && text.charAt(i) != '"') {
            if (text.charAt(i) == '\\') {
                i++;
            }
            element.append(text.charAt(i));
            i++;
        }
        if (i >= end) {
            return -1;
        }
        i = afterBlanks(text, i + 1, end);
        return i == end || text.charAt(i) == ',' ? i : -1;
    }

    private static int plain(String text, int from, int end, StringBuilder element) {
        int comma = text.indexOf(',', from);
        int to = comma < 0 || comma > end ? end : comma;
        String body = text.substring(from, to).strip();
        boolean simple = !body.isEmpty() && body.chars().noneMatch(c -> c == '{' || c == '}' || c == '"' || c == '\\');
        element.append(body);
        return simple ? to : -1;
    }
}
