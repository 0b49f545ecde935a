package io.ostraka.rules.config;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * A value of the file with its place and path. Each reading method gives the value in one form, or reports why it has not
 * that form and gives nothing. Confined to the call that reads the file.
 */
final class Value {
    private static final Pattern INTEGER = Pattern.compile("-?[0-9]{1,9}");
    private static final Pattern DURATION = Pattern.compile("([0-9]{1,9})(ms|s|m|h)");
    private static final Pattern SIZE = Pattern.compile("(\\d{1,9})(KiB|MiB|GiB)");
    private static final Pattern HOST_PORT =
            Pattern.compile("(?:\\[([0-9A-Fa-f:.]+)]|([^:\\[\\]/\\s]+))(?::([0-9]{1,5}))?");

    private final Node node;
    private final String path;
    private final Problems problems;
    private final References references;

    Value(Node node, String path, Problems problems, References references) {
        this.node = node;
        this.path = path;
        this.problems = problems;
        this.references = references;
    }

    void problem(String message) {
        problems.add(node, path, message);
    }

    /** The same, for a value that was not found good: what it is follows, unless that came from elsewhere. */
    private void problemWithText(String message) {
        problem(message + ", is " + shown());
    }

    /** As the file has it: what a reference stands for is not shown. */
    String shown() {
        return isNull() ? "empty" : "\"" + ((ScalarNode) node).getValue() + "\"";
    }

    private boolean isNull() {
        return node instanceof ScalarNode scalar
                && scalar.isPlain()
                && List.of("", "~", "null").contains(scalar.getValue().toLowerCase(Locale.ROOT));
    }

    private String kind() {
        return node instanceof MappingNode ? "a block" : node instanceof SequenceNode ? "a list" : "text";
    }

    /** A scalar of any form, its references replaced; not empty. */
    Optional<String> text() {
        if (!(node instanceof ScalarNode scalar)) {
            problem("must be a single value, is " + kind());
            return Optional.empty();
        }
        Optional<String> text = isNull() ? Optional.of("") : references.expand(scalar.getValue(), this::problem);
        if (text.isPresent() && text.get().isEmpty()) {
            problem(
                    References.in(scalar.getValue())
                            ? "must not be empty, as " + shown() + " is"
                            : "must not be empty");
            return Optional.empty();
        }
        return text;
    }

    /** {@link #text} of a value that was read before: what is wrong with it has been reported. */
    Optional<String> quietText() {
        return node instanceof ScalarNode scalar
                ? references.expand(scalar.getValue(), problem -> {})
                : Optional.empty();
    }

    /** {@link #text} that may be empty when it is in quotes, for values that are compared with those of a table. */
    Optional<String> textOrEmpty() {
        boolean quotedEmpty =
                node instanceof ScalarNode scalar && scalar.getValue().isEmpty() && !scalar.isPlain();
        return quotedEmpty ? Optional.of("") : text();
    }

    OptionalInt integer(int min, int max) {
        Optional<String> text = text();
        if (text.isEmpty()) {
            return OptionalInt.empty();
        }
        if (!INTEGER.matcher(text.get()).matches()) {
            problemWithText("must be a whole number");
            return OptionalInt.empty();
        }
        int value = Integer.parseInt(text.get());
        if (value < min) {
            problem("must be at least " + min + ", is " + unquoted());
        } else if (value > max) {
            problem("must be at most " + max + ", is " + unquoted());
        } else {
            return OptionalInt.of(value);
        }
        return OptionalInt.empty();
    }

    /** Of a single value, as the file has it, to be shown without quotes. */
    String unquoted() {
        return ((ScalarNode) node).getValue();
    }

    Optional<Boolean> bool() {
        Optional<String> text = text();
        return text.flatMap(word -> switch (word) {
            case "true" -> Optional.of(true);
            case "false" -> Optional.of(false);
            default -> {
                problemWithText("must be true or false");
                yield Optional.empty();
            }
        });
    }

    /** One of an enum's constants, in lower case. */
    <E extends Enum<E>> Optional<E> oneOf(Class<E> type) {
        List<String> words = Arrays.stream(type.getEnumConstants())
                .map(constant -> constant.name().toLowerCase(Locale.ROOT))
                .toList();
        return text().flatMap(word -> {
            int index = words.indexOf(word);
            if (index < 0) {
                problemWithText("must be one of " + String.join(", ", words));
                return Optional.empty();
            }
            return Optional.of(type.getEnumConstants()[index]);
        });
    }

    /** A number with its unit, more than nothing and at most a day. */
    Optional<Duration> duration() {
        return text().flatMap(text -> {
            Matcher matcher = DURATION.matcher(text);
            if (!matcher.matches()) {
                problemWithText("must be a duration with its unit (ms, s, m, h), as in 5s");
                return Optional.empty();
            }
            long number = Long.parseLong(matcher.group(1));
            Duration duration =
                    switch (matcher.group(2)) {
                        case "ms" -> Duration.ofMillis(number);
                        case "s" -> Duration.ofSeconds(number);
                        case "m" -> Duration.ofMinutes(number);
                        default -> Duration.ofHours(number);
                    };
            if (duration.isZero() || duration.compareTo(Duration.ofDays(1)) > 0) {
                problem("must be more than 0 and at most 24h, is " + unquoted());
                return Optional.empty();
            }
            return Optional.of(duration);
        });
    }

