package io.ostraka.rules.config;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Names as SQL writes them: ASCII letters are folded to lower case unless the name is in double quotes. Source: PostgreSQL
 * manual, "Identifiers and Key Words"; {@code downcase_identifier} for multi-byte encodings.
 */
final class SqlName {
    /** {@code NAMEDATALEN - 1}; the server would cut the rest off. */
    private static final int MAX_BYTES = 63;

    private static final Pattern PART =
            Pattern.compile("\"((?:[^\"]|\"\")+)\"|([A-Za-z_\\x80-\\x{10FFFF}][A-Za-z0-9_$\\x80-\\x{10FFFF}]*)");

    private SqlName() {}

    /** A name with dots between its parts; empty when it is none. */
    static Optional<List<String>> parse(String text) {
        List<String> parts = new ArrayList<>();
        Matcher matcher = PART.matcher(text);
        int at = 0;
        while (matcher.find(at) && matcher.start() == at) {
            String part =
                    matcher.group(1) != null ? matcher.group(1).replace("\"\"", "\"") : foldAscii(matcher.group(2));
            if (part.getBytes(StandardCharsets.UTF_8).length > MAX_BYTES || part.indexOf('\0') >= 0) {
                return Optional.empty();
            }
            parts.add(part);
            at = matcher.end();
            if (at == text.length()) {
                return Optional.of(parts);
            }
            if (text.charAt(at) != '.') {
                return Optional.empty();
            }
            at++;
        }
        return Optional.empty();
    }

    private static String foldAscii(String name) {
        StringBuilder folded = new StringBuilder(name);
        for (int i = 0; i < folded.length(); i++) {
            char c = folded.charAt(i);
            if (c >= 'A' && c <= 'Z') {
                folded.setCharAt(i, (char) (c + ('a' - 'A')));
            }
        }
        return folded.toString();
    }
}
