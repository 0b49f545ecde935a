package io.ostraka.proxy.admin;

import static io.ostraka.proxy.admin.Rows.flag;
import static io.ostraka.proxy.admin.Rows.number;
import static io.ostraka.proxy.admin.Rows.text;

import io.ostraka.proxy.session.ServedDatabase;
import io.ostraka.proxy.session.ServedDatabases;
import io.ostraka.proxy.session.SessionReport;
import io.ostraka.proxy.session.Sessions;
import io.ostraka.proxy.transaction.Commits;
import io.ostraka.proxy.transaction.InDoubt;
import io.ostraka.proxy.transaction.InDoubtReport;
import io.ostraka.proxy.transaction.PrimaryServer;
import io.ostraka.proxy.transaction.RunningCommit;
import io.ostraka.proxy.transaction.ShardLook;
import io.ostraka.rules.config.ShardName;
import io.ostraka.tx.commit.CommitState;
import io.ostraka.tx.decision.DecisionState;
import io.ostraka.tx.decision.Epoch;
import io.ostraka.tx.decision.ShardId;
import io.ostraka.tx.raft.ClusterMembership;
import io.ostraka.tx.raft.PeerReport;
import io.ostraka.tx.raft.PeerStatus;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/**
 * What the console shows, asked of those who know it each time: the sessions' event loops, the coordinator's queue, the
 * shards, the peers. Thread-safe; blocks nowhere.
 */
final class Views {
    private final Sessions sessions;
    private final ServedDatabases databases;
    private final Commits commits;
    private final ClusterMembership membership;

    Views(Sessions sessions, ServedDatabases databases, Commits commits, ClusterMembership membership) {
        this.sessions = sessions;
        this.databases = databases;
        this.commits = commits;
        this.membership = membership;
    }

    CompletableFuture<Rows> rows(View view) {
        return switch (view) {
            case TRANSACTIONS -> sessions.reports().thenCombine(commits.running(), this::transactions);
            case IN_DOUBT -> commits.inDoubt().thenApply(Views::inDoubt);
            case PEERS -> membership.peers().thenApply(this::peers);
            case SHARDS -> shards();
            case HELP -> CompletableFuture.completedFuture(View.help());
        };
    }

    // Transactions

    private Rows transactions(List<SessionReport> reports, List<RunningCommit> running) {
        Map<Integer, RunningCommit> bySession = new HashMap<>();
        List<RunningCommit> orphans = new ArrayList<>();
        for (RunningCommit commit : running) {
            if (commit.state() != CommitState.ENDED) {
                commit.session().ifPresentOrElse(id -> bySession.put(id, commit), () -> orphans.add(commit));
            }
        }
        List<List<Optional<Cell>>> rows = new ArrayList<>();
        for (SessionReport report : reports) {
            Optional<RunningCommit> commit = Optional.ofNullable(bySession.remove(report.id()));
            rows.add(List.of(
                    text(membership.node()),
                    number(report.id()),
                    number(report.pid()),
                    text(report.database()),
                    text(report.user()),
                    text(commit.map(Views::worded).orElse(report.state().name().toLowerCase(Locale.ROOT))),
                    text(names(report.shards())),
                    text(names(report.writers())),
                    report.spanningSince().map(Cell.Time::new),
                    text(commit.map(under -> under.gtid().toString()))));
        }
        // Their sessions have ended, or go on with something else, or were another life's.
        orphans.addAll(bySession.values());
        orphans.sort(Comparator.comparing(RunningCommit::gtid));
        for (RunningCommit commit : orphans) {
            rows.add(List.of(
                    text(membership.node()),
                    Optional.empty(),
                    Optional.empty(),
                    text(commit.database()),
                    Optional.empty(),
                    text(worded(commit)),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    text(commit.gtid().toString())));
        }
        return new Rows(rows);
    }

