package io.ostraka.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;

/** Work that clients give a server for some time. */
interface Load {
    /**
     * Runs for about {@code duration}, or until one unit of work is done if that takes longer.
     *
     * @throws SQLException if the server refuses the work or answers wrongly
     */
    Outcome run(Target target, Duration duration) throws IOException, SQLException;

    /**
     * Looks before the measurement whether the answers are right, where {@link #run} itself does not see them.
     *
     * @throws SQLException if not
     */
    default void check(Target target) throws IOException, SQLException {}

    /** {@code operations}: queries or rows, as the scenario counts. {@code latency}: mean time of one statement. */
    record Outcome(long operations, Duration time, Duration latency) {
        double perSecond() {
            return operations * 1e9 / time.toNanos();
        }
    }
}
