package io.ostraka.bench;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyOut;

/** One result of a million rows of 1,000 bytes, read and thrown away, again and again; counts megabytes. */
final class BulkLoad implements Load {
    private static final int ROWS = 1_000_000;
    private static final int ROW_BYTES = 1_000;
    /** COPY, because pgjdbc hands out its rows without keeping or reading them; the newline belongs to the row. */
    private static final String SQL =
            "COPY (SELECT repeat('x', " + (ROW_BYTES - 1) + ") FROM generate_series(1, " + ROWS + ")) TO STDOUT";

    @Override
    public Outcome run(Target target, Duration duration) throws SQLException {
        try (Connection connection = target.connect()) {
            PGConnection client = connection.unwrap(PGConnection.class);
            long begin = System.nanoTime();
            long results = 0;
            do {
                long bytes = 0;
                CopyOut copy = client.getCopyAPI().copyOut(SQL);
                for (byte[] row = copy.readFromCopy(); row != null; row = copy.readFromCopy()) {
                    bytes += row.length;
                }
                if (bytes != (long) ROWS * ROW_BYTES) {
                    throw new SQLException("wrong answer: " + bytes + " bytes");
                }
                results++;
            } while (System.nanoTime() - begin < duration.toNanos());
            Duration time = Duration.ofNanos(System.nanoTime() - begin);
            return new Outcome(results * ROWS * ROW_BYTES / 1_000_000, time, time.dividedBy(results));
        }
    }
}
