package io.ostraka.proxy.auth;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.ongres.scram.common.ScramFunctions;
import io.ostraka.rules.config.UserConfig;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The users of the configuration file, as logins need them: a verifier for each, and the way in to the shards.
 *
 * <p>An unknown name gets a verifier too, made from the name and a secret of this process, so that it looks to a
 * stranger like any other: the same salt each time, the same steps, the same time. Salts of users given by password are
 * made the same way.
 *
 * <p>Immutable, apart from the random source, which is thread-safe. Nothing secret is in any {@code toString}.
 */
public final class UserDirectory {
    private final Map<String, User> users;
    private final byte[] mockSecret;
    private final SecureRandom random;

    private UserDirectory(Map<String, User> users, byte[] mockSecret, SecureRandom random) {
        this.users = users;
        this.mockSecret = mockSecret;
        this.random = random;
    }

    /**
     * Runs PBKDF2 once for each user given by password: milliseconds each, so not on an event loop.
     *
     * @throws io.ostraka.rules.error.PgErrorException F0000 if a verifier is malformed
     */
    public static UserDirectory of(Map<String, UserConfig> configured) {
        return of(configured, new SecureRandom());
    }

    static UserDirectory of(Map<String, UserConfig> configured, SecureRandom random) {
        byte[] secret = new byte[ScramKeys.KEY_BYTES];
        random.nextBytes(secret);
        Map<String, User> users = new LinkedHashMap<>();
        configured.forEach((name, config) -> users.put(name, User.of(config, saltOf(secret, name))));
        return new UserDirectory(users, secret, random);
    }

    /**
     * A login of {@code name}, who need not exist; the caller cannot tell, and the client learns it as a wrong password.
     * {@code roles}: who may come besides those in the file. {@code binding}: what the login can be tied to when it comes
     * over TLS.
     */
    public ScramServer login(String name, ShardRoles roles, Optional<ChannelBinding> binding) {
        // Made up and looked up for known users as well: the time must not depend on who exists.
        ScramVerifier mock = mockVerifier(name);
        Optional<ScramVerifier> ofShards = roles.verifier(name);
        Optional<ScramVerifier> verifier = users.containsKey(name) ? find(name).flatMap(User::verifier) : ofShards;
        return new ScramServer(name, verifier.orElse(mock), verifier.isPresent(), binding, random);
    }

    /** The way in to the shards after a login that proved {@code keys}; for a role of the shards it is these keys. */
    public ShardLogin shardLogin(String name, ScramKeys keys) {
        return find(name)
                .map(user -> user.shardLogin(keys))
                .orElseGet(() -> new ShardLogin(name, new ShardSecret.Proven(keys)));
    }

    /** The way in to the shards where no password is asked; empty for a name that is neither in the file nor a role. */
    public Optional<ShardLogin> trustedLogin(String name, ShardRoles roles) {
        return find(name)
                .map(User::shardLogin)
                .or(() -> roles.has(name)
                        ? Optional.of(new ShardLogin(name, new ShardSecret.Nothing()))
                        : Optional.empty());
    }

    /** The user's entry, for use after the login. */
    public Optional<User> find(String name) {
        return Optional.ofNullable(users.get(name));
    }

    private ScramVerifier mockVerifier(String name) {
        byte[] key = keyed(mockSecret, "key", name);
        return new ScramVerifier(ScramVerifier.DEFAULT_ITERATIONS, saltOf(mockSecret, name), key, key);
    }

    private static byte[] saltOf(byte[] secret, String name) {
        return Arrays.copyOf(keyed(secret, "salt", name), ScramVerifier.SALT_BYTES);
    }

    private static byte[] keyed(byte[] secret, String purpose, String name) {
        return ScramFunctions.hmac(ScramKeys.MECHANISM, (purpose + '\0' + name).getBytes(UTF_8), secret);
    }

    @Override
    public String toString() {
        return "UserDirectory" + users.keySet();
    }

    /** One user. {@code console}: may open the administration console. Immutable. */
    public static final class User {
        private final String name;
        private final boolean console;
        private final Optional<ScramVerifier> verifier;
        private final String shardUser;
        private final ShardSecret shardSecret;

        private User(
                String name,
                boolean console,
                Optional<ScramVerifier> verifier,
                String shardUser,
                ShardSecret shardSecret) {
            this.name = name;
            this.console = console;
            this.verifier = verifier;
            this.shardUser = shardUser;
            this.shardSecret = shardSecret;
        }

        private static User of(UserConfig config, byte[] salt) {
            String name = config.name();
            Optional<String> password = passwordOf(config.credential());
            Optional<ScramVerifier> verifier = config.credential() instanceof UserConfig.Credential.Verifier stored
                    ? Optional.of(ScramVerifier.parse(name, stored.value()))
                    : password.map(value -> ScramVerifier.ofPassword(value, salt));
            ShardSecret secret = config.shardPassword()
                    .filter(value -> !value.isEmpty())
                    .or(() -> password)
                    .<ShardSecret>map(ShardSecret.Password::new)
                    .orElse(new ShardSecret.Nothing());
            return new User(name, config.console(), verifier, config.shardUser().orElse(name), secret);
        }

        /** As in PostgreSQL, an empty password is none: nobody can log in with it. */
        private static Optional<String> passwordOf(UserConfig.Credential credential) {
            return credential instanceof UserConfig.Credential.Password plain
                    ? Optional.of(plain.value()).filter(value -> !value.isEmpty())
                    : Optional.empty();
        }

        public String name() {
            return name;
        }

        public boolean console() {
            return console;
        }

        private Optional<ScramVerifier> verifier() {
            return verifier;
        }

        /** The way in to the shards that the file alone gives: all there is for {@code auth: trust} and background work. */
        public ShardLogin shardLogin() {
            return new ShardLogin(shardUser, shardSecret);
        }

        /**
         * The way in to the shards after a login that proved {@code keys}: who has no password in the file logs in with
         * them, which works where the shard stores the same verifier.
         */
        public ShardLogin shardLogin(ScramKeys keys) {
            return shardSecret instanceof ShardSecret.Nothing
                    ? new ShardLogin(shardUser, new ShardSecret.Proven(keys))
                    : shardLogin();
        }

        @Override
        public String toString() {
            return "User[" + name + "]";
        }
    }
}
