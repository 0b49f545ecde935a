package io.ostraka.proxy.transaction;

import io.ostraka.proxy.transaction.FenceMessage.Kind;
import io.ostraka.rules.config.ShardName;
import io.ostraka.tx.deadlock.Waiter;
import io.ostraka.tx.raft.ClusterMembership;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * What the nodes of a group tell each other of their transactions over shards, for whoever looks for deadlocks. An answer may be lost, or
 * late: the next question brings another one.
 *
 * <p>Confined to the coordinator's queue. A crash leaves nothing.
 */
final class SpanningElsewhere {
    private final FencePost post;
    private final Supplier<Collection<String>> others;
    private final Map<String, DeadlockWatch> watches = new HashMap<>();

    /** {@code others}: the members that live, without this one. */
    SpanningElsewhere(FencePost post, Supplier<Collection<String>> others) {
        this.post = post;
        this.others = others;
    }

    void add(String database, DeadlockWatch watch) {
        watches.put(database, watch);
    }

    /** The same for all nodes; a session's number is its node's only. */
    Waiter named(Waiter own) {
        return new Waiter(
                own.name() + " of proxy " + ClusterMembership.nameOf(post.self().member()), own.began());
    }

    /** Has the others tell; the answers carry {@code question}. */
    void ask(String database, long question) {
        others.get()
                .forEach(member ->
                        post.send(member, FenceMessage.of(Kind.ASK_SPANNING, database, post.self(), question)));
    }

    void hear(FenceMessage message) {
        Optional<DeadlockWatch> watch = Optional.ofNullable(watches.get(message.database()));
        if (message.kind() == Kind.ASK_SPANNING) {
            watch.ifPresent(asked -> asked.mayWait().forEach(transaction -> tell(message, transaction)));
        } else {
            watch.ifPresent(asking -> heard(asking, message));
        }
    }

    private void tell(FenceMessage question, SpanningTransaction transaction) {
        Map<String, String> processes = new TreeMap<>();
        transaction
                .processes()
                .forEach(process -> processes.merge(
                        process.shard().toString(),
                        Integer.toString(process.pid()),
                        (one, other) -> one + " " + other));
        Waiter waiter = named(transaction.waiter());
        post.send(
                question.from().member(),
                FenceMessage.of(Kind.SPANNING, question.database(), post.self(), question.ask())
                        .with(processes)
                        .with(List.of(waiter.name(), Long.toString(waiter.began()))));
    }

    private static void heard(DeadlockWatch asking, FenceMessage answer) {
        Set<ShardProcess> processes = new HashSet<>();
        answer.shards().forEach((shard, pids) -> {
            for (String pid : pids.split(" ", -1)) {
                processes.add(new ShardProcess(new ShardName(shard), Integer.parseInt(pid)));
            }
        });
        asking.heard(
                answer.ask(),
                new Waiter(answer.words().get(0), Long.parseLong(answer.words().get(1))),
                processes);
    }
}
