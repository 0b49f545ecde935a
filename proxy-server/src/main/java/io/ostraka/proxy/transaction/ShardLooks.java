package io.ostraka.proxy.transaction;

import io.ostraka.rules.config.ShardName;
import io.ostraka.tx.decision.Branch;
import io.ostraka.tx.decision.DecisionState;
import io.ostraka.tx.decision.Gid;
import io.ostraka.tx.decision.Gtid;
import io.ostraka.tx.decision.PreparedBranches;
import io.ostraka.tx.decision.StoredCommit;
import io.ostraka.tx.raft.ClusterMembership;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;

/**
 * Looks at the shards for people who ask, on the reserved connections. Thread-safe; nothing here changes anything.
 *
 * <p>The log is read after the shards: so a branch of which it knows nothing is of a transaction that was not decided when the
 * shard was asked, or is done by now.
 */
final class ShardLooks {
    private final ClusterMembership membership;

    ShardLooks(ClusterMembership membership) {
        this.membership = membership;
    }

    private String ours() {
        return "database = pg_catalog.current_database() AND pg_catalog.starts_with(gid, '"
                + Gid.prefixOf(membership.cluster()) + "')";
    }

    /** Empty when it does not answer. */
    CompletableFuture<Optional<ShardLook>> look(ShardServer server) {
        CompletableFuture<Optional<ShardLook>> seen = new CompletableFuture<>();
        String query = "SELECT pg_catalog.current_setting('server_version'),"
                + " pg_catalog.current_setting('max_prepared_transactions'),"
                + " (SELECT pg_catalog.count(*) FROM pg_catalog.pg_prepared_xacts WHERE " + ours() + "),"
                + " (SELECT " + micros("pg_catalog.min(prepared)") + " FROM pg_catalog.pg_prepared_xacts WHERE "
                + ours() + "),"
                + " (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend'),"
                + " pg_catalog.current_setting('max_connections')";
        server.links().run(List.of(query), result -> {
            if (result.lost() || result.error().isPresent()) {
                seen.complete(Optional.empty());
                return;
            }
            List<Optional<String>> row = result.rows().get(0);
            seen.complete(Optional.of(new ShardLook(
                    row.get(0).orElseThrow(),
                    number(row.get(1)),
                    number(row.get(2)),
                    row.get(3).map(ShardLooks::instant),
                    number(row.get(4)),
                    number(row.get(5)))));
        });
        return seen;
    }

    private static int number(Optional<String> value) {
        return Integer.parseInt(value.orElseThrow());
    }

    private static String micros(String time) {
        return "(pg_catalog.date_part('epoch', " + time + ") * 1000000)::pg_catalog.int8";
    }

    private static Instant instant(String micros) {
        return Instant.EPOCH.plus(Long.parseLong(micros), ChronoUnit.MICROS);
    }

    private record Seen(ShardServer server, Optional<List<List<Optional<String>>>> prepared) {}

    CompletableFuture<InDoubtReport> inDoubt(Collection<ShardServer> servers) {
        List<CompletableFuture<Seen>> asked =
                servers.stream().map(this::prepared).toList();
        return CompletableFuture.allOf(asked.toArray(CompletableFuture<?>[]::new))
                .thenApply(all ->
                        judged(asked.stream().map(CompletableFuture::join).toList()));
    }

    private CompletableFuture<Seen> prepared(ShardServer server) {
        CompletableFuture<Seen> seen = new CompletableFuture<>();
        server.links()
                .run(
                        List.of("SELECT gid, owner, " + micros("prepared") + " FROM pg_catalog.pg_prepared_xacts WHERE "
                                + ours()),
                        result -> seen.complete(new Seen(
                                server,
                                result.lost() || result.error().isPresent()
                                        ? Optional.empty()
                                        : Optional.of(result.rows()))));
        return seen;
    }

    private InDoubtReport judged(List<Seen> all) {
        return membership.read(state -> {
            List<InDoubt> branches = new ArrayList<>();
            List<ShardName> unanswered = new ArrayList<>();
            for (Seen seen : all) {
                ShardServer server = seen.server();
                if (seen.prepared().isPresent()) {
                    Set<Gtid> prepared = new TreeSet<>();
                    for (List<Optional<String>> row : seen.prepared().get()) {
                        Gid.parse(row.get(0).orElseThrow()).ifPresent(gid -> {
                            prepared.add(gid.gtid());
                            branches.add(branch(
                                    state,
                                    server,
                                    gid,
                                    row.get(1).orElse(""),
                                    row.get(2).map(ShardLooks::instant)));
                        });
                    }
                    branches.addAll(missing(state, server, prepared));
                } else {
                    unanswered.add(server.name());
                    branches.addAll(known(state, server));
                }
            }
            branches.sort(Comparator.comparing(InDoubt::gtid).thenComparing(InDoubt::shard));
            return new InDoubtReport(branches, unanswered);
        });
    }