    private static String worded(RunningCommit commit) {
        return commit.state().name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    private static String names(List<ShardName> shards) {
        return shards.stream().map(ShardName::value).collect(Collectors.joining(", "));
    }

    // In doubt

    private static Rows inDoubt(InDoubtReport report) {
        return new Rows(
                report.branches().stream().map(Views::inDoubt).toList(),
                report.unanswered().stream()
                        .map(shard -> "shard \"" + shard + "\" does not answer: of what is prepared there only that is"
                                + " shown which the decision log knows of")
                        .toList());
    }

    private static List<Optional<Cell>> inDoubt(InDoubt branch) {
        String decision =
                switch (branch.decision()) {
                    case NONE -> "none";
                    case COMMIT -> "commit";
                    case ROLLBACK -> "rollback";
                    case CLIENT -> "the client's";
                };
        return List.of(
                text(branch.gtid().toString()),
                text(branch.database()),
                text(branch.shard().value()),
                text(branch.gid()),
                text(branch.owner()),
                branch.prepared().map(Cell.Time::new),
                text(decision),
                text(branch.node()),
                text(branch.next()));
    }

    // Peers

    private Rows peers(List<PeerReport> peers) {
        Map<String, Epoch> epochs = new HashMap<>();
        membership.read(state -> {
            peers.forEach(peer -> state.epochOf(peer.node()).ifPresent(epoch -> epochs.put(peer.node(), epoch)));
            return true;
        });
        return new Rows(peers.stream()
                .sorted(Comparator.comparing(PeerReport::node))
                .map(peer -> List.of(
                        text(peer.node()),
                        text(peer.address().map(Object::toString)),
                        text(peer.state()),
                        peer.status().map(PeerStatus::term).<Cell>map(Cell.Bigint::new),
                        peer.status().map(PeerStatus::applied).<Cell>map(Cell.Bigint::new),
                        text(Optional.ofNullable(epochs.get(peer.node())).map(Epoch::toString)),
                        flag(peer.node().equals(membership.node()))))
                .toList());
    }

    // Shards

    private CompletableFuture<Rows> shards() {
        record Asked(ServedDatabase database, ShardName shard, CompletableFuture<Optional<ShardLook>> look) {}

        List<Asked> asked = StreamSupport.stream(databases.all().spliterator(), false)
                .sorted(Comparator.comparing(ServedDatabase::name))
                .flatMap(database -> database.shards().stream()
                        .sorted()
                        .map(shard -> new Asked(database, shard, commits.look(id(database, shard)))))
                .toList();
        return CompletableFuture.allOf(asked.stream().map(Asked::look).toArray(CompletableFuture<?>[]::new))
                .thenApply(all -> new Rows(asked.stream()
                        .map(one ->
                                shard(one.database(), one.shard(), one.look().join()))
                        .toList()));
    }

    private static ShardId id(ServedDatabase database, ShardName shard) {
        return new ShardId(database.name(), database.commits().numberOf(shard));
    }

    private List<Optional<Cell>> shard(ServedDatabase database, ShardName shard, Optional<ShardLook> look) {
        Optional<PrimaryServer> followed = commits.primary(id(database, shard));
        String address = followed.map(PrimaryServer::address)
                        .orElse(database.address(shard).primary())
                + "/" + database.address(shard).database();
        long decided = membership.read(log -> open(log, id(database, shard)));
        return List.of(
                text(database.name()),
                text(shard.value()),
                number(database.commits().numberOf(shard).value()),
                text(address),
                followed.map(primary -> new Cell.Bigint(primary.timeline())),
                text(state(database, shard, look)),
                text(look.map(ShardLook::version)),
                look.map(seen -> new Cell.Bigint(seen.prepared())),
                look.map(seen -> new Cell.Bigint(seen.maxPrepared())),
                look.flatMap(ShardLook::oldest).map(Cell.Time::new),
                number(decided),
                look.map(seen -> new Cell.Bigint(seen.connections())),
                look.map(seen -> new Cell.Bigint(seen.maxConnections())));
    }

    private String state(ServedDatabase database, ShardName shard, Optional<ShardLook> look) {
        if (!commits.looksAfter(id(database, shard))) {
            return "not looked after";
        }
        if (membership.read(log -> log.isFenced(id(database, shard)))) {
            return "being settled";
        }
        if (!database.hasPrimary(shard)) {
            return "no primary";
        }
        if (look.isEmpty()) {
            return "no answer";
        }
        if (database.commits().isWithheld(shard)) {
            return "lacks a commit";
        }
        return membership.holdsLease() ? "readable" : "this node has lost its group";
    }

    /** Commits in the log that name the shard and are not known to be done everywhere. */
    private static long open(DecisionState log, ShardId shard) {
        return log.storedCommits().stream()
                .filter(stored -> stored.transaction().shards().contains(shard))
                .count();
    }
}
