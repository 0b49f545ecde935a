package io.ostraka.proxy.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class ScramKeyCacheTest {
    private final ScramKeyCache cache = new ScramKeyCache();
    private final byte[] salt = {1, 2, 3};

    @Test
    void keysAreThereAfterTheirJobHasRunAndForTheirInputAlone() {
        assertTrue(cache.find("secret", salt, 10).isEmpty());
        ScramKeys keys = cache.job("secret", salt, 10).get();
        assertSame(keys, cache.find("secret", salt.clone(), 10).orElseThrow());
        assertTrue(cache.find("Secret", salt, 10).isEmpty());
        assertTrue(cache.find("secret", new byte[] {1, 2, 4}, 10).isEmpty());
        assertTrue(cache.find("secret", salt, 11).isEmpty());
    }

    @Test
    void jobsForTheSameKeysShareOneDerivation() throws Exception {
        ExecutorService workers = Executors.newFixedThreadPool(8);
        try {
            List<Future<ScramKeys>> results = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                results.add(workers.submit(cache.job("secret", salt, 20_000)::get));
            }
            ScramKeys first = results.get(0).get();
            for (Future<ScramKeys> result : results) {
                assertSame(first, result.get());
            }
        } finally {
            workers.shutdown();
        }
    }

    @Test
    void aServerWithANewSaltEachTimeFillsNoMemory() {
        for (int i = 0; i < ScramKeyCache.MAX_ENTRIES + 100; i++) {
            byte[] newSalt = ByteBuffer.allocate(4).putInt(i).array();
            ScramKeys keys = cache.job("secret", newSalt, 1).get();
            assertTrue(keys.answers(newSalt, 1));
        }
        assertEquals(ScramKeyCache.MAX_ENTRIES, cache.size());
    }
}
