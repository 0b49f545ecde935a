package io.ostraka.tx.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ostraka.rules.config.HostPort;
import io.ostraka.tx.decision.ClusterNumber;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MarkerTest {
    private static final UUID LOG = new UUID(1, 2);

    @Test
    void whatIsWrittenIsReadAgain() throws Exception {
        Marker fresh = Marker.inGroup("n1", "7f3a12bc");
        Marker founder = fresh.joining(
                LOG,
                List.of(
                        new Member("n1@7f3a12bc", new HostPort("10.0.0.1", 7432)),
                        new Member("n2@00000000", new HostPort("fe80::1", 7432))));
        for (Marker marker : List.of(Marker.alone("n1", LOG), fresh, founder, founder.in(new ClusterNumber(7)))) {
            assertEquals(marker, Marker.parse(marker.text()));
        }
        assertEquals("n1@7f3a12bc", founder.id());
        assertEquals("n1", Marker.alone("n1", LOG).id());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "format: 1\nnode: n1\n",
                "format: 2\nnode: n1\n",
                "format: 1\nnode: n1\nmember: 7f3a12bc\nlog: 00000000-0000-0001-0000-000000000002\n",
                "format: 2\nnode: n1\nmember: 7f3a12bc\nfounder n1@7f3a12bc: nowhere\n",
                "format: 2\nnode: n1\nmember: 7f3a12bc\nfounder n1@7f3a12bc: host:70000\n",
            })
    void whatContradictsItselfIsUnreadable(String text) {
        assertThrows(Marker.UnreadableException.class, () -> Marker.parse(text));
    }
}
