package io.ostraka.tx.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.tx.decision.Answer;
import io.ostraka.tx.decision.DecisionState;
import io.ostraka.tx.peers.NotAPeerException;
import io.ostraka.tx.peers.PeerCaller;
import io.ostraka.tx.peers.PeerSecret;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Real logs on real sockets of this machine, with cables that can be pulled. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class GroupTest {
    @TempDir
    private Path directory;

    private TestGroup group;

    @BeforeEach
    void open() {
        group = new TestGroup(directory);
    }

    @AfterEach
    void close() throws Exception {
        group.close();
    }

    @Test
    void threeNodesFoundAGroupAndAgree() throws Exception {
        group.startAll("n1", "n2", "n3");
        Set<Object> clusters = new HashSet<>();
        Set<Object> epochs = new HashSet<>();
        group.running.values().forEach(node -> {
            clusters.add(node.cluster());
            epochs.add(node.epoch());
        });
        assertEquals(1, clusters.size());
        assertEquals(3, epochs.size());
        int first = group.number("n1", "a");
        int second = group.number("n2", "b");
        int third = group.number("n3", "c");
        assertEquals(3, new HashSet<>(List.of(first, second, third)).size(), "whoever proposes, one log decides");
        assertEquals(second, group.number("n1", "b"));
        group.awaitEverywhere(
                "shard c", state -> state.numberOf("shop", new ShardName("c")).isPresent());
    }

    @Test
    void aMinorityDecidesNothingAndFindsOutWhatTheMajorityDid() throws Exception {
        group.startAll("n1", "n2", "n3");
        String deposed = group.leader("n1", "n2", "n3");
        String[] rest = List.of("n1", "n2", "n3").stream()
                .filter(node -> !node.equals(deposed))
                .toArray(String[]::new);
        group.cut(deposed, true);
        CompletableFuture<Answer> alone = group.running.get(deposed).propose(TestGroup.numbering("alone"));
        String next = group.leader(rest);
        assertFalse(next.equals(deposed));
        int decided = group.number(rest[0], "decided");
        assertFalse(alone.isDone() && !alone.isCompletedExceptionally(), "a minority has decided: " + alone);
        boolean heard = group.running.get(deposed).read(state -> state.numberOf("shop", new ShardName("decided"))
                .isPresent());
        assertFalse(heard, "the cable is cut");
        assertFalse(
                group.running.get(deposed).confirmLeadership().get(60, TimeUnit.SECONDS),
                "no majority says that it leads");
        assertTrue(group.running.get(next).confirmLeadership().get(60, TimeUnit.SECONDS));
        group.cut(deposed, false);
        group.awaitEverywhere("what the majority decided", state -> state.numberOf("shop", new ShardName("decided"))
                .isPresent());
        assertEquals(decided, group.number(deposed, "decided"));
        int late = group.number(deposed, "alone");
        group.awaitEverywhere("the same answer for all", state -> state.numberOf("shop", new ShardName("alone"))
                .filter(number -> number.value() == late)
                .isPresent());
    }

    @Test
    void aNodeThatIsCutOffLosesItsLeaseIsExpelledAndComesBackAsAnotherLife() throws Exception {
        group.startAll("n1", "n2", "n3");
        group.running.forEach((name, node) -> TestGroup.await(name + " holds its lease", node::holdsLease));
        String away = group.leader("n1", "n2", "n3").equals("n3") ? "n2" : "n3";
        ClusterMembership cutOff = group.running.get(away);
        group.cut(away, true);
        TestGroup.await("its lease ends", () -> !cutOff.holdsLease());
        ClusterMembership survivor = group.running.get("n1");
        TestGroup.await("it is expelled", () -> survivor.read(state -> !state.isLive(cutOff.epoch())));
        long index = survivor.read(DecisionState::appliedIndex);
        survivor.appliedEverywhere(index).get(60, TimeUnit.SECONDS);
        assertFalse(cutOff.expelled().isDone(), "how should it know");
        group.cut(away, false);
        cutOff.expelled().get(60, TimeUnit.SECONDS);
        group.stop(away);
        ClusterMembership back = group.await(away, group.start(away, "n1", "n2", "n3"));
        assertTrue(back.epoch().index() > cutOff.epoch().index());
        TestGroup.await("it holds a lease again", back::holdsLease);
    }

    @Test
    void aLeaderWhoseFollowersDieLosesItsLease() throws Exception {
        group.startAll("n1", "n2", "n3");
        String left = group.leader("n1", "n2", "n3");
        ClusterMembership alone = group.running.get(left);
        TestGroup.await(left + " holds its lease", alone::holdsLease);
        for (String node : List.of("n1", "n2", "n3")) {
            if (!node.equals(left)) {
                group.stop(node);
            }
        }
        TestGroup.await("its lease ends", () -> !alone.holdsLease());
    }

    @Test
    void aNodeThatLagsBehindTheOldestEntryGetsASnapshot() throws Exception {
        group.startAll("n1", "n2", "n3");
        String away = group.leader("n1", "n2", "n3").equals("n3") ? "n2" : "n3";
        group.stop(away);
        String there = "n1";
        for (int i = 0; i < 50; i++) {
            group.number(there, "before-" + i);
        }
        for (ClusterMembership node : group.running.values()) {
            assertTrue(node.takeSnapshot() > 50);
        }
        group.number(there, "after");
        group.await(away, group.start(away, "n1", "n2", "n3"));
        group.awaitEverywhere("the first of the snapshot", state -> state.numberOf("shop", new ShardName("before-0"))
                .isPresent());
        group.awaitEverywhere("what came after it", state -> state.numberOf("shop", new ShardName("after"))
                .isPresent());
        assertEquals(group.number(there, "before-49"), group.number(away, "before-49"));
    }

    @Test
    void aNodeWithoutItsDiskIsRefusedItsOldIdentityAndCanBeReplaced() throws Exception {
        group.startAll("n1", "n2", "n3");
        int kept = group.number("n1", "kept");
        group.stop("n3");
        TestGroup.loseDisk(group.dataDir("n3"));
        CompletableFuture<ClusterMembership> refused = group.start("n3", "n1", "n2", "n3");
        ExecutionException failure = assertThrows(ExecutionException.class, () -> refused.get(60, TimeUnit.SECONDS));
        PgErrorException why = assertInstanceOf(PgErrorException.class, failure.getCause());
        assertEquals(
                "node \"n3\" belongs to its group with another data directory",
                why.error().message());

        Operator operator = new Operator(
                TestGroup.SECRET, group.settings("n1", "n1", "n2", "n3").addresses());
        assertEquals("n3 is removed", operator.change(new MembershipChange.Remove("n3")));
        CompletableFuture<ClusterMembership> waiting = group.start("n3", "n1", "n2", "n3");
        TestGroup.await(
                "n3 waits to be added",
                () -> operator.statuses().get("n3").isPresent()
                        && operator.statuses().get("n3").get().log().isPresent());
        assertFalse(waiting.isDone());
        assertTrue(operator.change(new MembershipChange.Add("n3", group.address("n3")))
                .startsWith("n3 is added, as n3@"));
        group.await("n3", waiting);
        assertEquals(kept, group.number("n3", "kept"));
        group.stop("n1");
        assertTrue(group.number("n3", "new") >= 0, "n2 and the new n3 are a majority");
    }

    @Test
    void aGroupOfOneGrowsWhileItRuns() throws Exception {
        int kept;
        try (ClusterMembership alone =
                ClusterMembership.open(group.dataDir("n1"), "n1", TestDirectories.shop("kept"))) {
            kept = alone.shardNumber("shop", new ShardName("kept")).value();
        }
        group.await("n1", group.start("n1", "n1", "n2", "n3"));
        Operator operator = new Operator(
                TestGroup.SECRET, group.settings("n1", "n1", "n2", "n3").addresses());
        for (String joining : List.of("n2", "n3")) {
            CompletableFuture<ClusterMembership> waiting = group.start(joining, "n1", "n2", "n3");
            TestGroup.await(
                    joining + " waits to be added",
                    () -> operator.statuses().get(joining).isPresent()
                            && operator.statuses().get(joining).get().log().isPresent());
            operator.change(new MembershipChange.Add(joining, group.address(joining)));
            group.await(joining, waiting);
        }
        group.stop("n1");
        assertEquals(kept, group.number("n2", "kept"));
        assertEquals(kept, group.number("n3", "kept"));
    }

    @Test
    void aStrangerLearnsAndChangesNothing() throws Exception {
        group.startAll("n1", "n2", "n3");
        try (PeerCaller stranger = new PeerCaller(new PeerSecret("somebody else's secret"))) {
            assertThrows(
                    NotAPeerException.class,
                    () -> stranger.call(
                            group.address("n1"), PeerCall.STATUS.kind, new byte[0], PeerCall.STATUS.timeout()));
        }
        assertTrue(group.number("n1", "still works") >= 0);
    }
}
