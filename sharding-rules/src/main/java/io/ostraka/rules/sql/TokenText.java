package io.ostraka.rules.sql;

import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * From a token's text to what it stands for: names folded and unquoted, string constants without quotes and escapes,
 * numbers. Source: PostgreSQL manual, "Identifiers and Key Words" and "Constants".
 */
public final class TokenText {
    /** PostgreSQL's NAMEDATALEN, less its terminator: longer names are cut. */
    static final int MAX_NAME_BYTES = 63;

    /** PostgreSQL's numeric has up to 131,072 digits before the point and 16,383 after it; longer ones it would cut. */
    private static final int MAX_NUMBER_LENGTH = 150_000;

    private TokenText() {}

    /** The name that an identifier token, the characters {@code [start, end)}, stands for. */
    static String identifier(String sql, int start, int end, TokenKind kind) {
        return switch (kind) {
            case IDENTIFIER -> cut(fold(sql, start, end));
            case QUOTED_IDENTIFIER -> cut(sql.substring(start + 1, end - 1).replace("\"\"", "\""));
            case UNICODE_IDENTIFIER -> unicodeIdentifier(sql.substring(start, end), '\\');
            default -> throw new IllegalArgumentException(kind + " is no identifier");
        };
    }

    /** The name in {@code U&"..."} with the escape character of its UESCAPE clause, or a backslash without one. */
    static String unicodeIdentifier(CharSequence token, char escape) {
        String body = token.subSequence(3, token.length() - 1).toString().replace("\"\"", "\"");
        return cut(unicode(body, escape));
    }

    /** Only ASCII letters fold: in a UTF-8 database PostgreSQL leaves all others as they are. */
    private static String fold(String sql, int start, int end) {
        for (int i = start; i < end; i++) {
            char c = sql.charAt(i);
            if (c >= 'A' && c <= 'Z') {
                char[] folded = new char[end - start];
                sql.getChars(start, end, folded, 0);
                for (int j = i - start; j < folded.length; j++) {
                    if (folded[j] >= 'A' && folded[j] <= 'Z') {
                        folded[j] = (char) (folded[j] + 32);
                    }
                }
                return new String(folded);
            }
        }
        return sql.substring(start, end);
    }

    private static String cut(String name) {
        if (name.length() * 3 <= MAX_NAME_BYTES) {
            return name;
        }
        int bytes = 0;
        int i = 0;
        while (i < name.length()) {
            int point = name.codePointAt(i);
            bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
            if (bytes > MAX_NAME_BYTES) {
                return name.substring(0, i);
            }
            i += Character.charCount(point);
        }
        return name;
    }

    /**
     * The text that a string constant stands for, given the token as it stands in the statement. For a {@code U&'...'}
     * token the escape character is the backslash; with a UESCAPE clause use {@link #unicodeString}.
     */
    public static String string(CharSequence token) {
        return switch (token.charAt(0)) {
            case '\'' -> body(token.toString(), 1, false);
            case 'e', 'E' -> escaped(body(token.toString(), 2, true));
            case 'n', 'N', 'b', 'B', 'x', 'X' -> body(token.toString(), 2, false);
            case 'u', 'U' -> unicodeString(token, '\\');
            case '$' -> {
                int tag = token.toString().indexOf('$', 1) + 1;
                yield token.subSequence(tag, token.length() - tag).toString();
            }
            default -> throw new IllegalArgumentException("not a string constant");
        };
    }

    /** The text in {@code U&'...'} with the escape character of its UESCAPE clause. */
    static String unicodeString(CharSequence token, char escape) {
        return unicode(body(token.toString(), 3, false), escape);
    }

    /** Joins continued parts and undoubles quotes; backslash escapes stay as they are. */
    private static String body(String token, int from, boolean escapes) {
        int last = token.length() - 1;
        if (token.indexOf('\'', from) == last) {
            return token.substring(from, last);
        }
        StringBuilder text = new StringBuilder(token.length());
        int i = from;
        while (i < last) {
            char c = token.charAt(i);
            if (c == '\\' && escapes) {
                text.append(c).append(token.charAt(i + 1));
                i += 2;
            } else if (c != '\'') {
                text.append(c);
                i++;
            } else if (token.charAt(i + 1) == '\'') {
                text.append(c);
                i += 2;
            } else {
                i = Lexer.continuation(token, i + 1, token.length());
            }
        }
        return text.toString();
    }

    private static String escaped(String body) {
        if (body.indexOf('\\') < 0) {
            return body;
        }
        // Octal and hexadecimal escapes are bytes, and several may make up one character.
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(body.length());
        int i = 0;
        while (i < body.length()) {
            int point = body.codePointAt(i);
            i += Character.charCount(point);
            if (point != '\\') {
                bytes.writeBytes(Character.toString(point).getBytes(StandardCharsets.UTF_8));
                continue;
            }
            point = body.codePointAt(i);
            i += Character.charCount(point);
            switch (point) {
                case 'b' -> bytes.write('\b');
                case 'f' -> bytes.write('\f');
                case 'n' -> bytes.write('\n');
                case 'r' -> bytes.write('\r');
                case 't' -> bytes.write('\t');
                case 'v' -> bytes.write(0x0b);
                case 'x' -> {
                    int end = digitsEnd(body, i, 16, 2);
                    bytes.write(end == i ? 'x' : Integer.parseInt(body, i, end, 16));
                    i = end;
                }
                case '0', '1', '2', '3', '4', '5', '6', '7' -> {
                    int end = digitsEnd(body, i, 8, 2);
                    bytes.write(Integer.parseInt(body, i - 1, end, 8));
                    i = end;
                }
                case 'u', 'U' -> {
                    int[] end = {i};
                    bytes.writeBytes(
                            unicodeEscape(body, end, point == 'u' ? 4 : 8).getBytes(StandardCharsets.UTF_8));
                    i = end[0];
                }
                default -> bytes.writeBytes(Character.toString(point).getBytes(StandardCharsets.UTF_8));
            }
        }
        return utf8(bytes.toByteArray());
    }

