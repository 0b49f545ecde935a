package io.ostraka.tx.raft;

import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import io.ostraka.tx.decision.Answer;
import io.ostraka.tx.decision.ClusterNumber;
import io.ostraka.tx.decision.DecisionState;
import io.ostraka.tx.decision.Epoch;
import io.ostraka.tx.decision.LogEntry;
import io.ostraka.tx.decision.MalformedBytesException;
import io.ostraka.tx.decision.ShardNumber;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;

/**
 * This node's place in its cluster, kept by the decision log in {@code data_dir}: the cluster's number, the epoch of this
 * life of the node, and the permanent numbers of the shards.
 *
 * <p>Opening blocks (files, Raft): for the main thread, never for an event loop. Thread-safe afterwards. After a crash
 * at any point, opening again finds everything that was answered, and begins a new epoch.
 */
public final class ClusterMembership implements AutoCloseable {
    private static final Duration OPEN_DEADLINE = Duration.ofSeconds(30);

    private final DataDirectory directory;
    private final ReplicatedLog log;
    private final ClusterNumber cluster;
    private final Epoch epoch;

    private ClusterMembership(DataDirectory directory, ReplicatedLog log, ClusterNumber cluster, Epoch epoch) {
        this.directory = directory;
        this.log = log;
        this.cluster = cluster;
        this.epoch = epoch;
    }

    /**
     * Opens the log, creating the cluster when {@code dataDir} is new, registers this node under a new epoch, and
     * numbers the shards: by database, with the number the file gives, if it gives one. Fails with a {@link
     * PgErrorException} that says what is wrong with the directory, or which number contradicts the log.
     */
    public static ClusterMembership open(Path dataDir, String node, Map<String, Map<ShardName, OptionalInt>> shards)
            throws IOException {
        DataDirectory directory = DataDirectory.claim(dataDir, node);
        ReplicatedLog log = null;
        try {
            log = ReplicatedLog.start(directory, OPEN_DEADLINE);
            ClusterNumber cluster = cluster(directory, log);
            Answer registered = answer(log, new LogEntry.Register(node, UUID.randomUUID()));
            if (!(registered instanceof Answer.Registered life)) {
                throw unexpected(registered);
            }
            ClusterMembership membership = new ClusterMembership(directory, log, cluster, life.epoch());
            membership.numberShards(shards);
            return membership;
        } catch (IOException | RuntimeException e) {
            if (log != null) {
                log.close();
            }
            directory.close();
            throw e;
        }
    }

    private static ClusterNumber cluster(DataDirectory directory, ReplicatedLog log) throws IOException {
        Optional<ClusterNumber> inLog = log.read(DecisionState::cluster);
        if (inLog.isEmpty() && directory.cluster().isPresent()) {
            throw directory.damaged("It belongs to cluster "
                    + directory.cluster().get() + ", but its decision log has no entry that created it.");
        }
        ClusterNumber number = inLog.isPresent() ? inLog.get() : create(log);
        directory.belongsTo(number);
        return number;
    }

    private static ClusterNumber create(ReplicatedLog log) {
        Answer answer = answer(log, new LogEntry.CreateCluster(ClusterNumber.draw(new SecureRandom())));
        if (answer instanceof Answer.ClusterNumbered created) {
            return created.number();
        }
        throw unexpected(answer);
    }

    /** Eight hex digits, chosen when the cluster was created. */
    public ClusterNumber cluster() {
        return cluster;
    }

    /** Of this life of this node; greater than that of every earlier life of any node. */
    public Epoch epoch() {
        return epoch;
    }

    /** The shard's permanent number. {@link IllegalArgumentException} for a shard that was never numbered. */
    public ShardNumber shardNumber(String database, ShardName shard) {
        return log.read(state -> state.numberOf(database, shard))
                .orElseThrow(() -> new IllegalArgumentException(
                        "shard \"" + shard + "\" of database \"" + database + "\" has no number"));
    }

    /**
     * Numbers shards that have none, as after a reload of the file: the file's numbers first, then the next free ones in
     * the order of the shards' names, because the file's order means nothing. Nothing is numbered when one of the file's
     * numbers contradicts the log.
     */
    public void numberShards(Map<String, Map<ShardName, OptionalInt>> shards) {
        List<LogEntry.NumberShard> missing = new ArrayList<>();
        shards.forEach((database, byName) ->
                byName.forEach((shard, number) -> missing.add(LogEntry.NumberShard.of(database, shard, number))));
        missing.removeIf(this::isAsWished);
        missing.sort(Comparator.comparing(
                        (LogEntry.NumberShard entry) -> entry.number().isEmpty())
                .thenComparing(LogEntry.NumberShard::database)
                .thenComparing(LogEntry.NumberShard::shard));
        rehearse(missing);
        for (LogEntry.NumberShard entry : missing) {
            accepted(answer(log, entry));
        }
    }

    private boolean isAsWished(LogEntry.NumberShard wish) {
        Optional<ShardNumber> known = log.read(state -> state.numberOf(wish.database(), wish.shard()));
        return known.isPresent() && (wish.number().isEmpty() || wish.number().equals(known));
    }

    /** Applies the entries to a copy of the state: a number cannot be taken back once it is in the log. */
    private void rehearse(List<LogEntry.NumberShard> entries) {
        DecisionState copy;
        try {
            copy = DecisionState.restore(log.read(DecisionState::snapshot));
        } catch (MalformedBytesException e) {
            throw new IllegalStateException(e);
        }
        for (LogEntry.NumberShard entry : entries) {
            // Numbering ignores term and index, so any will do.
            accepted(copy.apply(0, 0, entry));
        }
    }

    private static void accepted(Answer answer) {
        if (answer instanceof Answer.Rejected rejected) {
            throw new PgError(
                            SqlState.CONFIG_FILE_ERROR,
                            rejected.reason(),
                            "Prepared transactions on the shards carry these numbers.",
                            "Write the number that the decision log has, or leave it out of the file.")
                    .toException();
        }
        if (!(answer instanceof Answer.ShardNumbered)) {
            throw unexpected(answer);
        }
    }

    private static Answer answer(ReplicatedLog log, LogEntry entry) {
        try {
            return log.propose(entry).join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof PgErrorException refused) {
                throw refused;
            }
            throw e;
        }
    }

    private static IllegalStateException unexpected(Answer answer) {
        return new IllegalStateException("the decision log answered " + answer);
    }

    /**
     * Proposes an entry. The future completes, on a thread of the log's, with what the applied entry decided, {@link
     * Answer.Rejected} included, or fails with a {@link PgErrorException}: {@code 08007}, it may or may not be applied;
     * {@code 57P03}, it will not.
     */
    public CompletableFuture<Answer> propose(LogEntry entry) {
        return log.propose(entry);
    }

    /** Reads the state as this node has applied it, under its lock: short, and nothing that changes escapes. */
    public <T> T read(Function<DecisionState, T> reading) {
        return log.read(reading);
    }

    /** Closes the log and lets another process have the directory. The epoch ends with the node's next registration. */
    @Override
    public void close() throws IOException {
        try (directory) {
            log.close();
        }
    }
}
