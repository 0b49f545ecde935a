package io.ostraka.rules.rule;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The text input functions of PostgreSQL's simple types, as far as their result depends on nothing but the text. What a
 * function here does not understand, the server may still accept. Pure. Source: {@code int8in}, {@code boolin}, {@code
 * uuid_in}, {@code byteain}.
 */
final class PgText {
    private PgText() {}

    /** What C's {@code isspace} skips. */
    static String strip(String text) {
        int from = 0;
        int to = text.length();
        while (from < to && isSpace(text.charAt(from))) {
            from++;
        }
        while (to > from && isSpace(text.charAt(to - 1))) {
            to--;
        }
        return text.substring(from, to);
    }

    private static boolean isSpace(char c) {
        return c == ' ' || (c >= '\t' && c <= '\r');
    }

    /** Appends the ASCII digits from {@code at} on, as many as there are, to {@code out}; returns where they end. */
    static int digits(CharSequence text, int at, StringBuilder out) {
        int end = at;
        while (end < text.length() && isDigit(text.charAt(end))) {
            end++;
        }
        out.append(text, at, end);
        return end;
    }

    static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    /** Decimal only: {@code 0x1f} and {@code 1_000}, which newer servers read and older ones refuse, are not understood. */
    static OptionalLong integer(String text) {
        String body = strip(text);
        int at = body.startsWith("-") || body.startsWith("+") ? 1 : 0;
        if (at == body.length()) {
            return OptionalLong.empty();
        }
        long value = 0;
        // Downwards, because the smallest number has no positive counterpart.
        for (; at < body.length(); at++) {
            int digit = body.charAt(at) - '0';
            if (digit < 0 || digit > 9 || value < (Long.MIN_VALUE + digit) / 10) {
                return OptionalLong.empty();
            }
            value = value * 10 - digit;
        }
        if (body.charAt(0) == '-') {
            return OptionalLong.of(value);
        }
        return value == Long.MIN_VALUE ? OptionalLong.empty() : OptionalLong.of(-value);
    }

    /** Any unambiguous beginning of true, false, yes, no, on, off; 1 and 0. */
    static Optional<Boolean> bool(String text) {
        String body = strip(text).toLowerCase(Locale.ROOT);
        return switch (body) {
            case "t", "tr", "tru", "true", "y", "ye", "yes", "on", "1" -> Optional.of(true);
            case "f", "fa", "fal", "fals", "false", "n", "no", "of", "off", "0" -> Optional.of(false);
            default -> Optional.empty();
        };
    }

    /** 32 hexadecimal digits, a hyphen allowed after any group of four, braces around allowed. */
    static Optional<byte[]> uuid(String text) {
        boolean braces = text.startsWith("{");
        if (braces && !text.endsWith("}")) {
            return Optional.empty();
        }
        int at = braces ? 1 : 0;
        int end = braces ? text.length() - 1 : text.length();
        byte[] value = new byte[16];
        for (int i = 0; i < value.length; i++) {
            if (at + 2 > end) {
                return Optional.empty();
            }
            int octet = hexOctet(text.charAt(at), text.charAt(at + 1));
            if (octet < 0) {
                return Optional.empty();
            }
            value[i] = (byte) octet;
            at += 2;
            if (at < end && text.charAt(at) == '-' && i % 2 == 1 && i < value.length - 1) {
                at++;
            }
        }
        return at == end ? Optional.of(value) : Optional.empty();
    }

    /** Both of bytea's input forms, {@code \x0aff} and the escape format. */
    static Optional<byte[]> bytea(byte[] text) {
        boolean hex = text.length >= 2 && text[0] == '\\' && text[1] == 'x';
        return hex ? byteaHex(text) : byteaEscape(text);
    }

    private static Optional<byte[]> byteaHex(byte[] text) {
        byte[] value = new byte[text.length / 2];
        int length = 0;
        for (int at = 2; at < text.length; ) {
            byte c = text[at];
            if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
                at++;
                continue;
            }
            int octet = at + 1 < text.length ? hexOctet((char) c, (char) text[at + 1]) : -1;
            if (octet < 0) {
                return Optional.empty();
            }
            value[length++] = (byte) octet;
            at += 2;
        }
        return Optional.of(Arrays.copyOf(value, length));
    }

    private static Optional<byte[]> byteaEscape(byte[] text) {
        ByteArrayOutputStream value = new ByteArrayOutputStream(text.length);
        for (int at = 0; at < text.length; ) {
            if (text[at] != '\\') {
                value.write(text[at]);
                at++;
            } else if (at + 1 < text.length && text[at + 1] == '\\') {
                value.write('\\');
                at += 2;
            } else if (isOctal(text, at + 1, '3') && isOctal(text, at + 2, '7') && isOctal(text, at + 3, '7')) {
                value.write(((text[at + 1] - '0') << 6) | ((text[at + 2] - '0') << 3) | (text[at + 3] - '0'));
                at += 4;
            } else {
                return Optional.empty();
            }
        }
        return Optional.of(value.toByteArray());
    }

    private static boolean isOctal(byte[] text, int at, char highest) {
        return at < text.length && text[at] >= '0' && text[at] <= highest;
    }

    private static int hexOctet(char high, char low) {
        if (high > 'f' || low > 'f') {
            return -1;
        }
        int top = Character.digit(high, 16);
        int bottom = Character.digit(low, 16);
        return top < 0 || bottom < 0 ? -1 : (top << 4) | bottom;
    }

    /** The UTF-8 bytes of a string that a PostgreSQL text can hold: no NUL, no half of a surrogate pair. */
    static Optional<byte[]> utf8(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean pair = i + 1 < text.length() && Character.isSurrogatePair(c, text.charAt(i + 1));
            if (c == 0 || (Character.isSurrogate(c) && !pair)) {
                return Optional.empty();
            }
            i += pair ? 1 : 0;
        }
        return Optional.of(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Whether the bytes are UTF-8 without NUL, so that a server whose encoding is UTF-8 stores them as they are. */
    static boolean isUtf8Text(byte[] bytes) {
        boolean ascii = true;
        for (byte b : bytes) {
            if (b == 0) {
                return false;
            }
            ascii &= b > 0;
        }
        if (ascii) {
            return true;
        }
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    static byte[] withoutTrailingBlanks(byte[] text) {
        int end = text.length;
        while (end > 0 && text[end - 1] == ' ') {
            end--;
        }
        return end == text.length ? text : Arrays.copyOf(text, end);
    }
}
