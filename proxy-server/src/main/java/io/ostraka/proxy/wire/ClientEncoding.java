package io.ostraka.proxy.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * How texts of a client are encoded ({@code client_encoding}). A server converts all that it reads to UTF-8 before it looks at it, and so
 * does the proxy where it looks: no byte of a character is taken for a quote. What was converted to UTF-8 is the same when
 * it was converted back and once more. Immutable, thread-safe.
 *
 * <p>Source: PostgreSQL manual, "Character Set Support"; {@code encnames.c} for the names. That the characters are the server's is a
 * test's to show.
 */
public abstract class ClientEncoding {
    public static final String SETTING = "client_encoding";

    public static final ClientEncoding UTF8 = new Unconverted("UTF8");
    /** No conversion: the server takes the bytes for UTF-8, and so does the proxy. */
    private static final ClientEncoding SQL_ASCII = new Unconverted("SQL_ASCII");
    /** The server has it, but no conversion of it to UTF-8. */
    private static final String MULE_INTERNAL = "muleinternal";

    static final int ASCII = 128;
    static final char NONE = '\uFFFD';

    /** By all their names, without what stands between letters and digits. */
    private static final Map<String, ClientEncoding> NAMED = named();

    private final String name;

    ClientEncoding(String name) {
        this.name = name;
    }

    /** Texts as they are in the database. */
    private static final class Unconverted extends ClientEncoding {
        Unconverted(String name) {
            super(name);
        }

        @Override
        public String text(byte[] bytes) {
            return new String(bytes, StandardCharsets.UTF_8);
        }

        @Override
        public byte[] bytes(String text) {
            return text.getBytes(StandardCharsets.UTF_8);
        }

        @Override
        String told(String text) {
            return text;
        }
    }

    private static Map<String, ClientEncoding> named() {
        Map<String, ClientEncoding> named = new HashMap<>();
        put(named, UTF8, "unicode");
        put(named, SQL_ASCII);
        SingleByteEncoding.all().forEach((encoding, others) -> put(named, encoding, others));
        MultiByteEncoding.all().forEach((encoding, others) -> put(named, encoding, others));
        return Map.copyOf(named);
    }

    private static void put(Map<String, ClientEncoding> named, ClientEncoding encoding, String... others) {
        named.put(plain(encoding.name), encoding);
        for (String other : others) {
            named.put(other, encoding);
        }
    }

    private static String plain(String name) {
        return name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
    }

    /** By one of the names that PostgreSQL knows it by. */
    public static Optional<ClientEncoding> named(String name) {
        return Optional.ofNullable(NAMED.get(plain(name)));
    }

    /** The same; throws what the server says of a name that it does not know, or cannot convert. */
    public static ClientEncoding require(String name) {
        return named(name)
                .orElseThrow(() -> isInconvertible(name)
                        ? new PgError(
                                        SqlState.FEATURE_NOT_SUPPORTED,
                                        invalid(name),
                                        "Conversion between MULE_INTERNAL and UTF8 is not supported.",
                                        "")
                                .toException()
                        : unknown(name));
    }

    /** The same for a client that begins with it. */
    public static ClientEncoding requireAtStart(String name) {
        return named(name)
                .orElseThrow(() -> isInconvertible(name)
                        ? new PgError(
                                        SqlState.FEATURE_NOT_SUPPORTED,
                                        "conversion between MULE_INTERNAL and UTF8 is not supported")
                                .toException()
                        : unknown(name));
    }

    private static boolean isInconvertible(String name) {
        return plain(name).equals(MULE_INTERNAL);
    }

    private static PgErrorException unknown(String name) {
        return new PgError(SqlState.INVALID_PARAMETER_VALUE, invalid(name)).toException();
    }

    private static String invalid(String name) {
        return "invalid value for parameter \"" + SETTING + "\": \"" + name + "\"";
    }

    /** What ends a session whose server reads its bytes otherwise, whoever told it to. */
    public static PgError unsupported(String name) {
        return new PgError(
                SqlState.FEATURE_NOT_SUPPORTED,
                "client encoding \"" + name + "\" is not supported here",
                "The proxy reads statements and shard keys, and was not told of the change.",
                "Set client_encoding by SET.");
    }

