package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.BackendPid;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/** All sessions of this proxy by the number their clients know as process id, with the key that a cancel must show. Thread-safe. */
public final class Sessions {
    private record Entry(Session session, CancelKey cancelKey) {}

    /** More than one where servers on different machines have processes of the same number. */
    private final Map<Integer, List<Entry>> byPid = new ConcurrentHashMap<>();

    private final AtomicInteger lastId = new AtomicInteger();
    private final SecureRandom random = new SecureRandom();

    int nextId() {
        return lastId.incrementAndGet();
    }

    /** Returns the key the client is told. {@code isLong}: the client speaks protocol 3.2. */
    CancelKey add(Session session, boolean isLong) {
        while (true) {
            CancelKey key = CancelKey.random(random, isLong);
            if (byPid.putIfAbsent(key.pid(), List.of(new Entry(session, key))) == null) {
                return key;
            }
        }
    }

    /** The same with the number of the one server process that the session has. */
    CancelKey add(Session session, boolean isLong, BackendPid pid) {
        CancelKey key = CancelKey.of(pid.value(), random, isLong);
        byPid.merge(pid.value(), List.of(new Entry(session, key)), (some, more) -> Stream.concat(
                        some.stream(), more.stream())
                .toList());
        return key;
    }

    /** From now on the key is nobody's. */
    void remove(CancelKey key) {
        byPid.computeIfPresent(key.pid(), (pid, entries) -> {
            List<Entry> others =
                    entries.stream().filter(entry -> entry.cancelKey() != key).toList();
            return others.isEmpty() ? null : others;
        });
    }

    /**
     * Cancels what runs under the key, which is that of BackendKeyData. Empty when no session here has it; else completes, always
     * normally, when nothing that the session does after can be hit by it.
     */
    public Optional<CompletableFuture<Void>> cancel(byte[] key) {
        if (key.length <= Integer.BYTES) {
            return Optional.empty();
        }
        int pid = ByteBuffer.wrap(key).getInt();
        byte[] secret = Arrays.copyOfRange(key, Integer.BYTES, key.length);
        List<CompletableFuture<?>> found = new ArrayList<>();
        for (Entry entry : byPid.getOrDefault(pid, List.of())) {
            if (entry.cancelKey().matches(secret)) {
                Session session = entry.session();
                found.add(CompletableFuture.completedFuture(session).thenComposeAsync(Session::cancel, session.loop()));
            }
        }
        return found.isEmpty()
                ? Optional.empty()
                : Optional.of(CompletableFuture.allOf(found.toArray(CompletableFuture<?>[]::new)));
    }

    /** Tells the clients that do nothing now, or all of them, that the server stops. */
    public void shutDown(boolean all) {
        byPid.values()
                .forEach(entries -> entries.forEach(entry -> entry.session().shutDown(all)));
    }

    /** What each session that is in a transaction, or was given to the coordinator, says of it; in the order of their numbers. */
    public CompletableFuture<List<SessionReport>> reports() {
        List<CompletableFuture<Optional<SessionReport>>> asked = byPid.entrySet().stream()
                .flatMap(numbered -> numbered.getValue().stream()
                        .map(entry -> CompletableFuture.supplyAsync(
                                () -> entry.session().report(numbered.getKey()),
                                entry.session().loop())))
                .toList();
        return CompletableFuture.allOf(asked.toArray(CompletableFuture<?>[]::new))
                .thenApply(all -> asked.stream()
                        .flatMap(report -> report.join().stream())
                        .sorted(Comparator.comparing(SessionReport::id))
                        .toList());
    }

    public int count() {
        return byPid.values().stream().mapToInt(List::size).sum();
    }
}
