package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.transaction.SessionTransaction;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.Access;
import io.ostraka.rules.plan.Plan;
import io.ostraka.rules.plan.Route;
import io.ostraka.rules.plan.StatementValues;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Which shards a session's statement goes to, and how they join its transaction, or why they must not. Confined to the
 * session's event loop.
 */
final class ShardChoice {
    private final ServedDatabase database;
    private final SessionTransaction transaction;
    private final SessionSettings settings;
    private final SessionSnapshot snapshot;
    private final SerializableLocks locks;
    private final Consumer<Backend> whenJoined;
    /** The servers' own, as the session's first backend told it. */
    private String defaultIsolation = "read committed";
    /** The shard that statements outside a transaction block have written to since the last ReadyForQuery. */
    private Optional<ShardName> implicitWriter = Optional.empty();

    /** {@code whenJoined} hears of each backend that joins the transaction. */
    ShardChoice(Session session, Consumer<Backend> whenJoined) {
        this.database = session.database();
        this.transaction = session.transaction();
        this.settings = session.settingState();
        this.snapshot = session.snapshot();
        this.locks = session.locks();
        this.whenJoined = whenJoined;
    }

    Optional<ShardName> forcedShard() {
        return settings.now().own(OwnCommands.SHARD).map(ShardName::new);
    }

    /** The shard of a route that is one shard's; throws what the plan says otherwise. */
    ShardName shardOf(Plan.Forward plan, StatementValues values) {
        return shardOf(plan, plan.router().route(values));
    }

    /** The same for values that have been routed. */
    ShardName shardOf(Plan.Forward plan, Route route) {
        if (route instanceof Route.One one) {
            return one.shard();
        }
        if (route instanceof Route.Any) {
            return anyShard();
        }
        if (route instanceof Route.Refused refused) {
            throw refused.error().toException();
        }
        throw plan.whenMany().toException();
    }

    /** Whether the combiner is needed for these values. */
    static boolean needsSeveral(Plan.Combine plan, StatementValues values) {
        return plan.forward().router().route(values) instanceof Route.Many;
    }

    /** Whether something was written outside a transaction block, and ReadyForQuery has not come. */
    boolean writesImplicitly() {
        return !transaction.isOpen() && implicitWriter.isPresent();
    }

    /** The shards of a scatter; one when its values come down to one. */
    List<ShardName> shardsOf(Plan.Scatter plan, StatementValues values) {
        Route route = plan.router().route(values);
        if (route instanceof Route.Many many) {
            return many.shards();
        }
        if (route instanceof Route.One one) {
            return List.of(one.shard());
        }
        if (route instanceof Route.Refused refused) {
            throw refused.error().toException();
        }
        return List.of(anyShard());
    }

    /** A shard for what every shard would answer alike: one that is at hand, so that no other has to join. */
    ShardName anyShard() {
        if (forcedShard().isPresent()) {
            return forcedShard().get();
        }
        if (transaction.participants().isEmpty()) {
            return database.defaultShard();
        }
        return transaction.participants().contains(database.defaultShard())
                ? database.defaultShard()
                : transaction.participants().iterator().next();
    }

    /** How several shards are used by a scatter: what is locked outside of a block is not locked for long. */
    Access accessOf(Plan.Scatter plan) {
        return transaction.isOpen() ? plan.access() : Access.READ;
    }

    /** Before anything is sent: what would be written on several shards must be such that it can be committed on all. */
    void requireMayWrite(ShardName shard, Access access) {
        if (access != Access.WRITE) {
            return;
        }
        if (!transaction.isOpen()) {
            requireOneImplicitWriter(shard);
        } else if (!transaction.writers().isEmpty() && !transaction.writers().contains(shard)) {
            transaction.writers().forEach(database.commits()::requirePreparable);
            database.commits().requirePreparable(shard);
        }
    }

    /**
     * Before anything is sent of a statement that writes on all these shards: opens a block of the session's own, if the client has
     * opened none.
     */
    void beginSpread(List<Backend> backends) {
        backends.forEach(backend -> {
            database.commits().requirePreparable(backend.shard());
            requireMayWrite(backend.shard(), Access.WRITE);
        });
        if (transaction.isOpen()) {
            requireOneSnapshot(backends);
            return;
        }
        transaction.beginImplicit();
        try {
            requireOneSnapshot(backends);
        } catch (PgErrorException refused) {
            transaction.end();
            throw refused;
        }
    }

