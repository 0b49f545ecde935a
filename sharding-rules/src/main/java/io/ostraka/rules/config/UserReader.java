package io.ostraka.rules.config;

import io.ostraka.rules.config.UserConfig.Credential;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads one entry of {@code users}. Its problems never show what a secret is. */
final class UserReader {
    private static final Pattern VERIFIER = Pattern.compile(
            "SCRAM-SHA-256\\$([1-9][0-9]{0,8}):([A-Za-z0-9+/=]+)\\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)");
    private static final int SHA_256_BYTES = 32;

    private UserReader() {}

    static Optional<UserConfig> read(String name, Value value) {
        return value.block(ConfigBlock.USER).flatMap(opened -> {
            try (Block block = opened) {
                Optional<Value> password = block.get("password");
                Optional<Value> verifier = block.get("verifier");
                Optional<Credential> credential = verifier.isPresent()
                        ? verifier.flatMap(UserReader::verifier)
                        : password.flatMap(Value::text).map(Credential.Password::new);
                boolean console = block.get("console").flatMap(Value::bool).orElse(false);
                Optional<String> shardUser = block.get("shard_user").flatMap(Value::text);
                Optional<Value> shardPassword = block.get("shard_password");
                if (password.isPresent() == verifier.isPresent()) {
                    block.problem(
                            "needs either \"password\" or \"verifier\"" + (password.isPresent() ? ", not both" : ""));
                } else if (verifier.isPresent() && shardPassword.isEmpty()) {
                    block.problem("a verifier is no password to log in to shards with: needs \"shard_password\"");
                }
                Optional<String> passwordOnShards = shardPassword.flatMap(Value::text);
                return credential.map(known -> new UserConfig(name, known, console, shardUser, passwordOnShards));
            }
        });
    }

    private static Optional<Credential> verifier(Value value) {
        return value.text().flatMap(text -> {
            Matcher matcher = VERIFIER.matcher(text);
            if (!matcher.matches()
                    || bytes(matcher.group(2)) < 1
                    || bytes(matcher.group(3)) != SHA_256_BYTES
                    || bytes(matcher.group(4)) != SHA_256_BYTES) {
                value.problem("must be SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>,"
                        + " as in pg_authid.rolpassword");
                return Optional.empty();
            }
            return Optional.of(new Credential.Verifier(text));
        });
    }

    /** How many bytes the Base64 stands for; -1 when it is none. */
    private static int bytes(String base64) {
        try {
            return Base64.getDecoder().decode(base64).length;
        } catch (IllegalArgumentException e) {
            return -1;
        }
    }
}
