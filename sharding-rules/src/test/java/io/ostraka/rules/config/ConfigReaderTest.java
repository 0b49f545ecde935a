package io.ostraka.rules.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.rules.config.ClusterConfig.AuthMode;
import io.ostraka.rules.config.DatabaseConfig.Consistency;
import io.ostraka.rules.config.DatabaseConfig.SerializableAcrossShards;
import io.ostraka.rules.config.UserConfig.Credential;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigReaderTest {
    private static final Path REPOSITORY = Path.of("..").toAbsolutePath().normalize();
    private static final String SECRET = "hunter2";
    private static final String VERIFIER =
            "SCRAM-SHA-256$4096:c2FsdA==$" + "A".repeat(43) + "=:" + "B".repeat(43) + "=";
    private static final ShardName S0 = new ShardName("s0");
    private static final ShardName S1 = new ShardName("s1");

    @Test
    void everyKeyComesToItsRecord() {
        ClusterConfig config = read("""
                listen: [127.0.0.1:7000, "[::1]:7001", localhost]
                allow_plaintext: false
                data_dir: ../data
                node: left
                peers: { left: "10.0.0.1:7432", right: "[::1]:7433" }
                peer_secret: "${NAME} and more than that"
                users:
                  app: { password: "pass ${NAME} $${NAME}" }
                  report: { verifier: "%s", shard_user: reader, shard_password: 12, console: true }
                users_from_shards: false
                auth: trust
                limits: { login_timeout: 5s, logins_per_second: 7, failed_logins: 3, forgive_failed_login: 2s, sessions: 9,
                          logins_in_progress: 8, collected_message: 1MiB, prepared_statements: 4, prepared_text: 2KiB,
                          portals: 5 }
                workers: 3
                databases:
                  shop:
                    shards:
                      s1: { primary: "[fe80::1]:5433/shop_b", tls: disable, number: 7, replicas: [] }
                      s0: { primary: db.example }
                    default_shard: s1
                    slots: 64
                    pool: { size: 5, mode: session, acquire_timeout: 100ms }
                    consistency: shard
                    serializable_across_shards: lock
                    recovery_user: report
                    tables:
                      T: { hash: [a, '"B"'], shards: [s1] }
                      '"T"': { hash: [x, y], colocate_with: T }
                      other.t: { consistent_hash: ID, virtual_nodes: 3, shards: [s0, s1] }
                      r: { range: at, ranges: [{ to: 1, shard: s0 }, { from: "", shard: s1 }] }
                      l: { list: k, values: { 1: s0, no: s1 }, otherwise: s1 }
                      ref: { reference: true }
                      pin: { pinned: s0 }
                    schemas: { Tenant_A: s1 }
                """.formatted(VERIFIER));

        assertEquals(
                List.of(new HostPort("127.0.0.1", 7000), new HostPort("::1", 7001), new HostPort("localhost", 6432)),
                config.listen());
        assertEquals(Path.of("/etc/data"), config.dataDir().normalize());
        assertEquals("left", config.node());
        assertEquals(
                Map.of("left", new HostPort("10.0.0.1", 7432), "right", new HostPort("::1", 7433)), config.peers());
        assertEquals(Optional.of("value and more than that"), config.peerSecret());
        assertEquals(AuthMode.TRUST, config.auth());
        assertEquals(OptionalInt.of(3), config.workers());
        assertEquals(
                new LimitsConfig(Duration.ofSeconds(5), 8, 7, 3, Duration.ofSeconds(2), 9, 9, 1 << 20, 4, 2048, 5),
                config.limits());
        assertEquals(
                new UserConfig(
                        "app",
                        new Credential.Password("pass value ${NAME}"),
                        false,
                        Optional.empty(),
                        Optional.empty()),
                config.users().get("app"));
        assertEquals(
                new UserConfig(
                        "report", new Credential.Verifier(VERIFIER), true, Optional.of("reader"), Optional.of("12")),
                config.users().get("report"));

        DatabaseConfig shop = config.databases().get("shop");
        assertEquals(List.of(S1, S0), List.copyOf(shop.shards().keySet()));
        ShardConfig s1 = shop.shards().get(S1);
        assertEquals(new HostPort("fe80::1", 5433), s1.primary());
        assertEquals("shop_b", s1.database());
        assertEquals(OptionalInt.of(7), s1.number());
        ShardConfig s0 = shop.shards().get(S0);
        assertEquals(new HostPort("db.example", 5432), s0.primary());
        assertEquals("shop", s0.database());
        assertEquals(S1, shop.defaultShard());
        assertEquals(64, shop.slots());
        assertEquals(new PoolConfig(5, PoolConfig.Mode.SESSION, Duration.ofMillis(100)), shop.pool());
        assertEquals(Consistency.SHARD, shop.consistency());
        assertEquals(SerializableAcrossShards.LOCK, shop.serializable());
        assertEquals(Optional.of("report"), shop.recoveryUser());
        assertEquals(Map.of("tenant_a", S1), shop.schemas());
        assertEquals(
                Map.of(
                        table("t"),
                        new TableRuleConfig.Hash(List.of("a", "B"), List.of(S1), Optional.empty()),
                        table("T"),
                        new TableRuleConfig.Hash(List.of("x", "y"), List.of(), Optional.of(table("t"))),
                        new TableName("other", "t"),
                        new TableRuleConfig.ConsistentHash(List.of("id"), 3, List.of(S0, S1), Optional.empty()),
                        table("r"),
                        new TableRuleConfig.Range(
                                "at",
                                List.of(
                                        new TableRuleConfig.Interval(Optional.empty(), Optional.of("1"), S0),
                                        new TableRuleConfig.Interval(Optional.of(""), Optional.empty(), S1)),
                                Optional.empty()),
                        table("l"),
                        new TableRuleConfig.ListOf("k", Map.of("1", S0, "no", S1), Optional.of(S1), Optional.empty()),
                        table("ref"),
                        new TableRuleConfig.Reference(),
                        table("pin"),
                        new TableRuleConfig.Pinned(S0)),
                shop.tables());
    }

    @Test
    void aShortFileHasTheDefaults() {
        ClusterConfig config = read("""
                users: { app: { password: x } }
                databases: { shop: { shards: { s0: { primary: "db:5432" } } } }
                """);
        assertEquals(List.of(new HostPort("127.0.0.1", 6432)), config.listen());
        assertEquals(Path.of("/etc/ostraka/ostraka-data"), config.dataDir());
        assertEquals("n1", config.node());
        assertEquals(AuthMode.SCRAM, config.auth());
        assertEquals(LimitsConfig.DEFAULT, config.limits());
        DatabaseConfig shop = config.databases().get("shop");
        assertTrue(shop.hasOneShard());
        assertEquals(S0, shop.defaultShard());
        assertEquals(1024, shop.slots());
        assertEquals(new PoolConfig(20, PoolConfig.Mode.TRANSACTION, Duration.ofSeconds(5)), shop.pool());
        assertEquals(Consistency.ATOMIC, shop.consistency());
        assertEquals(SerializableAcrossShards.REFUSE, shop.serializable());
        assertEquals(Optional.empty(), shop.recoveryUser());
    }

    @Test
    void allThatIsWrongIsSaidAtOnceWithItsPlace() throws IOException {
        List<String> said = problems(resource("many-errors.yaml"));
        assertEquals(resource("many-errors.txt").strip(), String.join("\n", said));
        assertFalse(String.join("\n", said).contains(SECRET));
    }

    /** One wrong value for each key of the format, in the place where the key belongs. */
    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "listen | 127.0.0.1:x | must be host:port, with an IPv6 address in brackets, is \"127.0.0.1:x\"",
                "allow_plaintext | yes | must be true or false, is \"yes\"",
                "data_dir | ~ | must not be empty",
                "tls | 1 | must be a block of keys and values, is text",
                "tls.certificate | { certificate: [], key: k } | must be a single value, is a list",
                "tls.key | { certificate: c, key: {} } | must be a single value, is a block",
                "tls.client_ca | { certificate: c, key: k, client_ca: ca.crt } | must be a file that can be read, is \"ca.crt\"",
                "node | a b | must be made of letters, digits, _ and -, at most 63 of them, is \"a b\"",
                "peers | [] | must be a block of keys and values, is a list",
                "peers | { n1: a:1, n2: b:1 } | needs a \"peer_secret\": whoever reaches a peer's port could decide transactions",
                "peers | { n1: a:1, n2: a:1 } | is another peer's address already",
                "peer_secret | hunter2 | must have at least 16 characters, drawn by chance",
                "users | {} | must have at least one entry",
                "users.*.password | [hunter2] | must be a single value, is a list",
                "users.*.verifier | md5hunter2 | must be SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>, as in pg_authid.rolpassword",
                "users.*.console | 1 | must be true or false, is \"1\"",
                "users.*.shard_user | | must not be empty",
                "users.*.shard_password | {} | must be a single value, is a block",
                "users_from_shards | 1 | must be true or false, is \"1\"",
                "auth | md5 | must be one of scram, trust, is \"md5\"",
                "limits | 5 | must be a block of keys and values, is text",
                "workers | 0 | must be at least 1, is 0",
                "limits.login_timeout | 60 | must be a duration with its unit (ms, s, m, h), as in 5s, is \"60\"",
                "limits.logins_per_second | 0 | must be at least 1, is 0",
                "limits.failed_logins | none | must be a whole number, is \"none\"",
                "limits.forgive_failed_login | 0s | must be more than 0 and at most 24h, is 0s",
                "limits.logins_in_progress | 0 | must be at least 1, is 0",
                "limits.prepared_statements | 0 | must be at least 1, is 0",
                "limits.portals | many | must be a whole number, is \"many\"",
                "limits.collected_message | 64MB | must be a size with its unit (KiB, MiB, GiB), as in 64MiB, is \"64MB\"",
                "limits.prepared_text | 2GiB | must be at least 1KiB and at most 1GiB, is 2GiB",
                "limits.sessions | 10000001 | must be at most 10000000, is 10000001",
                "limits.sessions_per_user | -1 | must be at least 1, is -1",
                "databases | | must be a block of keys and values, is empty",
                "databases.*.shards | {} | must have at least one entry",
                "databases.*.shards.*.primary | db:0 | must have a port from 1 to 65535, is \"db:0\"",
                "databases.*.shards.*.replicas | db:0 | must have a port from 1 to 65535, is \"db:0\"",
                "databases.*.shards.*.tls | prefer | must be one of disable, require, verify_ca, verify_full, is \"prefer\"",
                "databases.*.shards.*.tls_ca | ca.crt | is for \"tls: verify_ca\" and \"tls: verify_full\" only",
                "databases.*.shards.*.number | 65536 | must be at most 65535, is 65536",
                "databases.*.default_shard | s2 | must be one of the shards s0, s1, is \"s2\"; did you mean \"s0\"?",
                "databases.*.combiner | { primary: db } | is the database of shard \"s0\"",
                "databases.*.combiner.primary | db:0 | must have a port from 1 to 65535, is \"db:0\"",
                "databases.*.combiner.tls | prefer | must be one of disable, require, verify_ca, verify_full, is \"prefer\"",
                "databases.*.combiner.tls_ca | ca.crt | is for \"tls: verify_ca\" and \"tls: verify_full\" only",
                "databases.*.slots | 1000 | must be a power of two, is 1000",
                "databases.*.pool | 20 | must be a block of keys and values, is text",
                "databases.*.pool.size | many | must be a whole number, is \"many\"",
                "databases.*.pool.mode | Session | must be one of transaction, session, is \"Session\"",
                "databases.*.pool.acquire_timeout | 5 sec | must be a duration with its unit (ms, s, m, h), as in 5s, is \"5 sec\"",
                "databases.*.consistency | none | must be one of shard, atomic, strict, is \"none\"",
                "databases.*.serializable_across_shards | locks | must be one of refuse, lock, is \"locks\"",
                "databases.*.recovery_user | apt | must be one of \"users\", is \"apt\"; did you mean \"app\"?",
                "databases.*.schema | no.sql | must be a file that can be read, is \"no.sql\"",
                "databases.*.tables | [a] | must be a block of keys and values, is a list",
                "databases.*.tables.*.hash | [] | must name at least one column",
                "databases.*.tables.*.consistent_hash | a b | must be a column's name as SQL writes it, is \"a b\"",
                "databases.*.tables.*.range | [a] | must be a single value, is a list",
                "databases.*.tables.*.list | a.b | must be a column's name as SQL writes it, is \"a.b\"",
                "databases.*.tables.*.reference | false | must be true, or left out",
                "databases.*.tables.*.pinned | nowhere | must be one of the shards s0, s1, is \"nowhere\"",
                "databases.*.tables.*.shards | [] | must have at least one shard, or be left out for all",
                "databases.*.tables.*.virtual_nodes | 10001 | must be at most 10000, is 10001",
                "databases.*.tables.*.ranges | [] | must be a list of ranges, each { from, to, shard }",
                "databases.*.tables.*.ranges.from | [1] | must be a single value, is a list",
                "databases.*.tables.*.ranges.to | ~ | must not be empty",
                "databases.*.tables.*.ranges.shard | s7 | must be one of the shards s0, s1, is \"s7\"; did you mean \"s0\"?",
                "databases.*.tables.*.values | {} | must have at least one entry",
                "databases.*.tables.*.otherwise | [s0] | must be a single value, is a list",
                "databases.*.tables.*.colocate_with | t | is the table itself",
                "databases.*.schemas | { a: s3 } | must be one of the shards s0, s1, is \"s3\"; did you mean \"s0\"?",
            })
    void aWrongValueOfAnyKeyIsRefusedAndExplained(String key, String value, String message) {
        assertTrue(ConfigBlock.allKeys().contains(key), key);
        List<String> said = problems(fileWith(key, value == null ? "" : value));
        assertTrue(said.stream().anyMatch(line -> line.endsWith(": " + message)), () -> String.join("\n", said));
        assertFalse(String.join("\n", said).contains(SECRET));
    }

    @Test
    void everyKeyHasAWrongValueAbove() throws NoSuchMethodException {
        CsvSource cases = ConfigReaderTest.class
                .getDeclaredMethod("aWrongValueOfAnyKeyIsRefusedAndExplained", String.class, String.class, String.class)
                .getAnnotation(CsvSource.class);
        Set<String> tried = new TreeSet<>();
        for (String row : cases.value()) {
            tried.add(row.substring(0, row.indexOf('|')).strip());
        }
        assertEquals(new TreeSet<>(ConfigBlock.allKeys()), tried);
    }

    @Test
    void everyKeyIsInTheReferenceTableAndNoOther() throws IOException {
        Matcher rows = Pattern.compile("(?m)^\\| `([^`]+)` \\|")
                .matcher(Files.readString(REPOSITORY.resolve("docs/configuration.md")));
        Set<String> documented = rows.results().map(row -> row.group(1)).collect(Collectors.toCollection(TreeSet::new));
        assertEquals(new TreeSet<>(ConfigBlock.allKeys()), documented);
    }

    @Test
    void theSampleIsSound() throws IOException {
        Path sample = REPOSITORY.resolve("examples/shop.yaml");
        ClusterConfig config = ConfigReader.read(
                Files.readString(sample), sample, name -> Optional.of(name).filter(n -> n.startsWith("SHOP_")));
        Set<Class<?>> kinds = config.databases().get("shop").tables().values().stream()
                .map(Object::getClass)
                .collect(Collectors.toSet());
        assertEquals(TableRuleConfig.class.getPermittedSubclasses().length, kinds.size(), kinds::toString);
        assertEquals(
                Set.of("tenant_a", "tenant_b"),
                config.databases().get("shop").schemas().keySet());
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0:6432", "10.1.2.3:6432", "db.example:6432", "\"[::]:6432\"", "\"[fe80::1]:6432\""})
    void anOpenAddressNeedsProtectionAndCannotTrust(String address) {
        String rest = minimal("listen: " + address);
        assertEquals(1, problems(rest).size(), () -> problems(rest).toString());
        assertTrue(problems(rest).get(0).contains("is not a loopback address"));
        read(rest + "allow_plaintext: true\n");
        List<String> trusting = problems(rest + "allow_plaintext: true\nauth: trust\n");
        assertEquals(1, trusting.size(), trusting::toString);
        assertTrue(trusting.get(0).contains("auth: must be scram"));
    }

    @Test
    void rolesOfTheShardsNeedSomebodyWhoReadsThem() {
        assertEquals(
                List.of(
                        "shop.yaml:1:20: users_from_shards: needs a \"recovery_user\" in databases.one, who reads the roles"),
                problems(minimal("users_from_shards: true")));
    }

    @Test
    void severalShardsNeedADefaultAndARecoveryUser() {
        assertEquals(
                List.of(
                        "shop.yaml:3:3: databases.d: needs \"default_shard\"",
                        "shop.yaml:3:3: databases.d: needs \"recovery_user\""),
                problems("users: { app: { password: x } }\ndatabases: { d:\n  { shards: { s0: { primary: a },"
                        + " s1: { primary: b } } } }\n"));
    }

    @Test
    void aShardWhosePrimaryMayMoveNeedsARecoveryUserThoughItIsTheOnlyOne() {
        assertEquals(
                List.of("shop.yaml:3:3: databases.d: needs \"recovery_user\""),
                problems("users: { app: { password: x } }\ndatabases: { d:\n  { shards: { s0: { primary: a,"
                        + " replicas: [b] } } } }\n"));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "auth: !!javax.script.ScriptEngineManager [x] | tags are not read",
                "auth: !!str scram | tags are not read",
                "auth: !own scram | tags are not read",
                "a: &a [x, x]\\nb: &b [*a, *a]\\nc: [*b, *b] | aliases are not read; write the value out",
                "auth: scram\\n---\\nauth: scram | there must be one document only",
                "auth: [ | is not YAML: ",
                "auth: scram\\nauth: trust | auth: is written twice, first in line 1",
                "aut: scram | aut: is not a known key; did you mean \"auth\"?",
                "Listen: x | Listen: is not a known key; did you mean \"listen\"?",
                "zzz: 1 | zzz: is not a known key",
                "[] : 1 | a key must be a single value",
                "just text | must be a block of keys and values, is text",
            })
    void onlyPlainDataIsRead(String yaml, String message) {
        List<String> said = problems(yaml.replace("\\n", "\n"));
        assertTrue(said.stream().anyMatch(line -> line.contains(message)), () -> String.join("\n", said));
    }

    @Test
    void anEmptyFileIsAProblem() {
        assertEquals(List.of("shop.yaml: is empty"), problems("# nothing"));
    }

    @Test
    void bombsAreRefusedBeforeTheyGoOff() {
        assertTrue(problems("a: " + "[".repeat(100_000)).toString().contains("is nested more than 20 deep"));
        assertTrue(problems("a: " + "{a: ".repeat(100_000)).toString().contains("is nested more than 20 deep"));
        assertTrue(problems("#".repeat(YamlText.MAX_CHARACTERS + 1)).toString().contains("must have at most"));
        StringBuilder many = new StringBuilder();
        for (int i = 0; i < 10_000; i++) {
            many.append("k").append(i).append(": 1\n");
        }
        assertEquals(200, problems(many.toString()).size());
    }

    @Test
    void secretsComeFromFilesAndTheEnvironment(@TempDir Path directory) throws IOException {
        Files.writeString(directory.resolve("secret"), SECRET + "\n");
        Path file = directory.resolve("shop.yaml");
        Files.writeString(file, minimal("").replace("password: x", "password: \"${file:secret}\""));
        assertEquals(
                new Credential.Password(SECRET),
                ConfigReader.read(file).users().get("app").credential());
        String config = ConfigReader.read(file).toString();
        assertFalse(config.contains(SECRET), config);

        Files.write(directory.resolve("latin1"), new byte[] {(byte) 0xe9});
        for (String reference :
                List.of("${file:none}", "${file:latin1}", "${file:.}", "${NO_SUCH_NAME_HERE}", "${", "${a b}")) {
            Files.writeString(file, minimal("").replace("password: x", "password: \"" + reference + "\""));
            ConfigException refused = assertThrows(ConfigException.class, () -> ConfigReader.read(file), reference);
            assertEquals("users.app.password", refused.problems().get(0).path());
        }
    }

    @Test
    void whatAReferenceStandsForIsNotShown() {
        List<String> said = problems(minimal("""
                listen: "${SECRET}"
                auth: "${SECRET}"
                node: "x y${SECRET}"
                data_dir: "${file:${SECRET}}"
                allow_plaintext: "${SECRET}"
                peers: { n1: "${SECRET}" }
                peer_secret: "${NUMBER}"
                """) + """
                  shop:
                    shards: { s0: { primary: "${SECRET}", number: "${SECRET}" }, s1: { primary: "${SECRET}:x/${SECRET}" } }
                    default_shard: "${SECRET}"
                    slots: "${NUMBER}"
                    pool: { size: "${NUMBER}", mode: "${SECRET}", acquire_timeout: "${SECRET}" }
                    recovery_user: "${SECRET}"
                    schema: "${SECRET}"
                    tables:
                      t: { hash: "a ${SECRET}", shards: ["${SECRET}"], colocate_with: "${SECRET}" }
                """);
        assertTrue(said.size() >= 14, said::toString);
        assertFalse(String.join("\n", said).contains(SECRET), said::toString);
        assertFalse(String.join("\n", said).contains("77777777"), said::toString);
    }

    @Test
    void pathsStartAtTheFilesDirectory(@TempDir Path directory) throws IOException {
        Files.writeString(directory.resolve("shop.sql"), "CREATE TABLE t (id int);");
        Path file = directory.resolve("shop.yaml");
        Files.writeString(file, minimal("data_dir: data").replace("{ shards:", "{ schema: shop.sql, shards:"));
        ClusterConfig config = ConfigReader.read(file);
        assertEquals(directory.resolve("data"), config.dataDir());
        assertEquals(
                Optional.of(directory.resolve("shop.sql")),
                config.databases().get("one").schema());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"::1", "[::1", "[1]:7", "[:::]:7", "a b:7", "a:b:7", ":7", "a:", "a:123456", "a/b", "a:65536"})
    void otherThingsAreNoAddresses(String text) {
        List<String> said = problems(minimal("listen: \"" + text + "\""));
        assertEquals(1, said.size(), said::toString);
        assertTrue(said.get(0).startsWith("shop.yaml:1:9: listen: must "), said.get(0));
    }

    @Test
    void aFileThatIsNotThereIsAProblemToo(@TempDir Path directory) {
        Path file = directory.resolve("none.yaml");
        ConfigException refused = assertThrows(ConfigException.class, () -> ConfigReader.read(file));
        assertEquals(file + ": there is no such file", refused.getMessage());
    }

    @ParameterizedTest(name = "{0} is {1}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "Orders | [orders]",
                "\"Orders\" | [Orders]",
                "a.\"b.c\" | [a, b.c]",
                "\"say \"\"hi\"\"\" | [say \"hi\"]",
                "ÉTÉ$1 | [ÉtÉ$1]",
            })
    void namesAreFoldedAsInSql(String text, String parts) {
        assertEquals(parts, SqlName.parse(text).orElseThrow().toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a.", ".a", "1a", "\"a", "\"\"", "a-b", "a;drop", "\"a\"b"})
    void otherThingsAreNoNames(String text) {
        assertEquals(Optional.empty(), SqlName.parse(text));
        assertEquals(Optional.empty(), SqlName.parse("x".repeat(64)));
    }

    private static ClusterConfig read(String yaml) {
        Map<String, String> environment = Map.of("NAME", "value", "SECRET", SECRET, "NUMBER", "77777777");
        return ConfigReader.read(
                yaml, Path.of("/etc/ostraka/shop.yaml"), name -> Optional.ofNullable(environment.get(name)));
    }

    private static List<String> problems(String yaml) {
        ConfigException refused = assertThrows(ConfigException.class, () -> read(yaml));
        return refused.problems().stream()
                .map(problem -> problem.toString().replace("/etc/ostraka/", ""))
                .toList();
    }

    private static String minimal(String head) {
        return head + "\nusers: { app: { password: x } }\n"
                + "databases:\n  one: { shards: { s0: { primary: \"db:5432\" } } }\n";
    }

    /** A sound file but for one key. */
    private static String fileWith(String key, String value) {
        String name = key.substring(key.lastIndexOf('.') + 1);
        String pair = name + ": " + value;
        String block = key.contains(".") ? key.substring(0, key.lastIndexOf('.')) : "";
        String top = block.isEmpty()
                ? pair
                : block.equals("tls") ? "tls: " + value : block.equals("limits") ? "limits: { " + pair + " }" : "";
        String user = block.equals("users.*") && !name.equals("password") && !name.equals("verifier")
                ? "password: x, " + pair
                : block.equals("users.*") ? pair + ", shard_password: x" : "password: x";
        String shard = block.equals("databases.*.shards.*")
                ? name.equals("primary") ? pair : "primary: db, " + pair
                : "primary: db";
        String table =
                switch (name) {
                    case "shards", "colocate_with" -> "hash: id, " + pair;
                    case "virtual_nodes" -> "consistent_hash: id, " + pair;
                    case "ranges" -> "range: id, " + pair;
                    case "values" -> "list: id, " + pair;
                    case "otherwise" -> "list: id, values: { a: s0 }, " + pair;
                    default -> pair;
                };
        if (block.endsWith(".ranges")) {
            table = "range: id, ranges: [{ " + (name.equals("shard") ? pair : "shard: s0, " + pair) + " }]";
        } else if (!block.endsWith("tables.*")) {
            table = "hash: id";
        }
        Map<String, String> database = new LinkedHashMap<>();
        database.put("shards", "{ s0: { " + shard + " }, s1: { primary: db } }");
        database.put("default_shard", "s0");
        database.put("recovery_user", "app");
        database.put("tables", "{ t: { " + table + " } }");
        if (block.equals("databases.*")) {
            database.put(name, value);
        } else if (block.endsWith("pool")) {
            database.put("pool", "{ " + pair + " }");
        } else if (block.endsWith("combiner")) {
            database.put("combiner", "{ " + (name.equals("primary") ? pair : "primary: c, " + pair) + " }");
        }
        StringBuilder file = new StringBuilder(top).append('\n');
        if (!name.equals("users")) {
            file.append("users: { app: { ").append(user).append(" } }\n");
        }
        if (!name.equals("databases")) {
            file.append("databases:\n  shop:\n");
            database.forEach((k, v) ->
                    file.append("    ").append(k).append(": ").append(v).append('\n'));
        }
        return file.toString();
    }

    private static TableName table(String name) {
        return new TableName("public", name);
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = ConfigReaderTest.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
