package io.ostraka.it.clients;

import io.ostraka.it.harness.Endpoint;
import io.r2dbc.postgresql.PostgresqlConnectionConfiguration;
import io.r2dbc.postgresql.PostgresqlConnectionFactory;
import io.r2dbc.postgresql.api.Notification;
import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.r2dbc.postgresql.api.PostgresqlResult;
import io.r2dbc.postgresql.api.PostgresqlStatement;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.R2dbcException;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** R2DBC: parameters, batches, row limits, generated keys, transactions, COPY, notifications, statements kept and not kept. */
final class R2dbcScript {
    private static final Duration LONGEST = Duration.ofMinutes(1);
    private static final int ROWS = 30;

    private R2dbcScript() {}

    static void run(Endpoint endpoint, PrintWriter out) {
        with(factory(endpoint, 0, false), connection -> work(connection, out));
        with(factory(endpoint, 5, true), connection -> again(connection, out));
    }

    private interface Work {
        void on(PostgresqlConnection connection);
    }

    private static PostgresqlConnectionFactory factory(Endpoint endpoint, int statements, boolean binary) {
        return new PostgresqlConnectionFactory(PostgresqlConnectionConfiguration.builder()
                .host("127.0.0.1")
                .port(endpoint.port())
                .username(endpoint.user())
                .password(endpoint.password())
                .database(endpoint.database())
                .preparedStatementCacheQueries(statements)
                .forceBinary(binary)
                .options(Map.of("lock_timeout", "7s"))
                .build());
    }

    private static void with(PostgresqlConnectionFactory factory, Work work) {
        PostgresqlConnection connection = factory.create().block(LONGEST);
        try {
            work.on(connection);
        } finally {
            connection.close().block(LONGEST);
        }
    }

    private static void work(PostgresqlConnection connection, PrintWriter out) {
        out.println(connection.getMetadata().getDatabaseVersion());
        out.println(rows(connection.createStatement("SHOW lock_timeout")));
        update(
                connection,
                "CREATE TABLE things (id serial PRIMARY KEY, name text UNIQUE, day date, key uuid, raw bytea)");
        PostgresqlStatement insert = connection
                .createStatement("INSERT INTO things (name, day, key, raw) VALUES ($1, $2, $3, $4)")
                .returnGeneratedValues("id");
        for (int i = 0; i < ROWS; i++) {
            insert.bind("$1", "thing " + i)
                    .bind("$2", LocalDate.of(2026, 1, 1).plusDays(i))
                    .bind("$3", new UUID(i, i))
                    .bind("$4", ByteBuffer.wrap(new byte[] {(byte) i, 0}));
            if (i < ROWS - 1) {
                insert.add();
            }
        }
        out.println(rows(insert));
        out.println(rows(connection
                .createStatement("SELECT id, name, day, key, octet_length(raw) FROM things ORDER BY id")
                .fetchSize(7)));
        out.println(rows(connection
                .createStatement("SELECT name FROM things WHERE id = ANY($1) OR name = $2 ORDER BY id")
                .bind("$1", new Integer[] {2, 4})
                .bindNull("$2", String.class)));
        out.println(wait(Flux.from(connection
                        .createBatch()
                        .add("SELECT 1")
                        .add("UPDATE things SET day = NULL WHERE id < 3")
                        .execute())
                .concatMap(PostgresqlResult::getRowsUpdated)));
        wait(connection.beginTransaction(IsolationLevel.SERIALIZABLE));
        out.println(rows(connection.createStatement("SHOW transaction_isolation")));
        update(connection, "DELETE FROM things");
        wait(connection.createSavepoint("s"));
        out.println(rows(connection.createStatement("INSERT INTO missing VALUES (1)")));
        wait(connection.rollbackTransactionToSavepoint("s"));
        wait(connection.rollbackTransaction());
        out.println(rows(connection.createStatement("SELECT count(*) FROM things")));
        out.println(rows(connection
                .createStatement("INSERT INTO things (name) VALUES ($1)")
                .bind("$1", "thing 1")));
        out.println(wait(connection.copyIn(
                "COPY things (name) FROM STDIN",
                Flux.range(0, 1000)
                        .map(i ->
                                io.netty.buffer.Unpooled.copiedBuffer("copied " + i + "\n", StandardCharsets.UTF_8)))));
        out.println(rows(connection.createStatement("SELECT count(*), max(id) FROM things")));
        update(connection, "LISTEN news");
        var heard = connection
                .getNotifications()
                .map(Notification::getParameter)
                .take(2)
                .collectList()
                .toFuture();
        update(connection, "NOTIFY news, 'one'");
        update(connection, "NOTIFY news, 'two'");
        out.println(heard.orTimeout(LONGEST.toSeconds(), java.util.concurrent.TimeUnit.SECONDS)
                .join());
        out.println(rows(connection
                        .createStatement("SELECT generate_series(1, 100000)")
                        .fetchSize(1000))
                .size());
        // Leaves the rest of the rows.
        out.println(wait(connection
                        .createStatement("SELECT generate_series(1, 100000)")
                        .fetchSize(10)
                        .execute()
                        .concatMap(result -> result.map((row, columns) -> row.get(0, Integer.class)))
                        .take(25))
                .size());
        out.println(rows(connection.createStatement("SELECT 'goes on'")));
    }

    private static void again(PostgresqlConnection connection, PrintWriter out) {
        for (int i = 0; i < 12; i++) {
            out.println(rows(connection
                    .createStatement("SELECT id, day, key FROM things WHERE id = $1")
                    .bind("$1", i)));
            // More of them than are kept.
            out.println(rows(connection.createStatement("SELECT " + i + " + $1").bind("$1", i)));
        }
        update(connection, "DROP TABLE things");
        out.println(rows(connection
                .createStatement("SELECT id, day, key FROM things WHERE id = $1")
                .bind("$1", 1)));
    }

    private static void update(PostgresqlConnection connection, String sql) {
        wait(connection.createStatement(sql).execute().concatMap(PostgresqlResult::getRowsUpdated));
    }

    /** The rows as text, or the error in their place. */
    private static List<String> rows(PostgresqlStatement statement) {
        try {
            return wait(statement
                    .execute()
                    .concatMap(result -> result.map((row, columns) -> {
                        StringBuilder line = new StringBuilder();
                        columns.getColumnMetadatas().forEach(column -> line.append(column.getName())
                                .append('=')
                                .append(row.get(column.getName()))
                                .append(' '));
                        return line.toString();
                    })));
        } catch (R2dbcException e) {
            return List.of(e.getSqlState() + " " + e.getMessage());
        }
    }

    private static <T> List<T> wait(Publisher<T> publisher) {
        return Flux.from(publisher)
                .collectList()
                .switchIfEmpty(Mono.just(List.of()))
                .block(LONGEST);
    }
}