    private static String utf8(byte[] bytes) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            if (text.indexOf('\0') < 0) {
                return text;
            }
        } catch (CharacterCodingException notText) {
            // Answered below, like the zero byte: PostgreSQL has one message for both.
        }
        throw invalid("invalid byte sequence for encoding \"UTF8\"");
    }

    private static int digitsEnd(String text, int from, int radix, int most) {
        int i = from;
        while (i < text.length()
                && i < from + most
                && text.charAt(i) < 128
                && Character.digit(text.charAt(i), radix) >= 0) {
            i++;
        }
        return i;
    }

    /** Reads {@code \\uXXXX} from behind its letter, with the second half of a surrogate pair; {@code at} moves behind. */
    private static String unicodeEscape(String body, int[] at, int digits) {
        int point = codePoint(body, at[0], digits);
        at[0] += digits;
        if (!isSurrogate(point)) {
            return Character.toString(valid(point));
        }
        int i = at[0];
        boolean paired = i + 1 < body.length() && body.charAt(i) == '\\' && (body.charAt(i + 1) | 0x20) == 'u';
        if (!paired) {
            throw invalid("invalid Unicode surrogate pair");
        }
        int width = body.charAt(i + 1) == 'u' ? 4 : 8;
        int low = codePoint(body, i + 2, width);
        at[0] = i + 2 + width;
        return pair(point, low);
    }

    private static String unicode(String body, char escape) {
        if (body.indexOf(escape) < 0) {
            return body;
        }
        StringBuilder text = new StringBuilder(body.length());
        int high = 0;
        int i = 0;
        while (i < body.length()) {
            char c = body.charAt(i);
            if (c != escape || (i + 1 < body.length() && body.charAt(i + 1) == escape)) {
                if (high != 0) {
                    throw invalid("invalid Unicode surrogate pair");
                }
                text.append(c);
                i += c == escape ? 2 : 1;
                continue;
            }
            boolean wide = i + 1 < body.length() && body.charAt(i + 1) == '+';
            int from = wide ? i + 2 : i + 1;
            int digits = wide ? 6 : 4;
            int point = codePoint(body, from, digits);
            i = from + digits;
            if (high != 0) {
                text.append(pair(high, point));
                high = 0;
            } else if (isSurrogate(point)) {
                high = point;
            } else {
                text.appendCodePoint(valid(point));
            }
        }
        if (high != 0) {
            throw invalid("invalid Unicode surrogate pair");
        }
        return text.toString();
    }

    private static int codePoint(String body, int from, int digits) {
        if (digitsEnd(body, from, 16, digits) != from + digits) {
            throw invalid("invalid Unicode escape");
        }
        return Integer.parseUnsignedInt(body, from, from + digits, 16);
    }

    private static boolean isSurrogate(int point) {
        return point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE;
    }

    private static int valid(int point) {
        if (point <= 0 || point > Character.MAX_CODE_POINT) {
            throw invalid("invalid Unicode escape value");
        }
        return point;
    }

    private static String pair(int high, int low) {
        boolean paired = high <= Character.MAX_HIGH_SURROGATE
                && low >= Character.MIN_LOW_SURROGATE
                && low <= Character.MAX_LOW_SURROGATE;
        if (!paired) {
            throw invalid("invalid Unicode surrogate pair");
        }
        return Character.toString(Character.toCodePoint((char) high, (char) low));
    }

    private static PgErrorException invalid(String message) {
        return new PgError(SqlState.SYNTAX_ERROR, message).toException();
    }

    /** The value of an integer or numeric constant, given its token: {@code 1_000}, {@code 0x1F}, {@code .5}, {@code 1e3}. */
    public static BigDecimal number(CharSequence token) {
        if (token.length() > MAX_NUMBER_LENGTH) {
            throw new PgError(SqlState.PROGRAM_LIMIT_EXCEEDED, "value overflows numeric format").toException();
        }
        String digits = token.toString().replace("_", "");
        if (digits.length() > 2 && digits.charAt(0) == '0') {
            int radix = Lexer.radix(digits.charAt(1));
            if (radix > 0) {
                return new BigDecimal(new BigInteger(digits.substring(2), radix));
            }
        }
        try {
            return new BigDecimal(digits);
        } catch (NumberFormatException exponentOverflow) {
            throw new PgError(SqlState.PROGRAM_LIMIT_EXCEEDED, "value overflows numeric format").toException();
        }
    }
}
