package io.ostraka.rules.config;

import io.ostraka.rules.config.DatabaseConfig.Consistency;
import io.ostraka.rules.config.DatabaseConfig.SerializableAcrossShards;
import io.ostraka.rules.config.PoolConfig.Mode;
import io.ostraka.rules.config.ShardConfig.TlsMode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** Reads one entry of {@code databases}. Lives for one read. */
final class DatabaseReader {
    private static final int DEFAULT_SHARD_PORT = 5432;
    private static final int DEFAULT_SLOTS = 1024;
    /** A slot costs a reference in memory and an entry in the map that moves; a million is more than anyone moves. */
    private static final int MAX_SLOTS = 1 << 20;

    private static final int DEFAULT_POOL_SIZE = 20;
    /** Far beyond what one PostgreSQL server takes. */
    private static final int MAX_POOL_SIZE = 100_000;

    private static final Duration DEFAULT_ACQUIRE_TIMEOUT = Duration.ofSeconds(5);
    private static final int MAX_SHARD_NUMBER = 65_535;

    private final String name;
    private final Set<String> users;
    /** Empty until known, and when the file has none: then a reference cannot be judged. */
    private Set<String> shardNames = Set.of();

    DatabaseReader(String name, Set<String> users) {
        this.name = name;
        this.users = users;
    }

    Optional<DatabaseConfig> read(Value value) {
        Optional<Block> opened = value.block(ConfigBlock.DATABASE);
        if (opened.isEmpty()) {
            return Optional.empty();
        }
        try (Block block = opened.get()) {
            Map<ShardName, ShardConfig> shards = shards(block);
            boolean single = shardNames.size() == 1;
            Optional<ShardName> defaultShard =
                    (single ? block.get("default_shard") : block.require("default_shard")).flatMap(this::shard);
            if (single && block.get("default_shard").isEmpty()) {
                defaultShard = shards.keySet().stream().findFirst();
            }
            Optional<ShardConfig> combiner = block.get("combiner").flatMap(found -> combiner(found, shards.values()));
            int slots = block.get("slots").map(DatabaseReader::slots).orElse(DEFAULT_SLOTS);
            PoolConfig pool = pool(block);
            Consistency consistency = block.get("consistency")
                    .flatMap(level -> level.oneOf(Consistency.class))
                    .orElse(Consistency.ATOMIC);
            SerializableAcrossShards serializable = block.get("serializable_across_shards")
                    .flatMap(mode -> mode.oneOf(SerializableAcrossShards.class))
                    .orElse(SerializableAcrossShards.REFUSE);
            boolean staysAlone = single
                    && shards.values().stream()
                            .allMatch(shard -> shard.replicas().isEmpty());
            Optional<String> recoveryUser =
                    (staysAlone ? block.get("recovery_user") : block.require("recovery_user")).flatMap(this::user);
            Optional<Path> schema = block.get("schema").flatMap(Value::existingFile);
            Map<TableName, TableRuleConfig> tables = new TableRulesReader(this::shard).read(block.get("tables"));
            Map<String, ShardName> schemas = schemas(block);
            return defaultShard.map(found -> new DatabaseConfig(
                    name,
                    shards,
                    found,
                    combiner,
                    slots,
                    pool,
                    consistency,
                    serializable,
                    recoveryUser,
                    schema,
                    tables,
                    schemas));
        }
    }

    private Map<ShardName, ShardConfig> shards(Block block) {
        Map<ShardName, ShardConfig> shards = new LinkedHashMap<>();
        Map<Integer, String> numbers = new HashMap<>();
        Map<String, Value.Entry> entries = ConfigReader.someEntries(block, "shards");
        shardNames = entries.keySet();
        entries.forEach((shard, entry) -> {
            Optional<String> sound = ConfigReader.name(entry.key());
            Optional<ShardConfig> config = shard(new ShardName(shard), entry.value(), numbers);
            if (sound.isPresent()) {
                config.ifPresent(found -> shards.put(found.name(), found));
            }
        });
        return shards;
    }

    private Optional<ShardConfig> shard(ShardName shard, Value value, Map<Integer, String> numbers) {
        return value.block(ConfigBlock.SHARD).flatMap(opened -> {
            try (Block block = opened) {
                Optional<Value> address = block.require("primary");
                Optional<HostPort> primary = address.flatMap(DatabaseReader::primary);
                String database = address.flatMap(DatabaseReader::databaseIn).orElse(name);
                OptionalInt number = block.get("number")
                        .map(found -> number(found, shard, numbers))
                        .orElse(OptionalInt.empty());
                TlsMode tls = block.get("tls")
                        .flatMap(mode -> mode.oneOf(TlsMode.class))
                        .orElse(TlsMode.DISABLE);
                Optional<Path> tlsCa = tlsCa(block, tls);
                List<HostPort> replicas = block.get("replicas")
                        .map(found -> replicas(found, primary))
                        .orElse(List.of());
                return primary.map(found -> new ShardConfig(shard, found, database, replicas, tls, number, tlsCa));
            }
        });
    }

    private Optional<ShardConfig> combiner(Value value, Collection<ShardConfig> shards) {
        return value.block(ConfigBlock.COMBINER).flatMap(opened -> {
            try (Block block = opened) {
                if (shardNames.size() == 1) {
                    value.problem("is of use to several shards only");
                } else if (shardNames.contains(DatabaseConfig.COMBINER.value())) {
                    value.problem("cannot be beside a shard of the name \"" + DatabaseConfig.COMBINER + "\"");
                }
                Optional<Value> address = block.require("primary");
                Optional<HostPort> primary = address.flatMap(DatabaseReader::primary);
                String database = address.flatMap(DatabaseReader::databaseIn).orElse(name);
                TlsMode tls = block.get("tls")
                        .flatMap(mode -> mode.oneOf(TlsMode.class))
                        .orElse(TlsMode.DISABLE);
                Optional<Path> tlsCa = tlsCa(block, tls);
                shards.stream()
                        .filter(shard -> Optional.of(shard.primary()).equals(primary)
                                && shard.database().equals(database))
                        .findFirst()
                        .ifPresent(shard -> value.problem("is the database of shard \"" + shard.name() + "\""));
                return primary.map(found -> new ShardConfig(
                        DatabaseConfig.COMBINER, found, database, List.of(), tls, OptionalInt.empty(), tlsCa));
            }
        });
    }