    /** PostgreSQL's name of it, as it reports it. */
    public final String name() {
        return name;
    }

    /** Whether texts are as in the database, and nothing is converted. */
    public final boolean isUtf8() {
        return this instanceof Unconverted;
    }

    /** Whether each character has one byte, and no two of the database's the same. */
    public final boolean isSingleByte() {
        return this instanceof SingleByteEncoding;
    }

    // ---- what a client has sent ----------------------------------------------------------------------------------

    /** As text. Throws the server's own error for what is no character. */
    public abstract String text(byte[] bytes);

    /** The same. */
    final String text(ByteBuf borrowed, int at, int length) {
        return isUtf8()
                ? borrowed.toString(at, length, StandardCharsets.UTF_8)
                : text(ByteBufUtil.getBytes(borrowed, at, length));
    }

    /** Text of a client's, which may be any of its parameters, as the database has it. Throws like the server. */
    public final byte[] inUtf8(byte[] text) {
        return isUtf8() || isAscii(text) ? text : text(text).getBytes(StandardCharsets.UTF_8);
    }

    /** How many bytes the character at an index below {@code end} has, 1 where none of its bytes can be taken for another character. */
    public int lengthAt(byte[] data, int at, int end) {
        return 1;
    }

    // ---- what a server has sent ----------------------------------------------------------------------------------

    /** As text. Throws a refusal where other texts of the database would have been sent in the same way. */
    public String original(byte[] bytes) {
        return text(bytes);
    }

    /** The same as the database has it. */
    public final byte[] originalInUtf8(byte[] bytes) {
        return isUtf8() ? bytes : original(bytes).getBytes(StandardCharsets.UTF_8);
    }

    /** As text to be shown, with {@link #NONE} for what cannot be read. */
    String shown(byte[] bytes) {
        return text(bytes);
    }

    /** The same. */
    final String shown(ByteBuf borrowed, int at, int length) {
        return isUtf8() ? text(borrowed, at, length) : shown(ByteBufUtil.getBytes(borrowed, at, length));
    }

    // ---- what the proxy writes -----------------------------------------------------------------------------------

    /** Appends a text for a client or, on its behalf, a server. Throws the server's own error for a character that the encoding lacks. */
    public final void write(ByteBuf out, String text) {
        if (isUtf8()) {
            ByteBufUtil.writeUtf8(out, text);
        } else {
            out.writeBytes(bytes(text));
        }
    }

    /** The same as bytes, which a server would read as this text. */
    public abstract byte[] bytes(String text);

    /** The text with a question mark for each character that the encoding lacks: an error must be told in any case. */
    abstract String told(String text);

    // --------------------------------------------------------------------------------------------------------------

    final PgErrorException hasNoEquivalent(byte[] bytes, int at, int end) {
        return new PgError(
                        SqlState.UNTRANSLATABLE_CHARACTER,
                        "character with byte sequence " + sequence(bytes, at, end) + " in encoding \"" + name
                                + "\" has no equivalent in encoding \"UTF8\"")
                .toException();
    }

    final PgErrorException lacks(int point) {
        byte[] utf8 = Character.toString(point).getBytes(StandardCharsets.UTF_8);
        return new PgError(
                        SqlState.UNTRANSLATABLE_CHARACTER,
                        "character with byte sequence " + sequence(utf8, 0, utf8.length)
                                + " in encoding \"UTF8\" has no equivalent in encoding \"" + name + "\"")
                .toException();
    }

    /** As the server shows bytes in its errors. */
    static String sequence(byte[] bytes, int at, int end) {
        StringBuilder sequence = new StringBuilder();
        for (int i = at; i < end; i++) {
            sequence.append(i == at ? "" : " ")
                    .append("0x")
                    .append(HexFormat.of().toHexDigits(bytes[i]));
        }
        return sequence.toString();
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
    public final String toString() {
        return name;
    }
}
