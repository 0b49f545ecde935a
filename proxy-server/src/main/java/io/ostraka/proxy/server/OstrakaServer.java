package io.ostraka.proxy.server;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.FastThreadLocalThread;
import io.ostraka.proxy.admin.Console;
import io.ostraka.proxy.auth.LoginRate;
import io.ostraka.proxy.auth.LoginThrottle;
import io.ostraka.proxy.auth.ShardRoles;
import io.ostraka.proxy.auth.UserDirectory;
import io.ostraka.proxy.backend.BackendConnector;
import io.ostraka.proxy.backend.NettyTransport;
import io.ostraka.proxy.backend.ShardAddress;
import io.ostraka.proxy.backend.ShardPlace;
import io.ostraka.proxy.schema.RoleService;
import io.ostraka.proxy.schema.SchemaService;
import io.ostraka.proxy.schema.SchemaState;
import io.ostraka.proxy.session.FrontDoor;
import io.ostraka.proxy.session.ServedDatabase;
import io.ostraka.proxy.session.ServedDatabases;
import io.ostraka.proxy.session.SessionSlots;
import io.ostraka.proxy.session.Sessions;
import io.ostraka.proxy.tls.ServerTls;
import io.ostraka.proxy.transaction.Commits;
import io.ostraka.proxy.transaction.DatabaseCommits;
import io.ostraka.proxy.transaction.Failpoints;
import io.ostraka.rules.config.ClusterConfig;
import io.ostraka.rules.config.ClusterConfig.AuthMode;
import io.ostraka.rules.config.DatabaseConfig;
import io.ostraka.rules.config.HostPort;
import io.ostraka.rules.config.LimitsConfig;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.tx.decision.ShardId;
import io.ostraka.tx.peers.PeerSecret;
import io.ostraka.tx.raft.ClusterMembership;
import io.ostraka.tx.raft.GroupSettings;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running proxy: builds the graph of all rooms and alone knows everybody. Started and closed by one thread; everything
 * else happens on the event loops and the named threads of the rooms.
 */