    /** What was left behind on a shard that answers, and has it no more: done a moment ago, or lost. */
    private List<InDoubt> missing(DecisionState state, ShardServer server, Set<Gtid> prepared) {
        List<InDoubt> missing = new ArrayList<>();
        for (StoredCommit stored : state.storedCommits()) {
            PreparedBranches transaction = stored.transaction();
            boolean isBehind = transaction.database().equals(server.id().database())
                    && stored.behind()
                            .filter(shards -> shards.contains(server.id().number()))
                            .isPresent();
            if (isBehind && !prepared.contains(transaction.gtid())) {
                missing.add(new InDoubt(
                        transaction.gtid(),
                        server.id().database(),
                        server.name(),
                        transaction
                                .gid(membership.cluster(), server.id().number())
                                .toString(),
                        roleOf(transaction, server),
                        Optional.empty(),
                        InDoubt.Decision.COMMIT,
                        state.nodeOf(transaction.gtid().epoch()),
                        "it is not there: unless that is over in a moment a person must act, see docs/operations.md"));
            }
        }
        return missing;
    }

    private static String roleOf(PreparedBranches transaction, ShardServer server) {
        return transaction.branches().stream()
                .filter(branch -> branch.shard().equals(server.id().number()))
                .map(Branch::role)
                .findFirst()
                .orElse("");
    }

    /** What the log knows to be left to do on a shard that does not answer. */
    private List<InDoubt> known(DecisionState state, ShardServer server) {
        Set<PreparedBranches> open = new HashSet<>(state.preparedByClients().values());
        for (StoredCommit stored : state.storedCommits()) {
            open.add(stored.transaction());
        }
        Map<Gtid, InDoubt> branches = new TreeMap<>();
        for (PreparedBranches transaction : open) {
            transaction.branches().stream()
                    .filter(branch -> transaction.database().equals(server.id().database())
                            && branch.shard().equals(server.id().number()))
                    .forEach(branch -> branches.put(
                            transaction.gtid(),
                            branch(
                                    state,
                                    server,
                                    transaction.gid(membership.cluster(), branch.shard()),
                                    branch.role(),
                                    Optional.empty())));
        }
        return List.copyOf(branches.values());
    }

    private InDoubt branch(DecisionState state, ShardServer server, Gid gid, String owner, Optional<Instant> prepared) {
        Gtid gtid = gid.gtid();
        Optional<String> node = state.nodeOf(gtid.epoch());
        InDoubt.Decision decision =
                switch (state.fateOf(gtid)) {
                    case COMMIT -> InDoubt.Decision.COMMIT;
                    case ROLL_BACK -> InDoubt.Decision.ROLLBACK;
                    case UNDECIDED -> InDoubt.Decision.NONE;
                    case CLIENTS -> InDoubt.Decision.CLIENT;
                };
        return new InDoubt(
                gtid,
                server.id().database(),
                server.name(),
                gid.toString(),
                owner,
                prepared,
                decision,
                node,
                next(state, gtid, decision, node, prepared.isPresent()));
    }

    private static String next(
            DecisionState state, Gtid gtid, InDoubt.Decision decision, Optional<String> node, boolean answers) {
        return switch (decision) {
            case COMMIT ->
                state.storedCommits().stream()
                                .filter(stored -> stored.transaction().gtid().equals(gtid))
                                .findFirst()
                                .flatMap(stored -> state.nodeOf(stored.keeper()))
                                .map(keeper -> "node " + keeper)
                                .orElse("the leader")
                        + " commits it"
                        + (answers ? " now" : " when the shard answers");
            case ROLLBACK -> "it is rolled back by the next sweep, within seconds";
            case NONE ->
                node.map(name -> "node " + name + " decides it, or sweeps it within seconds")
                        .orElse("this node has not heard of the node that decides it yet");
            case CLIENT ->
                "a client decides it: "
                        + state.preparedByClients().entrySet().stream()
                                .filter(named -> named.getValue().gtid().equals(gtid))
                                .map(named -> "COMMIT PREPARED or ROLLBACK PREPARED '"
                                        + named.getKey().replace("'", "''") + "'")
                                .findFirst()
                                .orElse("");
        };
    }
}
