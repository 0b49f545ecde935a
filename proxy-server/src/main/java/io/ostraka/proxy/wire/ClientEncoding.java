package io.ostraka.proxy.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * How texts of a client are encoded ({@code client_encoding}): as in the database, or by one of PostgreSQL's encodings that have one byte for a
 * character, and ASCII below 128. With these a text is the same after it was converted and back, whoever does it, and a quote is a quote
 * before anything is converted. Encodings of several bytes have not all of that and are not known here. Immutable, thread-safe.
 *
 * <p>Source: PostgreSQL manual, "Character Set Support"; {@code encnames.c} for the names. That Java has the same characters is a test's
 * to show.
 */
public final class ClientEncoding {
    public static final String SETTING = "client_encoding";

    public static final ClientEncoding UTF8 = new ClientEncoding("UTF8", new char[0]);
    /** No conversion: the server takes the bytes for UTF-8, and so does the proxy. */
    private static final ClientEncoding SQL_ASCII = new ClientEncoding("SQL_ASCII", new char[0]);

    private static final int BYTES = 256;
    private static final int ASCII = 128;
    private static final char NONE = '\uFFFD';

    /** By all their names, without what stands between letters and digits. */
    private static final Map<String, ClientEncoding> NAMED = named();

    private final String name;
    /** Of each byte; empty for UTF-8. */
    private final char[] characters;

    private final Map<Character, Byte> bytes = new HashMap<>();

    private ClientEncoding(String name, char[] characters) {
        this.name = name;
        this.characters = characters;
        for (int i = ASCII; i < characters.length; i++) {
            if (characters[i] != NONE) {
                bytes.put(characters[i], (byte) i);
            }
        }
    }

    private static Map<String, ClientEncoding> named() {
        Map<String, ClientEncoding> named = new HashMap<>();
        named.put("utf8", UTF8);
        named.put("unicode", UTF8);
        named.put("sqlascii", SQL_ASCII);
        put(named, "LATIN1", "ISO-8859-1", "iso88591");
        put(named, "LATIN2", "ISO-8859-2", "iso88592");
        put(named, "LATIN3", "ISO-8859-3", "iso88593");
        put(named, "LATIN4", "ISO-8859-4", "iso88594");
        put(named, "LATIN5", "ISO-8859-9", "iso88599");
        put(named, "LATIN7", "ISO-8859-13", "iso885913");
        put(named, "LATIN9", "ISO-8859-15", "iso885915");
        put(named, "LATIN10", "ISO-8859-16", "iso885916");
        put(named, "ISO_8859_5", "ISO-8859-5");
        put(named, "ISO_8859_6", "ISO-8859-6");
        put(named, "ISO_8859_7", "ISO-8859-7");
        put(named, "ISO_8859_8", "ISO-8859-8");
        put(named, "WIN1250", "windows-1250", "windows1250");
        put(named, "WIN1251", "windows-1251", "windows1251", "win");
        put(named, "WIN1252", "windows-1252", "windows1252");
        put(named, "WIN1253", "windows-1253", "windows1253");
        put(named, "WIN1254", "windows-1254", "windows1254");
        put(named, "WIN1255", "windows-1255", "windows1255");
        put(named, "WIN1256", "windows-1256", "windows1256");
        put(named, "WIN1257", "windows-1257", "windows1257");
        put(named, "WIN1258", "windows-1258", "windows1258", "abc", "tcvn", "tcvn5712", "vscii");
        put(named, "WIN866", "IBM866", "windows866", "alt");
        put(named, "WIN874", "x-windows-874", "windows874");
        put(named, "KOI8R", "KOI8-R", "koi8");
        put(named, "KOI8U", "KOI8-U");
        return Map.copyOf(named);
    }

    /** Java's {@code charset}, if this Java has it: an image without the module jdk.charsets has few. */
    private static void put(Map<String, ClientEncoding> named, String name, String charset, String... others) {
        if (!Charset.isSupported(charset)) {
            return;
        }
        char[] characters = new char[BYTES];
        for (int i = 0; i < BYTES; i++) {
            characters[i] = character((byte) i, Charset.forName(charset));
        }
        ClientEncoding encoding = new ClientEncoding(name, characters);
        named.put(plain(name), encoding);
        for (String other : others) {
            named.put(other, encoding);
        }
    }

    private static char character(byte single, Charset charset) {
        try {
            return charset.newDecoder()
                    .decode(ByteBuffer.wrap(new byte[] {single}))
                    .charAt(0);
        } catch (CharacterCodingException none) {
            return NONE;
        }
    }

    private static String plain(String name) {
        return name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
    }

