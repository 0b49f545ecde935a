package io.ostraka.rules.plan;

import io.ostraka.rules.error.PgError;
import java.util.Optional;

/** A statement about a cursor that SQL declares, of which the session knows where it is. Immutable. */
public sealed interface CursorCommand {
    /** The cursor's name; empty for CLOSE ALL. */
    String name();

    /** DECLARE. {@code notOverShards}: why several shards together have no such cursor. */
    record Declare(String name, PlannedStatement query, Optional<PgError> notOverShards) implements CursorCommand {}

    /** FETCH or MOVE of {@code forward} rows, {@link Long#MAX_VALUE} for all; empty for other directions. */
    record Fetch(String name, boolean move, Optional<Long> forward) implements CursorCommand {}

    record Close(String name) implements CursorCommand {}
}
