package io.ostraka.proxy.auth;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.function.Function;

/**
 * Reads the attributes of one SCRAM message, {@code a=value,b=value}, from left to right. Trusts nothing; what is wrong it
 * tells to {@code malformed}, which knows whose fault it is, and throws what that returns.
 *
 * <p>Confined to its caller. Source: RFC 5802 section 7; PostgreSQL, {@code read_attr_value}.
 */
final class ScramReader {
    private final String text;
    private final Function<String, RuntimeException> malformed;
    private int at;

    private ScramReader(String text, Function<String, RuntimeException> malformed) {
        this.text = text;
        this.malformed = malformed;
    }

    /** {@code bytes} are consumed to their end. */
    static ScramReader of(ByteBuffer bytes, Function<String, RuntimeException> malformed) {
        if (!bytes.hasRemaining()) {
            throw malformed.apply("The message is empty.");
        }
        String text;
        try {
            text = StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException notUtf8) {
            throw malformed.apply("The message is not valid UTF-8.");
        }
        if (text.indexOf('\0') >= 0) {
            throw malformed.apply("The message contains a null byte.");
        }
        return new ScramReader(text, malformed);
    }

    String text() {
        return text;
    }

    /** Offset of the next character to be read. */
    int at() {
        return at;
    }

    boolean atEnd() {
        return at == text.length();
    }

    char next() {
        if (atEnd()) {
            throw malformed.apply("The message ends too early.");
        }
        return text.charAt(at++);
    }

    void expect(char wanted) {
        char found = next();
        if (found != wanted) {
            throw malformed.apply("Expected character \"" + wanted + "\" but found \"" + printable(found) + "\".");
        }
    }

    /** The value of attribute {@code name}, which must come next, and steps over the comma behind it, if any. */
    String attribute(char name) {
        char found = next();
        if (found != name) {
            throw malformed.apply("Expected attribute \"" + name + "\" but found \"" + printable(found) + "\".");
        }
        return value();
    }

    /** The value of an attribute whose name was just read. */
    String value() {
        expect('=');
        int comma = text.indexOf(',', at);
        int end = comma < 0 ? text.length() : comma;
        String value = text.substring(at, end);
        at = comma < 0 ? end : comma + 1;
        return value;
    }

    /** Reads the name of an extension, or of the attribute that ends the extensions. */
    char attributeName() {
        char name = next();
        if (!(name >= 'a' && name <= 'z') && !(name >= 'A' && name <= 'Z')) {
            throw malformed.apply("Attribute expected, but found invalid character \"" + printable(name) + "\".");
        }
        return name;
    }

    /** {@code r}: printable ASCII without a comma, and not empty. */
    String nonce() {
        String nonce = attribute('r');
        if (nonce.isEmpty()) {
            throw malformed.apply("The nonce is empty.");
        }
        if (nonce.chars().anyMatch(c -> c < 0x21 || c > 0x7E)) {
            throw malformed.apply("The nonce contains non-printable characters.");
        }
        return nonce;
    }

    /** Only the one canonical spelling of {@code value} is taken, padding included. */
    byte[] base64(String value, String what) {
        try {
            byte[] bytes = Base64.getDecoder().decode(value);
            if (Base64.getEncoder().encodeToString(bytes).equals(value)) {
                return bytes;
            }
        } catch (IllegalArgumentException notBase64) {
            // Answered below, like the spellings that Java's decoder lets pass.
        }
        throw malformed.apply("The " + what + " is not valid base64.");
    }

    private static String printable(char c) {
        return c >= 0x20 && c <= 0x7E ? String.valueOf(c) : String.format("0x%02x", (int) c);
    }
}
