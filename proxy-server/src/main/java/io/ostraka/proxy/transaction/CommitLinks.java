package io.ostraka.proxy.transaction;

import io.netty.channel.EventLoop;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.BackendSettings;
import io.ostraka.tx.commit.Outcome;
import io.ostraka.tx.commit.Participant;
import io.ostraka.tx.commit.ShardReply;
import io.ostraka.tx.commit.Step;
import io.ostraka.tx.decision.ShardNumber;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The connections of one transaction while it commits: owned from the client's COMMIT until each has been given back. They go
 * back with the outcome, but those that are still needed: after an unknown outcome all of them, after a commit those of shards
 * that have not answered.
 *
 * <p>Confined to the event loop of its backends.
 */
final class CommitLinks {
    /** Above any commit timeout: the coordinator decides when it has waited enough. */
    private static final Duration PATIENCE_TO_PREPARE = Duration.ofMinutes(2);

    /** What needs no lock and runs no code of the user's takes a server that lives milliseconds. */
    private static final Duration PATIENCE_TO_FINISH = Duration.ofSeconds(10);

    /** For how long the client waits for shards whose part in the outcome is known. */
    private static final Duration PATIENCE_OF_CLIENT = Duration.ofSeconds(5);

    private final EventLoop loop;
    private final CommitRequest.Committer committer;
    private final Map<ShardNumber, Link> links = new TreeMap<>();
    private Optional<Outcome> outcome = Optional.empty();

    private boolean told;
    private boolean ended;

    private static final class Link {
        private final ShardLink link;
        private final Participant participant;
        private Step step = Step.ASK;

        Link(ShardLink link, Participant participant) {
            this.link = link;
            this.participant = participant;
        }
    }

    /** Takes the backends over from the session. */
    CommitLinks(CommitRequest request) {
        loop = request.members().get(0).backend().loop();
        committer = request.committer();
        for (CommitRequest.Member member : request.members()) {
            ShardLink link = ShardLink.takeOver(member.backend(), committer.listener());
            links.put(member.participant().shard(), new Link(link, member.participant()));
        }
    }

    EventLoop loop() {
        return loop;
    }

    /** Whose transaction it is, for people. Any thread. */
    int session() {
        return committer.session();
    }

    void send(ShardNumber shard, Step step, List<String> commands, Consumer<ShardReply> reply) {
        Link link = links.get(shard);
        if (link == null || !link.link.isIdle()) {
            // Given up by the coordinator, or gone: whatever it still does is found by the next sweep.
            reply.accept(new ShardReply.Lost());
            return;
        }
        link.step = step;
        Duration patience =
                switch (step) {
                    case PREPARE, COMMIT, ASK -> PATIENCE_TO_PREPARE;
                    case ROLLBACK, COMMIT_PREPARED, ROLLBACK_PREPARED, LOOK, BARRIER -> PATIENCE_TO_FINISH;
                };
        // One message where the server allows it: PREPARE ends the block that the commands before it are in.
        List<String> queries = step == Step.PREPARE ? List.of(String.join("; ", commands)) : commands;
        link.link.run(queries, patience, result -> {
            if (!result.lost() && result.error().isEmpty()) {
                noteSettings(link, result.tag());
            }
            reply.accept(result.reply());
            settle();
        });
    }

    /** PREPARE keeps what was SET in the transaction, however that ends; the rest is what the coordinator has set. */
    private static void noteSettings(Link link, String tag) {
        Backend backend = link.link.backend();
        if (link.step == Step.PREPARE && tag.equals("PREPARE TRANSACTION")) {
            if (link.participant.roleWasSet()) {
                backend.settingsAre(backend.settings().without("role"));
            }
            backend.keepSettings();
        }
        if (link.step == Step.COMMIT_PREPARED && !link.participant.waitsForStandby()) {
            BackendSettings changed = backend.settings().with("synchronous_commit", "SET synchronous_commit TO on");
            backend.settingsAre(changed);
            backend.keepSettings();
        }
    }

    void answered(Outcome known) {
        outcome = Optional.of(known);
        settle();
        if (!told) {
            loop.schedule(this::stopWaiting, PATIENCE_OF_CLIENT.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    /** The coordinator needs none of the connections any more. */
    void ended() {
        ended = true;
        settle();
    }

    private void stopWaiting() {
        if (!told) {
            links.values().stream()
                    .filter(link -> !link.link.isIdle() && !mayBeLate(link))
                    .forEach(link -> link.link.backend().close());
        }
    }

    /** The client need not wait for it: nobody reads the shard before it has answered. */
    private boolean mayBeLate(Link link) {
        return link.step == Step.COMMIT_PREPARED && outcome.orElseThrow() instanceof Outcome.Committed;
    }

    private void settle() {
        if (outcome.isEmpty()) {
            return;
        }
        boolean isUnknown = outcome.get() instanceof Outcome.Unknown;
        if (!told && (isUnknown || links.values().stream().allMatch(link -> link.link.isIdle() || mayBeLate(link)))) {
            told = true;
            committer.onOutcome(outcome.get(), isUnknown ? List.of() : free());
        }
        if (told && (ended || !isUnknown)) {
            free().forEach(committer::onGivenBack);
        }
        if (told && ended) {
            // Only what nobody waits for is left: a statement of a transaction that has been given up.
            links.values().stream().filter(link -> !mayBeLate(link)).toList().forEach(link -> link.link
                    .backend()
                    .close());
        }
    }

    /** Those that are idle, out of the table and without a listener; lost ones are forgotten. */
    private List<Backend> free() {
        List<Backend> free = new ArrayList<>();
        Iterator<Link> all = links.values().iterator();
        while (all.hasNext()) {
            ShardLink link = all.next().link;
            if (link.isIdle()) {
                all.remove();
                link.release();
                if (!link.isClosed()) {
                    free.add(link.backend());
                }
            }
        }
        return free;
    }
}
