package io.ostraka.proxy.execute;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ostraka.proxy.wire.ClientEncoding;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.CopyLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Rows of the text and the CSV format. Confined to the session's event loop. Source: PostgreSQL's {@code copyfromparse.c},
 * {@code CopyReadLineText}, {@code CopyReadAttributesText} and {@code CopyReadAttributesCSV}. A server reads what it has converted to UTF-8; here
 * bytes are passed over that belong to a character and could be taken for another one.
 */
final class TextCopyReader extends CopyReader {
    /** How lines end; the first one tells. */
    private enum LineEnd {
        UNKNOWN,
        NEWLINE,
        RETURN,
        BOTH
    }

    private final ClientEncoding encoding;
    private final boolean isCsv;
    private final byte delimiter;
    private final byte quote;
    private final byte escape;
    private final byte[] nullText;
    private final int[] places;
    private final int lastPlace;
    private final byte[] scratch = new byte[64];

    private LineEnd lineEnd = LineEnd.UNKNOWN;
    private boolean awaitsHeader;
    // Of the row at hand.
    private boolean inQuotes;
    private boolean isEscaped;
    private int lines = 1;
    /** Where its text ends, without the end of line. */
    private int textEnd;

    TextCopyReader(CopyLayout layout, ClientEncoding encoding, int[] places, Rows rows, int maxRowBytes) {
        super(rows, maxRowBytes);
        this.encoding = encoding;
        this.isCsv = layout.format() == CopyLayout.Format.CSV;
        this.delimiter = first(layout.delimiter());
        this.quote = first(layout.quote());
        this.escape = first(layout.escape());
        this.nullText = layout.nullText().getBytes(UTF_8);
        this.awaitsHeader = layout.hasHeader();
        this.places = places.clone();
        this.lastPlace = Arrays.stream(places).max().orElseThrow();
    }

    /** The server has seen to it that it is one character. */
    private static byte first(String text) {
        return text.isEmpty() ? 0 : (byte) text.charAt(0);
    }

    // ---- lines ---------------------------------------------------------------------------------------------------

    @Override
    boolean readRow(boolean isLast) {
        while (at < end) {
            byte c = data[at];
            boolean isEscape = c == '\\' && !isCsv;
            int next = at + lengthAt(at) + (isEscape && at + 1 < end ? lengthAt(at + 1) : 0);
            if (next > end && !isLast) {
                return false;
            }
            if (isCsv && isQuoted(c)) {
                at = Math.min(end, next);
            } else if (isEscape || (c == '\\' && at == start)) {
                if (at + 1 >= end && !isLast) {
                    return false;
                }
                if (at + 1 < end && data[at + 1] == '.') {
                    return onEndMark(isLast);
                }
                at = Math.min(end, next);
            } else if (c == '\n') {
                if (lineEnd == LineEnd.RETURN || lineEnd == LineEnd.BOTH) {
                    return fault("newline");
                }
                lineEnd = LineEnd.NEWLINE;
                return row(at, at + 1);
            } else if (c == '\r') {
                if (at + 1 >= end && !isLast && lineEnd != LineEnd.NEWLINE) {
                    return false;
                }
                return atReturn();
            } else {
                at = Math.min(end, next);
            }
        }
        return isLast && end > start && row(end, end);
    }

    private int lengthAt(int place) {
        return data[place] >= 0 ? 1 : encoding.lengthAt(data, place, end);
    }

    /** Whether the byte belongs to a quoted field, after it has been looked at. */
    private boolean isQuoted(byte c) {
        boolean wasIn = inQuotes;
        if (inQuotes && c == escape && escape != quote) {
            isEscaped = !isEscaped;
        }
        if (c == quote && !isEscaped) {
            inQuotes = !inQuotes;
        }
        if (c != escape || escape == quote) {
            isEscaped = false;
        }
        if (wasIn && inQuotes && c == (lineEnd == LineEnd.NEWLINE ? '\n' : '\r')) {
            lines++;
        }
        return wasIn || inQuotes;
    }

    private boolean atReturn() {
        if (lineEnd == LineEnd.NEWLINE) {
            return fault("carriage return");
        }
        if (lineEnd != LineEnd.RETURN && at + 1 < end && data[at + 1] == '\n') {
            lineEnd = LineEnd.BOTH;
            return row(at, at + 2);
        }
        if (lineEnd == LineEnd.BOTH) {
            return fault("carriage return");
        }
        lineEnd = LineEnd.RETURN;
        return row(at, at + 1);
    }

    private boolean fault(String what) {
        malformed((isCsv ? "unquoted " : "literal ") + what + " found in data");
        return false;
    }

