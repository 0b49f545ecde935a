package io.ostraka.proxy.session;

import java.security.SecureRandom;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** All sessions of this proxy by the number their clients know as process id, with the key that a cancel must show. Thread-safe. */
public final class Sessions {
    private record Entry(Session session, CancelKey cancelKey) {}

    private final Map<Integer, Entry> byPid = new ConcurrentHashMap<>();
    private final AtomicInteger lastId = new AtomicInteger();
    private final SecureRandom random = new SecureRandom();

    int nextId() {
        return lastId.incrementAndGet();
    }

    /** Returns the key the client is told. {@code isLong}: the client speaks protocol 3.2. */
    CancelKey add(Session session, boolean isLong) {
        while (true) {
            CancelKey key = CancelKey.random(random, isLong);
            if (byPid.putIfAbsent(key.pid(), new Entry(session, key)) == null) {
                return key;
            }
        }
    }

    /** From now on the key is nobody's. */
    void remove(CancelKey key) {
        byPid.remove(key.pid());
    }

    /** A CancelRequest: does nothing, and says nothing, when the key is wrong. */
    void cancel(int pid, byte[] secret) {
        Entry entry = byPid.get(pid);
        if (entry != null && entry.cancelKey().matches(secret)) {
            entry.session().loop().execute(entry.session()::cancel);
        }
    }

    /** Tells the clients that do nothing now, or all of them, that the server stops. */
    public void shutDown(boolean all) {
        byPid.values().forEach(entry -> entry.session().shutDown(all));
    }

    public int count() {
        return byPid.size();
    }
}
