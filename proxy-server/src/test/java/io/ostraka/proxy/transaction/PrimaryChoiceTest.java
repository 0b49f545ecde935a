package io.ostraka.proxy.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.proxy.transaction.PrimaryChoice.Promoted;
import io.ostraka.proxy.transaction.PrimaryChoice.Refused;
import io.ostraka.proxy.transaction.PrimaryChoice.Same;
import io.ostraka.proxy.transaction.PrimaryChoice.Unseen;
import io.ostraka.rules.config.HostPort;
import io.ostraka.tx.decision.ShardEntry.FenceShard;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Which server is a shard's primary. */
class PrimaryChoiceTest {
    private static final HostPort A = new HostPort("10.0.0.1", 5432);
    private static final HostPort B = new HostPort("::1", 5433);
    private static final HostPort C = new HostPort("db-c", 5432);
    private static final Optional<PrimaryServer> KNOWN = Optional.of(new PrimaryServer(A, 1, "77"));

    private static ServerLook primary(HostPort address, int timeline, Map<Integer, Long> ends) {
        return new ServerLook(address, "77", true, timeline, ends);
    }

    private static ServerLook standby(HostPort address) {
        return new ServerLook(address, "77", false, 0, Map.of());
    }

    private static PrimaryChoice choose(Optional<PrimaryServer> known, long floor, ServerLook... looks) {
        return PrimaryChoice.choose(Arrays.stream(looks).map(Optional::of).toList(), known, floor);
    }

    @Test
    void theFirstTimeAllServersMustBeSeen() {
        ServerLook primary = primary(A, 3, Map.of());
        assertInstanceOf(
                Unseen.class,
                PrimaryChoice.choose(List.of(Optional.of(primary), Optional.empty()), Optional.empty(), 0));
        assertEquals(
                new Promoted(new PrimaryServer(A, 3, "77"), FenceShard.SAME_SERVER),
                choose(Optional.empty(), 0, standby(B), primary));
        assertInstanceOf(Refused.class, choose(Optional.empty(), 0, primary, primary(B, 4, Map.of(3, 9L))));
        assertInstanceOf(Unseen.class, choose(Optional.empty(), 0, standby(A), standby(B)));
        assertInstanceOf(
                Refused.class, choose(Optional.empty(), 0, primary, new ServerLook(B, "78", false, 0, Map.of())));
    }

    @Test
    void aServerOfALaterTimelineIsFollowedWhenItHasWhatIsNeeded() {
        ServerLook promoted = primary(B, 2, Map.of(1, 100L));
        assertEquals(new Promoted(new PrimaryServer(B, 2, "77"), 100), choose(KNOWN, 100, promoted));
        assertEquals(
                new Promoted(new PrimaryServer(B, 2, "77"), 100),
                choose(KNOWN, 100, primary(A, 1, Map.of()), promoted));
        assertInstanceOf(Refused.class, choose(KNOWN, 101, promoted), "it lacks what is forgotten");
        assertInstanceOf(Refused.class, choose(KNOWN, 0, primary(B, 2, Map.of())), "nobody knows what it lacks");
        assertInstanceOf(
                Refused.class, choose(KNOWN, 0, promoted, primary(C, 2, Map.of(1, 100L))), "there are two of them");
        assertEquals(
                new Promoted(new PrimaryServer(C, 3, "77"), 90),
                choose(KNOWN, 0, promoted, primary(C, 3, Map.of(1, 90L, 2, 120L))));
    }

    @Test
    void aServerOfAnEarlierTimelineIsNeverFollowed() {
        Optional<PrimaryServer> known = Optional.of(new PrimaryServer(B, 2, "77"));
        assertInstanceOf(Unseen.class, choose(known, 0, primary(A, 1, Map.of())));
        assertInstanceOf(Same.class, choose(known, 0, primary(A, 1, Map.of()), primary(B, 2, Map.of(1, 100L))));
        assertInstanceOf(Refused.class, choose(known, 0, primary(B, 1, Map.of())), "it was set back");
        assertInstanceOf(Refused.class, choose(known, 0, standby(B)));
        assertInstanceOf(
                Unseen.class, choose(known, 0, new ServerLook(A, "78", true, 9, Map.of(2, 500L))), "another system");
    }

    @Test
    void theLogsTextIsReadAsItWasWritten() {
        for (HostPort address : List.of(A, B, C)) {
            PrimaryServer server = new PrimaryServer(address, 17, "7512345678901234567");
            assertEquals(server, PrimaryServer.parse(server.toString()));
        }
    }

    @Test
    void aHistoryTellsWhereTimelinesEnd() {
        LinkResult result = new LinkResult(
                false,
                Optional.empty(),
                "SELECT 1",
                false,
                List.of(
                        List.of(Optional.of("77"), Optional.of("0000000A")),
                        List.of(Optional.of("1\t0/3000148\tno recovery target specified\n\n2\t1A/FF\treason\n"))),
                0);
        ServerLook look = ServerLook.of(A, result).orElseThrow();
        assertTrue(look.isPrimary());
        assertEquals(10, look.timeline());
        assertEquals(Map.of(1, 0x3000148L, 2, 0x1A_0000_00FFL), look.ends());
        assertEquals(Optional.empty(), ServerLook.of(A, LinkResult.LOST));
    }
}
