package io.ostraka.it.session;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.Endpoint;
import io.ostraka.it.harness.Forger;
import io.ostraka.it.harness.FrontendMessages;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import io.ostraka.proxy.server.OstrakaServer;
import io.ostraka.rules.config.ConfigReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * One of two shards sends rows whose lengths are wrong, where rows of both are merged or put together: an error that says so, its
 * connection is closed, and nobody else notices.
 */
@ExtendWith(NoLeaks.class)
class DeceitfulShardTest {
    private static final String MARK = "forged";
    private static final int COUNT = 5;
    private static final int FIRST_LENGTH = 7;

    private final TestCluster servers = TestCluster.of(TwoShards.SPEC.withProxies(0));
    private Forger forger;
    private OstrakaServer proxy;
    private WireClient client;
    private WireClient other;
    /** A key of the other shard. */
    private int honest;

    @TempDir
    private Path directory;

    /** What is wrong with the row. */
    enum Forgery {
        NEGATIVE,
        HUGE,
        TOO_LONG,
        LONGER_THAN_THE_ROW,
        MORE_COLUMNS,
        FEWER_COLUMNS,
        NO_COLUMNS,
        CUT_OFF,
        EMPTY;

        byte[] of(byte[] row) {
            return switch (this) {
                case NEGATIVE -> firstLength(row, -2);
                case HUGE -> firstLength(row, Integer.MAX_VALUE);
                case TOO_LONG -> firstLength(row, ByteBuffer.wrap(row).getInt(FIRST_LENGTH) + 1);
                case LONGER_THAN_THE_ROW -> firstLength(row, row.length);
                case MORE_COLUMNS -> columns(row, 1);
                case FEWER_COLUMNS -> columns(row, -1);
                case NO_COLUMNS -> cutTo(Arrays.copyOf(row, COUNT + Short.BYTES));
                case CUT_OFF -> cutTo(Arrays.copyOf(row, row.length - 1));
                case EMPTY -> cutTo(Arrays.copyOf(row, COUNT));
            };
        }

        private static byte[] firstLength(byte[] row, int length) {
            return ByteBuffer.wrap(row).putInt(FIRST_LENGTH, length).array();
        }

        private static byte[] columns(byte[] row, int more) {
            short count = ByteBuffer.wrap(row).getShort(COUNT);
            return ByteBuffer.wrap(row).putShort(COUNT, (short) (count + more)).array();
        }

        private static byte[] cutTo(byte[] row) {
            return ByteBuffer.wrap(row).putInt(1, row.length - 1).array();
        }
    }

    @BeforeEach
    void start() throws IOException, SQLException {
        servers.empty();
        forger = new Forger(servers.shard("s1"), MARK);
        Endpoint first = servers.shard("s0");
        Path file = Files.writeString(directory.resolve("proxy.yaml"), """
                listen: 127.0.0.1:0
                data_dir: %s
                users:
                  %s: { password: %s }
                  ostraka: { password: recovery-password }
                databases:
                  test:
                    shards:
                      s0: { primary: "127.0.0.1:%d/%s" }
                      s1: { primary: "127.0.0.1:%d/%s" }
                    default_shard: s0
                    recovery_user: ostraka
                    tables:
                      t: { hash: id }
                """.formatted(
                        directory.resolve("data"),
                        first.user(),
                        first.password(),
                        first.port(),
                        first.database(),
                        forger.end().port(),
                        first.database()));
        proxy = OstrakaServer.start(ConfigReader.read(file));
        Endpoint front = new Endpoint(proxy.addresses().get(0).getPort(), "test", first.user(), first.password());
        client = WireClient.login(front);
        other = WireClient.login(front);
        for (int id = 1; id <= 20; id++) {
            client.query("INSERT INTO t VALUES (" + id + ", 'v" + id % 7 + "')");
        }
        assertEquals(
                20,
                servers.rowsByShard("t").values().stream()
                        .mapToLong(Long::longValue)
                        .sum());
        servers.onShard("s1", "UPDATE t SET v = '" + MARK + "' WHERE id = (SELECT max(id) FROM t)");
        try (WireClient shard = WireClient.login(first)) {
            honest = Integer.parseInt(only(shard.query("SELECT min(id) FROM t")));
        }
        other.query("BEGIN");
        other.query("UPDATE t SET v = v");
    }

