package io.ostraka.rules.plan;

import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/** LIMIT, OFFSET and FETCH of a query whose rows come from several shards. Immutable. */
public record RowLimit(Optional<Count> count, Optional<Count> offset, boolean withTies) {
    static final RowLimit NONE = new RowLimit(Optional.empty(), Optional.empty(), false);

    /** What a server takes for a count of rows without having to convert it first. */
    private static final Pattern DIGITS = Pattern.compile("[0-9]{1,19}");

    private static final Pattern DECIMAL =
            Pattern.compile("([0-9]{1,100}\\.?[0-9]{0,100}|\\.[0-9]{1,100})([eE][+-]?[0-9]{1,3})?");

    private static final int INT8_OID = 20;
    private static final int INT2_OID = 21;
    private static final int INT4_OID = 23;

    /** The number of rows as it is written. */
    public sealed interface Count {
        /** A literal, by its number or, when that is -1, with its text. */
        record Literal(int index, String text) implements Count {}

        record Parameter(int number) implements Count {}
    }

    /** What it comes to in one execution. {@code count} is empty when all rows are wanted. */
    public record Bounds(OptionalLong count, long offset, boolean withTies) {}

    public boolean isNone() {
        return count.isEmpty() && offset.isEmpty();
    }

    /**
     * The bounds for these values. For negative ones every shard has an error, so there are none.
     *
     * @throws io.ostraka.rules.error.PgErrorException for a value that only a server could read
     */
    public Bounds bounds(StatementValues values) {
        OptionalLong skipped = offset.map(value -> read(value, values)).orElse(OptionalLong.empty());
        OptionalLong wanted = count.map(value -> read(value, values)).orElse(OptionalLong.empty());
        return new Bounds(
                wanted.orElse(0) < 0 ? OptionalLong.empty() : wanted, Math.max(0, skipped.orElse(0)), withTies);
    }

    private static OptionalLong read(Count written, StatementValues values) {
        if (written instanceof Count.Literal literal) {
            CharSequence text = literal.index() < 0 ? literal.text() : values.literal(literal.index());
            return OptionalLong.of(
                    ValueReader.isNumber(text)
                            ? rounded(text.toString().replace("_", ""))
                            : number(ValueReader.string(text).orElse("")));
        }
        return parameter(((Count.Parameter) written).number(), values);
    }

    private static OptionalLong parameter(int number, StatementValues values) {
        if (number > values.parameterCount()) {
            throw unreadable();
        }
        if (values.parameterIsNull(number)) {
            return OptionalLong.empty();
        }
        int oid = values.parameterOid(number);
        if (oid != 0 && oid != INT8_OID && oid != INT4_OID && oid != INT2_OID) {
            throw unreadable();
        }
        byte[] bytes = values.parameter(number);
        if (!values.parameterIsBinary(number)) {
            String text = new String(bytes, StandardCharsets.UTF_8);
            return OptionalLong.of(text.startsWith("-") ? -number(text.substring(1)) : number(text));
        }
        int width = oid == INT4_OID ? Integer.BYTES : oid == INT2_OID ? Short.BYTES : Long.BYTES;
        if (bytes.length != width) {
            throw unreadable();
        }
        ByteBuffer value = ByteBuffer.wrap(bytes);
        return OptionalLong.of(width == Long.BYTES ? value.getLong() : width == 4 ? value.getInt() : value.getShort());
    }

    /** A number with a fraction is rounded, as a server converts numeric to bigint. */
    private static long rounded(String text) {
        if (!DECIMAL.matcher(text).matches()) {
            throw unreadable();
        }
        BigInteger whole =
                new BigDecimal(text).setScale(0, RoundingMode.HALF_UP).toBigInteger();
        if (whole.bitLength() >= Long.SIZE) {
            throw new PgError(SqlState.NUMERIC_VALUE_OUT_OF_RANGE, "bigint out of range").toException();
        }
        return whole.longValue();
    }

    private static long number(String digits) {
        if (!DIGITS.matcher(digits).matches() || new BigInteger(digits).bitLength() >= Long.SIZE) {
            throw unreadable();
        }
        return Long.parseLong(digits);
    }

    private static RuntimeException unreadable() {
        return Refusals.unsupported(
                        "this value of LIMIT or OFFSET is not supported yet for rows of several shards",
                        "It is not a plain number of rows.",
                        "Write the number in digits, or pass a parameter of type bigint or integer.")
                .toException();
    }
}
