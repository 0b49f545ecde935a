package io.ostraka.tx.deadlock;

import io.ostraka.tx.decision.ShardId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Finds deadlocks over shards. A sample is what all shards said, one after the other; an edge counts when it is in two
 * samples in a row, the same wait for the same transaction. Then at the moment between the two all edges existed together,
 * so a cycle of them was a deadlock and not a picture put together from different moments.
 *
 * <p>Backends that belong to no transaction of ours take part as themselves and are never victims. A cycle that a shard sees, because it
 * leads through its backends alone, is left to that shard; a transaction with two backends on a shard could also wait for itself. Pure; confined to its owner. Source: {@code transactions.md}, section 8.
 */
public final class Deadlocks {
    private Set<Edge> last = Set.of();

    /** Whose a backend is, from the nodes' own tables. */
    public interface Owners {
        Optional<Waiter> ownerOf(ShardId shard, int pid);
    }

    /** {@code pid} waits on {@code shard} since then for that transaction of {@code blocker}. */
    private record Edge(ShardId shard, int pid, String waitStart, int blocker, String blockerStart) {}

    /** An edge between whoever the backends belong to. */
    private record Arc(String from, String to, Edge edge, Optional<Waiter> waiter) {}

    /**
     * Takes a sample; every shard was asked after the previous call had returned. Returns whom to cancel: nobody unless
     * there is a deadlock, and enough to leave none.
     */
    public List<Victim> onSample(Collection<Wait> sample, Owners owners) {
        Set<Edge> now = new HashSet<>();
        Map<String, List<Arc>> graph = new TreeMap<>();
        for (Wait wait : sample) {
            wait.blockers().forEach((blocker, blockerStart) -> {
                Edge edge = new Edge(wait.shard(), wait.pid(), wait.waitStart(), blocker, blockerStart);
                now.add(edge);
                if (blocker != 0 && last.contains(edge)) {
                    Optional<Waiter> waiter = owners.ownerOf(wait.shard(), wait.pid());
                    String from = name(waiter, wait.shard(), wait.pid());
                    String to = name(owners.ownerOf(wait.shard(), blocker), wait.shard(), blocker);
                    if (wait.pid() != blocker) {
                        graph.computeIfAbsent(from, unseen -> new ArrayList<>()).add(new Arc(from, to, edge, waiter));
                    }
                }
            });
        }
        last = now;
        return victims(graph);
    }

    private static String name(Optional<Waiter> owner, ShardId shard, int pid) {
        return owner.map(Waiter::name).orElseGet(() -> "process " + pid + " of shard " + shard);
    }

    private static List<Victim> victims(Map<String, List<Arc>> graph) {
        List<Victim> victims = new ArrayList<>();
        while (true) {
            List<Arc> cycle = anyCycle(graph);
            if (cycle.isEmpty()) {
                return victims;
            }
            Optional<Arc> youngest = cycle.stream()
                    .filter(arc -> arc.waiter().isPresent())
                    .max(Comparator.comparing(arc -> arc.waiter().orElseThrow()));
            if (isSeenByItsShard(cycle) || youngest.isEmpty()) {
                // The shard breaks it, we do not know where: take it out and look at the rest.
                graph.get(cycle.get(0).from()).remove(cycle.get(0));
                continue;
            }
            Arc end = youngest.get();
            victims.add(new Victim(
                    end.waiter().orElseThrow(), end.edge().shard(), end.edge().pid(), describe(cycle)));
            graph.remove(end.from());
        }
    }

    /** Whether each waits, on the same shard, for the very backend that waits next. */
    private static boolean isSeenByItsShard(List<Arc> cycle) {
        for (int i = 0; i < cycle.size(); i++) {
            Edge edge = cycle.get(i).edge();
            Edge next = cycle.get((i + 1) % cycle.size()).edge();
            if (!edge.shard().equals(next.shard()) || edge.blocker() != next.pid()) {
                return false;
            }
        }
        return true;
    }

    private static List<String> describe(List<Arc> cycle) {
        return cycle.stream()
                .map(arc -> arc.from() + " waits on shard " + arc.edge().shard() + " for " + arc.to() + ".")
                .toList();
    }

    /** The arcs of some cycle, in order; empty when there is none. */
    private static List<Arc> anyCycle(Map<String, List<Arc>> graph) {
        Set<String> finished = new TreeSet<>();
        for (String start : graph.keySet()) {
            List<Arc> path = new ArrayList<>();
            Optional<List<Arc>> cycle = search(start, graph, path, finished);
            if (cycle.isPresent()) {
                return cycle.get();
            }
        }
        return List.of();
    }

    /** Depth first. {@code path} leads to {@code at}; who is {@code finished} leads to no cycle. */
    private static Optional<List<Arc>> search(
            String at, Map<String, List<Arc>> graph, List<Arc> path, Set<String> finished) {
        if (finished.contains(at)) {
            return Optional.empty();
        }
        for (int i = 0; i < path.size(); i++) {
            if (path.get(i).from().equals(at)) {
                return Optional.of(List.copyOf(path.subList(i, path.size())));
            }
        }
        for (Arc arc : graph.getOrDefault(at, List.of())) {
            path.add(arc);
            Optional<List<Arc>> cycle = search(arc.to(), graph, path, finished);
            if (cycle.isPresent()) {
                return cycle;
            }
            path.remove(path.size() - 1);
        }
        finished.add(at);
        return Optional.empty();
    }
}
