package io.ostraka.bench;

import io.ostraka.it.harness.FreePorts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Starts the servers that are compared. Their files are in one temporary directory, which the caller removes. */
final class Contestants {
    /** Ostraka with both shards on one server; tells what the second server costs the machine, whatever is in front. */
    static final String TOGETHER = "together";

    /** In the order of a round. */
    static final List<String> NAMES = List.of("direct", "pgbouncer", "relay", "ostraka", TOGETHER);

    /** Names of further databases: a pool for many clients, and everything on one server. */
    private static final String NARROW = "narrow";

    private static final String WHOLE = "whole";

    private static final Duration START_DEADLINE = Duration.ofSeconds(60);

    private final Shards shards;
    private final Path directory;
    private final int clients;
    private final int workers;

    /** {@code clients}: the most that will be there at once; every pool is as large, so that nobody waits for one. */
    /** {@code workers}: event loops of each proxy that has any. */
    Contestants(Shards shards, Path directory, int clients, int workers) {
        this.shards = shards;
        this.directory = directory;
        this.clients = clients;
        this.workers = workers;
    }

    /** Nobody when the program it needs is not installed. */
    Optional<Contestant> start(String name) throws IOException {
        return switch (name) {
            case "direct" -> Optional.of(new Started(name, door -> shards.whole(), Optional.empty()));
            case "pgbouncer" -> {
                Optional<Path> program = Programs.find("pgbouncer");
                yield program.isPresent() ? Optional.of(pgbouncer(program.get())) : Optional.empty();
            }
            case "relay" -> Optional.of(relay());
            case "ostraka" -> Optional.of(ostraka());
            case TOGETHER -> Optional.of(together());
            default -> throw new IllegalArgumentException("no contestant " + name);
        };
    }

    private record Started(String name, Function<Door, Target> targets, Optional<ChildProcess> process)
            implements Contestant {
        @Override
        public Target target(Door door) {
            return targets.apply(door);
        }

        @Override
        public void close() {
            process.ifPresent(ChildProcess::close);
        }
    }

    private Contestant relay() throws IOException {
        int port = FreePorts.reserve();
        ChildProcess process = ChildProcess.startJava(
                "relay",
                directory,
                Relay.class.getName(),
                Integer.toString(workers),
                Integer.toString(port),
                Integer.toString(shards.whole().port()));
        Target target = new Target(port, Shards.DATABASE, Shards.USER, shards.password());
        return ready(new Started("relay", door -> target, Optional.of(process)));
    }

    /**
     * Transaction pooling, as Ostraka does; session pooling for prepared statements, which PgBouncer knows in transaction
     * pooling only since 1.21 and not by default.
     */
    private Contestant pgbouncer(Path program) throws IOException {
        int port = FreePorts.reserve();
        Path users = directory.resolve("pgbouncer-users.txt");
        Files.writeString(users, "\"" + Shards.USER + "\" \"" + shards.password() + "\"\n");
        String server = "host=127.0.0.1 port=" + shards.whole().port() + " dbname=" + Shards.DATABASE;
        List<String> ini = new ArrayList<>(List.of(
                "[databases]",
                Shards.DATABASE + " = " + server + " pool_mode=transaction",
                "sessions = " + server + " pool_mode=session",
                NARROW + " = " + server + " pool_mode=transaction pool_size=" + Door.NARROW_CONNECTIONS,
                "[pgbouncer]",
                "listen_addr = 127.0.0.1",
                "listen_port = " + port,
                "unix_socket_dir =",
                "auth_type = scram-sha-256",
                "auth_file = " + users,
                "default_pool_size = " + clients,
                "max_client_conn = " + (clients + Scenario.MANY_CLIENTS + 20),
                "ignore_startup_parameters = extra_float_digits"));
        if (System.getProperty("user.name").equals("root")) {
            // It refuses to serve as root and changes to this user once it has read its files.
            ini.add("user = nobody");
            own(users);
        }
        Path file = directory.resolve("pgbouncer.ini");
        Files.write(file, ini);
        ChildProcess process =
                ChildProcess.start("pgbouncer", directory, List.of(program.toString(), "-q", file.toString()));
        return ready(new Started(
                "pgbouncer",
                door -> new Target(
                        port,
                        switch (door) {
                            case SHARDED, ONE_SHARD -> Shards.DATABASE;
                            case PREPARED -> "sessions";
                            case NARROW -> NARROW;
                        },
                        Shards.USER,
                        shards.password()),
                Optional.of(process)));
    }

