package io.ostraka.proxy.wire;

import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import java.io.ByteArrayOutputStream;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One of PostgreSQL's encodings that have one byte for ASCII and several for other characters. Its table is read when it is first needed,
 * which takes some milliseconds.
 */
final class MultiByteEncoding extends ClientEncoding {
    private final CharacterForm form;
    private final boolean embedsAscii;
    private volatile CharacterTable table;

    private MultiByteEncoding(String name, CharacterForm form, boolean embedsAscii) {
        super(name);
        this.form = form;
        this.embedsAscii = embedsAscii;
    }

    /** All of them that a server can convert, with the other names that they have. */
    static Map<ClientEncoding, String[]> all() {
        Map<ClientEncoding, String[]> all = new LinkedHashMap<>();
        all.put(new MultiByteEncoding("EUC_CN", CharacterForm.EUC_CN, false), new String[0]);
        all.put(new MultiByteEncoding("EUC_JP", CharacterForm.EUC_JP, false), new String[0]);
        all.put(new MultiByteEncoding("EUC_JIS_2004", CharacterForm.EUC_JP, false), new String[0]);
        all.put(new MultiByteEncoding("EUC_KR", CharacterForm.EUC_KR, false), new String[0]);
        all.put(new MultiByteEncoding("EUC_TW", CharacterForm.EUC_TW, false), new String[0]);
        all.put(embedding("SJIS", CharacterForm.SJIS), new String[] {"mskanji", "shiftjis", "win932", "windows932"});
        all.put(embedding("SHIFT_JIS_2004", CharacterForm.SJIS), new String[0]);
        all.put(embedding("BIG5", CharacterForm.DOUBLE), new String[] {"win950", "windows950"});
        all.put(embedding("GBK", CharacterForm.DOUBLE), new String[] {"win936", "windows936"});
        all.put(embedding("UHC", CharacterForm.DOUBLE), new String[] {"win949", "windows949"});
        all.put(embedding("GB18030", CharacterForm.GB18030), new String[0]);
        all.put(embedding("JOHAB", CharacterForm.JOHAB), new String[0]);
        return all;
    }

    /** One in which the later bytes of a character may be those of letters and signs. */
    private static ClientEncoding embedding(String name, CharacterForm form) {
        return new MultiByteEncoding(name, form, true);
    }

    private CharacterTable table() {
        CharacterTable read = table;
        if (read == null) {
            // Two threads may read the same.
            read = CharacterTable.of(name());
            table = read;
        }
        return read;
    }

    @Override
    public int lengthAt(byte[] data, int at, int end) {
        return embedsAscii && data[at] < 0 ? form.length(data, at, end) : 1;
    }

    // ---- reading -------------------------------------------------------------------------------------------------

    /** What becomes of bytes that are no character; returns where it goes on. */
    private interface Unreadable {
        int at(int start, StringBuilder text);
    }

    /** Sees each character that is not ASCII's. */
    private interface Seen {
        void character(int point);
    }

    @Override
    public String text(byte[] bytes) {
        return read(bytes, (start, text) -> fail(bytes, start), point -> {});
    }

    @Override
    String shown(byte[] bytes) {
        return read(
                bytes,
                (start, text) -> {
                    text.append(NONE);
                    return Math.min(bytes.length, start + form.length(bytes, start, bytes.length));
                },
                point -> {});
    }

    @Override
    public String original(byte[] bytes) {
        String text = read(
                bytes,
                (start, read) -> {
                    throw unknown(sequence(bytes, start, end(bytes, start)));
                },
                this::requireUnambiguous);
        text.chars().filter(c -> c < ASCII).forEach(this::requireUnambiguous);
        return text;
    }

    private void requireUnambiguous(int point) {
        if (table().isAmbiguous(point)) {
            throw unknown('"' + Character.toString(point) + '"');
        }
    }

    private PgErrorException unknown(String character) {
        return new PgError(
                        SqlState.FEATURE_NOT_SUPPORTED,
                        "a value that a shard has computed cannot be read in client encoding \"" + name() + "\"",
                        "Which character of the database was sent as " + character + " cannot be told.",
                        "Set client_encoding to UTF8.")
                .toException();
    }

    private String read(byte[] bytes, Unreadable unreadable, Seen seen) {
        StringBuilder text = new StringBuilder(bytes.length);
        int at = 0;
        while (at < bytes.length) {
            if (bytes[at] > 0) {
                text.append((char) bytes[at++]);
                continue;
            }
            int point = -1;
            int length = 0;
            if (bytes[at] != 0 && form.isWhole(bytes, at, bytes.length)) {
                length = form.wholeLength(bytes, at);
                point = table().point(form.code(bytes, at, length));
            }
            if (point < 0) {
                at = unreadable.at(at, text);
            } else {
                seen.character(point);
                table().append(text, point);
                at += length;
            }
        }
        return text.toString();
    }

    private int fail(byte[] bytes, int at) {
        if (bytes[at] != 0 && form.isWhole(bytes, at, bytes.length)) {
            throw hasNoEquivalent(bytes, at, end(bytes, at));
        }
        throw new PgError(
                        SqlState.CHARACTER_NOT_IN_REPERTOIRE,
                        "invalid byte sequence for encoding \"" + name() + "\": " + sequence(bytes, at, end(bytes, at)))
                .toException();
    }

    private int end(byte[] bytes, int at) {
        return bytes[at] == 0 ? at + 1 : Math.min(bytes.length, at + form.length(bytes, at, bytes.length));
    }

    // ---- writing -------------------------------------------------------------------------------------------------

    @Override
    public byte[] bytes(String text) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(2 * text.length());
        int at = 0;
        while (at < text.length()) {
            int point = text.codePointAt(at);
            at += Character.charCount(point);
            if (point < ASCII) {
                out.write(point);
                continue;
            }
            int pair = at < text.length() ? table().pair(point, text.codePointAt(at)) : -1;
            if (pair >= 0) {
                at += Character.charCount(text.codePointAt(at));
            }
            int code = table().code(pair >= 0 ? pair : point);
            if (code < 0) {
                throw lacks(point);
            }
            out.writeBytes(form.bytes(code));
        }
        return out.toByteArray();
    }

    @Override
    String told(String text) {
        StringBuilder told = new StringBuilder(text.length());
        text.codePoints()
                .forEach(point -> told.appendCodePoint(point < ASCII || table().code(point) >= 0 ? point : '?'));
        return told.toString();
    }
}
