package io.ostraka.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/** Rows into table {@code incoming} by COPY, as one client's one statement for each batch; counts rows. */
final class CopyLoad implements Load {
    private static final int ROWS_PER_CHUNK = 100;
    private static final int ROWS_PER_COPY = 50_000;

    private final Shards shards;

    CopyLoad(Shards shards) {
        this.shards = shards;
    }

    @Override
    public Outcome run(Target target, Duration duration) throws IOException, SQLException {
        try (Connection connection = target.connect()) {
            PGConnection client = connection.unwrap(PGConnection.class);
            long copies = 0;
            Duration time = Duration.ZERO;
            do {
                shards.emptyIncoming();
                long begin = System.nanoTime();
                copy(client);
                time = time.plusNanos(System.nanoTime() - begin);
                copies++;
            } while (time.compareTo(duration) < 0);
            return new Outcome(copies * ROWS_PER_COPY, time, time.dividedBy(copies));
        }
    }

    private static void copy(PGConnection client) throws SQLException {
        CopyIn copy = client.getCopyAPI().copyIn("COPY incoming (id, payload) FROM STDIN");
        try {
            StringBuilder chunk = new StringBuilder();
            for (int id = 1; id <= ROWS_PER_COPY; id++) {
                chunk.append(id).append('\t').append(Shards.payload(id)).append('\n');
                if (id % ROWS_PER_CHUNK == 0) {
                    byte[] bytes = chunk.toString().getBytes(StandardCharsets.UTF_8);
                    copy.writeToCopy(bytes, 0, bytes.length);
                    chunk.setLength(0);
                }
            }
            long copied = copy.endCopy();
            if (copied != ROWS_PER_COPY) {
                throw new SQLException("wrong answer: COPY " + copied + " instead of " + ROWS_PER_COPY);
            }
        } finally {
            if (copy.isActive()) {
                copy.cancelCopy();
            }
        }
    }
}
