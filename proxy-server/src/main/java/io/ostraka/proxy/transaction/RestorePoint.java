package io.ostraka.proxy.transaction;

import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.tx.commit.ShardError;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/**
 * One restore point on all shards of a database, written while no commit over shards is half done: after a restore to it every
 * transaction that is found prepared is undecided. If the gates did not stay closed the points are worthless, and others
 * are written under another name, because a server stops at the first of a name.
 *
 * <p>Thread-safe: guarded by itself. Source: {@code transactions.md}, section 11.
 */
final class RestorePoint implements ClosedGate {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final DatabaseCommits database;
    private final List<ShardServer> servers;
    private final String wanted;
    private final long since = System.nanoTime();
    private final CompletableFuture<List<PointOnShard>> points = new CompletableFuture<>();
    private final Map<ShardName, KeptLink> links = new TreeMap<>();
    private int tries;
    private List<PointOnShard> written = new ArrayList<>();
    private Optional<PgError> failure = Optional.empty();
    private int awaited;
    /** The gates were opened while shards had yet to answer. */
    private boolean openedEarly;

    RestorePoint(DatabaseCommits database, List<ShardServer> servers, String name) {
        this.database = database;
        this.servers = servers;
        this.wanted = name;
    }

    /** Connections first: nobody shall wait for them with the gates closed. */
    CompletableFuture<List<PointOnShard>> write() {
        List<CompletableFuture<Void>> asked = new ArrayList<>();
        for (ShardServer server : servers) {
            CompletableFuture<Void> there = new CompletableFuture<>();
            asked.add(there);
            server.links().keep(kept -> {
                kept.ifPresent(link -> add(server.name(), link));
                there.complete(null);
            });
        }
        CompletableFuture.allOf(asked.toArray(CompletableFuture<?>[]::new)).thenRun(this::visit);
        return points.whenComplete((done, failed) -> giveBack());
    }

    private synchronized void add(ShardName shard, KeptLink link) {
        links.put(shard, link);
    }

    private synchronized void giveBack() {
        links.values().forEach(KeptLink::giveBack);
        links.clear();
    }

    private void visit() {
        Optional<PgError> missing = missing();
        if (missing.isPresent()) {
            points.completeExceptionally(missing.get().toException());
        } else {
            database.visit(this);
        }
    }

    private synchronized Optional<PgError> missing() {
        return servers.stream()
                .filter(server -> !links.containsKey(server.name()))
                .findFirst()
                .map(server -> new PgError(
                        SqlState.CANNOT_CONNECT_NOW,
                        "shard \"" + server.name() + "\" does not answer",
                        "A restore point is one on all shards.",
                        ""));
    }

    @Override
    public synchronized void onClosed(Set<ShardName> unreadable, Runnable left) {
        tries++;
        written = new ArrayList<>();
        failure = behind(unreadable);
        if (failure.isPresent()) {
            left.run();
            return;
        }
        String name = tries == 1 ? wanted : wanted + "." + tries;
        String query = "SELECT pg_catalog.pg_create_restore_point('" + name.replace("'", "''") + "'),"
                + " pg_catalog.substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8),"
                + " (SELECT system_identifier FROM pg_catalog.pg_control_system())";
        awaited = servers.size();
        for (ShardServer server : servers) {
            links.get(server.name()).run(List.of(query), result -> onWritten(server.name(), name, result, left));
        }
    }

    /** A shard that lacks a commit which others show would lack it after a restore. */
    private Optional<PgError> behind(Set<ShardName> unreadable) {
        return unreadable.isEmpty()
                ? Optional.empty()
                : Optional.of(new PgError(
                        SqlState.CANNOT_CONNECT_NOW,
                        "shards " + unreadable + " lack a commit that others show",
                        "A restore point now would cut it in half.",
                        "Try again when SHOW SHARDS says that they are readable."));
    }

    private synchronized void onWritten(ShardName shard, String name, LinkResult result, Runnable left) {
        if (result.lost() || result.error().isPresent()) {
            failure = Optional.of(result.error()
                    .map(error -> worded(shard, error))
                    .orElseGet(() -> new PgError(
                            SqlState.CONNECTION_FAILURE, "connection to shard \"" + shard + "\" was lost")));
        } else {
            List<Optional<String>> row = result.rows().get(0);
            written.add(new PointOnShard(
                    shard,
                    name,
                    row.get(0).orElse(""),
                    row.get(1).orElse(""),
                    row.get(2).orElse("")));
        }
        awaited--;
        if (awaited == 0) {
            left.run();
            if (openedEarly) {
                openedEarly = false;
                settle(false);
            }
        }
    }

    private static PgError worded(ShardName shard, ShardError error) {
        return new PgError(
                SqlState.of(error.sqlState()).orElse(SqlState.OBJECT_NOT_IN_PREREQUISITE_STATE),
                error.message(),
                "Shard \"" + shard + "\" said so.",
                error.hint());
    }

    @Override
    public synchronized void onOpened(boolean held) {
        if (awaited > 0) {
            openedEarly = true;
        } else {
            settle(held);
        }
    }

    private void settle(boolean held) {
        if (failure.isPresent()) {
            points.completeExceptionally(failure.get().toException());
        } else if (held && written.size() == servers.size()) {
            written.sort(Comparator.comparing(PointOnShard::shard));
            points.complete(List.copyOf(written));
        } else if (System.nanoTime() - since > PATIENCE.toNanos()) {
            points.completeExceptionally(new PgError(
                            SqlState.SERIALIZATION_FAILURE,
                            "no restore point over several shards could be written in time",
                            "Commits over several shards were under way, or shards were slow to answer.",
                            "Try it again.")
                    .toException());
        } else {
            database.visit(this);
        }
    }
}
