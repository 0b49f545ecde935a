package io.ostraka.it.clients;

import io.ostraka.it.harness.Endpoint;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.pgclient.PgBuilder;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.PgConnection;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Cursor;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.PoolOptions;
import io.vertx.sqlclient.PreparedStatement;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Transaction;
import io.vertx.sqlclient.Tuple;
import java.io.PrintWriter;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Vert.x: pipelined queries, batches, cursors, transactions, notifications, cancel; statements kept and not kept. */
final class VertxScript {
    private static final int SECONDS = 60;

    private VertxScript() {}

    static void run(Endpoint endpoint, PrintWriter out) throws Exception {
        Vertx vertx = Vertx.vertx();
        try {
            for (boolean cached : new boolean[] {false, true}) {
                PgConnectOptions options = new PgConnectOptions()
                        .setHost("127.0.0.1")
                        .setPort(endpoint.port())
                        .setUser(endpoint.user())
                        .setPassword(endpoint.password())
                        .setDatabase(endpoint.database())
                        .setCachePreparedStatements(cached)
                        .setPipeliningLimit(64);
                pooled(vertx, options, out);
                PgConnection connection = get(PgConnection.connect(vertx, options));
                single(connection, out);
                cancelled(connection, get(PgConnection.connect(vertx, options)), out);
                get(connection.close());
            }
        } finally {
            get(vertx.close());
        }
    }

    private static void pooled(Vertx vertx, PgConnectOptions options, PrintWriter out) throws Exception {
        Pool pool = PgBuilder.pool()
                .with(new PoolOptions().setMaxSize(3))
                .connectingTo(options)
                .using(vertx)
                .build();
        List<Future<RowSet<Row>>> all = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            all.add(pool.preparedQuery("SELECT $1::int + 1").execute(Tuple.of(i)));
        }
        long sum = 0;
        for (Future<RowSet<Row>> each : all) {
            sum += get(each).iterator().next().getInteger(0);
        }
        out.println(sum);
        get(pool.close());
    }

    private static void single(PgConnection connection, PrintWriter out) throws Exception {
        out.println(connection.databaseMetadata().fullVersion());
        tell(
                connection
                        .query(
                                "CREATE TABLE things (id serial PRIMARY KEY, name text UNIQUE, at timestamptz, key uuid)")
                        .execute(),
                out);
        List<Tuple> batch = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            batch.add(
                    Tuple.of("thing " + i, OffsetDateTime.of(2026, 1, 1, i, 0, 0, 0, ZoneOffset.UTC), new UUID(i, i)));
        }
        RowSet<Row> inserted = get(connection
                .preparedQuery("INSERT INTO things (name, at, key) VALUES ($1, $2, $3) RETURNING id")
                .executeBatch(batch));
        int sets = 0;
        for (RowSet<Row> set = inserted; set != null; set = set.next()) {
            sets++;
        }
        out.println(sets);
        tell(
                connection
                        .preparedQuery("SELECT * FROM things WHERE id < $1 ORDER BY id")
                        .execute(Tuple.of(4)),
                out);
        tell(connection.query("SELECT 1; SELECT 2, 3").execute(), out);
        // Sent without waiting for each other; the failing one must not harm its neighbours.
        List<Future<RowSet<Row>>> pipelined = new ArrayList<>();
        for (int i = -2; i < 3; i++) {
            pipelined.add(connection.preparedQuery("SELECT 10 / $1").execute(Tuple.of(i)));
        }
        for (Future<RowSet<Row>> each : pipelined) {
            tell(each, out);
        }
        tell(connection.preparedQuery("INSERT INTO things (name) VALUES ($1)").execute(Tuple.of("thing 1")), out);
        tell(connection.preparedQuery("SELECT $1::int").execute(Tuple.of("x")), out);
        Transaction transaction = get(connection.begin());
        PreparedStatement statement = get(connection.prepare("SELECT id FROM things WHERE id > $1 ORDER BY id"));
        Cursor cursor = statement.cursor(Tuple.of(2));
        while (true) {
            RowSet<Row> rows = get(cursor.read(7));
            out.println(rows.size());
            if (!cursor.hasMore()) {
                break;
            }
        }
        get(cursor.close());
        get(statement.close());
        tell(connection.query("DELETE FROM things").execute(), out);
        tell(connection.query("SELECT * FROM missing").execute(), out);
        tell(connection.query("SELECT 1").execute(), out);
        get(transaction.rollback().otherwiseEmpty());
        tell(connection.query("SELECT count(*) FROM things").execute(), out);
        CompletableFuture<String> heard = new CompletableFuture<>();
        connection.notificationHandler(notification -> heard.complete(notification.getPayload()));
        tell(connection.query("LISTEN news").execute(), out);
        tell(connection.query("NOTIFY news, 'hello'").execute(), out);
        out.println(heard.get(SECONDS, TimeUnit.SECONDS));
        tell(connection.query("DROP TABLE things").execute(), out);
    }

    private static void cancelled(PgConnection connection, PgConnection other, PrintWriter out) throws Exception {
        Future<RowSet<Row>> slow = connection.query("SELECT pg_sleep(60)").execute();
        // A cancel request that comes before its statement cancels nothing.
        String look = "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query = 'SELECT pg_sleep(60)'";
        while (!slow.isComplete() && get(other.query(look).execute()).size() == 0) {
            Thread.onSpinWait();
        }
        get(connection.cancelRequest());
        tell(slow, out);
        get(other.close());
    }

    private static void tell(Future<RowSet<Row>> answer, PrintWriter out) throws Exception {
        try {
            for (RowSet<Row> set = get(answer); set != null; set = set.next()) {
                out.println(set.rowCount() + " " + set.columnsNames());
                set.forEach(row -> out.println(row.toJson()));
            }
        } catch (java.util.concurrent.ExecutionException e) {
            out.println(
                    e.getCause() instanceof PgException failure
                            ? failure.getSqlState() + " " + failure.getErrorMessage() + " " + failure.getDetail()
                            : e.getCause().toString());
        }
    }

    private static <T> T get(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(SECONDS, TimeUnit.SECONDS);
    }
}
