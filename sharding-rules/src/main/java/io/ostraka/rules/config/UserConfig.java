package io.ostraka.rules.config;

import java.util.Optional;

/**
 * One entry of {@code users}: how a client proves to be {@code name}, and as whom the proxy then logs in to the shards.
 * Without {@code shardUser} and {@code shardPassword} it is the same name and the same password.
 */
public record UserConfig(
        String name,
        Credential credential,
        boolean console,
        Optional<String> shardUser,
        Optional<String> shardPassword) {

    /** What the file knows of a user's password. */
    public sealed interface Credential {
        /** The password itself. */
        record Password(String value) implements Credential {
            @Override
            public String toString() {
                return "Password[***]";
            }
        }

        /** {@code SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>}, as in {@code pg_authid.rolpassword}. */
        record Verifier(String value) implements Credential {
            @Override
            public String toString() {
                return "Verifier[***]";
            }
        }
    }

    /** Secrets stay out of logs. */
    @Override
    public String toString() {
        return "UserConfig[" + name + (console ? ", console" : "") + "]";
    }
}
