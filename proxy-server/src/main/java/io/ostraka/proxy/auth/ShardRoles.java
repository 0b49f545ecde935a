package io.ostraka.proxy.auth;

import io.ostraka.rules.error.PgErrorException;
import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The roles of one database's shards that may log in without being in the file, as they were read last. Who reads them calls
 * {@link #replace}, and is told when a login failed: the role may be new. Thread-safe.
 */
public final class ShardRoles {
    /** Nobody. */
    public static final ShardRoles NONE = new ShardRoles(Clock.systemUTC(), () -> {});

    /** What the shards store of a role: its verifier as in {@code pg_authid}, and until when it holds. */
    public record Stored(String verifier, Optional<Instant> validUntil) {
        @Override
        public String toString() {
            return "Stored[***, " + validUntil + "]";
        }
    }

    private record Role(ScramVerifier verifier, Optional<Instant> validUntil) {}

    private final Clock clock;
    private final Runnable whenStale;
    private volatile Map<String, Role> byName = Map.of();

    /** {@code whenStale}: told on event loops, so it must not block. */
    public ShardRoles(Clock clock, Runnable whenStale) {
        this.clock = clock;
        this.whenStale = whenStale;
    }

    /** From now on these may log in, and no others. Verifiers that are none are left out. */
    public void replace(Map<String, Stored> stored) {
        Map<String, Role> roles = new HashMap<>();
        stored.forEach((name, role) -> {
            try {
                roles.put(name, new Role(ScramVerifier.parse(name, role.verifier()), role.validUntil()));
            } catch (PgErrorException malformed) {
                // The server could not check a password against it either.
            }
        });
        byName = Map.copyOf(roles);
    }

    /** The verifier of a role whose password has not expired. */
    Optional<ScramVerifier> verifier(String name) {
        return Optional.ofNullable(byName.get(name))
                .filter(role ->
                        role.validUntil().filter(clock.instant()::isAfter).isEmpty())
                .map(Role::verifier);
    }

    boolean has(String name) {
        return byName.containsKey(name);
    }

    /** A login of a name that is not in the file has failed. */
    public void loginFailed() {
        whenStale.run();
    }
}
