package io.ostraka.proxy.transaction;

import io.ostraka.rules.config.ShardName;
import io.ostraka.tx.deadlock.Deadlocks;
import io.ostraka.tx.deadlock.Victim;
import io.ostraka.tx.deadlock.Wait;
import io.ostraka.tx.deadlock.Waiter;
import io.ostraka.tx.decision.ShardId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the shards of one database, once a second, who waits for whom, and breaks the circles that no shard sees alone. Asks
 * nothing as long as there are no two transactions open on several shards, and none with two processes on one: there is no such circle
 * then.
 *
 * <p>Of a circle of several proxies each finds the same victim, and the one whose it is ends it. Whose a process is counts only if it was
 * said between the two samples that the circle is in: later it may be another transaction's.
 *
 * <p>Confined to the coordinator's queue. Source: {@code transactions.md}, section 8.
 */
final class DeadlockWatch {
    private static final Logger LOG = LoggerFactory.getLogger(DeadlockWatch.class);

    private static final Duration INTERVAL = Duration.ofSeconds(1);
    private static final long LEAST_WAIT_MICROS = 500_000;

    /** A row for each edge. {@code xact_start} is null to a user who may not see it; then the process stands for it. */
    private static final String EDGES = "SELECT w.pid, w.waitstart, b.pid, a.xact_start FROM pg_catalog.pg_locks w"
            + " CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.pg_blocking_pids(w.pid)) AS b(pid)"
            + " LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid OPERATOR(pg_catalog.=) b.pid"
            + " WHERE NOT w.granted AND w.waitstart IS NOT NULL";

    private final CoordinatorQueue queue;
    private final DatabaseCommits database;
    private final Map<ShardId, ShardServer> servers;
    private final Deadlocks deadlocks = new Deadlocks();
    /** In a group of proxies. */
    private final Optional<SpanningElsewhere> group;
    /** Numbers the questions to other proxies. */
    private long question;
    /** What they have said of their transactions since the last sample. */
    private List<Elsewhere> elsewhere = new ArrayList<>();

    /** A transaction of another proxy. */
    private record Elsewhere(Waiter waiter, Set<ShardProcess> processes) {}

    DeadlockWatch(
            CoordinatorQueue queue,
            DatabaseCommits database,
            Collection<ShardServer> servers,
            Optional<SpanningElsewhere> group) {
        this.queue = queue;
        this.database = database;
        this.group = group;
        this.servers = new TreeMap<>();
        servers.forEach(server -> this.servers.put(server.id(), server));
    }

    void start() {
        group.ifPresent(others -> others.add(database.name(), this));
        lookLater();
    }

    private void lookLater() {
        queue.schedule(this::look, INTERVAL);
    }

    private void look() {
        List<Elsewhere> others = elsewhere;
        elsewhere = new ArrayList<>();
        question++;
        if (isAlone()) {
            deadlocks.onSample(List.of(), (shard, pid) -> Optional.empty());
            lookLater();
            return;
        }
        List<Wait> sample = new ArrayList<>();
        int[] awaited = {servers.size()};
        for (ShardServer server : servers.values()) {
            server.links()
                    .run(
                            List.of(EDGES),
                            result -> queue.execute(() -> {
                                sample.addAll(waits(server.id(), result));
                                awaited[0]--;
                                if (awaited[0] == 0) {
                                    sampled(sample, others);
                                    group.ifPresent(all -> all.ask(database.name(), question));
                                    lookLater();
                                }
                            }));
        }
    }

    /** Whether there can be no circle of this node's transactions with each other, with others, or of one with itself. */
    private boolean isAlone() {
        Collection<SpanningTransaction> own = database.spanning();
        return own.isEmpty()
                || (own.size() == 1
                        && group.isEmpty()
                        && own.stream().noneMatch(SpanningTransaction::hasSeveralOnOneShard));
    }

    private static List<Wait> waits(ShardId shard, LinkResult result) {
        Map<Integer, String> since = new HashMap<>();
        Map<Integer, TreeMap<Integer, String>> blockers = new TreeMap<>();
        for (List<Optional<String>> row : result.rows()) {
            int pid = Integer.parseInt(row.get(0).orElseThrow());
            since.put(pid, row.get(1).orElseThrow());
            blockers.computeIfAbsent(pid, first -> new TreeMap<>())
                    .put(Integer.parseInt(row.get(2).orElseThrow()), row.get(3).orElse(""));
        }
        List<Wait> waits = new ArrayList<>();
        blockers.forEach((pid, by) -> waits.add(new Wait(shard, pid, since.get(pid), by)));
        return waits;
    }

    /** Those of this node that may have waited for as long as a deadlock takes to be noticed. */
    Collection<SpanningTransaction> mayWait() {
        long now = SpanningTransaction.now();
        return database.spanning().stream()
                .filter(transaction -> now - transaction.waiter().began() > LEAST_WAIT_MICROS)
                .toList();
    }

    /** Another proxy tells of one, when it was asked. */
    void heard(long answered, Waiter waiter, Set<ShardProcess> processes) {
        if (answered == question) {
            elsewhere.add(new Elsewhere(waiter, Set.copyOf(processes)));
        }
    }

    private void sampled(List<Wait> sample, List<Elsewhere> others) {
        for (Victim victim : deadlocks.onSample(sample, (shard, pid) -> waiter(shard, pid, others))) {
            ShardName shard = servers.get(victim.shard()).name();
            ownerOf(victim.shard(), victim.pid()).ifPresent(transaction -> {
                LOG.info(
                        "deadlock over shards, ending {}: {}",
                        victim.transaction().name(),
                        victim.cycle());
                transaction.session().breakDeadlock(shard, victim.pid(), victim.error());
            });
        }
    }

    private Optional<Waiter> waiter(ShardId shard, int pid, List<Elsewhere> others) {
        ShardName name = servers.get(shard).name();
        Optional<Waiter> own = ownerOf(shard, pid).map(SpanningTransaction::waiter);
        return own.map(waiter -> group.map(all -> all.named(waiter)).orElse(waiter))
                .or(() -> others.stream()
                        .filter(other -> other.processes().contains(new ShardProcess(name, pid)))
                        .map(Elsewhere::waiter)
                        .findFirst());
    }

    private Optional<SpanningTransaction> ownerOf(ShardId shard, int pid) {
        ShardProcess process = new ShardProcess(servers.get(shard).name(), pid);
        for (SpanningTransaction transaction : database.spanning()) {
            if (transaction.owns(process)) {
                return Optional.of(transaction);
            }
        }
        return Optional.empty();
    }
}
