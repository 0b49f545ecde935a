package io.ostraka.rules.rule;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The types a shard key may have, with their input from PostgreSQL's text and binary formats. Text is UTF-8: the caller
 * sees to it that the shards' encoding is, and converts from {@code client_encoding}. Whatever would not be read exactly as the server
 * reads it, in any session, is not understood: an empty answer, never a guess.
 *
 * <p>Comparing and storing are two things. {@code WHERE id = v} compares with {@code v} itself ({@link #compared}); {@code
 * INSERT} and {@code SET id = v} first fit {@code v} into the column ({@link #stored}), which may round or cut it.
 */
public enum KeyType {
    INT2("int2", 21, Family.INTEGER),
    INT4("int4", 23, Family.INTEGER),
    INT8("int8", 20, Family.INTEGER),
    TEXT("text", 25, Family.TEXT),
    VARCHAR("varchar", 1043, Family.TEXT),
    BPCHAR("bpchar", 1042, Family.BPCHAR),
    UUID("uuid", 2950, Family.UUID),
    NUMERIC("numeric", 1700, Family.NUMERIC),
    DATE("date", 1082, Family.DATE),
    TIMESTAMP("timestamp", 1114, Family.TIMESTAMP),
    TIMESTAMPTZ("timestamptz", 1184, Family.TIMESTAMPTZ),
    BYTEA("bytea", 17, Family.BYTEA),
    BOOL("bool", 16, Family.BOOL);

    /** Types whose equal values hash alike: PostgreSQL's hash operator families. */
    public enum Family {
        INTEGER,
        TEXT,
        BPCHAR,
        UUID,
        NUMERIC,
        DATE,
        TIMESTAMP,
        TIMESTAMPTZ,
        BYTEA,
        BOOL
    }

    private static final Pattern NUMERIC_LITERAL = Pattern.compile("[+-]?[0-9.]+([eE][+-]?[0-9]+)?");
    private static final Map<String, KeyType> BY_NAME = new HashMap<>();
    private static final Map<Integer, KeyType> BY_OID = new HashMap<>();

    static {
        for (KeyType type : values()) {
            BY_NAME.put(type.typeName, type);
            BY_OID.put(type.oid, type);
        }
    }

    private final String typeName;
    private final int oid;
    private final Family family;

    KeyType(String typeName, int oid, Family family) {
        this.typeName = typeName;
        this.oid = oid;
        this.family = family;
    }

    /** By the catalog's name, {@code int4} and not {@code integer}; empty for a type that cannot be a shard key. */
    public static Optional<KeyType> named(String typeName) {
        return Optional.ofNullable(BY_NAME.get(typeName));
    }

    /** By the OID that a parameter declares. */
    public static Optional<KeyType> ofOid(int oid) {
        return Optional.ofNullable(BY_OID.get(oid));
    }

    /** The names of all types, for people. */
    static String names() {
        return Stream.of(values()).map(KeyType::typeName).collect(Collectors.joining(", "));
    }

    /** {@code pg_type.typname}. */
    public String typeName() {
        return typeName;
    }

    public int oid() {
        return oid;
    }

    public Family family() {
        return family;
    }

    /** Whether the proxy's order of the values is the server's too, which for text depends on the collation. */
    public boolean ordersAsServer() {
        return family != Family.TEXT && family != Family.BPCHAR;
    }

    void requireSameFamily(KeyType other) {
        if (family != other.family) {
            throw new IllegalArgumentException("a key of type " + other.typeName + " where " + typeName + " is meant");
        }
    }

    /** From the type's text form, as in {@code '...'::type}, without any type modifier. */
    public Optional<KeyValue> fromText(String text) {
        return switch (family) {
            case TEXT, BPCHAR -> PgText.utf8(text).map(this::ofBytes);
            case BYTEA -> PgText.utf8(text).flatMap(PgText::bytea).map(this::ofBytes);
            case UUID -> PgText.uuid(text).map(this::ofBytes);
            case INTEGER -> ofInteger(PgText.integer(text));
            case NUMERIC -> NumericKey.parse(text).map(value -> value);
            case DATE -> ofNumber(DateTimeText.date(text));
            case TIMESTAMP -> ofNumber(DateTimeText.timestamp(text));
            case TIMESTAMPTZ -> ofNumber(DateTimeText.timestamptz(text));
            case BOOL -> PgText.bool(text).map(value -> new IntegerKey(this, value ? 1 : 0));
        };
    }

    /** From a parameter in text format. The key may share the array. */
    public Optional<KeyValue> fromText(byte[] utf8) {
        return switch (family) {
            case TEXT, BPCHAR -> PgText.isUtf8Text(utf8) ? Optional.of(ofBytes(utf8)) : Optional.empty();
            case BYTEA -> PgText.isUtf8Text(utf8) ? PgText.bytea(utf8).map(this::ofBytes) : Optional.empty();
            // No other type's input has a character outside ASCII; here it turns into one that no parser takes.
            default -> fromText(new String(utf8, StandardCharsets.ISO_8859_1));
        };
    }

    /** Whether its binary format is text, which is in the client's encoding as its text format is. */
    public boolean hasCharacters() {
        return family == Family.TEXT || family == Family.BPCHAR;
    }

    /** From a parameter in binary format. The key may share the array. Source: the types' {@code recv} functions. */
    public Optional<KeyValue> fromBinary(byte[] bytes) {
        return switch (this) {
            case INT2 -> bytes.length == 2 ? ofNumber(ByteBuffer.wrap(bytes).getShort()) : Optional.empty();
            case INT4 -> bytes.length == 4 ? ofNumber(ByteBuffer.wrap(bytes).getInt()) : Optional.empty();
            case INT8 -> bytes.length == 8 ? ofNumber(ByteBuffer.wrap(bytes).getLong()) : Optional.empty();
            case TEXT, VARCHAR, BPCHAR -> PgText.isUtf8Text(bytes) ? Optional.of(ofBytes(bytes)) : Optional.empty();
            case UUID -> bytes.length == 16 ? Optional.of(ofBytes(bytes)) : Optional.empty();
            case NUMERIC -> NumericKey.fromBinary(bytes).map(value -> value);
            case DATE ->
                bytes.length == 4 ? dateFromBinary(ByteBuffer.wrap(bytes).getInt()) : Optional.empty();
            case TIMESTAMP, TIMESTAMPTZ ->
                bytes.length == 8 ? timestampFromBinary(ByteBuffer.wrap(bytes).getLong()) : Optional.empty();
            case BYTEA -> Optional.of(ofBytes(bytes));
            case BOOL -> bytes.length == 1 ? ofNumber(bytes[0] == 0 ? 0 : 1) : Optional.empty();
        };
    }

    /** A number of the statement's text, typed as the server types it: int4 if it fits, else int8, else numeric. */
    public static Optional<KeyValue> ofNumericLiteral(String literal) {
        // The pattern keeps out what is input of numeric but no literal, such as NaN.
        if (!NUMERIC_LITERAL.matcher(literal).matches()) {
            return Optional.empty();
        }
        OptionalLong whole = PgText.integer(literal);
        if (whole.isEmpty()) {
            return NUMERIC.fromText(literal);
        }
        boolean small = whole.getAsLong() == (int) whole.getAsLong();
        return (small ? INT4 : INT8).ofNumber(whole.getAsLong());
    }

    /**
     * Which key of a column of this type {@code column = value} selects. {@code value} has a type of its own: a parameter
     * declared so, a typed literal, a number. (An untyped literal or parameter takes the column's type: {@link #fromText}.)
     */
    public KeyMatch compared(KeyValue value) {
        return switch (family) {
            case INTEGER -> comparedWithInteger(value);
            case NUMERIC ->
                value instanceof IntegerKey number && number.type().family == Family.INTEGER
                        ? new KeyMatch.Key(NumericKey.of(number.value()))
                        : sameFamily(value);
            // A bpchar on either side may make it a comparison without trailing blanks: not a text key's.
            case TEXT -> sameFamily(value);
            // Compared as bpchar, or as text with this side's blanks cut: either way a match has this key.
            case BPCHAR ->
                value.type().family == Family.TEXT
                        ? new KeyMatch.Key(ofBytes(((BytesKey) value).value()))
                        : sameFamily(value);
            case DATE -> value.type() == TIMESTAMP ? dateAt(((IntegerKey) value).value()) : sameFamily(value);
            case TIMESTAMP -> value.type() == DATE ? midnightOf(((IntegerKey) value).value()) : sameFamily(value);
            case UUID, TIMESTAMPTZ, BYTEA, BOOL -> sameFamily(value);
        };
    }

    /**
     * The key that a column of this type and type modifier (-1: none) holds once {@code value} was assigned to it; never
     * {@link KeyMatch.NoRow}. What the server would refuse is unknown here too, and may be sent anywhere to be refused.
     */
    public KeyMatch stored(KeyValue value, int typeModifier) {
        Optional<KeyValue> fitted = castForStoring(value).flatMap(cast -> Fitting.fit(cast, typeModifier));
        return fitted.isPresent() ? new KeyMatch.Key(fitted.get()) : KeyMatch.UNKNOWN;
    }

    private Optional<KeyValue> castForStoring(KeyValue value) {
        Family from = value.type().family;
        if (from == family) {
            return retyped(value);
        }
        return switch (family) {
            case INTEGER ->
                value instanceof NumericKey number ? wholeNumber(number.roundedIfFinite(0)) : Optional.empty();
            case NUMERIC ->
                from == Family.INTEGER ? Optional.of(NumericKey.of(((IntegerKey) value).value())) : Optional.empty();
            case TEXT -> from == Family.INTEGER ? fromText(value.toString()) : Optional.empty();
            case BPCHAR -> from == Family.TEXT ? Optional.of(ofBytes(((BytesKey) value).value())) : Optional.empty();
            case DATE ->
                value.type() == TIMESTAMP
                        ? Optional.of(new IntegerKey(DATE, dayOf(((IntegerKey) value).value())))
                        : Optional.empty();
            case TIMESTAMP ->
                value.type() == DATE && midnightOf(((IntegerKey) value).value()) instanceof KeyMatch.Key midnight
                        ? Optional.of(midnight.value())
                        : Optional.empty();
            case UUID, TIMESTAMPTZ, BYTEA, BOOL -> Optional.empty();
        };
    }

    private KeyMatch sameFamily(KeyValue value) {
        if (value.type().family != family) {
            return KeyMatch.UNKNOWN;
        }
        return retyped(value).<KeyMatch>map(KeyMatch.Key::new).orElse(KeyMatch.NO_ROW);
    }

    /** The value under this type's name; empty when it is out of range. */
    private Optional<KeyValue> retyped(KeyValue value) {
        if (value.type() == this) {
            return Optional.of(value);
        }
        return family == Family.INTEGER
                ? ofInteger(OptionalLong.of(((IntegerKey) value).value()))
                : Optional.of(ofBytes(((BytesKey) value).value()));
    }

    private KeyMatch comparedWithInteger(KeyValue value) {
        if (value instanceof NumericKey number) {
            Optional<KeyValue> whole =
                    number.isFinite() && number.scale() == 0 ? wholeNumber(number) : Optional.empty();
            return whole.<KeyMatch>map(KeyMatch.Key::new).orElse(KeyMatch.NO_ROW);
        }
        return sameFamily(value);
    }

    private Optional<KeyValue> wholeNumber(NumericKey number) {
        return number.isFinite() ? ofInteger(PgText.integer(number.toString())) : Optional.empty();
    }

    private KeyMatch dateAt(long timestamp) {
        long day = dayOf(timestamp);
        return isInfinite(timestamp) || day * DateTimeText.MICROS_PER_DAY == timestamp
                ? new KeyMatch.Key(new IntegerKey(DATE, day))
                : KeyMatch.NO_ROW;
    }

    private static KeyMatch midnightOf(long day) {
        if (day == DateTimeText.INFINITE_DATE) {
            return new KeyMatch.Key(new IntegerKey(TIMESTAMP, DateTimeText.INFINITE_TIMESTAMP));
        }
        if (day == DateTimeText.MINUS_INFINITE_DATE) {
            return new KeyMatch.Key(new IntegerKey(TIMESTAMP, DateTimeText.MINUS_INFINITE_TIMESTAMP));
        }
        OptionalLong midnight = DateTimeText.inRange(day, 0);
        return midnight.isPresent()
                ? new KeyMatch.Key(new IntegerKey(TIMESTAMP, midnight.getAsLong()))
                : KeyMatch.NO_ROW;
    }

    private static long dayOf(long timestamp) {
        if (timestamp == DateTimeText.INFINITE_TIMESTAMP) {
            return DateTimeText.INFINITE_DATE;
        }
        if (timestamp == DateTimeText.MINUS_INFINITE_TIMESTAMP) {
            return DateTimeText.MINUS_INFINITE_DATE;
        }
        return Math.floorDiv(timestamp, DateTimeText.MICROS_PER_DAY);
    }

    static boolean isInfinite(long timestamp) {
        return timestamp == DateTimeText.INFINITE_TIMESTAMP || timestamp == DateTimeText.MINUS_INFINITE_TIMESTAMP;
    }

    private Optional<KeyValue> dateFromBinary(int day) {
        boolean known = day == DateTimeText.INFINITE_DATE || day == DateTimeText.MINUS_INFINITE_DATE;
        return known || DateTimeText.isDate(day) ? ofNumber(day) : Optional.empty();
    }

    private Optional<KeyValue> timestampFromBinary(long micros) {
        return isInfinite(micros) || DateTimeText.isTimestamp(micros) ? ofNumber(micros) : Optional.empty();
    }

    private Optional<KeyValue> ofInteger(OptionalLong value) {
        if (value.isEmpty()) {
            return Optional.empty();
        }
        long number = value.getAsLong();
        boolean fits =
                switch (this) {
                    case INT2 -> number == (short) number;
                    case INT4 -> number == (int) number;
                    default -> true;
                };
        return fits ? ofNumber(number) : Optional.empty();
    }

    private Optional<KeyValue> ofNumber(OptionalLong value) {
        return value.isPresent() ? ofNumber(value.getAsLong()) : Optional.empty();
    }

    private Optional<KeyValue> ofNumber(long value) {
        return Optional.of(new IntegerKey(this, value));
    }

    private KeyValue ofBytes(byte[] value) {
        return new BytesKey(this, this == BPCHAR ? PgText.withoutTrailingBlanks(value) : value);
    }
}
