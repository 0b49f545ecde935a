package io.ostraka.proxy.session;

import io.ostraka.proxy.auth.LoginErrors;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many clients there are: that have yet to log in, in all, and by user. A client counts in all once it has said who it is, and for its user once it
 * has proved it: nobody can keep a user out without his password. Thread-safe.
 */
public final class SessionSlots {
    private final int maxArriving;
    private final int max;
    private final int maxPerUser;
    private final AtomicInteger arriving = new AtomicInteger();
    private final AtomicInteger taken = new AtomicInteger();
    /** Without those who have none. */
    private final Map<String, Integer> byUser = new ConcurrentHashMap<>();

    public SessionSlots(int maxArriving, int max, int maxPerUser) {
        this.maxArriving = maxArriving;
        this.max = max;
        this.maxPerUser = maxPerUser;
    }

    /** A connection was made; false when too many have yet to log in, else {@link #depart} must follow. */
    boolean arrive() {
        if (arriving.incrementAndGet() > maxArriving) {
            arriving.decrementAndGet();
            return false;
        }
        return true;
    }

    /** It has logged in, or gone away. */
    void depart() {
        arriving.decrementAndGet();
    }

    /** Throws {@link io.ostraka.rules.error.PgErrorException} 53300 when there are too many; else {@link #leave} must follow. */
    void enter() {
        if (taken.incrementAndGet() > max) {
            taken.decrementAndGet();
            throw LoginErrors.tooManyClients().toException();
        }
    }

    void leave() {
        taken.decrementAndGet();
    }

    /** Throws {@link io.ostraka.rules.error.PgErrorException} 53300 when the user has too many; else {@link #leave(String)} must follow. */
    void enter(String user) {
        byUser.compute(user, (name, count) -> {
            int now = count == null ? 1 : count + 1;
            if (now > maxPerUser) {
                throw LoginErrors.tooManyOf(name).toException();
            }
            return now;
        });
    }

    void leave(String user) {
        byUser.compute(user, (name, count) -> count == null || count <= 1 ? null : count - 1);
    }
}