    @AfterEach
    void stop() throws IOException {
        client.close();
        other.close();
        proxy.close();
        forger.close();
    }

    private static String only(List<BackendMessage> answer) {
        return answer.get(1).toString().replaceAll("D\\[(.*)]", "$1");
    }

    private static String types(List<BackendMessage> answer) {
        return answer.stream().map(each -> String.valueOf(each.type())).collect(Collectors.joining());
    }

    private void isRefused(Forgery forgery, byte[]... messages) {
        int ended = forger.ended();
        forger.forge(forgery::of);
        client.send(messages);
        List<BackendMessage> answer = client.untilReady();
        forger.forge(UnaryOperator.identity());
        List<BackendMessage> errors =
                answer.stream().filter(each -> each.type() == 'E').toList();
        assertEquals(1, errors.size(), () -> types(answer));
        assertEquals("08P01", errors.get(0).sqlState(), () -> errors.get(0).text());
        Await.until("the shard's connection is closed", () -> forger.ended() == ended + 1);
        client.query("ROLLBACK");
        List<BackendMessage> after = client.query("SELECT id, v FROM t ORDER BY id");
        assertEquals("T" + "D".repeat(20) + "CZ", types(after), after::toString);
    }

    private void othersAreUndisturbed() {
        assertEquals("C UPDATE 20", other.query("UPDATE t SET v = v").get(0).toString());
        assertEquals("C COMMIT", other.query("COMMIT").get(0).toString());
    }

    @ParameterizedTest
    @EnumSource
    void whereRowsAreMergedInOrder(Forgery forgery) {
        String pid = only(client.query("SELECT pg_backend_pid() FROM t WHERE id = " + honest));
        isRefused(forgery, FrontendMessages.query("SELECT id, v FROM t ORDER BY id"));
        isRefused(forgery, FrontendMessages.query("SELECT v, id FROM t ORDER BY v, id LIMIT 18"));
        assertEquals(pid, only(client.query("SELECT pg_backend_pid() FROM t WHERE id = " + honest)));
        othersAreUndisturbed();
    }

    @ParameterizedTest
    @EnumSource
    void inTheExtendedProtocol(Forgery forgery) {
        for (int rows : new int[] {0, 50}) {
            isRefused(
                    forgery,
                    FrontendMessages.parse("", "SELECT id, v FROM t ORDER BY id"),
                    FrontendMessages.bind("", "", List.of(), false),
                    FrontendMessages.execute("", rows),
                    FrontendMessages.sync());
        }
        othersAreUndisturbed();
    }

    @ParameterizedTest
    @EnumSource
    void inACursorAndAmongLockedRows(Forgery forgery) {
        client.query("BEGIN");
        client.query("DECLARE c CURSOR FOR SELECT id, v FROM t ORDER BY id");
        isRefused(forgery, FrontendMessages.query("FETCH ALL FROM c"));
        other.query("ROLLBACK");
        client.query("BEGIN");
        isRefused(forgery, FrontendMessages.query("SELECT id, v FROM t ORDER BY id LIMIT 20 FOR UPDATE"));
    }

    @ParameterizedTest
    @EnumSource
    void whereTheCombinerGetsThem(Forgery forgery) {
        isRefused(forgery, FrontendMessages.query("SELECT a.v, count(*) FROM t a JOIN t b ON a.v = b.v GROUP BY a.v"));
        isRefused(forgery, FrontendMessages.query("SELECT v, count(*) FROM t GROUP BY v"));
        othersAreUndisturbed();
    }
}
