package io.ostraka.rules.config;

import io.ostraka.rules.config.ClusterConfig.AuthMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * Reads the configuration file: text to records, or everything that is wrong with it. What the records promise has been
 * checked when they exist; what only a catalog knows (columns, types of bounds) is checked by {@code rule.RuleSet}.
 * Relative paths start at the file's directory. Blocking; thread-safe, because it keeps nothing.
 */
public final class ConfigReader {
    private static final int DEFAULT_PORT = 6432;
    private static final String DEFAULT_DATA_DIR = "ostraka-data";
    private static final String DEFAULT_NODE = "n1";
    private static final int MAX_WORKERS = 1024;
    /** The console's name on the wire. */
    private static final String CONSOLE_DATABASE = "ostraka";

    /** Shorter ones can be guessed by trying. */
    private static final int SHORTEST_SECRET = 16;

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_-]{0,62}");

    private final Problems problems;
    private final References references;

    private ConfigReader(Problems problems, References references) {
        this.problems = problems;
        this.references = references;
    }

    /**
     * Reads a file, {@code ${NAME}} from this process's environment.
     *
     * @throws ConfigException with all that is wrong
     */
    public static ClusterConfig read(Path file) {
        Problems problems = new Problems(file.toString());
        Optional<String> text = content(file, problems);
        problems.throwIfAny();
        return read(text.orElseThrow(), file, name -> Optional.ofNullable(System.getenv(name)));
    }

    /**
     * Reads a text as if it stood in {@code file}, which names it in problems and need not exist.
     *
     * @throws ConfigException with all that is wrong
     */
    public static ClusterConfig read(String text, Path file, Function<String, Optional<String>> environment) {
        Problems problems = new Problems(file.toString());
        Path directory = file.toAbsolutePath().normalize().getParent();
        References references = new References(directory, environment);
        Optional<Node> root = YamlText.parse(text, problems);
        problems.throwIfAny();
        if (root.isEmpty()) {
            problems.addForWholeFile("is empty");
        }
        Optional<ClusterConfig> config = root.flatMap(
                node -> new ConfigReader(problems, references).cluster(new Value(node, "", problems, references)));
        problems.throwIfAny();
        return config.orElseThrow();
    }

    private static Optional<String> content(Path file, Problems problems) {
        try {
            if (Files.size(file) > 4L * YamlText.MAX_CHARACTERS) {
                problems.addForWholeFile("is too long for a configuration: " + Files.size(file) + " bytes");
                return Optional.empty();
            }
            byte[] bytes = Files.readAllBytes(file);
            return Optional.of(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString());
        } catch (CharacterCodingException e) {
            problems.addForWholeFile("is not UTF-8");
        } catch (NoSuchFileException e) {
            problems.addForWholeFile("there is no such file");
        } catch (IOException e) {
            problems.addForWholeFile("cannot be read: " + e.getMessage());
        }
        return Optional.empty();
    }

    private Optional<ClusterConfig> cluster(Value root) {
        Optional<Block> opened = root.block(ConfigBlock.FILE);
        if (opened.isEmpty()) {
            return Optional.empty();
        }
        try (Block file = opened.get()) {
            boolean allowPlaintext =
                    file.get("allow_plaintext").flatMap(Value::bool).orElse(false);
            Optional<TlsConfig> tls = file.get("tls").flatMap(ConfigReader::tls);
            AuthMode auth = file.get("auth")
                    .flatMap(value -> value.oneOf(AuthMode.class))
                    .orElse(AuthMode.SCRAM);
            List<HostPort> listen = listen(file, allowPlaintext, auth);
            String node = file.get("node").flatMap(ConfigReader::name).orElse(DEFAULT_NODE);
            Optional<String> peerSecret = file.get("peer_secret").flatMap(ConfigReader::peerSecret);
            Map<String, HostPort> peers = peers(file, node);
            Path dataDir = file.get("data_dir").flatMap(Value::path).orElse(references.resolve(DEFAULT_DATA_DIR));
            Map<String, Value.Entry> userEntries = someEntries(file, "users");
            Map<String, UserConfig> users = users(userEntries);
            boolean usersFromShards =
                    file.get("users_from_shards").flatMap(Value::bool).orElse(false);
            LimitsConfig limits = file.get("limits").map(LimitsReader::read).orElse(LimitsConfig.DEFAULT);
            OptionalInt workers = file.get("workers")
                    .map(value -> value.integer(1, MAX_WORKERS))
                    .orElse(OptionalInt.empty());
            Map<String, DatabaseConfig> databases = databases(file, userEntries.keySet());
            if (usersFromShards) {
                databases.values().forEach(database -> requireRecoveryUser(file, database));
            }
            return problems.isEmpty()
                    ? Optional.of(new ClusterConfig(
                            listen,
                            allowPlaintext,
                            dataDir,
                            tls,
                            node,
                            peers,
                            peerSecret,
                            users,
                            usersFromShards,
                            auth,
                            limits,
                            workers,
                            databases))
                    : Optional.empty();
        }
    }

    private static void requireRecoveryUser(Block file, DatabaseConfig database) {
        if (database.recoveryUser().isEmpty()) {
            file.get("users_from_shards")
                    .ifPresent(value -> value.problem(
                            "needs a \"recovery_user\" in databases." + database.name() + ", who reads the roles"));
        }
    }

    /** The addresses, after what is open to the network was checked against how it is protected. */
    private static List<HostPort> listen(Block file, boolean allowPlaintext, AuthMode auth) {
        Optional<Value> value = file.get("listen");
        if (value.isEmpty()) {
            return List.of(new HostPort("127.0.0.1", DEFAULT_PORT));
        }
        if (value.get().elements().isEmpty()) {
            value.get().problem("must have at least one address");
        }
        boolean isProtected = allowPlaintext || file.get("tls").isPresent();
        List<HostPort> listen = new ArrayList<>();
        for (Value element : value.get().elements()) {
            element.hostPort(OptionalInt.of(DEFAULT_PORT), 0).ifPresent(address -> {
                if (address.port() != 0 && listen.contains(address)) {
                    element.problem("is listed twice");
                }
                listen.add(address);
                if (!isLoopback(address.host()) && !isProtected) {
                    element.problem("is not a loopback address: it needs \"tls\" or \"allow_plaintext: true\"");
                }
            });
        }
        if (auth == AuthMode.TRUST && !listen.stream().allMatch(address -> isLoopback(address.host()))) {
            file.get("auth")
                    .ifPresent(trust ->
                            trust.problem("must be scram, because \"listen\" has an address that is not loopback"));
        }
        return List.copyOf(listen);
    }

    /** Without asking a resolver, whose answer may change: other names than localhost count as open. */
    private static boolean isLoopback(String host) {
        return host.equals("localhost") || host.equals("::1") || host.matches("127(\\.[0-9]{1,3}){3}");
    }

    private static Optional<TlsConfig> tls(Value value) {
        return value.block(ConfigBlock.TLS).flatMap(opened -> {
            try (Block block = opened) {
                Optional<Path> certificate = block.require("certificate").flatMap(Value::existingFile);
                Optional<Path> key = block.require("key").flatMap(Value::existingFile);
                Optional<Path> clientCa = block.get("client_ca").flatMap(Value::existingFile);
                return certificate.isPresent() && key.isPresent()
                        ? Optional.of(new TlsConfig(certificate.get(), key.get(), clientCa))
                        : Optional.empty();
            }
        });
    }

    private static Optional<String> peerSecret(Value value) {
        return value.text().filter(secret -> {
            boolean isLong = secret.length() >= SHORTEST_SECRET;
            if (!isLong) {
                value.problem("must have at least " + SHORTEST_SECRET + " characters, drawn by chance");
            }
            return isLong;
        });
    }

    private static Map<String, HostPort> peers(Block file, String node) {
        Map<String, HostPort> peers = new LinkedHashMap<>();
        file.get("peers").ifPresent(value -> value.entries().ifPresent(entries -> {
            entries.forEach((name, entry) -> {
                name(entry.key());
                entry.value().hostPort(OptionalInt.empty(), 1).ifPresent(address -> {
                    if (peers.containsValue(address)) {
                        entry.value().problem("is another peer's address already");
                    }
                    peers.put(name, address);
                });
            });
            if (entries.size() > 1 && file.get("peer_secret").isEmpty()) {
                value.problem("needs a \"peer_secret\": whoever reaches a peer's port could decide transactions");
            }
            if (!entries.containsKey(node)) {
                value.problem("must have this node, \"" + node + "\", among them");
            }
        }));
        return peers;
    }

    /** A name of ours: of a node or a shard. */
    static Optional<String> name(Value value) {
        return value.text().filter(text -> {
            boolean sound = NAME.matcher(text).matches();
            if (!sound) {
                value.problem("must be made of letters, digits, _ and -, at most 63 of them, is " + value.shown());
            }
            return sound;
        });
    }

    private static Map<String, UserConfig> users(Map<String, Value.Entry> entries) {
        Map<String, UserConfig> users = new LinkedHashMap<>();
        entries.forEach((name, entry) -> {
            pgName(entry.key(), name);
            UserReader.read(name, entry.value()).ifPresent(user -> users.put(name, user));
        });
        return users;
    }

    private static Map<String, DatabaseConfig> databases(Block file, Set<String> users) {
        Map<String, DatabaseConfig> databases = new LinkedHashMap<>();
        someEntries(file, "databases").forEach((name, entry) -> {
            pgName(entry.key(), name);
            if (name.equals(CONSOLE_DATABASE)) {
                entry.key().problem("is the console's name, not a database's");
            }
            new DatabaseReader(name, users).read(entry.value()).ifPresent(found -> databases.put(name, found));
        });
        return databases;
    }

    /** The entries of a block that must be there and have some. */
    static Map<String, Value.Entry> someEntries(Block block, String key) {
        Optional<Value> value = block.require(key);
        Optional<Map<String, Value.Entry>> entries = value.flatMap(Value::entries);
        if (entries.isPresent() && entries.get().isEmpty()) {
            value.get().problem("must have at least one entry");
        }
        return entries.orElse(Map.of());
    }

    /** A name that PostgreSQL would not cut off. */
    private static void pgName(Value key, String name) {
        if (name.getBytes(StandardCharsets.UTF_8).length > 63 || name.indexOf('\0') >= 0) {
            key.problem("a name must have at most 63 bytes");
        }
    }
}
