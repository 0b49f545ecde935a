package io.ostraka.it.session;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.Endpoint;
import io.ostraka.it.harness.FrontendMessages;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * The same bytes to a proxy over one shard and to a plain PostgreSQL: each message of the answers must be the same, down to
 * the bytes of a row, the texts of an error and the status of ReadyForQuery. Left out are what names a process, a source line
 * or a table's OID. Used by one thread.
 */
public final class Twins implements AutoCloseable {
    /** Fields of ErrorResponse that tell where in the server's source it was raised. */
    private static final String SOURCE_FIELDS = "FLR";

    private final WireClient proxy;
    private final WireClient reference;

    public Twins(TestCluster cluster) {
        this(cluster.proxy(), cluster.reference(), Map.of());
    }

    Twins(Endpoint proxy, Endpoint reference, Map<String, String> options) {
        this.proxy = WireClient.login(proxy, options);
        this.reference = WireClient.login(reference, options);
    }

    /** Each as one Query message; returns the answer to the last one. */
    public List<String> query(String... statements) {
        List<String> last = List.of();
        for (String sql : statements) {
            last = exchange(FrontendMessages.query(sql));
        }
        return last;
    }

    /** Sends messages that end with Query or Sync, and compares what comes up to ReadyForQuery. */
    public List<String> exchange(byte[]... messages) {
        send(messages);
        return same();
    }

    /** Sends messages that end with Query or Sync to the proxy alone. */
    List<String> exchangeWithProxy(byte[]... messages) {
        proxy.send(messages);
        return lines(proxy.untilReady());
    }

    public void send(byte[]... messages) {
        reference.send(messages);
        proxy.send(messages);
    }

    /** Compares what comes up to the next ReadyForQuery. */
    public List<String> same() {
        return compare(WireClient::untilReady);
    }

    /** Compares what comes up to the first message of a type. */
    public List<String> sameUpTo(char type) {
        return sameUpTo(message -> message.type() == type);
    }

    /** Compares what comes up to the first message that is so. */
    public List<String> sameUpTo(Predicate<BackendMessage> last) {
        return compare(client -> {
            List<BackendMessage> messages = new ArrayList<>();
            do {
                messages.add(client.read());
            } while (!last.test(messages.get(messages.size() - 1)));
            return messages;
        });
    }

    /** Compares what comes until both close, but for the context that only the server knows. */
    public List<String> sameUntilClosed() {
        return compare(WireClient::untilClosed, lines -> lines.stream()
                .map(line -> line.replaceAll(", W=[^}]*", ""))
                .toList());
    }

    private List<String> compare(Function<WireClient, List<BackendMessage>> reading) {
        return compare(reading, UnaryOperator.identity());
    }

    private List<String> compare(
            Function<WireClient, List<BackendMessage>> reading, UnaryOperator<List<String>> simplification) {
        List<String> expected = simplification.apply(lines(reading.apply(reference)));
        List<String> actual = simplification.apply(lines(ofProxy(reading)));
        assertEquals(String.join("\n", expected), String.join("\n", actual));
        return expected;
    }

    private List<BackendMessage> ofProxy(Function<WireClient, List<BackendMessage>> reading) {
        try {
            return reading.apply(proxy);
        } catch (UncheckedIOException e) {
            throw new AssertionError("the proxy does not answer as far as PostgreSQL", e);
        }
    }

    static List<String> lines(List<BackendMessage> messages) {
        return messages.stream()
                .filter(message -> message.type() != 'K')
                .map(Twins::line)
                .toList();
    }

    private static String line(BackendMessage message) {
        return switch (message.type()) {
            case 'E', 'N' -> {
                Map<Character, String> fields = new TreeMap<>(message.fields());
                fields.keySet().removeIf(code -> SOURCE_FIELDS.indexOf(code) >= 0);
                yield message.type() + " " + fields;
            }
            case 'T' ->
                "T "
                        + message.columns().stream()
                                .map(column -> column.name() + " of " + Math.min(column.tableOid(), 1) + "."
                                        + column.attribute() + " type " + column.typeOid() + " size "
                                        + column.typeSize() + " modifier " + column.typeModifier() + " format "
                                        + column.format())
                                .toList();
            case 'A' -> "A " + text(message, Integer.BYTES);
            default -> message.type() + " " + text(message, 0);
        };
    }

    private static String text(BackendMessage message, int from) {
        ByteBuffer body = ByteBuffer.wrap(message.body()).position(from);
        return ISO_8859_1.decode(body).toString();
    }

    @Override
    public void close() {
        proxy.close();
        reference.close();
    }
}