    /** A size with its unit, from 1KiB to 1GiB, in bytes. */
    OptionalInt bytes() {
        Optional<String> text = text();
        if (text.isEmpty()) {
            return OptionalInt.empty();
        }
        Matcher matcher = SIZE.matcher(text.get());
        if (!matcher.matches()) {
            problemWithText("must be a size with its unit (KiB, MiB, GiB), as in 64MiB");
            return OptionalInt.empty();
        }
        int shift =
                switch (matcher.group(2)) {
                    case "KiB" -> 10;
                    case "MiB" -> 20;
                    default -> 30;
                };
        long bytes = Long.parseLong(matcher.group(1)) << shift;
        if (bytes < 1 << 10 || bytes > 1 << 30) {
            problem("must be at least 1KiB and at most 1GiB, is " + unquoted());
            return OptionalInt.empty();
        }
        return OptionalInt.of((int) bytes);
    }

    /** {@code host}, {@code host:port}, {@code [IPv6]}, {@code [IPv6]:port}. */
    Optional<HostPort> hostPort(OptionalInt defaultPort, int minPort) {
        return text().flatMap(text -> hostPort(text, defaultPort, minPort));
    }

    /** The same, of a part of this value's text. */
    Optional<HostPort> hostPort(String text, OptionalInt defaultPort, int minPort) {
        Matcher matcher = HOST_PORT.matcher(text);
        if (!matcher.matches() || (matcher.group(1) != null && !isIpv6(matcher.group(1)))) {
            problemWithText("must be host:port, with an IPv6 address in brackets");
            return Optional.empty();
        }
        if (matcher.group(3) == null && defaultPort.isEmpty()) {
            problemWithText("must have a port");
            return Optional.empty();
        }
        int port = matcher.group(3) == null ? defaultPort.getAsInt() : Integer.parseInt(matcher.group(3));
        if (port < minPort || port > 65_535) {
            problemWithText("must have a port from " + minPort + " to 65535");
            return Optional.empty();
        }
        return Optional.of(new HostPort(matcher.group(1) != null ? matcher.group(1) : matcher.group(2), port));
    }

    private static boolean isIpv6(String address) {
        try {
            // In brackets it is taken for an address or refused, and no resolver is asked.
            return InetAddress.getByName("[" + address + "]") != null;
        } catch (UnknownHostException e) {
            return false;
        }
    }

    /** A path of the file system, relative to the file's directory. */
    Optional<Path> path() {
        return text().map(references::resolve);
    }

    /** The same, of a file that is there. */
    Optional<Path> existingFile() {
        return path().filter(path -> {
            boolean exists = Files.isReadable(path) && Files.isRegularFile(path);
            if (!exists) {
                problem("must be a file that can be read, is " + shown());
            }
            return exists;
        });
    }

    /** A block of keys the format knows; its {@link Block#close} reports the others. */
    Optional<Block> block(ConfigBlock keys) {
        return entries().map(entries -> new Block(this, keys, entries));
    }

    /** A block whose keys are the operator's, in the file's order; those written twice are reported. */
    Optional<Map<String, Entry>> entries() {
        if (!(node instanceof MappingNode mapping)) {
            problem("must be a block of keys and values, is " + (isNull() ? "empty" : kind()));
            return Optional.empty();
        }
        Map<String, Entry> entries = new LinkedHashMap<>();
        for (NodeTuple tuple : mapping.getValue()) {
            if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
                problems.add(tuple.getKeyNode(), path, "a key must be a single value");
                continue;
            }
            String name = key.getValue();
            String below = path.isEmpty() ? name : path + "." + name;
            Value keyValue = new Value(key, below, problems, references);
            Entry entry = new Entry(keyValue, new Value(tuple.getValueNode(), below, problems, references));
            if (name.isEmpty()) {
                keyValue.problem("a key must not be empty");
            } else if (entries.putIfAbsent(name, entry) != null) {
                keyValue.problem("is written twice, first in line "
                        + entries.get(name).key().line());
            }
        }
        return Optional.of(entries);
    }

    private int line() {
        return node.getStartMark().orElseThrow().getLine() + 1;
    }

    /** A list's elements; anything else is a list of one. */
    List<Value> elements() {
        if (!(node instanceof SequenceNode sequence)) {
            return List.of(this);
        }
        List<Value> elements = new ArrayList<>();
        for (Node element : sequence.getValue()) {
            elements.add(new Value(element, path + "[" + elements.size() + "]", problems, references));
        }
        return elements;
    }

    boolean isList() {
        return node instanceof SequenceNode;
    }

    /** A key, as a value of its own for problems that lie in the key, and what it says. */
    record Entry(Value key, Value value) {}
}
