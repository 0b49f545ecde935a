package io.ostraka.rules.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ostraka.rules.catalog.Function;
import io.ostraka.rules.catalog.FunctionName;
import io.ostraka.rules.catalog.WriteEffects.RowTrigger;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The key is {@code id}. */
class TriggerBodyTest {
    private static boolean mayChange(String language, String name, String body, String... arguments) {
        FunctionName function = new FunctionName("public", name);
        return TriggerBody.mayChange(
                List.of("id"),
                new RowTrigger(function, true, true, List.of(arguments)),
                Function.overload(
                        function, Function.Kind.FUNCTION, Function.Volatility.VOLATILE, false, language, body));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "BEGIN RETURN NEW; END",
                "BEGIN NEW.updated_at = now(); RETURN NEW; END",
                "BEGIN NEW.a := 1; NEW.b := NEW.id; RETURN NEW; END;",
                "BEGIN IF NEW.id = 5 THEN RAISE EXCEPTION 'no'; END IF; RETURN NEW; END",
                "BEGIN IF NEW.id IS DISTINCT FROM OLD.id THEN RETURN NULL; END IF; RETURN OLD; END",
                "DECLARE n int; BEGIN SELECT NEW.id, 5 INTO n, NEW.a; RETURN NEW; END",
                "BEGIN NEW.search = to_tsvector(NEW.id || NEW.text); RETURN NEW; END",
                "BEGIN PERFORM pg_notify('x', row_to_json(NEW)::text); RETURN NEW; END",
                "BEGIN /* NEW.id := 5; */ RETURN NEW; END -- NEW.id := 5",
                "DECLARE id int; BEGIN id := 5; NEW.\"Id\" := 5; RETURN NEW; END",
            })
    void whatLeavesTheKeyAloneIsSeen(String body) {
        assertEquals(false, mayChange("plpgsql", "f", body));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "BEGIN NEW.id := 5; RETURN NEW; END",
                "BEGIN NEW.id = 5; RETURN NEW; END",
                "BEGIN new.\"id\" = 5; RETURN NEW; END",
                "BEGIN IF true THEN NEW . id = 5; END IF; RETURN NEW; END",
                "BEGIN <<here>> NEW.id = 5; RETURN NEW; END",
                "BEGIN NEW := OLD; RETURN NEW; END",
                "BEGIN NEW = f(NEW); RETURN NEW; END",
                "BEGIN SELECT max(x) + 1 INTO NEW.id FROM y; RETURN NEW; END",
                "BEGIN SELECT 1, 2 INTO STRICT NEW.a, NEW.id; RETURN NEW; END",
                "BEGIN SELECT * INTO NEW FROM y; RETURN NEW; END",
                "BEGIN GET DIAGNOSTICS NEW.id = ROW_COUNT; RETURN NEW; END",
                "DECLARE x ALIAS FOR NEW; BEGIN x.id := 5; RETURN NEW; END",
                "DECLARE r record; BEGIN r := NEW; r.id := 5; RETURN r; END",
                "BEGIN RETURN ROW(5, NEW.a); END",
                "BEGIN RETURN (NEW); END",
                "BEGIN FOR NEW IN SELECT * FROM y LOOP NULL; END LOOP; RETURN NEW; END",
                "BEGIN CALL p(NEW.id); RETURN NEW; END",
                "BEGIN NEW.id[1] := 5; RETURN NEW; END",
                "BEGIN RETURN 'open",
            })
    void whatMayAssignToTheKeyIsSeen(String body) {
        assertEquals(true, mayChange("plpgsql", "f", body));
    }

    @Test
    void functionsWithoutABodyAreKnownByName() {
        assertEquals(false, mayChange("internal", "suppress_redundant_updates_trigger", ""));
        assertEquals(false, mayChange("c", "moddatetime", "", "changed_at"));
        assertEquals(true, mayChange("c", "moddatetime", "", "id"));
        assertEquals(true, mayChange("c", "unknown", ""));
        assertEquals(true, mayChange("plperl", "f", "return;"));
    }
}
