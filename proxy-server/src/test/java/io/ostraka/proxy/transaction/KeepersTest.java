package io.ostraka.proxy.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Without a shard: what opens and answers, and when, is played. */
class KeepersTest {
    private static final LinkResult SNAPSHOT =
            new LinkResult(false, Optional.empty(), "SELECT 1", false, List.of(List.of(Optional.of("0-1"))), 1);
    private static final LinkResult DONE = new LinkResult(false, Optional.empty(), "ROLLBACK", false, List.of(), 1);

    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final Deque<Consumer<Optional<KeptLink>>> attempts = new ArrayDeque<>();
    private final List<Keepers.Keeper> exported = new ArrayList<>();
    private final Keepers keepers =
            new Keepers(new CoordinatorQueue(channel.eventLoop(), true), attempts::add, 4, () -> {});

    private static final class Link implements KeptLink {
        private final Deque<Consumer<LinkResult>> running = new ArrayDeque<>();
        private boolean isGivenBack;

        @Override
        public void run(List<String> queries, Consumer<LinkResult> then) {
            running.add(then);
        }

        @Override
        public void giveBack() {
            isGivenBack = true;
        }
    }

    @BeforeEach
    void freeze() {
        channel.freezeTime();
    }

    private void pass(long millis) {
        channel.advanceTimeBy(millis, TimeUnit.MILLISECONDS);
        channel.runScheduledPendingTasks();
        channel.runPendingTasks();
    }

    private Link opens() {
        Link link = new Link();
        attempts.remove().accept(Optional.of(link));
        channel.runPendingTasks();
        return link;
    }

    private void fails() {
        attempts.remove().accept(Optional.empty());
        channel.runPendingTasks();
    }

    private void answers(Link link, LinkResult result) {
        link.running.remove().accept(result);
        channel.runPendingTasks();
    }

    private void export() {
        keepers.export(keeper -> keeper.ifPresent(exported::add));
    }

    @Test
    void oneMoreThanIsUsedIsOpened() {
        keepers.prepare();
        assertFalse(keepers.isAtHand());
        Link first = opens();
        assertTrue(keepers.isAtHand());
        export();
        assertFalse(keepers.isAtHand());
        opens();
        assertTrue(keepers.isAtHand());
        answers(first, SNAPSHOT);
        assertEquals(1, exported.size());
        assertTrue(attempts.isEmpty());
    }

    @Test
    void aShardThatCannotBeReachedIsTriedAgain() {
        keepers.prepare();
        fails();
        assertTrue(keepers.isAway());
        pass(600);
        fails();
        pass(600);
        opens();
        assertTrue(keepers.isAtHand());
    }

    @Test
    void oneThatFailsWhileAnotherIsAtHandKeepsNobodyAway() {
        keepers.prepare();
        Link first = opens();
        export();
        answers(first, SNAPSHOT);
        keepers.end(exported.get(0));
        answers(first, DONE);
        // The second was on its way all the time, on a machine with too much to do.
        fails();
        assertTrue(keepers.isAtHand());
    }

    @Test
    void aShardThatTookTooLongComesBack() {
        keepers.prepare();
        Link first = opens();
        export();
        answers(first, SNAPSHOT);
        pass(3_100);
        assertTrue(keepers.isAway());
        keepers.end(exported.get(0));
        answers(first, DONE);
        assertTrue(keepers.isAtHand());
        fails();
        assertTrue(keepers.isAtHand());
    }

    @Test
    void aShardThatMissedTooManyRoundsComesBack() {
        keepers.prepare();
        Link link = opens();
        for (int i = 0; i < 5; i++) {
            keepers.missed();
        }
        assertTrue(keepers.isAway());
        pass(600);
        answers(link, DONE);
        assertTrue(keepers.isAtHand());
        for (int i = 0; i < 5; i++) {
            keepers.missed();
        }
        pass(600);
        answers(link, LinkResult.LOST);
        assertTrue(keepers.isAway());
        opens();
        assertTrue(keepers.isAtHand());
    }

    @Test
    void whatIsLostTakesTheIdleOnesAlong() {
        keepers.prepare();
        Link first = opens();
        export();
        Link second = opens();
        answers(first, LinkResult.LOST);
        assertTrue(first.isGivenBack && second.isGivenBack);
        assertFalse(keepers.isAtHand());
        opens();
        assertTrue(keepers.isAtHand());
    }
}
