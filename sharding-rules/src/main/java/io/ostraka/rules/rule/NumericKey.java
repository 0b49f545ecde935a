package io.ostraka.rules.rule;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * A {@code numeric} as PostgreSQL keeps it: base 10,000 digits, the first of them worth 10,000^{@code weight}, without
 * zeros at either end, so that 1, 1.0 and 1.00 are one key. Source: {@code numeric.c}.
 */
final class NumericKey implements KeyValue {
    /** Longer ones exist (131,072 digits before the point), but as nobody's key; they are not understood. */
    private static final int MAX_DIGITS = 1000;

    private static final int BASE_DIGITS = 4;
    private static final int BASE = 10_000;
    private static final short[] NONE = {};

    private static final int SIGN_POSITIVE = 0x0000;
    private static final int SIGN_NEGATIVE = 0x4000;
    private static final int SIGN_NAN = 0xC000;
    private static final int SIGN_INFINITY = 0xD000;
    private static final int SIGN_MINUS_INFINITY = 0xF000;
    private static final int HEADER_BYTES = 8;

    static final NumericKey ZERO = new NumericKey(Kind.ZERO, 0, NONE);
    static final NumericKey NAN = new NumericKey(Kind.NAN, 0, NONE);
    static final NumericKey INFINITY = new NumericKey(Kind.INFINITY, 0, NONE);
    static final NumericKey MINUS_INFINITY = new NumericKey(Kind.MINUS_INFINITY, 0, NONE);

    /** In PostgreSQL's order: NaN is above everything, and equal to itself. */
    private enum Kind {
        MINUS_INFINITY,
        NEGATIVE,
        ZERO,
        POSITIVE,
        INFINITY,
        NAN
    }

    private final Kind kind;
    private final int weight;
    private final short[] digits;

    private NumericKey(Kind kind, int weight, short[] digits) {
        this.kind = kind;
        this.weight = weight;
        this.digits = digits;
    }

    /** Decimal notation with optional exponent, NaN and the infinities; blanks around are skipped as the server does. */
    static Optional<NumericKey> parse(String text) {
        String body = PgText.strip(text);
        boolean negative = body.startsWith("-");
        boolean signed = negative || body.startsWith("+");
        String unsigned = signed ? body.substring(1) : body;
        return switch (unsigned.toLowerCase(Locale.ROOT)) {
            case "nan" -> signed ? Optional.empty() : Optional.of(NAN);
            case "inf", "infinity" -> Optional.of(negative ? MINUS_INFINITY : INFINITY);
            default -> parseFinite(unsigned, negative);
        };
    }

    private static Optional<NumericKey> parseFinite(String text, boolean negative) {
        int length = text.length();
        StringBuilder decimals = new StringBuilder(Math.min(length, 64));
        int at = PgText.digits(text, 0, decimals);
        int point = decimals.length();
        if (at < length && text.charAt(at) == '.') {
            at = PgText.digits(text, at + 1, decimals);
        }
        if (decimals.isEmpty()) {
            return Optional.empty();
        }
        int exponent = 0;
        if (at < length && (text.charAt(at) == 'e' || text.charAt(at) == 'E')) {
            String tail = text.substring(at + 1);
            if (!tail.matches("[+-]?[0-9]{1,4}")) {
                return Optional.empty();
            }
            exponent = Integer.parseInt(tail);
            at = length;
        }
        if (at < length || Math.abs((long) exponent) > MAX_DIGITS || decimals.length() > MAX_DIGITS) {
            return Optional.empty();
        }
        NumericKey value = ofDecimals(decimals, point + exponent, negative);
        return value.isShort() ? Optional.of(value) : Optional.empty();
    }

    static NumericKey of(long value) {
        String text = Long.toString(value);
        boolean negative = value < 0;
        String decimals = negative ? text.substring(1) : text;
        return ofDecimals(decimals, decimals.length(), negative);
    }

    private static NumericKey of(BigDecimal value) {
        String decimals = value.unscaledValue().abs().toString();
        return ofDecimals(decimals, decimals.length() - value.scale(), value.signum() < 0);
    }

    /** {@code point}: how many of the decimals stand before the decimal point; may be negative, or beyond the last. */
    private static NumericKey ofDecimals(CharSequence decimals, int point, boolean negative) {
        int from = 0;
        int to = decimals.length();
        while (from < to && decimals.charAt(from) == '0') {
            from++;
        }
        while (to > from && decimals.charAt(to - 1) == '0') {
            to--;
        }
        if (from == to) {
            return ZERO;
        }
        int before = point - from;
        int weight = Math.floorDiv(before - 1, BASE_DIGITS);
        int padding = (weight + 1) * BASE_DIGITS - before;
        short[] digits = new short[(padding + to - from + BASE_DIGITS - 1) / BASE_DIGITS];
        for (int i = 0; i < digits.length * BASE_DIGITS; i++) {
            int at = from + i - padding;
            int decimal = i >= padding && at < to ? decimals.charAt(at) - '0' : 0;
            digits[i / BASE_DIGITS] = (short) (digits[i / BASE_DIGITS] * 10 + decimal);
        }
        return new NumericKey(negative ? Kind.NEGATIVE : Kind.POSITIVE, weight, digits);
    }