    /** {@code host:port} or {@code host:port/database}. */
    private static Optional<HostPort> primary(Value value) {
        return value.text().flatMap(text -> {
            String address = text.contains("/") ? text.substring(0, text.indexOf('/')) : text;
            return value.hostPort(address, OptionalInt.of(DEFAULT_SHARD_PORT), 1);
        });
    }

    private static Optional<String> databaseIn(Value value) {
        return value.quietText().filter(text -> text.contains("/")).flatMap(text -> {
            String database = text.substring(text.indexOf('/') + 1);
            if (database.isEmpty()) {
                value.problem("must name a database after the \"/\", is " + value.shown());
            }
            return Optional.of(database);
        });
    }

    private static OptionalInt number(Value value, ShardName shard, Map<Integer, String> numbers) {
        OptionalInt number = value.integer(1, MAX_SHARD_NUMBER);
        number.ifPresent(found -> {
            String other = numbers.putIfAbsent(found, shard.value());
            if (other != null) {
                value.problem("is the number of shard \"" + other + "\" already");
            }
        });
        return number;
    }

    /** Any authority that Java knows may have signed for anybody: without a name to compare that would verify nothing. */
    private static Optional<Path> tlsCa(Block shard, TlsMode mode) {
        Optional<Value> authority = shard.get("tls_ca");
        boolean verifies = mode == TlsMode.VERIFY_CA || mode == TlsMode.VERIFY_FULL;
        if (authority.isPresent() && !verifies) {
            authority.get().problem("is for \"tls: verify_ca\" and \"tls: verify_full\" only");
        } else if (authority.isEmpty() && mode == TlsMode.VERIFY_CA) {
            shard.problem("\"tls: verify_ca\" needs \"tls_ca\"");
        }
        return authority.flatMap(Value::existingFile);
    }

    /** Servers one of which may be the primary some day, each named once. */
    private List<HostPort> replicas(Value value, Optional<HostPort> primary) {
        List<HostPort> replicas = new ArrayList<>();
        for (Value element : value.elements()) {
            Optional<HostPort> address = element.hostPort(OptionalInt.of(DEFAULT_SHARD_PORT), 1);
            if (address.isPresent() && (address.equals(primary) || replicas.contains(address.get()))) {
                element.problem("is an address of this shard already");
            }
            address.ifPresent(replicas::add);
        }
        return List.copyOf(replicas);
    }

    private static int slots(Value value) {
        OptionalInt slots = value.integer(1, MAX_SLOTS);
        if (slots.isPresent() && Integer.bitCount(slots.getAsInt()) != 1) {
            value.problem("must be a power of two, is " + value.unquoted());
        }
        return slots.orElse(DEFAULT_SLOTS);
    }

    private static PoolConfig pool(Block database) {
        PoolConfig byDefault = new PoolConfig(DEFAULT_POOL_SIZE, Mode.TRANSACTION, DEFAULT_ACQUIRE_TIMEOUT);
        return database.get("pool")
                .flatMap(value -> value.block(ConfigBlock.POOL))
                .map(opened -> {
                    try (Block block = opened) {
                        return new PoolConfig(
                                block.get("size")
                                        .map(size ->
                                                size.integer(1, MAX_POOL_SIZE).orElse(1))
                                        .orElse(byDefault.size()),
                                block.get("mode")
                                        .flatMap(mode -> mode.oneOf(Mode.class))
                                        .orElse(byDefault.mode()),
                                block.get("acquire_timeout")
                                        .flatMap(Value::duration)
                                        .orElse(byDefault.acquireTimeout()));
                    }
                })
                .orElse(byDefault);
    }

    private Optional<String> user(Value value) {
        return value.text().filter(user -> {
            boolean known = users.contains(user);
            if (!known && !users.isEmpty()) {
                value.problem("must be one of \"users\", is " + value.shown() + Likeness.hint(user, users));
            }
            return known;
        });
    }

    private Map<String, ShardName> schemas(Block block) {
        Map<String, ShardName> schemas = new LinkedHashMap<>();
        block.get("schemas")
                .flatMap(Value::entries)
                .ifPresent(entries -> entries.forEach((text, entry) -> {
                    Optional<ShardName> shard = shard(entry.value());
                    Optional<List<String>> parts = SqlName.parse(text).filter(found -> found.size() == 1);
                    if (parts.isEmpty()) {
                        entry.key().problem("is not a schema's name as SQL writes it");
                    } else if (shard.isPresent() && schemas.put(parts.get().get(0), shard.get()) != null) {
                        entry.key().problem("is the same schema as another entry");
                    }
                }));
        return schemas;
    }

    /** A reference to one of this database's shards. */
    private Optional<ShardName> shard(Value value) {
        return value.text().flatMap(text -> {
            if (!shardNames.isEmpty() && !shardNames.contains(text)) {
                value.problem("must be one of the shards " + String.join(", ", shardNames) + ", is " + value.shown()
                        + Likeness.hint(text, shardNames));
                return Optional.empty();
            }
            return Optional.of(new ShardName(text));
        });
    }
}