    /** By one of the names that PostgreSQL knows it by. */
    public static Optional<ClientEncoding> named(String name) {
        return Optional.ofNullable(NAMED.get(plain(name)));
    }

    /** The same; throws for one that the proxy cannot read statements and keys in. */
    public static ClientEncoding require(String name) {
        return named(name).orElseThrow(() -> unsupported(name).toException());
    }

    /** What ends a session whose server reads its bytes otherwise, whoever told it to. */
    public static PgError unsupported(String name) {
        return new PgError(
                SqlState.FEATURE_NOT_SUPPORTED,
                "client encoding \"" + name + "\" is not supported",
                "The proxy reads statements and shard keys, in UTF-8 or an encoding with one byte for each character.",
                "Set client_encoding to UTF8.");
    }

    /** PostgreSQL's name of it, as it reports it. */
    public String name() {
        return name;
    }

    /** Whether texts are as in the database, and nothing is converted. */
    public boolean isUtf8() {
        return characters.length == 0;
    }

    /** Bytes that a client has sent, as text. Throws the server's own error for what is no character. */
    String text(ByteBuf borrowed, int at, int length) {
        if (isUtf8()) {
            return borrowed.toString(at, length, StandardCharsets.UTF_8);
        }
        char[] text = new char[length];
        for (int i = 0; i < length; i++) {
            text[i] = character(borrowed.getByte(at + i));
        }
        return new String(text);
    }

    /** The same. */
    public String text(byte[] bytes) {
        return isUtf8()
                ? new String(bytes, StandardCharsets.UTF_8)
                : text(Unpooled.wrappedBuffer(bytes), 0, bytes.length);
    }

    /** Text of a client's, which may be any of its parameters, as the database has it. Throws like the server. */
    public byte[] inUtf8(byte[] text) {
        if (isUtf8() || isAscii(text)) {
            return text;
        }
        StringBuilder characters = new StringBuilder(text.length);
        for (byte single : text) {
            characters.append(character(single));
        }
        return characters.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** The other way round. */
    public byte[] ofUtf8(byte[] text) {
        return isUtf8() ? text : bytes(new String(text, StandardCharsets.UTF_8));
    }

    /** Where the byte stands in the order of characters, which is that of their UTF-8, too. */
    public char character(byte single) {
        char character = characters[single & 0xFF];
        if (character == NONE) {
            throw new PgError(
                            SqlState.UNTRANSLATABLE_CHARACTER,
                            "character with byte sequence 0x"
                                    + HexFormat.of().toHexDigits(single) + " in encoding \"" + name
                                    + "\" has no equivalent in encoding \"UTF8\"")
                    .toException();
        }
        return character;
    }

    /** Appends a text for a client or, on its behalf, a server. Throws the server's own error for a character that the encoding lacks. */
    public void write(ByteBuf out, String text) {
        if (isUtf8()) {
            ByteBufUtil.writeUtf8(out, text);
        } else {
            out.writeBytes(bytes(text));
        }
    }

    /** The same as bytes. */
    public byte[] bytes(String text) {
        if (isUtf8()) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
        byte[] encoded = new byte[text.length()];
        for (int i = 0; i < encoded.length; i++) {
            char c = text.charAt(i);
            encoded[i] = c < ASCII ? (byte) c : byteOf(c).orElseThrow(() -> lacks(c));
        }
        return encoded;
    }

    private Optional<Byte> byteOf(char c) {
        return Optional.ofNullable(bytes.get(c));
    }

    private PgErrorException lacks(char c) {
        StringBuilder sequence = new StringBuilder();
        for (byte single : Character.toString(c).getBytes(StandardCharsets.UTF_8)) {
            sequence.append(sequence.isEmpty() ? "" : " ")
                    .append("0x")
                    .append(HexFormat.of().toHexDigits(single));
        }
        return new PgError(
                        SqlState.UNTRANSLATABLE_CHARACTER,
                        "character with byte sequence " + sequence
                                + " in encoding \"UTF8\" has no equivalent in encoding \"" + name + "\"")
                .toException();
    }

    /** The text with a question mark for each character that the encoding lacks: an error must be told in any case. */
    String told(String text) {
        if (isUtf8()) {
            return text;
        }
        StringBuilder told = new StringBuilder(text.length());
        text.chars().forEach(c -> told.append(c < ASCII || bytes.containsKey((char) c) ? (char) c : '?'));
        return told.toString();
    }

    private static boolean isAscii(byte[] text) {
        for (byte single : text) {
            if (single < 0) {
                return false;
            }
        }
        return true;
    }

    @Override
    public String toString() {
        return name;
    }
}
