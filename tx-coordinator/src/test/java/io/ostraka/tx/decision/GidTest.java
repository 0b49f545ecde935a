package io.ostraka.tx.decision;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GidTest {
    private static final Gid GID =
            new Gid(new ClusterNumber(0x7f3a12bc), new Gtid(new Epoch(41), 1295), new ShardNumber(12));

    @Test
    void itNamesClusterEpochSequenceAndBranch() {
        assertEquals("ostraka_7f3a12bc_15_zz_12", GID.toString());
        assertEquals(Optional.of(GID), Gid.parse("ostraka_7f3a12bc_15_zz_12"));
        assertTrue(GID.toString().startsWith(Gid.prefixOf(GID.cluster())));
    }

    @Test
    void theLongestOneIsFarBelowPostgresLimit() {
        Gid longest = new Gid(
                new ClusterNumber(-1),
                new Gtid(new Epoch(Long.MAX_VALUE), Long.MAX_VALUE),
                new ShardNumber(ShardNumber.MAX));
        assertTrue(longest.toString().getBytes(StandardCharsets.UTF_8).length < 200);
        assertEquals(Optional.of(longest), Gid.parse(longest.toString()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "x",
                "ostraka_",
                "ostraka_7f3a12bc_15_zz",
                "ostraka_7f3a12bc_15_zz_12_",
                "ostraka_7f3a12bc_15_zz_12 ",
                "Ostraka_7f3a12bc_15_zz_12",
                "ostraka_7F3A12BC_15_zz_12",
                "ostraka_7f3a12bc_015_zz_12",
                "ostraka_7f3a12bc_15_ZZ_12",
                "ostraka_7f3a12bc_15_zz_012",
                "ostraka_7f3a12bc_15_zz_1000001",
                "ostraka_7f3a12bc_zzzzzzzzzzzzz_zz_12",
                "ostraka_7f3a12bc_-1_zz_12",
                "ostraka_7f3a12bc_15_zz_12\nx",
            })
    void everythingElseIsSomebodyElses(String text) {
        assertEquals(Optional.empty(), Gid.parse(text));
    }
}
