package io.ostraka.it.transaction;

import static io.ostraka.it.harness.FrontendMessages.execute;
import static io.ostraka.it.harness.FrontendMessages.parse;
import static io.ostraka.it.harness.FrontendMessages.query;
import static io.ostraka.it.harness.FrontendMessages.raw;
import static io.ostraka.it.harness.FrontendMessages.sync;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Values that are larger than all memory of the proxy, a process of 256 MB, go through it, because it passes them on as they come.
 * {@code -Dostraka.large=900} sends as many MB.
 */
class LargeValuesTest {
    private static final int MB = Integer.getInteger("ostraka.large", 600);
    private static final int BYTES = MB << 20;
    private static final byte[] PIECE = new byte[1 << 20];

    static {
        Arrays.fill(PIECE, (byte) 'x');
    }

    private final TestCluster cluster = TestCluster.of(ClusterSpec.shards(2)
            .withDdl(Counters.DDL
                    + ";CREATE UNLOGGED TABLE large (v text); ALTER TABLE large ALTER v SET STORAGE EXTERNAL")
            .withTables(Counters.TABLES)
            .withProxies(0));
    private ProxyProcess proxy;
    private WireClient client;

    @TempDir
    private Path directory;

    @BeforeEach
    void start() throws IOException {
        proxy = new ProxyProcess(directory, cluster, List.of("s0", "s1"));
        proxy.start("");
        client = WireClient.login(proxy.endpoint());
    }

    @AfterEach
    void stop() throws SQLException {
        cluster.empty();
        client.close();
        assertTrue(proxy.isRunning());
        proxy.close();
    }

    /** A message whose body has the value in its middle. */
    private void send(char type, byte[] before, byte[] behind) {
        byte[] header = ByteBuffer.allocate(5 + before.length)
                .put((byte) type)
                .putInt(4 + before.length + BYTES + behind.length)
                .put(before)
                .array();
        client.send(header);
        for (int i = 0; i < MB; i++) {
            client.send(PIECE);
        }
        client.send(behind);
    }

    private void reads(char... types) {
        for (char type : types) {
            assertEquals(type, client.read().type());
        }
    }

    @Test
    void asParametersAndInRows() {
        client.send(parse("", "SELECT length($1)", 25));
        byte[] names = ByteBuffer.allocate(10)
                .putShort((short) 0)
                .putShort((short) 0)
                .putShort((short) 1)
                .putInt(BYTES)
                .array();
        send('B', names, new byte[2]);
        client.send(execute("", 0), sync());
        reads('1', '2');
        assertEquals("D[" + BYTES + "]", client.read().toString());
        reads('C', 'Z');

        client.send(query("SELECT repeat('x', " + BYTES + ")"));
        reads('T');
        assertEquals(2 + 4 + BYTES, client.skip('D'));
        reads('C', 'Z');
    }

    @Test
    void asCopyData() {
        client.send(query("COPY large FROM STDIN"));
        reads('G');
        send('d', new byte[0], "\n".getBytes(UTF_8));
        client.send(raw('c', new byte[0]));
        assertEquals("COPY 1", client.read().text());
        reads('Z');

        client.send(query("COPY large TO STDOUT"));
        reads('H');
        assertEquals(BYTES + 1, client.skip('d'));
        reads('c', 'C', 'Z');
    }
}