    /** A backslash and a point on a line of their own. In CSV they end the data for some versions of the server only. */
    private boolean onEndMark(boolean isLast) {
        int behind = at + 2;
        if (behind >= end && !isLast) {
            return false;
        }
        boolean isAlone = at == start && (behind >= end || data[behind] == '\n' || data[behind] == '\r');
        if (isCsv && !isAlone) {
            at++;
            return readRow(isLast);
        }
        if (isCsv) {
            rows().onFault(new PgError(
                    SqlState.FEATURE_NOT_SUPPORTED,
                    "a line of \\. in CSV is not supported over several shards",
                    "Versions of PostgreSQL differ in whether it ends the data.",
                    "Put the value in quotes, or leave the line out."));
            return false;
        }
        if (!isAlone) {
            malformed("end-of-copy marker is not alone on its line");
            return false;
        }
        rows().onEndMark();
        return false;
    }

    private boolean row(int textEnds, int next) {
        textEnd = textEnds;
        at = next;
        int counted = lines;
        lines = 1;
        inQuotes = false;
        isEscaped = false;
        if (awaitsHeader) {
            awaitsHeader = false;
            rows().onHeader(data, start, next, counted);
        } else {
            rows().onRow(data, start, next, key(), counted);
        }
        return true;
    }

    // ---- fields --------------------------------------------------------------------------------------------------

    private List<Optional<byte[]>> key() {
        List<Optional<byte[]>> key = new ArrayList<>(places.length);
        for (int ignored : places) {
            key.add(Optional.empty());
        }
        int from = start;
        for (int place = 0; place <= lastPlace && from >= 0; place++) {
            int until = isCsv ? fieldEndCsv(from) : fieldEndText(from);
            for (int i = 0; i < places.length; i++) {
                if (places[i] == place) {
                    key.set(i, isCsv ? csv(from, until) : text(from, until));
                }
            }
            from = until < textEnd ? until + 1 : -1;
        }
        return key;
    }

    private int fieldEndText(int from) {
        int i = from;
        while (i < textEnd && data[i] != delimiter) {
            i += data[i] == '\\' && i + 1 < textEnd ? 1 + lengthAt(i + 1) : lengthAt(i);
        }
        return Math.min(i, textEnd);
    }

    private int fieldEndCsv(int from) {
        boolean quoted = false;
        for (int i = from; i < textEnd; i += lengthAt(i)) {
            byte c = data[i];
            if (!quoted && c == delimiter) {
                return i;
            }
            if (quoted && c == escape && i + 1 < textEnd && (data[i + 1] == escape || data[i + 1] == quote)) {
                i++;
            } else if (c == quote) {
                quoted = !quoted;
            }
        }
        return textEnd;
    }

    private boolean isNull(int from, int until) {
        return Arrays.equals(data, from, until, nullText, 0, nullText.length);
    }

    private Optional<byte[]> csv(int from, int until) {
        byte[] value = until - from <= scratch.length ? scratch : new byte[until - from];
        int length = 0;
        boolean quoted = false;
        boolean sawQuote = false;
        for (int i = from; i < until; i++) {
            byte c = data[i];
            if (quoted && c == escape && i + 1 < until && (data[i + 1] == escape || data[i + 1] == quote)) {
                i++;
                value[length++] = data[i];
            } else if (c == quote) {
                quoted = !quoted;
                sawQuote = true;
            } else {
                for (int rest = Math.min(lengthAt(i), until - i); rest > 1; rest--) {
                    value[length++] = data[i++];
                }
                value[length++] = data[i];
            }
        }
        return !sawQuote && isNull(from, until) ? Optional.empty() : Optional.of(Arrays.copyOf(value, length));
    }

    private Optional<byte[]> text(int from, int until) {
        if (isNull(from, until)) {
            return Optional.empty();
        }
        byte[] value = until - from <= scratch.length ? scratch : new byte[until - from];
        int length = 0;
        int i = from;
        while (i < until) {
            boolean isEscape = data[i] == '\\' && i + 1 < until;
            i += isEscape ? 1 : 0;
            boolean isWide = lengthAt(i) > 1;
            for (int rest = Math.min(lengthAt(i), until - i); rest > 1; rest--) {
                value[length++] = data[i++];
            }
            byte c = data[i++];
            if (!isEscape || isWide) {
                value[length++] = c;
                continue;
            }
            if (c >= '0' && c <= '7') {
                int number = c - '0';
                for (int digits = 1; digits < 3 && i < until && data[i] >= '0' && data[i] <= '7'; digits++) {
                    number = number * 8 + data[i++] - '0';
                }
                c = (byte) number;
            } else if (c == 'x' && i < until && Character.digit(data[i], 16) >= 0) {
                int number = Character.digit(data[i++], 16);
                if (i < until && Character.digit(data[i], 16) >= 0) {
                    number = number * 16 + Character.digit(data[i++], 16);
                }
                c = (byte) number;
            } else {
                c = unescaped(c);
            }
            value[length++] = c;
        }
        return Optional.of(Arrays.copyOf(value, length));
    }

    private static byte unescaped(byte c) {
        return switch (c) {
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'v' -> 0x0B;
            default -> c;
        };
    }
}
