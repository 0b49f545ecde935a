package io.ostraka.it.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.Endpoint;
import io.ostraka.it.harness.FrontendMessages;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import io.ostraka.it.session.NoLeaks;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code consistency: strict}: a client that is told of its commit on one shard and then commits on another is never seen to have
 * done only the second. Elsewhere it is, when one shard's snapshot is taken before the first commit and the other's after the second:
 * the process that takes the second shard's is stopped for so long here.
 */
@ExtendWith(NoLeaks.class)
@Timeout(300)
class StrictConsistencyTest {
    private static final String BOTH = "SELECT n FROM counter WHERE id IN ($0, $1) ORDER BY id = $1";
    private static final int ATTEMPTS = 20;

    private static final List<String> BEFORE = List.of("0", "0");
    private static final List<String> ONLY_THE_SECOND = List.of("0", "1");

    private final TestCluster strict = TestCluster.of(Counters.spec(2).withDatabase("consistency: strict"));

    /** How a client raises the counter of a shard on its own. */
    private interface Write {
        void run(WireClient client, Counters counters, int shard);
    }

    private static void update(WireClient client, Counters counters, int shard) {
        assertEquals(List.of("UPDATE 1"), counters.run(client, Counters.increment(shard)));
    }

    /** Without waiting for an answer between: that would be kept back already. */
    private static void inBlock(WireClient client, Counters counters, int shard) {
        client.send(
                FrontendMessages.query("BEGIN"),
                FrontendMessages.query(counters.sql(Counters.increment(shard))),
                FrontendMessages.query("COMMIT"));
        for (String tag : List.of("BEGIN", "UPDATE 1", "COMMIT")) {
            assertEquals(tag, Counters.outcome(client.untilReady()));
        }
    }

    private static void extended(WireClient client, Counters counters, int shard) {
        client.send(
                FrontendMessages.parse("", counters.sql(Counters.increment(shard))),
                FrontendMessages.bind("", "", List.of(), false),
                FrontendMessages.execute("", 0),
                FrontendMessages.sync());
        assertEquals("UPDATE 1", Counters.outcome(client.untilReady()));
    }

    private static List<String> values(List<BackendMessage> answer) {
        List<String> values = new ArrayList<>();
        for (BackendMessage message : answer) {
            if (message.type() == 'D') {
                values.add(new String(message.values().get(0).orElseThrow(), StandardCharsets.US_ASCII));
            }
        }
        assertEquals(2, values.size(), answer::toString);
        return values;
    }

    /** What was read, and whether the client that wrote was not told of its first commit while that was there. */
    private record Seen(List<String> read, boolean isKeptBack) {
        boolean isOrdered() {
            return !read.equals(ONLY_THE_SECOND);
        }
    }

    /**
     * Reads over both shards while another client writes on the first and then on the second of them. Tries it again when the read
     * was too fast for that.
     */
    private static Seen readWhileWritten(TestCluster cluster, Endpoint readers, Endpoint writers, Write write)
            throws Exception {
        try (WireClient reader = WireClient.login(readers);
                WireClient writer = WireClient.login(writers)) {
            while (true) {
                Counters counters = Counters.filled(cluster, reader);
                // So that there are keepers.
                assertEquals(BEFORE, values(reader.query(counters.sql(BOTH))));
                CompletableFuture<List<String>> read;
                CompletableFuture<Void> written = new CompletableFuture<>();
                AtomicBoolean told = new AtomicBoolean();
                boolean isKeptBack = false;
                StoppedKeepers stopped = new StoppedKeepers(cluster, "s1");
                try {
                    read = CompletableFuture.supplyAsync(() -> values(reader.query(counters.sql(BOTH))));
                    Await.until(
                            "the first shard's snapshot was taken",
                            () -> read.isDone() || StoppedKeepers.isHolding(cluster, "s0"));
                    if (read.isDone()) {
                        continue;
                    }
                    written = CompletableFuture.runAsync(() -> {
                        write.run(writer, counters, 0);
                        told.set(true);
                        write.run(writer, counters, 1);
                    });
                    Await.until("the first commit is there", () -> isOnFirst(counters));
                    Thread.sleep(20);
                    isKeptBack = !told.get();
                    // Enough for the second, if the client knows of the first.
                    Thread.sleep(80);
                } finally {
                    stopped.goOn();
                }
                written.join();
                assertEquals(List.of(1, 1), counters.values());
                return new Seen(read.join(), isKeptBack);
            }
        }
    }

    /** Until the round lasted for as long as the client waited. */
    private static void assertOrdered(TestCluster cluster, Endpoint readers, Endpoint writers, Write write)
            throws Exception {
        boolean isKeptBack = false;
        for (int i = 0; !isKeptBack && i < ATTEMPTS; i++) {
            Seen seen = readWhileWritten(cluster, readers, writers, write);
            assertTrue(seen.isOrdered(), seen::toString);
            isKeptBack = seen.isKeptBack();
        }
        assertTrue(isKeptBack, "no round lasted long enough");
    }

    private static boolean isOnFirst(Counters counters) throws SQLException {
        return counters.ask("s0", counters.sql("SELECT n FROM counter WHERE id = $0"))
                .equals("1");
    }

