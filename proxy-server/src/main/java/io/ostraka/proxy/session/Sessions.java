package io.ostraka.proxy.session;

import java.security.SecureRandom;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** All sessions of this proxy by the number their clients know as process id, with the key that a cancel must show. Thread-safe. */
public final class Sessions {
    private record Entry(Session session, CancelKey cancelKey) {}

    private final Map<Integer, Entry> byId = new ConcurrentHashMap<>();
    private final AtomicInteger lastId = new AtomicInteger();
    private final SecureRandom random = new SecureRandom();

    int nextId() {
        return lastId.incrementAndGet();
    }

    /** Returns the key the client is told. */
    CancelKey add(Session session) {
        CancelKey key = CancelKey.random(random);
        byId.put(session.id(), new Entry(session, key));
        return key;
    }

    void remove(Session session) {
        byId.remove(session.id());
    }

    /** A CancelRequest: does nothing, and says nothing, when the key is wrong. */
    void cancel(int id, byte[] key) {
        Entry entry = byId.get(id);
        if (entry != null && entry.cancelKey().matches(key)) {
            entry.session().loop().execute(entry.session()::cancel);
        }
    }

    /** Tells the clients that do nothing now, or all of them, that the server stops. */
    public void shutDown(boolean all) {
        byId.values().forEach(entry -> entry.session().shutDown(all));
    }

    public int count() {
        return byId.size();
    }
}
