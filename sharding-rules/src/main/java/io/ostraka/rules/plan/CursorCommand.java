package io.ostraka.rules.plan;

import io.ostraka.rules.error.PgError;
import java.util.Optional;

/** A statement about a cursor that SQL declares, of which the session knows where it is. Immutable. */
public sealed interface CursorCommand {
    /** The cursor's name; empty for CLOSE ALL. */
    String name();

    /**
     * DECLARE. {@code before} is its text up to the query; {@code isHeld}: WITH HOLD. {@code notOverShards}: why several shards together
     * have no such cursor.
     */
    record Declare(
            String name,
            String before,
            PlannedStatement query,
            boolean isHeld,
            boolean isBinary,
            Optional<PgError> notOverShards)
            implements CursorCommand {}

    /** FETCH or MOVE of {@code forward} rows, {@link Long#MAX_VALUE} for all, 0 for the one that the cursor is on; empty for other directions. */
    record Fetch(String name, boolean move, Optional<Long> forward) implements CursorCommand {}

    record Close(String name) implements CursorCommand {}
}
