package io.ostraka.proxy.admin;

import static io.ostraka.proxy.admin.Rows.number;
import static io.ostraka.proxy.admin.Rows.text;

import io.ostraka.proxy.backend.ShardAddress;
import io.ostraka.proxy.session.ServedDatabase;
import io.ostraka.proxy.session.ServedDatabases;
import io.ostraka.proxy.transaction.PointOnShard;
import io.ostraka.proxy.transaction.Snapshot;
import io.ostraka.proxy.transaction.SnapshotRequest;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.StreamSupport;

/** One moment on all shards of a database, for backups: a restore point, or a snapshot that stays open. Thread-safe. */
final class Marks {
    static final Columns SNAPSHOT = Columns.of("shard", "number number", "host", "port number", "database", "snapshot");
    static final Columns RESTORE_POINT =
            Columns.of("shard", "number number", "address", "restore_point", "lsn", "timeline", "system_identifier");

    private final ServedDatabases databases;

    /** A snapshot, open until it is released, and where it can be imported. */
    record Held(Snapshot snapshot, Rows rows) {}

    Marks(ServedDatabases databases) {
        this.databases = databases;
    }

    private ServedDatabase database(String name) {
        ServedDatabase database = StreamSupport.stream(databases.all().spliterator(), false)
                .filter(served -> served.name().equals(name))
                .findFirst()
                .orElseThrow(
                        () -> new PgError(SqlState.INVALID_CATALOG_NAME, "database \"" + name + "\" does not exist")
                                .toException());
        if (database.hasOneShard()) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "database \"" + name + "\" has one shard",
                            "",
                            "Back it up as any PostgreSQL database.")
                    .toException();
        }
        return database;
    }

    private static Optional<Cell> numberOf(ServedDatabase database, ShardName shard) {
        return number(database.commits().numberOf(shard).value());
    }

    CompletableFuture<Rows> restorePoint(String name, String databaseName) {
        ServedDatabase database = database(databaseName);
        return database.commits()
                .restorePoint(name)
                .thenApply(points -> new Rows(
                        points.stream().map(point -> row(database, point)).toList()));
    }

    private static List<Optional<Cell>> row(ServedDatabase database, PointOnShard point) {
        ShardAddress address = database.address(point.shard());
        return List.of(
                text(point.shard().value()),
                numberOf(database, point.shard()),
                text(address.primary() + "/" + address.database()),
                text(point.name()),
                text(point.lsn()),
                text(point.timeline()),
                text(point.systemIdentifier()));
    }

    CompletableFuture<Held> snapshot(String databaseName) {
        ServedDatabase database = database(databaseName);
        if (!database.isAtomic()) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "database \"" + databaseName + "\" has consistency: shard",
                            "No snapshots over its shards are taken.",
                            "Use consistency: atomic.")
                    .toException();
        }
        database.commits().requireGates();
        CompletableFuture<Held> held = new CompletableFuture<>();
        database.commits().snapshot(new SnapshotRequest() {
            @Override
            public Set<ShardName> needed() {
                return Set.copyOf(database.shards());
            }

            @Override
            public void onSnapshot(Snapshot snapshot) {
                held.complete(new Held(snapshot, rows(database, snapshot)));
            }

            @Override
            public void onNoSnapshot(PgError why) {
                held.completeExceptionally(why.toException());
            }
        });
        return held;
    }

    private static Rows rows(ServedDatabase database, Snapshot snapshot) {
        return new Rows(database.shards().stream()
                .sorted()
                .map(shard -> List.of(
                        text(shard.value()),
                        numberOf(database, shard),
                        text(database.address(shard).primary().host()),
                        number(database.address(shard).primary().port()),
                        text(database.address(shard).database()),
                        text(snapshot.nameOn(shard))))
                .toList());
    }
}
