package io.ostraka.rules.config;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * References in values: a dollar sign and, in braces, a name of the environment or {@code file:} and a path, whose content
 * is taken less the line's end at its end. A second dollar sign before the brace makes it plain text. What is put in is not
 * looked through again.
 */
final class References {
    private static final Pattern REFERENCE = Pattern.compile("\\$\\$\\{|\\$\\{([^}]*)}|\\$\\{");
    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
    private static final String FILE = "file:";
    /** A password or a verifier, not a video. */
    private static final int MAX_FILE_BYTES = 64 * 1024;

    private final Path directory;
    private final Function<String, Optional<String>> environment;

    /** Relative paths start at {@code directory}. */
    References(Path directory, Function<String, Optional<String>> environment) {
        this.directory = directory;
        this.environment = environment;
    }

    Path resolve(String path) {
        return directory.resolve(path);
    }

    static boolean in(String text) {
        return text.contains("${");
    }

    /** The text with its references replaced; empty after a problem was told. */
    Optional<String> expand(String text, Consumer<String> problem) {
        Matcher matcher = REFERENCE.matcher(text);
        StringBuilder expanded = new StringBuilder();
        while (matcher.find()) {
            Optional<String> value = matcher.group().equals("$${") ? Optional.of("${") : value(matcher, problem);
            if (value.isEmpty()) {
                return Optional.empty();
            }
            matcher.appendReplacement(expanded, Matcher.quoteReplacement(value.get()));
        }
        return Optional.of(matcher.appendTail(expanded).toString());
    }

    private Optional<String> value(Matcher matcher, Consumer<String> problem) {
        String reference = matcher.group(1);
        if (reference == null) {
            problem.accept("has \"${\" without \"}\"; write \"$${\" for the characters themselves");
            return Optional.empty();
        }
        if (reference.startsWith(FILE)) {
            return content(reference.substring(FILE.length()), problem);
        }
        if (!NAME.matcher(reference).matches()) {
            problem.accept("\"${" + reference + "}\" is neither ${NAME} nor ${file:PATH}");
            return Optional.empty();
        }
        Optional<String> value = environment.apply(reference);
        if (value.isEmpty()) {
            problem.accept("the environment has no " + reference);
        }
        return value;
    }

    private Optional<String> content(String path, Consumer<String> problem) {
        try {
            Path file = resolve(path);
            if (Files.size(file) > MAX_FILE_BYTES) {
                problem.accept("the file " + path + " is longer than " + MAX_FILE_BYTES + " bytes");
                return Optional.empty();
            }
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(Files.readAllBytes(file)))
                    .toString();
            return Optional.of(text.replaceFirst("\\r?\\n$", ""));
        } catch (CharacterCodingException e) {
            problem.accept("the file " + path + " is not UTF-8");
        } catch (IOException | IllegalArgumentException e) {
            // IllegalArgumentException: not a path at all.
            problem.accept("the file " + path + " cannot be read");
        }
        return Optional.empty();
    }
}
