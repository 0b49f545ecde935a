package io.ostraka.proxy.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.proxy.auth.ShardRoles.Stored;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ShardRolesTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final String VERIFIER =
            "SCRAM-SHA-256$4096:c2FsdA==$" + "A".repeat(43) + "=:" + "B".repeat(42) + "A=";

    private final ShardRoles roles = new ShardRoles(Clock.fixed(NOW, ZoneOffset.UTC), () -> {});

    @Test
    void whoseRolesExpiredIsUnknown() {
        roles.replace(Map.of(
                "forever", new Stored(VERIFIER, Optional.empty()),
                "still", new Stored(VERIFIER, Optional.of(NOW.plusSeconds(1))),
                "expired", new Stored(VERIFIER, Optional.of(NOW.minusSeconds(1)))));
        assertTrue(roles.verifier("forever").isPresent());
        assertTrue(roles.verifier("still").isPresent());
        assertFalse(roles.verifier("expired").isPresent());
        assertFalse(roles.verifier("nobody").isPresent());
    }

    @Test
    void aVerifierThatIsNoneLetsNobodyInAndHarmsNobodyElse() {
        roles.replace(Map.of(
                "broken", new Stored("SCRAM-SHA-256$4096:x", Optional.empty()),
                "sound", new Stored(VERIFIER, Optional.empty())));
        assertFalse(roles.verifier("broken").isPresent());
        assertTrue(roles.verifier("sound").isPresent());
    }

    @Test
    void keysOfOnePasswordAreEqualSoThatItsLoginsShareConnections() {
        byte[] salt = {1, 2, 3};
        ScramKeys keys = ScramKeys.derive("secret", salt, 4096);
        assertEquals(keys, ScramKeys.derive("secret", salt, 4096));
        assertEquals(keys.hashCode(), ScramKeys.derive("secret", salt, 4096).hashCode());
        assertNotEquals(keys, ScramKeys.derive("other", salt, 4096));
        assertNotEquals(keys, ScramKeys.derive("secret", new byte[] {1}, 4096));
    }
}
