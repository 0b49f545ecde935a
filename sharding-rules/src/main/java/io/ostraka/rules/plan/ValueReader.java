package io.ostraka.rules.plan;

import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.rule.KeyMatch;
import io.ostraka.rules.rule.KeyType;
import io.ostraka.rules.rule.KeyValue;
import io.ostraka.rules.sql.SourceSpan;
import io.ostraka.rules.sql.TokenText;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Reads a {@link Value} of one execution as the server would. Where that depends on more than is known here, the
 * answer is {@link KeyMatch#UNKNOWN}. Immutable.
 *
 * <p>A string or a parameter without a type takes the type of what it is compared with. A parameter that occurs
 * several times gets its type from one of its places only: those whose places differ are {@code ambiguous} unless
 * Parse declares their type. {@code asked} are the expressions that a server is asked for, with their numbers.
 */
record ValueReader(Set<Integer> ambiguous, Map<SourceSpan, Integer> asked) {
    private static final String SYSTEM_PREFIX = "pg_catalog.";

    ValueReader {
        ambiguous = Set.copyOf(ambiguous);
        asked = Map.copyOf(asked);
    }

    /** A value before it meets the column. */
    sealed interface Read {}

    record OfType(KeyValue value) implements Read {}

    record NullValue() implements Read {}

    record NotKnown() implements Read {}

    private static final Read NULL = new NullValue();
    private static final Read NOT_KNOWN = new NotKnown();

    /** The key of a column of type {@code column} that {@code column = value} selects. */
    KeyMatch compared(Value value, KeyType column, StatementValues values) {
        Read read = read(value, column, values);
        if (read instanceof OfType known) {
            return column.compared(known.value());
        }
        return read instanceof NullValue ? KeyMatch.NO_ROW : KeyMatch.UNKNOWN;
    }

    /** Whether the value has no type of its own and takes that of its surroundings. */
    static boolean isInferred(Value value, StatementValues values) {
        if (value.type().isPresent()) {
            return false;
        }
        if (value.source() instanceof Value.Source.OfParameter parameter) {
            return parameter.number() <= values.parameterCount() && values.parameterOid(parameter.number()) == 0;
        }
        return value.source() instanceof Value.Source.OfLiteral literal && !isNumber(text(literal, values));
    }

    /** The value in its own type; {@code inferred} is that of a value without one. */
    Read read(Value value, KeyType inferred, StatementValues values) {
        if (value.source() instanceof Value.Source.OfLiteral literal) {
            return literal(text(literal, values), value, inferred);
        }
        if (value.source() instanceof Value.Source.OfParameter parameter) {
            return parameter(parameter.number(), value, inferred, values);
        }
        if (value.source() instanceof Value.Source.OfServer server) {
            return told(server, values);
        }
        return NULL;
    }

    private Read told(Value.Source.OfServer server, StatementValues values) {
        Integer number = asked.get(server.span());
        Computed told = number == null ? Computed.UNKNOWN : values.computed(number);
        if (told instanceof Computed.Known known) {
            return new OfType(known.value());
        }
        return told instanceof Computed.Null ? NULL : NOT_KNOWN;
    }

    private static CharSequence text(Value.Source.OfLiteral literal, StatementValues values) {
        return literal.index() < 0 ? literal.text() : values.literal(literal.index());
    }

    private static Read literal(CharSequence text, Value value, KeyType inferred) {
        Optional<KeyType> cast = castType(value);
        if (value.type().isPresent() && cast.isEmpty()) {
            return NOT_KNOWN;
        }
        if (isNumber(text)) {
            String number = value.negative() ? "-" + text : text.toString();
            return of(KeyType.ofNumericLiteral(number).flatMap(read -> convert(read, cast)));
        }
        if (!isPlainString(text)) {
            return NOT_KNOWN;
        }
        return of(string(text).flatMap(string -> cast.orElse(inferred).fromText(string)));
    }

    private Read parameter(int number, Value value, KeyType inferred, StatementValues values) {
        if (number > values.parameterCount()) {
            return NOT_KNOWN;
        }
        if (values.parameterIsNull(number)) {
            return NULL;
        }
        Optional<KeyType> cast = castType(value);
        if (value.type().isPresent() && cast.isEmpty()) {
            return NOT_KNOWN;
        }
        int oid = values.parameterOid(number);
        if (oid == 0 && ambiguous.contains(number)) {
            return NOT_KNOWN;
        }
        Optional<KeyType> type = oid == 0 ? Optional.of(cast.orElse(inferred)) : KeyType.ofOid(oid);
        if (type.isEmpty()) {
            return NOT_KNOWN;
        }
        byte[] bytes = values.parameter(number);
        Optional<KeyValue> read = values.parameterIsBinary(number)
                ? type.get().fromBinary(type.get().hasCharacters() ? values.inUtf8(bytes) : bytes)
                : type.get().fromText(values.inUtf8(bytes));
        return of(read.flatMap(known -> convert(known, cast)));
    }

    /** An explicit cast without modifier converts as an assignment does, where the rules know that one. */
    private static Optional<KeyValue> convert(KeyValue value, Optional<KeyType> cast) {
        if (cast.isEmpty() || cast.get() == value.type()) {
            return Optional.of(value);
        }
        return cast.get().stored(value, -1) instanceof KeyMatch.Key key ? Optional.of(key.value()) : Optional.empty();
    }

    private static Optional<KeyType> castType(Value value) {
        return value.type().flatMap(ValueReader::typeNamed);
    }

    static Optional<KeyType> typeNamed(String type) {
        return KeyType.named(type.startsWith(SYSTEM_PREFIX) ? type.substring(SYSTEM_PREFIX.length()) : type);
    }

    private static Read of(Optional<KeyValue> value) {
        return value.<Read>map(OfType::new).orElse(NOT_KNOWN);
    }

    static boolean isNumber(CharSequence literal) {
        char first = literal.charAt(0);
        return (first >= '0' && first <= '9') || first == '.';
    }

    /** Not the forms that are of another type (B'', X'', N'') or need what follows them (U&''). */
    private static boolean isPlainString(CharSequence literal) {
        char first = literal.charAt(0);
        return first == '\'' || first == '$' || first == 'e' || first == 'E';
    }

    /**
     * What a string constant stands for; empty when the server would find fault with it, or when it is of another
     * form.
     */
    static Optional<String> string(CharSequence literal) {
        if (!isPlainString(literal)) {
            return Optional.empty();
        }
        try {
            return Optional.of(TokenText.string(literal));
        } catch (PgErrorException notText) {
            // The server will say so, whichever it is.
            return Optional.empty();
        }
    }
}
