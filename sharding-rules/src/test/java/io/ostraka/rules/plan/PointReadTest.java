package io.ostraka.rules.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PointReadTest {
    private final SampleDatabase db = new SampleDatabase();

    private Optional<KeptStatement> point(String sql) {
        return db.plan(sql) instanceof Plan.Scatter scatter ? scatter.kept() : Optional.empty();
    }

    @Test
    void literalsBecomeParametersOfTheirTypes() {
        KeptStatement point = point("SELECT  note FROM pointed p WHERE p.id = 7 AND part = 'x' AND id=5000000000 ; ")
                .orElseThrow();
        assertEquals("SELECT  note FROM pointed p WHERE p.id = $1 AND part = $2 AND id=$3", point.text());
        assertEquals(List.of(23, 0, 20), point.oids());
        assertFalse(point.hasParameters());
    }

    @Test
    void theClientsOwnParametersStay() {
        String sql = "SELECT * FROM public.pointed WHERE id = $2 AND part = $1";
        KeptStatement point = point(sql).orElseThrow();
        assertEquals(sql, point.text());
        assertTrue(point.hasParameters());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT * FROM pointed WHERE id = 7",
                "SELECT * FROM pointed WHERE id = 7 AND part > 'x'",
                "SELECT * FROM pointed WHERE id = 7 AND part = note",
                "SELECT * FROM pointed WHERE id = 7 AND part = 'x' AND note IS NULL",
                "SELECT * FROM pointed WHERE id = 7 AND part = 'x'::text",
                "SELECT * FROM pointed WHERE id = 7 AND part = $1",
                "SELECT * FROM pointed WHERE id = 7.5 AND part = 'x'",
                "SELECT * FROM pointed WHERE id = -7 AND part = 'x'",
                "SELECT note || 'x' FROM pointed WHERE id = 7 AND part = 'x'",
                "SELECT ctid FROM pointed WHERE id = 7 AND part = 'x'",
                "SELECT p FROM pointed p WHERE id = 7 AND part = 'x'",
                "SELECT DISTINCT note FROM pointed WHERE id = 7 AND part = 'x'",
                "SELECT * FROM pointed WHERE id = 7 AND part = 'x' ORDER BY id",
                "SELECT * FROM pointed WHERE id = 7 AND part = 'x' FOR SHARE",
                "SELECT * FROM pointed p(id, part) WHERE id = 7 AND part = 'x'",
                "SELECT * FROM pointed TABLESAMPLE SYSTEM (10) WHERE id = 7 AND part = 'x'",
                "SELECT * FROM pointed, t WHERE pointed.id = 7 AND part = 'x' AND t.id = 7",
                "WITH a AS (SELECT 1) SELECT * FROM pointed WHERE id = 7 AND part = 'x'",
                "SELECT * FROM (SELECT * FROM pointed) p WHERE id = 7 AND part = 'x'"
            })
    void othersAreNone(String sql) {
        assertEquals(Optional.empty(), point(sql).map(KeptStatement::text));
    }

    @Test
    void itIsFrequentFromItsFifthUseOn() {
        KeptStatement point =
                point("SELECT * FROM pointed WHERE id = $2 AND part = $1").orElseThrow();
        for (int i = 1; i < 5; i++) {
            assertFalse(point.isFrequent());
        }
        assertTrue(point.isFrequent());
        assertTrue(point.isFrequent());
    }
}
