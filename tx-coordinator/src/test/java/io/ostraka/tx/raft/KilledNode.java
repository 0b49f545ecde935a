package io.ostraka.tx.raft;

import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.tx.decision.Answer;
import io.ostraka.tx.decision.Epoch;
import io.ostraka.tx.decision.LogEntry;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * A process for {@link CrashTest} to kill: numbers shards without end, several proposals under way at any time, and
 * prints {@code <shard> <number>} for every answer. When one fails: {@code ! <state>}, once more for a new proposal, and ends.
 */
final class KilledNode {
    private static final int UNDER_WAY = 16;

    private KilledNode() {}

    /** A proposal and the shard it was for. */
    private record Proposal(String shard, CompletableFuture<Answer> answer) {}

    private static void report(Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        System.out.println("! "
                + (cause instanceof PgErrorException refused ? refused.error().state() : cause));
    }

    public static void main(String[] arguments) throws IOException {
        DataDirectory directory = DataDirectory.claim(Path.of(arguments[0]), "n1", false);
        ReplicatedLog log = ReplicatedLog.start(directory, Optional.empty(), Duration.ofSeconds(30));
        String life = arguments[1];
        Queue<Proposal> proposals = new ArrayDeque<>();
        for (int i = 0; ; i++) {
            String shard = life + "-" + i;
            proposals.add(new Proposal(
                    shard, log.propose(new LogEntry.NumberShard("shop", new ShardName(shard), Optional.empty()))));
            if (proposals.size() == UNDER_WAY) {
                Proposal oldest = proposals.remove();
                Answer answer;
                try {
                    answer = oldest.answer().join();
                } catch (CompletionException e) {
                    report(e);
                    log.propose(new LogEntry.Expel(new Epoch(0), 1))
                            .whenComplete((late, failure) -> report(failure))
                            .join();
                    return;
                }
                if (!(answer instanceof Answer.ShardNumbered numbered)) {
                    throw new IllegalStateException("answer " + answer);
                }
                System.out.println(oldest.shard() + " " + numbered.number());
            }
        }
    }
}
