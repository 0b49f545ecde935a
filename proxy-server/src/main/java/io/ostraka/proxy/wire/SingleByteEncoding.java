package io.ostraka.proxy.wire;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** One of PostgreSQL's encodings that have one byte for a character, and ASCII below 128. */
public final class SingleByteEncoding extends ClientEncoding {
    private static final int BYTES = 256;

    /** Of each byte. */
    private final char[] characters;

    private final Map<Character, Byte> bytes = new HashMap<>();

    private SingleByteEncoding(String name, char[] characters) {
        super(name);
        this.characters = characters;
        for (int i = ASCII; i < characters.length; i++) {
            if (characters[i] != NONE) {
                bytes.put(characters[i], (byte) i);
            }
        }
    }

    /** All of them, with the other names that they have. */
    static Map<ClientEncoding, String[]> all() {
        Map<ClientEncoding, String[]> all = new LinkedHashMap<>();
        put(all, "LATIN1", "ISO-8859-1", "iso88591");
        put(all, "LATIN2", "ISO-8859-2", "iso88592");
        put(all, "LATIN3", "ISO-8859-3", "iso88593");
        put(all, "LATIN4", "ISO-8859-4", "iso88594");
        put(all, "LATIN5", "ISO-8859-9", "iso88599");
        put(all, "LATIN7", "ISO-8859-13", "iso885913");
        put(all, "LATIN9", "ISO-8859-15", "iso885915");
        put(all, "LATIN10", "ISO-8859-16", "iso885916");
        put(all, "ISO_8859_5", "ISO-8859-5");
        put(all, "ISO_8859_6", "ISO-8859-6");
        put(all, "ISO_8859_7", "ISO-8859-7");
        put(all, "ISO_8859_8", "ISO-8859-8");
        put(all, "WIN1250", "windows-1250", "windows1250");
        put(all, "WIN1251", "windows-1251", "windows1251", "win");
        put(all, "WIN1252", "windows-1252", "windows1252");
        put(all, "WIN1253", "windows-1253", "windows1253");
        put(all, "WIN1254", "windows-1254", "windows1254");
        put(all, "WIN1255", "windows-1255", "windows1255");
        put(all, "WIN1256", "windows-1256", "windows1256");
        put(all, "WIN1257", "windows-1257", "windows1257");
        put(all, "WIN1258", "windows-1258", "windows1258", "abc", "tcvn", "tcvn5712", "vscii");
        put(all, "WIN866", "IBM866", "windows866", "alt");
        put(all, "WIN874", "x-windows-874", "windows874");
        put(all, "KOI8R", "KOI8-R", "koi8");
        put(all, "KOI8U", "KOI8-U");
        // Java has none of these.
        all.put(new SingleByteEncoding("LATIN6", characters("LATIN6")), new String[] {"iso885910"});
        all.put(new SingleByteEncoding("LATIN8", characters("LATIN8")), new String[] {"iso885914"});
        return all;
    }

    /** Java's {@code charset}, if this Java has it: an image without the module jdk.charsets has few. */
    private static void put(Map<ClientEncoding, String[]> all, String name, String charset, String... others) {
        if (!Charset.isSupported(charset)) {
            return;
        }
        char[] characters = new char[BYTES];
        for (int i = 0; i < BYTES; i++) {
            characters[i] = character((byte) i, Charset.forName(charset));
        }
        all.put(new SingleByteEncoding(name, characters), others);
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

    private static char[] characters(String name) {
        CharacterTable table = CharacterTable.of(name);
        char[] characters = new char[BYTES];
        for (int i = 0; i < BYTES; i++) {
            int point = i < ASCII ? i : table.point(i);
            characters[i] = point < 0 ? NONE : (char) point;
        }
        return characters;
    }

    /** Where the byte stands in the order of characters, which is that of their UTF-8, too. */
    public char character(byte single) {
        char character = characters[single & 0xFF];
        if (character == NONE) {
            throw hasNoEquivalent(new byte[] {single}, 0, 1);
        }
        return character;
    }

    @Override
    public String text(byte[] encoded) {
        char[] text = new char[encoded.length];
        for (int i = 0; i < text.length; i++) {
            text[i] = character(encoded[i]);
        }
        return new String(text);
    }

    @Override
    public byte[] bytes(String text) {
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

    @Override
    String told(String text) {
        StringBuilder told = new StringBuilder(text.length());
        text.chars().forEach(c -> told.append(c < ASCII || bytes.containsKey((char) c) ? (char) c : '?'));
        return told.toString();
    }
}
