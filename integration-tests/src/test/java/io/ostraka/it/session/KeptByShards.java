package io.ostraka.it.session;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.nio.charset.StandardCharsets;
import java.util.stream.IntStream;

/** What the shards keep prepared on the table {@code account}, in a cluster whose pools have one connection each. Used by one thread. */
record KeptByShards(TestCluster cluster, int shards) {
    long count() {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            return IntStream.range(0, shards)
                    .mapToLong(shard -> {
                        client.query("SET ostraka.shard = 's" + shard + "'");
                        return Long.parseLong(client.query("SELECT count(*) FROM pg_prepared_statements"
                                        + " WHERE statement LIKE '%account%$1%'")
                                .get(1)
                                .values()
                                .get(0)
                                .map(bytes -> new String(bytes, StandardCharsets.US_ASCII))
                                .orElseThrow());
                    })
                    .sum();
        }
    }

    /** A statement of one shard does not wait until the proxy has read the catalog; it is not kept until then. */
    void awaitCatalog() {
        long before = count();
        try (WireClient client = WireClient.login(cluster.proxy())) {
            String own = "SELECT id /* " + System.nanoTime() + " */ FROM account WHERE id = 1";
            Await.until("the shard keeps statements on the table", () -> {
                client.query(own);
                return count() > before;
            });
        }
    }
}
