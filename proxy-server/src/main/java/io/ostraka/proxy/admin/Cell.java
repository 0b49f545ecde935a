package io.ostraka.proxy.admin;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/** A value that the console shows, in both of PostgreSQL's formats. Immutable. */
sealed interface Cell {
    byte[] text();

    byte[] binary();

    /** The type {@code text}. */
    record Text(String value) implements Cell {
        @Override
        public byte[] text() {
            // Names from elsewhere may hold anything.
            return value.replace('\0', ' ').getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public byte[] binary() {
            return text();
        }
    }

    /** The type {@code bigint}. */
    record Bigint(long value) implements Cell {
        @Override
        public byte[] text() {
            return Long.toString(value).getBytes(StandardCharsets.US_ASCII);
        }

        @Override
        public byte[] binary() {
            return ByteBuffer.allocate(Long.BYTES).putLong(value).array();
        }
    }

    /** The type {@code boolean}. */
    record Flag(boolean value) implements Cell {
        @Override
        public byte[] text() {
            return new byte[] {(byte) (value ? 't' : 'f')};
        }

        @Override
        public byte[] binary() {
            return new byte[] {(byte) (value ? 1 : 0)};
        }
    }

    /** The type {@code timestamp with time zone}, of which PostgreSQL keeps microseconds. The console's time zone is UTC. */
    record Time(Instant value) implements Cell {
        private static final DateTimeFormatter ISO = DateTimeFormatter.ofPattern(
                        "yyyy-MM-dd HH:mm:ss.SSSSSSx", Locale.ROOT)
                .withZone(ZoneOffset.UTC);
        private static final Instant ZERO = Instant.parse("2000-01-01T00:00:00Z");

        @Override
        public byte[] text() {
            return ISO.format(value).getBytes(StandardCharsets.US_ASCII);
        }

        @Override
        public byte[] binary() {
            return ByteBuffer.allocate(Long.BYTES)
                    .putLong(ZERO.until(value, ChronoUnit.MICROS))
                    .array();
        }
    }
}
