package io.ostraka.it.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A proxy's process and shards' servers are killed at random while {@link FaultsWorkload clients} write and read several shards. For as
 * long as one likes: {@code bin/ostraka-faults}.
 */
class FaultsTest {
    private static final int SECONDS = Integer.getInteger("ostraka.faults.seconds", 30);
    private static final long SEED = Long.getLong("ostraka.seed", 6);
    private static final int SHARDS = 3;

    @TempDir
    private Path directory;

    private final TestCluster cluster = TestCluster.of(Counters.spec(SHARDS).withProxies(0));

    @ParameterizedTest
    @ValueSource(strings = {"atomic", "strict"})
    @Timeout(value = 24, unit = TimeUnit.HOURS)
    void nothingIsSeenOrLeftInHalves(String consistency) throws IOException, SQLException {
        Random random = new Random(SEED);
        ExecutorService clients = Executors.newCachedThreadPool();
        try (ProxyProcess proxy = new ProxyProcess(
                directory, cluster, List.of("s0", "s1", "s2"), "", "consistency: " + consistency + "\n")) {
            proxy.start("");
            Counters counters;
            try (WireClient client = WireClient.login(proxy.endpoint())) {
                counters = Counters.filled(cluster, client);
            }
            FaultsWorkload workload = new FaultsWorkload(proxy.endpoint(), counters, SHARDS);
            try (WireClient client = WireClient.login(proxy.endpoint())) {
                workload.fill(client);
            }
            List<CompletableFuture<Void>> running = new ArrayList<>();
            workload.clients(random, consistency.equals("strict"))
                    .forEach(one -> running.add(CompletableFuture.runAsync(one, clients)));
            List<String> faults = new ArrayList<>();
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
            while (System.nanoTime() < end && running.stream().noneMatch(CompletableFuture::isDone)) {
                pause(random, 2_000);
                faults.add(fault(random, proxy));
            }
            workload.stop();
            running.forEach(CompletableFuture::join);
            Await.until("nothing is left prepared", () -> counters.prepared() == 0);
            System.out.println(workload.summary() + ", faults " + faults + ", " + consistency + ", seed " + SEED);
            assertTrue(!faults.isEmpty());
            workload.check(counters);
            assertEquals(
                    List.of("SELECT 3"),
                    finalRead(proxy, counters),
                    "all shards are read again through the proxy that was started last");
        } finally {
            clients.shutdownNow();
            for (int shard = 0; shard < SHARDS; shard++) {
                cluster.server("s" + shard).start();
            }
        }
    }

    private static List<String> finalRead(ProxyProcess proxy, Counters counters) {
        try (WireClient client = WireClient.login(proxy.endpoint())) {
            return counters.run(client, "SELECT n FROM counter WHERE id IN ($0, $1, $2)");
        }
    }

    /** One process dies and comes back, or two of them. Returns which. */
    private String fault(Random random, ProxyProcess proxy) throws IOException, SQLException {
        boolean ofProxy = random.nextInt(3) == 0;
        String shard = "s" + random.nextInt(SHARDS);
        boolean ofShard = !ofProxy || random.nextInt(3) == 0;
        if (ofShard) {
            cluster.server(shard).kill();
            pause(random, 1_000);
        }
        if (ofProxy) {
            proxy.kill();
        }
        if (ofShard) {
            pause(random, 500);
            cluster.server(shard).start();
        }
        if (ofProxy) {
            proxy.start("");
        }
        return ofProxy ? ofShard ? "proxy+" + shard : "proxy" : shard;
    }

    private static void pause(Random random, int mostMs) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(mostMs)));
    }
}