    /**
     * The wire's binary form: Int16 digit count, weight, sign, display scale, then the digits. Digits that the display
     * scale would hide are cut off by the server ({@code numeric_recv}); a value with such digits is not understood here.
     */
    static Optional<NumericKey> fromBinary(byte[] bytes) {
        if (bytes.length < HEADER_BYTES) {
            return Optional.empty();
        }
        ByteBuffer in = ByteBuffer.wrap(bytes);
        int count = in.getShort() & 0xffff;
        int weight = in.getShort();
        int sign = in.getShort() & 0xffff;
        int scale = in.getShort() & 0xffff;
        if (bytes.length != HEADER_BYTES + 2 * count) {
            return Optional.empty();
        }
        return switch (sign) {
            case SIGN_NAN -> Optional.of(NAN);
            case SIGN_INFINITY -> Optional.of(INFINITY);
            case SIGN_MINUS_INFINITY -> Optional.of(MINUS_INFINITY);
            case SIGN_POSITIVE, SIGN_NEGATIVE -> finiteFromBinary(in, count, weight, scale, sign == SIGN_NEGATIVE);
            default -> Optional.empty();
        };
    }

    private static Optional<NumericKey> finiteFromBinary(
            ByteBuffer in, int count, int weight, int scale, boolean negative) {
        if (count > MAX_DIGITS / BASE_DIGITS) {
            return Optional.empty();
        }
        StringBuilder decimals = new StringBuilder(count * BASE_DIGITS);
        for (int i = 0; i < count; i++) {
            int digit = in.getShort();
            if (digit < 0 || digit >= BASE) {
                return Optional.empty();
            }
            decimals.append((char) ('0' + digit / 1000))
                    .append((char) ('0' + digit / 100 % 10))
                    .append((char) ('0' + digit / 10 % 10))
                    .append((char) ('0' + digit % 10));
        }
        int point = (weight + 1) * BASE_DIGITS;
        NumericKey value = ofDecimals(decimals, point, negative);
        return value.isShort() && value.scale() <= scale ? Optional.of(value) : Optional.empty();
    }

    @Override
    public KeyType type() {
        return KeyType.NUMERIC;
    }

    @Override
    public long partitionHash() {
        return switch (kind) {
            case NAN, INFINITY, MINUS_INFINITY -> PgHash.PARTITION_SEED;
            case ZERO -> PgHash.PARTITION_SEED - 1;
            case NEGATIVE, POSITIVE -> PgHash.bytes(littleEndianDigits()) ^ weight;
        };
    }

    private byte[] littleEndianDigits() {
        byte[] bytes = new byte[2 * digits.length];
        for (int i = 0; i < digits.length; i++) {
            bytes[2 * i] = (byte) digits[i];
            bytes[2 * i + 1] = (byte) (digits[i] >> 8);
        }
        return bytes;
    }

    private boolean isShort() {
        return Math.abs(weight) <= MAX_DIGITS / BASE_DIGITS && digits.length <= MAX_DIGITS / BASE_DIGITS;
    }

    boolean isFinite() {
        return kind == Kind.ZERO || kind == Kind.NEGATIVE || kind == Kind.POSITIVE;
    }

    boolean isNan() {
        return kind == Kind.NAN;
    }

    /** Decimal places that are not zero at the end; 0 for a whole number. */
    int scale() {
        return isFinite() ? Math.max(0, toBigDecimal().stripTrailingZeros().scale()) : 0;
    }

    BigDecimal toBigDecimal() {
        BigInteger unscaled = BigInteger.ZERO;
        for (short digit : digits) {
            unscaled = unscaled.multiply(BigInteger.valueOf(BASE)).add(BigInteger.valueOf(digit));
        }
        BigDecimal value = new BigDecimal(unscaled, (digits.length - 1 - weight) * BASE_DIGITS);
        return kind == Kind.NEGATIVE ? value.negate() : value;
    }

    /** Rounded half away from zero to {@code scale} places (which may be negative), as the server does on assignment. */
    NumericKey roundedIfFinite(int scale) {
        return isFinite() ? of(toBigDecimal().setScale(scale, RoundingMode.HALF_UP)) : this;
    }

    /** Decimal digits before the point; negative for a number that begins with zeros after it. */
    int digitsBeforePoint() {
        BigDecimal value = toBigDecimal();
        return value.signum() == 0 ? Integer.MIN_VALUE : value.precision() - value.scale();
    }

    @Override
    public int compareTo(KeyValue other) {
        KeyType.NUMERIC.requireSameFamily(other.type());
        NumericKey that = (NumericKey) other;
        if (kind != that.kind) {
            return kind.compareTo(that.kind);
        }
        int byMagnitude = weight != that.weight && digits.length > 0
                ? Integer.compare(weight, that.weight)
                : Arrays.compare(digits, that.digits);
        return kind == Kind.NEGATIVE ? -byMagnitude : byMagnitude;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof NumericKey that
                && kind == that.kind
                && weight == that.weight
                && Arrays.equals(digits, that.digits);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * kind.hashCode() + weight) + Arrays.hashCode(digits);
    }

    @Override
    public String toString() {
        return switch (kind) {
            case NAN -> "NaN";
            case INFINITY -> "Infinity";
            case MINUS_INFINITY -> "-Infinity";
            default -> {
                BigDecimal value = toBigDecimal().stripTrailingZeros();
                yield value.setScale(Math.max(0, value.scale())).toPlainString();
            }
        };
    }
}
