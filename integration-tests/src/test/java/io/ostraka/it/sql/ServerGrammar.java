package io.ostraka.it.sql;

import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.Endpoint;
import io.ostraka.it.harness.FrontendMessages;
import io.ostraka.it.harness.WireClient;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a real server's grammar reads: statements are sent in Parse messages, which run nothing. An error that says it was
 * raised in the scanner or the grammar is a no; any other one (no such table, wrong types) comes after the reading. Used
 * by one thread.
 */
final class ServerGrammar implements AutoCloseable {
    private static final Set<String> READERS = Set.of("scan.l", "gram.y", "parser.c", "scansup.c");

    private final EmbeddedPostgres server;
    private final WireClient client;

    private ServerGrammar(EmbeddedPostgres server) {
        this.server = server;
        this.client =
                WireClient.login(new Endpoint(server.getPort(), "postgres", "postgres", ""), Map.of("jit", "off"));
    }

    static ServerGrammar start() throws IOException {
        return new ServerGrammar(EmbeddedPostgres.builder().start());
    }

    int port() {
        return server.getPort();
    }

    boolean reads(String sql) {
        return refusal(sql).isEmpty();
    }

    /** The message with which the server's grammar refuses a statement; empty when it reads it. */
    String refusal(String sql) {
        client.send(FrontendMessages.parse("", sql), FrontendMessages.sync());
        List<BackendMessage> answer = client.untilReady();
        for (BackendMessage message : answer) {
            if (message.type() == 'E') {
                Map<Character, String> fields = message.fields();
                return READERS.contains(fields.getOrDefault('F', "")) ? fields.getOrDefault('M', "refused") : "";
            }
        }
        return "";
    }

    /** Runs a script in simple protocol; errors are the caller's to avoid. */
    void run(String script) {
        for (BackendMessage message : client.query(script)) {
            if (message.type() == 'E') {
                throw new IllegalStateException(message.fields().toString());
            }
        }
    }

    @Override
    public void close() throws IOException {
        client.close();
        server.close();
    }
}
