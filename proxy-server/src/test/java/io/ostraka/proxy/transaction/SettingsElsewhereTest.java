package io.ostraka.proxy.transaction;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.proxy.transaction.FenceMessage.Node;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.tx.decision.Epoch;
import io.ostraka.tx.decision.ShardNumber;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which of several nodes serve a database that their files do not describe alike. */
@Timeout(60)
class SettingsElsewhereTest {
    private static final ShardName SHARD = new ShardName("s0");
    private static final String ATOMIC = "consistency: atomic, serializable_across_shards: refuse";
    private static final String STRICT = "consistency: strict, serializable_across_shards: refuse";

    private final CoordinatorQueue queue = new CoordinatorQueue(true);
    private final Map<String, Member> members = new ConcurrentHashMap<>();

    private final class Member {
        private final Node self;
        private final DatabaseCommits database;
        private final SettingsElsewhere settings;
        private final FencePost post;

        Member(String name, long life, String said) {
            self = new Node(name + "@1", new Epoch(life));
            // Of one shard as this node knows it, and so without a look at the lease.
            database =
                    new DatabaseCommits("shop", said, true, Optional.empty(), Map.of(SHARD, new ShardNumber(0)), null);
            post = new FencePost(queue, self, SettingsElsewhereTest.this::bring, this::read);
            settings = new SettingsElsewhere(post, this::others, SettingsElsewhereTest.this::live);
            members.put(self.member(), this);
        }

        private void read(FenceMessage message) {
            settings.hear(message);
        }

        private Collection<String> others() {
            return members.keySet().stream()
                    .filter(member -> !member.equals(self.member()))
                    .toList();
        }

        Member start() {
            return start(List.of(database));
        }

        Member start(List<DatabaseCommits> databases) {
            CompletableFuture.runAsync(() -> settings.start(databases), queue).join();
            return this;
        }

        void assertServes() {
            settled();
            assertDoesNotThrow(() -> database.requireReadable(SHARD));
        }

        PgErrorException refusal() {
            settled();
            return assertThrows(PgErrorException.class, () -> database.requireReadable(SHARD));
        }
    }

    private SortedSet<Epoch> live() {
        SortedSet<Epoch> live = new TreeSet<>();
        members.values().forEach(member -> live.add(member.self.epoch()));
        return live;
    }

    private CompletableFuture<Void> bring(String member, byte[] message) {
        try {
            Optional<Member> to = Optional.ofNullable(members.get(member));
            if (to.isPresent()) {
                to.get().post.arrived(message);
            }
            return CompletableFuture.completedFuture(null);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What has been sent has been heard, and what was sent because of that. */
    private void settled() {
        for (int i = 0; i < 5; i++) {
            CompletableFuture.runAsync(() -> {}, queue).join();
        }
    }

    @AfterEach
    void stop() {
        queue.close();
    }

    @Test
    void theSameSettingsAreServedByAll() {
        Member first = new Member("n1", 1, ATOMIC).start();
        Member second = new Member("n2", 2, ATOMIC).start();
        second.assertServes();
        first.assertServes();
        assertTrue(second.settings.known().isDone());
    }

    @Test
    void whoCameLaterWithOthersRefusesTheDatabase() {
        Member first = new Member("n1", 1, ATOMIC).start();
        Member second = new Member("n2", 2, STRICT).start();
        assertEquals(
                "proxy \"n1\" has other settings for database \"shop\"",
                second.refusal().error().message());
        assertEquals(
                "It runs with " + ATOMIC + "; this one was started later, with " + STRICT + ".",
                second.refusal().error().detail());
        first.assertServes();
    }

    @Test
    void whoseFilesAreChangedOneAfterTheOtherServeAgainWhenAllAreTheSame() {
        new Member("n1", 1, ATOMIC).start();
        new Member("n2", 2, ATOMIC).start();
        members.remove("n2@1");
        Member second = new Member("n2", 3, STRICT).start();
        second.refusal();
        members.remove("n1@1");
        Member first = new Member("n1", 4, STRICT).start();
        first.assertServes();
        second.assertServes();
    }

    @Test
    void whoHasNoDatabaseThatItConcernsIsNotWaitedForEither() {
        new Member("n1", 1, ATOMIC).start(List.of());
        Member second = new Member("n2", 2, STRICT).start();
        second.assertServes();
        assertTrue(second.settings.known().isDone());
    }

    @Test
    void nothingIsKnownBeforeThoseWhoCameBeforeHaveTold() {
        Member first = new Member("n1", 1, ATOMIC);
        Member second = new Member("n2", 2, STRICT).start();
        second.assertServes();
        assertFalse(second.settings.known().isDone());
        first.start();
        second.refusal();
        assertTrue(second.settings.known().isDone());
    }
}
