package io.ostraka.bench;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;

/** The whole table as one result, by one client, again and again; counts rows. */
final class ScanLoad implements Load {
    private final int rows;

    ScanLoad(int rows) {
        this.rows = rows;
    }

    @Override
    public Outcome run(Target target, Duration duration) throws SQLException {
        try (Connection connection = target.connect();
                Statement statement = connection.createStatement()) {
            long begin = System.nanoTime();
            long scans = 0;
            do {
                long read = 0;
                try (ResultSet result = statement.executeQuery("SELECT id, payload FROM accounts")) {
                    while (result.next()) {
                        read++;
                    }
                }
                if (read != rows) {
                    throw new SQLException("wrong answer: " + read + " rows instead of " + rows);
                }
                scans++;
            } while (System.nanoTime() - begin < duration.toNanos());
            Duration time = Duration.ofNanos(System.nanoTime() - begin);
            return new Outcome(scans * rows, time, time.dividedBy(scans));
        }
    }
}
