package io.ostraka.proxy.transaction;

import io.ostraka.proxy.backend.BackendProcess;
import io.ostraka.proxy.transaction.FenceMessage.Kind;
import io.ostraka.rules.config.ShardName;
import io.ostraka.tx.decision.Epoch;
import io.ostraka.tx.decision.ShardId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * The connections to the shards that the other nodes of a group have, as they tell while they live: so that whoever leads can end those of
 * a node that was expelled. A node that hangs, or whose machine is gone, keeps locked what its transactions have locked. The servers
 * cannot tell whose connections are whose: {@code application_name} is the client's.
 *
 * <p>What was opened in the last second may not be known. Nothing but time depends on it.
 *
 * <p>Confined to the coordinator's queue. A crash leaves nothing: the others tell again.
 */
final class BackendsElsewhere {
    private static final Duration INTERVAL = Duration.ofSeconds(1);
    /** In so many intervals the same is told again: somebody may have come since, or not have heard. */
    private static final int AGAIN_AFTER = 5;
    /** Of one node to one shard: more than servers allow, and no more than a message has room for. */
    private static final int MOST = 4000;
    /** More lives of nodes than there are at a time: of the oldest others are forgotten. */
    private static final int MOST_LIVES = 32;

    private final FencePost post;
    private final Supplier<Collection<String>> others;
    private final SortedMap<Epoch, Map<ShardId, List<BackendProcess>>> byLife = new TreeMap<>();
    private final Map<String, Map<ShardName, ShardServer>> servers = new TreeMap<>();
    private final Map<String, Map<String, String>> told = new HashMap<>();
    private int interval;

    /** {@code others}: the members that live, without this one. */
    BackendsElsewhere(FencePost post, Supplier<Collection<String>> others) {
        this.post = post;
        this.others = others;
    }

    /** Tells, and hears, of these from now on. */
    void start(Collection<ShardServer> all) {
        all.forEach(server -> servers.computeIfAbsent(server.id().database(), first -> new TreeMap<>())
                .put(server.name(), server));
        tell();
    }

    private void tell() {
        servers.forEach((database, its) -> {
            Map<String, String> now = new TreeMap<>();
            its.forEach((name, server) -> now.put(name.toString(), written(server)));
            Map<String, String> before = told.put(database, now);
            if (interval % AGAIN_AFTER == 0 || !now.equals(before)) {
                FenceMessage message =
                        FenceMessage.of(Kind.BACKENDS, database, post.self(), 0).with(now);
                others.get().forEach(member -> post.send(member, message));
            }
        });
        interval++;
        post.later(INTERVAL, this::tell);
    }

    private static String written(ShardServer server) {
        return server.place().processes().stream()
                .limit(MOST)
                .map(process -> process.pid() + ":" + process.clientPort())
                .sorted()
                .collect(Collectors.joining(" "));
    }

    void hear(FenceMessage message) {
        Map<ShardName, ShardServer> its = servers.getOrDefault(message.database(), Map.of());
        Map<ShardId, List<BackendProcess>> ofLife =
                byLife.computeIfAbsent(message.from().epoch(), first -> new TreeMap<>());
        message.shards().forEach((name, processes) -> {
            ShardServer server = its.get(new ShardName(name));
            if (server != null) {
                ofLife.put(server.id(), read(processes));
            }
        });
        if (byLife.size() > MOST_LIVES) {
            byLife.remove(byLife.firstKey());
        }
    }

    private static List<BackendProcess> read(String written) {
        List<BackendProcess> processes = new ArrayList<>();
        for (String process : written.isEmpty() ? new String[0] : written.split(" ", -1)) {
            String[] numbers = process.split(":", 2);
            processes.add(new BackendProcess(Integer.parseInt(numbers[0]), Integer.parseInt(numbers[1])));
        }
        return List.copyOf(processes);
    }

    /** Of those whose connections have not been ended the ones that are dead. */
    SortedSet<Epoch> left(Predicate<Epoch> dead) {
        return byLife.keySet().stream().filter(dead).collect(Collectors.toCollection(TreeSet::new));
    }

    /** Those of that life to that shard. */
    List<BackendProcess> of(Epoch life, ShardId shard) {
        return byLife.getOrDefault(life, Map.of()).getOrDefault(shard, List.of());
    }

    /** They are no more. */
    void ended(Epoch life, ShardId shard) {
        Map<ShardId, List<BackendProcess>> left = byLife.getOrDefault(life, new TreeMap<>());
        left.remove(shard);
        if (left.isEmpty()) {
            byLife.remove(life);
        }
    }
}
