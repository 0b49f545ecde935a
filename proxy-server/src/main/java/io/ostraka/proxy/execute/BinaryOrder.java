package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.ostraka.proxy.wire.ClientEncoding;
import io.ostraka.proxy.wire.SingleByteEncoding;
import io.ostraka.rules.plan.SortType;

/**
 * PostgreSQL's order of two values of one type, both not null and in binary format, texts in the client's encoding. Source: the comparison functions of the
 * types' default btree operator classes. Borrows the buffers; without state.
 */
final class BinaryOrder {
    private static final long MICROS_PER_DAY = 86_400_000_000L;
    private static final int DAYS_PER_MONTH = 30;
    private static final long MICROS_PER_SECOND = 1_000_000L;

    private static final int NUMERIC_NEGATIVE = 0x4000;
    private static final int NUMERIC_NAN = 0xC000;
    private static final int NUMERIC_INFINITY = 0xD000;
    private static final int NUMERIC_NEGATIVE_INFINITY = 0xF000;
    private static final int NUMERIC_HEADER_BYTES = 4 * Short.BYTES;

    private BinaryOrder() {}

    /** A value: bytes {@code [start, start + length)}. Reused for row after row. */
    static final class Value {
        ByteBuf buffer;
        int start;
        int length;
    }

    /** Whether the value, which is not null, has the bytes that {@link #compare} looks at. */
    static boolean isWhole(SortType type, Value value) {
        return switch (type) {
            case BOOL, CHAR -> value.length == Byte.BYTES;
            case INT2 -> value.length == Short.BYTES;
            case INT4, DATE, OID, FLOAT4 -> value.length == Integer.BYTES;
            case INT8, MONEY, TIME, TIMESTAMP, TIMESTAMPTZ, PG_LSN, FLOAT8 -> value.length == Long.BYTES;
            case TIMETZ -> value.length == Long.BYTES + Integer.BYTES;
            case INTERVAL -> value.length == Long.BYTES + 2 * Integer.BYTES;
            case NUMERIC ->
                value.length >= NUMERIC_HEADER_BYTES
                        && value.length
                                == NUMERIC_HEADER_BYTES + value.buffer.getUnsignedShort(value.start) * Short.BYTES;
            case BPCHAR, BYTEA, NAME, TEXT, VARCHAR, UUID, MACADDR, MACADDR8 -> true;
        };
    }

    static int compare(SortType type, Value a, Value b, ClientEncoding encoding) {
        return switch (type) {
            case BOOL, CHAR -> Integer.compare(a.buffer.getUnsignedByte(a.start), b.buffer.getUnsignedByte(b.start));
            case INT2 -> Short.compare(a.buffer.getShort(a.start), b.buffer.getShort(b.start));
            case INT4, DATE -> Integer.compare(a.buffer.getInt(a.start), b.buffer.getInt(b.start));
            case INT8, MONEY, TIME, TIMESTAMP, TIMESTAMPTZ -> Long.compare(int8(a, 0), int8(b, 0));
            case OID -> Integer.compareUnsigned(a.buffer.getInt(a.start), b.buffer.getInt(b.start));
            case PG_LSN -> Long.compareUnsigned(int8(a, 0), int8(b, 0));
            case FLOAT4 -> floats(a.buffer.getFloat(a.start), b.buffer.getFloat(b.start));
            case FLOAT8 -> floats(a.buffer.getDouble(a.start), b.buffer.getDouble(b.start));
            case NUMERIC -> numerics(a, b);
            case INTERVAL -> intervals(a, b);
            case TIMETZ -> timesWithZone(a, b);
            case BPCHAR -> texts(a, unpadded(a), b, unpadded(b), encoding);
            case NAME, TEXT, VARCHAR -> texts(a, a.length, b, b.length, encoding);
            case BYTEA, UUID, MACADDR, MACADDR8 -> bytes(a, a.length, b, b.length);
        };
    }

    private static long int8(Value value, int offset) {
        return value.buffer.getLong(value.start + offset);
    }

    /** NaN is equal to itself and above everything else; both zeros are equal. */
    private static int floats(double a, double b) {
        if (Double.isNaN(a) || Double.isNaN(b)) {
            return Boolean.compare(Double.isNaN(a), Double.isNaN(b));
        }
        return a < b ? -1 : a > b ? 1 : 0;
    }

    private static int bytes(Value a, int lengthOfA, Value b, int lengthOfB) {
        int shared = Math.min(lengthOfA, lengthOfB);
        int result =
                shared == 0 ? 0 : ByteBufUtil.compare(a.buffer.slice(a.start, shared), b.buffer.slice(b.start, shared));
        return result != 0 ? result : Integer.compare(lengthOfA, lengthOfB);
    }