public final class OstrakaServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OstrakaServer.class);

    /** How long transactions under way may take to end before their clients are told, too. */
    private static final Duration DRAIN = Duration.ofSeconds(5);

    /** How often shards are asked whether their schema has changed. */
    private static final Duration SCHEMA_INTERVAL = Duration.ofSeconds(2);

    /** How often shards are asked for their roles: what was true of one so long ago may still count. */
    private static final Duration ROLE_INTERVAL = Duration.ofSeconds(5);

    /** The parser descends with the statement's nesting, and answers 54001 where the stack ends. Only what is used is taken. */
    private static final long LOOP_STACK_BYTES = 16L << 20;

    /** Event loops, where the file does not say how many. */
    private static final int DEFAULT_WORKERS = Runtime.getRuntime().availableProcessors();

    private final AtomicBoolean closed = new AtomicBoolean();
    private final AtomicInteger loopNumber = new AtomicInteger();
    private final NettyTransport transport = NettyTransport.best();
    private final ClusterMembership membership;
    private final EventLoopGroup loops;
    private final ExecutorService blocking;
    private final ExecutorService resolving;
    private final Sessions sessions = new Sessions();
    private final List<Channel> listeners = new ArrayList<>();
    private final Map<String, SchemaService> schemas = new LinkedHashMap<>();
    private final Map<String, RoleService> roles = new LinkedHashMap<>();
    private final Map<String, Map<ShardName, ShardPlace>> places = new LinkedHashMap<>();
    private ServedDatabases databases = new ServedDatabases(Map.of());
    private Optional<Commits> commits = Optional.empty();
    private Optional<Console> console = Optional.empty();

    private OstrakaServer(ClusterMembership membership, int workers) {
        this.membership = membership;
        loops = new MultiThreadIoEventLoopGroup(workers, this::loopThread, transport.handlers());
        blocking = Executors.newFixedThreadPool(2, new DefaultThreadFactory("login"));
        resolving = Executors.newFixedThreadPool(2, new DefaultThreadFactory("names"));
    }

    private Thread loopThread(Runnable work) {
        Thread current = Thread.currentThread();
        return new FastThreadLocalThread(
                current.getThreadGroup(), work, "loop-" + loopNumber.incrementAndGet(), LOOP_STACK_BYTES);
    }

    /**
     * Starts listening; returns when clients can connect.
     *
     * @throws io.ostraka.rules.error.PgErrorException when an address is taken, or the data directory is not usable
     */
    public static OstrakaServer start(ClusterConfig config) throws IOException {
        ClusterMembership membership = membership(config);
        OstrakaServer server = new OstrakaServer(membership, config.workers().orElse(DEFAULT_WORKERS));
        try {
            server.serve(config);
            server.listen(config);
        } catch (RuntimeException e) {
            server.close();
            throw e;
        }
        return server;
    }

    /** One peer without a secret is a group of one that nobody can join. */
    private static ClusterMembership membership(ClusterConfig config) throws IOException {
        Map<String, Map<ShardName, OptionalInt>> shards = shardNumbers(config);
        if (config.peers().isEmpty() || config.peerSecret().isEmpty()) {
            return ClusterMembership.open(config.dataDir(), config.node(), shards);
        }
        PeerSecret secret = new PeerSecret(config.peerSecret().get());
        return ClusterMembership.open(
                config.dataDir(), new GroupSettings(config.node(), config.peers(), secret), shards);
    }

    /** Completes when the group has given this node up: it must be closed, and started anew. */
    public CompletableFuture<Void> expelled() {
        return membership.expelled();
    }

    private static Map<String, Map<ShardName, OptionalInt>> shardNumbers(ClusterConfig config) {
        Map<String, Map<ShardName, OptionalInt>> numbers = new LinkedHashMap<>();
        config.databases().forEach((name, database) -> {
            Map<ShardName, OptionalInt> ofDatabase = new LinkedHashMap<>();
            database.shards().forEach((shard, settings) -> ofDatabase.put(shard, settings.number()));
            numbers.put(name, ofDatabase);
        });
        return numbers;
    }

    private void serve(ClusterConfig config) {
        BackendConnector connector = new BackendConnector(transport, blocking, resolving);
        Commits opened = new Commits(membership, connector, Failpoints.ofProcess());
        commits = Optional.of(opened);
        Map<String, ServedDatabase> served = new LinkedHashMap<>();
        List<CompletableFuture<Void>> firstReadings = new ArrayList<>();
        config.databases().forEach((name, database) -> {
            Map<ShardName, ShardPlace> placesOfShards = placesOf(database);
            DatabasePlans plans = plansOf(config, database, placesOfShards, firstReadings);
            DatabaseCommits itsCommits = commitsOf(opened, config, database, placesOfShards);
            served.put(
                    name,
                    new ServedDatabase(database, placesOfShards, connector, plans, itsCommits, serverOf(name, config)));
            places.put(name, placesOfShards);
        });
        // All at once: a server that does not answer keeps the others' databases waiting only once.
        CompletableFuture.allOf(firstReadings.toArray(CompletableFuture[]::new)).join();
        opened.start();
        membership.onCancel(key -> sessions.cancel(key).orElseGet(() -> CompletableFuture.completedFuture(null)));
        databases = new ServedDatabases(served);
    }

    /** A shard with replicas may be anywhere among them; and one that had some when it was served last must be where it was then. */
    private Map<ShardName, ShardPlace> placesOf(DatabaseConfig database) {
        Map<ShardName, ShardPlace> placesOfShards = new LinkedHashMap<>();
        database.shards().forEach((name, shard) -> {
            ShardAddress first = ShardAddress.of(shard);
            ShardId id = new ShardId(database.name(), membership.shardNumber(database.name(), name));
            boolean moves = !shard.replicas().isEmpty()
                    || (!database.hasOneShard()
                            && membership.read(state -> state.primaryOf(id)).isPresent());
            placesOfShards.put(name, moves ? ShardPlace.moving(first) : ShardPlace.fixed(first));
        });
        database.combiner()
                .ifPresent(
                        combiner -> placesOfShards.put(combiner.name(), ShardPlace.fixed(ShardAddress.of(combiner))));
        return placesOfShards;
    }

    private static HostPort primaryOf(Map<ShardName, ShardPlace> places, ShardName shard) {
        return places.get(shard).address().primary();
    }

    private DatabaseCommits commitsOf(
            Commits all, ClusterConfig config, DatabaseConfig database, Map<ShardName, ShardPlace> placesOfShards) {
        if (database.hasOneShard()
                && !placesOfShards.get(database.defaultShard()).moves()) {
            return all.addSingle(database.name(), database.defaultShard());
        }
        List<EventLoop> eventLoops = new ArrayList<>();
        loops.forEach(loop -> eventLoops.add((EventLoop) loop));
        return all.add(database, placesOfShards, SchemaService.recoveryUser(config, database), eventLoops);
    }

    /** Begins to read the catalog, which {@code firstReadings} are told. */
    private DatabasePlans plansOf(
            ClusterConfig config,
            DatabaseConfig database,
            Map<ShardName, ShardPlace> placesOfShards,
            List<CompletableFuture<Void>> firstReadings) {
        DatabasePlans plans = new DatabasePlans(database);
        Optional<SchemaService> schema = SchemaService.of(
                config, database, SCHEMA_INTERVAL, plans::onSchema, shard -> primaryOf(placesOfShards, shard.name()));
        if (schema.isEmpty()) {
            return plans;
        }
        schemas.put(database.name(), schema.get());
        plans.refreshWith(schema.get()::refresh);
        firstReadings.add(schema.get().start().thenAccept(first -> warn(database, first)));
        return plans;
    }

    private static void warn(DatabaseConfig database, SchemaState first) {
        first.differences().forEach(difference -> LOG.warn("database {}: {}", database.name(), difference));
        first.unread().forEach((shard, why) -> LOG.warn("shard {}: its catalog could not be read: {}", shard, why));
    }

    private Map<String, ShardRoles> rolesByDatabase(ClusterConfig config) {
        Map<String, ShardRoles> byDatabase = new LinkedHashMap<>();
        if (config.usersFromShards()) {
            config.databases().forEach((name, database) -> {
                RoleService service = RoleService.start(
                        config, database, ROLE_INTERVAL, shard -> primaryOf(places.get(name), shard.name()));
                roles.put(name, service);
                byDatabase.put(name, service.roles());
            });
        }
        return byDatabase;
    }

    private ServedDatabase.Server serverOf(String database, ClusterConfig config) {
        return new ServedDatabase.Server() {
            @Override
            public CompletableFuture<Void> readRoles() {
                return OstrakaServer.this.readRoles(database);
            }

            @Override
            public void leave(Set<String> names) {
                config.databases().forEach((name, other) -> {
                    if (other.shards().values().stream().anyMatch(shard -> names.contains(shard.database()))) {
                        OstrakaServer.this.leave(name);
                    }
                });
            }
        };
    }

    private void leave(String database) {
        databases.find(database).closeIdle();
        Optional.ofNullable(schemas.get(database)).ifPresent(SchemaService::leave);
        Optional.ofNullable(roles.get(database)).ifPresent(RoleService::leave);
    }

    /**
     * Of all databases, since a server has the same roles in each; completes when the one in which they were changed has been read, and of
     * the others what could be asked the last time.
     */
    private CompletableFuture<Void> readRoles(String database) {
        List<CompletableFuture<Void>> readings = new ArrayList<>();
        roles.forEach((name, service) ->
                readings.add(name.equals(database) ? service.refresh() : service.refreshAnswering()));
        return CompletableFuture.allOf(readings.toArray(CompletableFuture[]::new));
    }

    private void listen(ClusterConfig config) {
        LimitsConfig limits = config.limits();
        Console opened = new Console(sessions, databases, commits.orElseThrow(), membership);
        console = Optional.of(opened);
        FrontDoor door = new FrontDoor(
                databases,
                UserDirectory.of(config.users()),
                rolesByDatabase(config),
                config.auth() == AuthMode.TRUST,
                config.allowPlaintext(),
                config.tls().map(ServerTls::of),
                limits,
                new LoginThrottle(limits.failedLogins(), limits.forgiveFailedLogin(), System::nanoTime),
                new LoginRate(limits.loginsPerSecond(), System::nanoTime),
                new SessionSlots(limits.loginsInProgress(), limits.sessions(), limits.sessionsPerUser()),
                sessions,
                membership::cancelElsewhere,
                opened);
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(loops)
                .channel(transport.serverChannel())
                .option(ChannelOption.SO_BACKLOG, 1024)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        door.open(channel);
                    }
                });
        for (HostPort address : config.listen()) {
            var bound = bootstrap.bind(address.host(), address.port()).awaitUninterruptibly();
            if (!bound.isSuccess()) {
                throw new PgError(
                                SqlState.CONFIG_FILE_ERROR,
                                "could not listen on " + address + ": "
                                        + bound.cause().getMessage(),
                                "",
                                "Is another server running there? Change \"listen\" in the file.")
                        .toException();
            }
            listeners.add(bound.channel());
            LOG.info("listening on {}", bound.channel().localAddress());
        }
    }

    /** At once, whatever they are doing: of a node that was given up, nobody may read. */
    public void dropClients() {
        sessions.shutDown(true);
    }

    /** In the order of {@link ClusterConfig#listen}, with the ports that were really taken. */
    public List<InetSocketAddress> addresses() {
        return listeners.stream()
                .map(listener -> (InetSocketAddress) listener.localAddress())
                .toList();
    }

    /** Takes no more clients, tells those there are, lets transactions under way end for some seconds, and stops everything. */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        listeners.forEach(listener -> listener.close().awaitUninterruptibly());
        console.ifPresent(Console::close);
        sessions.shutDown(false);
        long deadline = System.nanoTime() + DRAIN.toNanos();
        while (sessions.count() > 0 && System.nanoTime() < deadline) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
            sessions.shutDown(false);
        }
        sessions.shutDown(true);
        commits.ifPresent(Commits::close);
        databases.all().forEach(ServedDatabase::closeIdle);
        schemas.values().forEach(SchemaService::close);
        roles.values().forEach(RoleService::close);
        loops.shutdownGracefully(100, 2000, TimeUnit.MILLISECONDS).awaitUninterruptibly();
        blocking.shutdownNow();
        resolving.shutdownNow();
        try {
            membership.close();
        } catch (IOException e) {
            LOG.warn("the decision log was not closed cleanly", e);
        }
        LOG.info("stopped");
    }
}
