package io.ostraka.proxy.auth;

import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;

/**
 * Keys already derived from passwords, so that PBKDF2 runs once for each shard and user and not once for each backend.
 *
 * <p>Holds {@link #MAX_ENTRIES}; the least recently used goes first, so a server that invents a new salt each time costs
 * others a derivation at most. Two callers who want the same keys at once share one derivation.
 *
 * <p>Thread-safe; the lock is never held during a derivation.
 */
public final class ScramKeyCache {
    static final int MAX_ENTRIES = 1024;

    /** Contains a secret; never printed. */
    private record Key(String password, ByteBuffer salt, int iterations) {}

    private final Map<Key, FutureTask<ScramKeys>> byKey = new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, FutureTask<ScramKeys>> eldest) {
            return size() > MAX_ENTRIES;
        }
    };

    /** The keys, if they are there already; never blocks for long. */
    Optional<ScramKeys> find(String password, byte[] salt, int iterations) {
        FutureTask<ScramKeys> task;
        synchronized (byKey) {
            task = byKey.get(key(password, salt, iterations));
        }
        return task != null && task.isDone() ? Optional.of(resultOf(task)) : Optional.empty();
    }

    /** A job that finds or derives the keys: slow, so to be run on an executor for blocking work. */
    Supplier<ScramKeys> job(String password, byte[] salt, int iterations) {
        Key key = key(password, salt, iterations);
        return () -> {
            FutureTask<ScramKeys> task;
            synchronized (byKey) {
                task = byKey.computeIfAbsent(
                        key, absent -> new FutureTask<>(() -> ScramKeys.derive(password, salt, iterations)));
            }
            // The first caller derives; the others find the task running, and wait for it below.
            task.run();
            return resultOf(task);
        };
    }

    private static Key key(String password, byte[] salt, int iterations) {
        return new Key(password, ByteBuffer.wrap(salt.clone()), iterations);
    }

    private static ScramKeys resultOf(FutureTask<ScramKeys> task) {
        try {
            return task.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while keys were derived");
        } catch (ExecutionException e) {
            throw new IllegalStateException("keys could not be derived", e.getCause());
        }
    }

    int size() {
        synchronized (byKey) {
            return byKey.size();
        }
    }

    @Override
    public String toString() {
        return "ScramKeyCache[" + size() + "]";
    }
}