    /** In the order of their bytes in the database, which are UTF-8. */
    private static int texts(Value a, int lengthOfA, Value b, int lengthOfB, ClientEncoding encoding) {
        if (encoding.isUtf8()) {
            return bytes(a, lengthOfA, b, lengthOfB);
        }
        SingleByteEncoding characters = (SingleByteEncoding) encoding;
        for (int i = 0; i < Math.min(lengthOfA, lengthOfB); i++) {
            int result = Character.compare(
                    characters.character(a.buffer.getByte(a.start + i)),
                    characters.character(b.buffer.getByte(b.start + i)));
            if (result != 0) {
                return result;
            }
        }
        return Integer.compare(lengthOfA, lengthOfB);
    }

    private static int unpadded(Value value) {
        int length = value.length;
        while (length > 0 && value.buffer.getByte(value.start + length - 1) == ' ') {
            length--;
        }
        return length;
    }

    /** Days have 24 hours, months 30 days. Infinity has the greatest value in each field. */
    private static int intervals(Value a, Value b) {
        int byDays = Long.compare(days(a), days(b));
        return byDays != 0
                ? byDays
                : Long.compare(Math.floorMod(int8(a, 0), MICROS_PER_DAY), Math.floorMod(int8(b, 0), MICROS_PER_DAY));
    }

    private static long days(Value interval) {
        long months = interval.buffer.getInt(interval.start + Long.BYTES + Integer.BYTES);
        return months * DAYS_PER_MONTH
                + interval.buffer.getInt(interval.start + Long.BYTES)
                + Math.floorDiv(int8(interval, 0), MICROS_PER_DAY);
    }

    /** By the time in UTC, then by the zone, which counts seconds to the west. */
    private static int timesWithZone(Value a, Value b) {
        int zoneOfA = a.buffer.getInt(a.start + Long.BYTES);
        int zoneOfB = b.buffer.getInt(b.start + Long.BYTES);
        int byTime = Long.compare(int8(a, 0) + zoneOfA * MICROS_PER_SECOND, int8(b, 0) + zoneOfB * MICROS_PER_SECOND);
        return byTime != 0 ? byTime : Integer.compare(zoneOfA, zoneOfB);
    }

    // ---- numeric: Int16 number of digits, weight of the first, sign, scale; digits of base 10,000 ------------------

    private static int numerics(Value a, Value b) {
        int byKind = Integer.compare(kind(a), kind(b));
        if (byKind != 0 || kind(a) != 0) {
            return byKind;
        }
        int signOfA = signOf(a);
        int bySign = Integer.compare(signOfA, signOf(b));
        if (bySign != 0) {
            return bySign;
        }
        return signOfA < 0 ? magnitudes(b, a) : magnitudes(a, b);
    }

    /** Below, among and above the finite numbers. */
    private static int kind(Value value) {
        return switch (value.buffer.getUnsignedShort(value.start + 2 * Short.BYTES)) {
            case NUMERIC_NEGATIVE_INFINITY -> -1;
            case NUMERIC_INFINITY -> 1;
            case NUMERIC_NAN -> 2;
            default -> 0;
        };
    }

    private static int signOf(Value value) {
        int digits = value.buffer.getUnsignedShort(value.start);
        for (int i = 0; i < digits; i++) {
            if (digit(value, i) != 0) {
                return value.buffer.getUnsignedShort(value.start + 2 * Short.BYTES) == NUMERIC_NEGATIVE ? -1 : 1;
            }
        }
        return 0;
    }

    private static int digit(Value value, int index) {
        return value.buffer.getShort(value.start + NUMERIC_HEADER_BYTES + index * Short.BYTES);
    }

    private static int magnitudes(Value a, Value b) {
        int digitsOfA = a.buffer.getUnsignedShort(a.start);
        int digitsOfB = b.buffer.getUnsignedShort(b.start);
        int weightOfA = a.buffer.getShort(a.start + Short.BYTES);
        int weightOfB = b.buffer.getShort(b.start + Short.BYTES);
        int last = Math.min(weightOfA - digitsOfA, weightOfB - digitsOfB) + 1;
        for (int weight = Math.max(weightOfA, weightOfB); weight >= last; weight--) {
            int result = Integer.compare(
                    digitAt(a, weightOfA - weight, digitsOfA), digitAt(b, weightOfB - weight, digitsOfB));
            if (result != 0) {
                return result;
            }
        }
        return 0;
    }

    private static int digitAt(Value value, int index, int digits) {
        return index < 0 || index >= digits ? 0 : digit(value, index);
    }
}