    @Test
    void theSecondOfTwoCommitsIsNotSeenWithoutTheFirst() throws Exception {
        for (Write write : List.<Write>of(
                StrictConsistencyTest::update, StrictConsistencyTest::inBlock, StrictConsistencyTest::extended)) {
            assertOrdered(strict, strict.proxy(), strict.proxy(), write);
        }
    }

    /** A second client reads the first commit, before its own client is told of it, and commits because of it. */
    @Test
    void whatAReaderWasToldOfOneShardIsInOrderToo() throws Exception {
        Seen seen = readWhileWritten(strict, strict.proxy(), strict.proxy(), (client, counters, shard) -> {
            if (shard == 0) {
                client.send(FrontendMessages.query(counters.sql(Counters.increment(0))));
                Await.until("it is there", () -> isOnFirst(counters));
            } else {
                try (WireClient other = WireClient.login(strict.proxy())) {
                    assertEquals(
                            List.of("SELECT 1", "UPDATE 1"),
                            counters.run(
                                    other, "SELECT n FROM counter WHERE id = $0 AND n = 1", Counters.increment(1)));
                }
                assertEquals("UPDATE 1", Counters.outcome(client.untilReady()));
            }
        });
        assertTrue(seen.isOrdered(), seen::toString);
    }

    @Test
    void atomicConsistencyWouldShowIt() throws Exception {
        TestCluster atomic = TestCluster.of(Counters.spec(2));
        List<String> read = List.of();
        // A round that waits for too long goes on without the shard, and the read asks for another.
        for (int i = 0; !read.equals(ONLY_THE_SECOND) && i < ATTEMPTS; i++) {
            read = readWhileWritten(atomic, atomic.proxy(), atomic.proxy(), StrictConsistencyTest::update)
                    .read();
        }
        assertEquals(ONLY_THE_SECOND, read);
    }

    @Test
    void clientsOfOtherProxiesAreNotToldEither(@TempDir Path directory) throws Exception {
        TestCluster shards = TestCluster.of(Counters.spec(2).withProxies(0));
        try (ProxyGroup group = ProxyGroup.strict(directory, shards)) {
            group.startAll("");
            String leader = group.awaitLeader();
            List<String> others = ProxyGroup.without(leader);
            Endpoint[][] ways = {
                {group.proxy(leader).endpoint(), group.proxy(others.get(0)).endpoint()},
                {
                    group.proxy(others.get(0)).endpoint(),
                    group.proxy(others.get(1)).endpoint()
                }
            };
            for (Endpoint[] way : ways) {
                assertOrdered(shards, way[0], way[1], StrictConsistencyTest::update);
            }
        }
    }

    /** Nobody waits for ever, whoever reads and however often: each answer comes between two rounds. */
    @Test
    void clientsAreToldWhileOthersReadOverShardsAllTheTime() throws Exception {
        AtomicBoolean stop = new AtomicBoolean();
        AtomicInteger backwards = new AtomicInteger();
        List<CompletableFuture<Void>> readers = new ArrayList<>();
        try (WireClient client = WireClient.login(strict.proxy())) {
            Counters counters = Counters.filled(strict, client);
            for (int i = 0; i < 3; i++) {
                readers.add(CompletableFuture.runAsync(() -> {
                    try (WireClient reader = WireClient.login(strict.proxy())) {
                        while (!stop.get()) {
                            List<String> read = values(reader.query(counters.sql(BOTH)));
                            boolean isOrdered = Integer.parseInt(read.get(0)) >= Integer.parseInt(read.get(1));
                            backwards.addAndGet(isOrdered ? 0 : 1);
                        }
                    }
                }));
            }
            for (int i = 0; i < 300; i++) {
                update(client, counters, 0);
                update(client, counters, 1);
            }
            stop.set(true);
            readers.forEach(CompletableFuture::join);
            assertEquals(List.of(300, 300), counters.values());
        } finally {
            stop.set(true);
        }
        assertEquals(0, backwards.get());
    }

    /** What it was to be told comes before the connection is closed, and not before it may. */
    @Test
    void aClientThatLeavesIsToldBefore() throws Exception {
        try (WireClient reader = WireClient.login(strict.proxy());
                WireClient leaving = WireClient.login(strict.proxy())) {
            Counters counters = Counters.filled(strict, reader);
            values(reader.query(counters.sql(BOTH)));
            CompletableFuture<List<String>> read;
            CompletableFuture<List<BackendMessage>> told;
            StoppedKeepers stopped = new StoppedKeepers(strict, "s1");
            try {
                read = CompletableFuture.supplyAsync(() -> values(reader.query(counters.sql(BOTH))));
                Await.until(
                        "the first shard's snapshot was taken",
                        () -> read.isDone() || StoppedKeepers.isHolding(strict, "s0"));
                leaving.send(FrontendMessages.query(counters.sql(Counters.increment(0))), FrontendMessages.terminate());
                told = CompletableFuture.supplyAsync(leaving::untilReady);
                Await.until("the commit is there", () -> isOnFirst(counters));
            } finally {
                stopped.goOn();
            }
            assertEquals("UPDATE 1", Counters.outcome(told.join()));
            read.join();
        }
    }
}
