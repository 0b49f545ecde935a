package io.ostraka.tx.raft;

import io.ostraka.rules.config.HostPort;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.tx.decision.Answer;
import io.ostraka.tx.decision.LogEntry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * A process for {@link GroupCrashTest} to kill: a member of a group that numbers shards without end, several proposals under
 * way at any time, and prints {@code <shard> <number>} for every answer.
 */
final class KilledMember {
    private static final int UNDER_WAY = 8;

    private KilledMember() {}

    private record Proposal(String shard, CompletableFuture<Answer> answer) {}

    /** Data directory, life, own name, then all as {@code name=host:port}. */
    public static void main(String[] arguments) throws IOException {
        Map<String, HostPort> addresses = new TreeMap<>();
        for (int i = 3; i < arguments.length; i++) {
            String[] peer = arguments[i].split("=", 2);
            addresses.put(peer[0], Member.address(peer[1]));
        }
        String life = arguments[1];
        ClusterMembership membership = ClusterMembership.open(
                Path.of(arguments[0]), new GroupSettings(arguments[2], addresses, TestGroup.SECRET), Map.of());
        Queue<Proposal> proposals = new ArrayDeque<>();
        for (int i = 0; ; i++) {
            String shard = arguments[2] + "-" + life + "-" + i;
            proposals.add(new Proposal(
                    shard,
                    membership.propose(new LogEntry.NumberShard("shop", new ShardName(shard), Optional.empty()))));
            if (proposals.size() == UNDER_WAY) {
                Proposal oldest = proposals.remove();
                try {
                    if (oldest.answer().join() instanceof Answer.ShardNumbered numbered) {
                        System.out.println(oldest.shard() + " " + numbered.number());
                    }
                } catch (CompletionException e) {
                    if (!(e.getCause() instanceof PgErrorException)) {
                        throw e;
                    }
                    // Not known: not printed.
                }
            }
        }
    }
}