    private void requireOneImplicitWriter(ShardName shard) {
        if (implicitWriter.filter(other -> !other.equals(shard)).isPresent()) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "a pipeline that writes on several shards outside a transaction block is not supported yet",
                            "It has written, or locked rows, on shard \"" + implicitWriter.get()
                                    + "\"; this statement would on shard \"" + shard + "\".",
                            "Send BEGIN first, or a Sync after each statement.")
                    .toException();
        }
    }

    /** Tells a shard that joins the transaction what it has missed, in front of the statement that makes it join. */
    void enlist(Backend backend, Access access) {
        ShardName shard = backend.shard();
        if (transaction.isOpen() && !transaction.hasJoined(shard)) {
            requireOneSnapshot(List.of(backend));
            requireSameEncoding(backend);
            tell(backend);
            backend.settingsAre(settings.now().made());
            if (access == Access.NOTHING && !importsSnapshot()) {
                transaction.joinUnread(shard);
            } else {
                transaction.join(shard);
            }
            whenJoined.accept(backend);
        } else if (transaction.isOpen() && access != Access.NOTHING && transaction.isUnread(shard)) {
            importWhereUnread(backend);
            transaction.reads(shard);
        }
        locks.takeOn(backend);
        if (access == Access.WRITE) {
            if (transaction.isOpen()) {
                transaction.wrote(shard);
            } else {
                implicitWriter = Optional.of(shard);
            }
        }
    }

    /** A shard of the transaction where nothing was read gets its point in time, if that is known: behind a savepoint it cannot. */
    void importWhereUnread(Backend backend) {
        if (transaction.isUnread(backend.shard()) && importsSnapshot()) {
            backend.sendHidden(snapshot.importOn(backend.shard()));
            transaction.reads(backend.shard());
        }
    }

    /** What was said so far would be sent in one encoding and read in the other. */
    private void requireSameEncoding(Backend backend) {
        if (backend.encoding() != settings.now().made().encoding()) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "a transaction that has changed client_encoding cannot go on to another shard",
                            "",
                            "Set client_encoding in front of BEGIN.")
                    .toException();
        }
    }

    /** What was said so far; a snapshot to be imported, or another level, comes before the first savepoint. */
    private void tell(Backend backend) {
        boolean imports = importsSnapshot();
        List<String> before = imports ? List.of(snapshot.importOn(backend.shard())) : locks.afterBegin();
        if (before.isEmpty()) {
            transaction.script().forEach(backend::sendHidden);
            return;
        }
        transaction.scriptToFirstSavepoint().forEach(backend::sendHidden);
        before.forEach(backend::sendHidden);
        transaction.scriptFromFirstSavepoint().forEach(backend::sendHidden);
    }

    private boolean importsSnapshot() {
        return snapshot.isHeld() && level().equals("repeatable read");
    }

    void defaultIsolationIs(String level) {
        defaultIsolation = level;
    }

    /**
     * Whether this shard may join, or be read from; false while the transaction waits for the one snapshot that all its shards shall
     * have: then {@link Session#resume} follows.
     */
    boolean isTimeKnown(ShardName shard) {
        return !transaction.isOpen()
                || transaction.hasRead()
                || !isFenced()
                || !level().equals("repeatable read")
                // Within a savepoint a snapshot is not imported.
                || (!transaction.participants().isEmpty() && transaction.savepoints() > 0)
                || snapshot.isReady(Set.of(shard));
    }

    /** Whether reads of several shards outside a transaction block share one snapshot. */
    boolean readsAtOneTime(int shards) {
        return shards > 1 && !transaction.isOpen() && isFenced();
    }

    /**
     * Whether a read of several shards takes its snapshots on them at one moment: in READ COMMITTED, where each statement has its own, and
     * where it has no transaction of its own that could import one. Throws where statements before it have fixed the time of some.
     */
    boolean readsTogether(int shards) {
        if (shards < 2 || !isFenced() || (transaction.isOpen() && snapshot.isHeld()) || locks.holdTransaction()) {
            return false;
        }
        String level = level();
        if (level.equals("repeatable read") || level.equals("serializable")) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "a pipeline with isolation level " + level.toUpperCase(Locale.ROOT)
                                    + " that reaches several shards is not supported yet",
                            "Statements of it were sent to some of the shards before, outside a transaction block.",
                            "Send a Sync before it, or use READ COMMITTED.")
                    .toException();
        }
        return true;
    }

    /** Whether the transaction sees the shard's rows as another connection does, if that imports its snapshot. */
    boolean mayReadApart(ShardName shard) {
        boolean isFixed = level().equals("repeatable read") || level().equals("serializable");
        return !transaction.isOpen() || (!transaction.writers().contains(shard) && (!isFixed || snapshot.isHeld()));
    }

    private boolean isFenced() {
        return database.isAtomic() && !database.hasOneShard();
    }

    /** The isolation level, in lower case, of the transaction or of one that would begin now. */
    String level() {
        return transaction
                .isolationLevel()
                .or(() -> settings.atBegin()
                        .made()
                        .statement(Backend.DEFAULT_ISOLATION)
                        .map(SessionTransaction::levelIn))
                .orElse(defaultIsolation);
    }

    /** Snapshots of two shards are taken at two points in time: no isolation level above READ COMMITTED may mix them. */
    void requireOneSnapshot(List<Backend> needed) {
        if (!transaction.isOpen()) {
            return;
        }
        Set<ShardName> all = new LinkedHashSet<>(transaction.participants());
        needed.forEach(backend -> all.add(backend.shard()));
        if (all.size() < 2) {
            return;
        }
        String level = level();
        boolean isShared = (level.equals("repeatable read") && snapshot.isHeld()) || locks.holdTransaction();
        if (!isShared && (level.equals("repeatable read") || level.equals("serializable"))) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "a transaction with isolation level " + level.toUpperCase(Locale.ROOT)
                                    + " that reaches several shards is not supported yet",
                            "With this statement it would run on the shards " + all + ".",
                            "Use READ COMMITTED, or keep the transaction to keys of one shard.")
                    .toException();
        }
    }

    /** Whether something was written on the shard outside a transaction block, and ReadyForQuery has not come. */
    boolean writesImplicitly(ShardName shard) {
        return !transaction.isOpen() && implicitWriter.filter(shard::equals).isPresent();
    }

    /** Everything sent outside a transaction block is answered. */
    void onReady() {
        implicitWriter = Optional.empty();
    }
}
