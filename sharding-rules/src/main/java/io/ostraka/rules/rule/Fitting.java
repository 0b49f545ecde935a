package io.ostraka.rules.rule;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What a column's type modifier does to a value when it is stored: {@code numeric(10,2)} and {@code timestamp(3)} round,
 * {@code varchar(5)} cuts surplus blanks. Pure. Source: {@code numeric()}, {@code varchar()}, {@code AdjustTimestampForTypmod}.
 */
final class Fitting {
    /** Type modifiers of variable-length types count from here ({@code VARHDRSZ}). */
    private static final int HEADER = 4;

    private Fitting() {}

    /** Empty when the server would refuse the value. */
    static Optional<KeyValue> fit(KeyValue value, int typeModifier) {
        if (typeModifier < 0) {
            return Optional.of(value);
        }
        return switch (value.type().family()) {
            case NUMERIC -> fitNumeric((NumericKey) value, typeModifier - HEADER);
            case TEXT, BPCHAR -> fitText((BytesKey) value, typeModifier - HEADER);
            case TIMESTAMP, TIMESTAMPTZ -> Optional.of(fitTimestamp((IntegerKey) value, typeModifier));
            case INTEGER, UUID, DATE, BYTEA, BOOL -> Optional.of(value);
        };
    }

    private static Optional<KeyValue> fitNumeric(NumericKey value, int packed) {
        if (value.isNan()) {
            return Optional.of(value);
        }
        if (!value.isFinite()) {
            return Optional.empty();
        }
        int precision = (packed >> 16) & 0xffff;
        // Eleven bits with sign: since PostgreSQL 15 a scale may be negative.
        int scale = ((packed & 0x7ff) ^ 1024) - 1024;
        NumericKey rounded = value.scale() <= scale && scale >= 0 ? value : value.roundedIfFinite(scale);
        return rounded.digitsBeforePoint() > precision - scale ? Optional.empty() : Optional.of(rounded);
    }

    private static Optional<KeyValue> fitText(BytesKey value, int maxCharacters) {
        byte[] text = value.value();
        if (text.length <= maxCharacters) {
            return Optional.of(value);
        }
        int end = 0;
        int characters = 0;
        for (; end < text.length; end++) {
            // Every byte but the continuation bytes of UTF-8 begins a character.
            if ((text[end] & 0xC0) != 0x80 && ++characters > maxCharacters) {
                break;
            }
        }
        for (int i = end; i < text.length; i++) {
            if (text[i] != ' ') {
                return Optional.empty();
            }
        }
        String cut = new String(text, 0, end, StandardCharsets.UTF_8);
        return end == text.length ? Optional.of(value) : value.type().fromText(cut);
    }

    private static KeyValue fitTimestamp(IntegerKey value, int places) {
        if (KeyType.isInfinite(value.value()) || places >= 6) {
            return value;
        }
        long unit = 1;
        for (int i = places; i < 6; i++) {
            unit *= 10;
        }
        // Half away from 2000-01-01, which is zero.
        long half = value.value() >= 0 ? unit / 2 : -(unit / 2);
        return new IntegerKey(value.type(), (value.value() + half) / unit * unit);
    }
}