    private static void own(Path path) throws IOException {
        Files.setOwner(
                path, path.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("nobody"));
    }

    /** Writes Ostraka's, for a proxy on that port. */
    Path configuration(int port) throws IOException {
        return Files.writeString(directory.resolve("ostraka.yaml"), """
                listen: 127.0.0.1:%d
                workers: %d
                data_dir: %s
                users:
                  %s: { password: "%s" }
                  ostraka: { password: "%s" }
                databases:
                  %s:
                    shards:
                      s0: { primary: "127.0.0.1:%d" }
                      s1: { primary: "127.0.0.1:%d" }
                    default_shard: s0
                    pool: { size: %d }
                    recovery_user: ostraka
                    tables:
                      accounts: { hash: id }
                      incoming: { hash: id }
                  %s:
                    shards:
                      s0: { primary: "127.0.0.1:%d/%s" }
                      s1: { primary: "127.0.0.1:%d/%s" }
                    default_shard: s0
                    pool: { size: %d }
                    recovery_user: ostraka
                    tables:
                      accounts: { hash: id }
                  %s:
                    shards:
                      whole: { primary: "127.0.0.1:%d/%s" }
                    default_shard: whole
                    pool: { size: %d }
                    recovery_user: ostraka
                """.formatted(
                        port,
                        workers,
                        directory.resolve("ostraka-data"),
                        Shards.USER,
                        shards.password(),
                        shards.password(),
                        Shards.DATABASE,
                        shards.port("s0"),
                        shards.port("s1"),
                        clients,
                        NARROW,
                        shards.port("s0"),
                        Shards.DATABASE,
                        shards.port("s1"),
                        Shards.DATABASE,
                        Door.NARROW_CONNECTIONS,
                        WHOLE,
                        shards.whole().port(),
                        Shards.DATABASE,
                        clients));
    }

    private Contestant together() throws IOException {
        int port = FreePorts.reserve();
        Path file = Files.writeString(directory.resolve("together.yaml"), """
                listen: 127.0.0.1:%d
                workers: %d
                data_dir: %s
                users:
                  %s: { password: "%s" }
                  ostraka: { password: "%s" }
                databases:
                  %s:
                    shards:
                      s0: { primary: "127.0.0.1:%d/%s" }
                      s1: { primary: "127.0.0.1:%d/%s" }
                    default_shard: s0
                    pool: { size: %d }
                    recovery_user: ostraka
                    tables:
                      accounts: { hash: id }
                """.formatted(
                        port,
                        workers,
                        directory.resolve("together-data"),
                        Shards.USER,
                        shards.password(),
                        shards.password(),
                        Shards.DATABASE,
                        shards.whole().port(),
                        Shards.halfDatabase("s0"),
                        shards.whole().port(),
                        Shards.halfDatabase("s1"),
                        clients));
        Target target = new Target(port, Shards.DATABASE, Shards.USER, shards.password());
        return ready(new Started(TOGETHER, door -> target, Optional.of(serve(TOGETHER, file))));
    }

    private ChildProcess serve(String name, Path configuration) throws IOException {
        return ChildProcess.startJava(
                name, directory, "io.ostraka.proxy.server.Main", "serve", configuration.toString());
    }

    private Contestant ostraka() throws IOException {
        int port = FreePorts.reserve();
        return ready(new Started(
                "ostraka",
                door -> new Target(
                        port,
                        switch (door) {
                            case SHARDED, PREPARED -> Shards.DATABASE;
                            case NARROW -> NARROW;
                            case ONE_SHARD -> WHOLE;
                        },
                        Shards.USER,
                        shards.password()),
                Optional.of(serve("ostraka", configuration(port)))));
    }

    /** Waits until a client can log in. */
    private static Contestant ready(Started contestant) throws IOException {
        ChildProcess process = contestant.process().orElseThrow();
        long deadline = System.nanoTime() + START_DEADLINE.toNanos();
        try {
            while (true) {
                process.requireAlive();
                try (Connection connection =
                        contestant.target(Door.SHARDED).connect("connectTimeout=5", "socketTimeout=5")) {
                    connection.isValid(5);
                    return contestant;
                } catch (SQLException notYet) {
                    if (System.nanoTime() - deadline > 0) {
                        throw new IOException(
                                contestant.name() + " takes no connection: " + notYet.getMessage() + "\n"
                                        + process.lastLines(),
                                notYet);
                    }
                    Waiting.pause(Duration.ofMillis(50));
                }
            }
        } catch (IOException | RuntimeException e) {
            contestant.close();
            throw e;
        }
    }
}
