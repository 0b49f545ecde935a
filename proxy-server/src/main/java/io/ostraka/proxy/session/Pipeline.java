package io.ostraka.proxy.session;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.StatementKey;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.wire.BackendMessages;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.Access;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The messages of the extended protocol since the last Sync: which backends were sent some, where an answer of the proxy's own
 * has its place among theirs, and what an error makes of the rest. Confined to the session's event loop.
 */
final class Pipeline {
    private final Session session;
    /** Backends that were sent messages since the last Sync. */
    private final Set<Backend> unsynced = new LinkedHashSet<>();
    /** Backends made to fail on purpose: their error is not the client's. */
    private final Set<Backend> poisoned = new HashSet<>();
    /** Where the latest messages went: an answer of the proxy's own waits behind those. */
    private Optional<Backend> target = Optional.empty();

    /** Backends that read at one time, in a transaction which the client does not know of. */
    private final Set<Backend> atOneTime = new LinkedHashSet<>();
    /** Whether a statement has read at the session's snapshot. */
    private boolean timeUsed;

    private boolean skipping;
    /** Whether a shard has executed something since the last Sync. */
    private boolean executed;
    /** The session must be told the last Execute's effect before it can plan what follows. */
    private boolean effectPending;

    Pipeline(Session session) {
        this.session = session;
    }

    /** Whether the last Execute's effect on the session is known. */
    boolean isEffectKnown() {
        if (effectPending && !session.isQuiet()) {
            return false;
        }
        effectPending = false;
        return true;
    }

    /** Something was executed; {@code hasEffect}: the session must know its end before it takes more. */
    void executed(boolean hasEffect) {
        executed = true;
        effectPending = hasEffect;
    }

    boolean hasExecuted() {
        return executed;
    }

    /** A block of the session's own cannot begin behind statements that are in none: they would not be in it. */
    void requireNothingExecuted() {
        if (executed && !session.transaction().isOpen()) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "a statement that writes on several shards is not supported behind others of its pipeline",
                            "Statements were executed before it outside a transaction block, and no Sync was sent.",
                            "Send BEGIN first, or a Sync after each statement.")
                    .toException();
        }
    }

    Set<Backend> unsynced() {
        return unsynced;
    }

    Optional<Backend> target() {
        return target;
    }

    /** The latest messages went to several backends. */
    void targetsMany() {
        target = Optional.empty();
    }

    boolean isPoisoned(Backend backend) {
        return poisoned.contains(backend);
    }

    /**
     * Whether backends can be brought to one point in time: not when something was sent before to one of them, which is then in the
     * same transaction, unless that was a read at one time.
     */
    boolean mayReadAtOneTime(List<Backend> backends) {
        return session.shards().readsAtOneTime(backends.size())
                && unsynced.stream().noneMatch(sent -> backends.contains(sent) && !atOneTime.contains(sent));
    }

    /**
     * Whether a snapshot of these shards is there that no statement of the pipeline has read at: what others have committed since then must be seen.
     * If not, it is asked for, and {@link Session#resume} follows. All that was sent must have been answered.
     */
    boolean isTimeReady(Collection<ShardName> shards) {
        if (timeUsed) {
            timeUsed = false;
            session.snapshot().release();
        }
        return session.snapshot().isReady(shards);
    }

    /** Has them read at the time of the session's snapshot, as long as nothing else is sent to them. */
    void readAtOneTime(List<Backend> backends) {
        List<String> imports = backends.stream()
                .map(backend -> session.snapshot().importOn(backend.shard()))
                .toList();
        if (backends.stream().anyMatch(atOneTime::contains)) {
            endOneTime();
        }
        for (int i = 0; i < imports.size(); i++) {
            backends.get(i).sendHidden(SessionSnapshot.BEGIN);
            backends.get(i).sendHidden(imports.get(i));
        }
        atOneTime.addAll(backends);
        timeUsed = true;
    }

    /** Whether these are at one time already, and have portals there that the client may go on with. */
    boolean staysAtOneTime(List<Backend> backends, Optional<String> portalMade) {
        return atOneTime.containsAll(backends) && session.extended().portals().hasOthersOn(backends, portalMade);
    }

    /** A statement reads at the session's snapshot. */
    void usesTime() {
        timeUsed = true;
    }

    /** What follows in the same pipeline reads at its own time, and may write. Portals that were open there are gone. */
    void endOneTime() {
        if (!atOneTime.isEmpty()) {
            session.extended().portals().lose(atOneTime);
            atOneTime.forEach(backend -> backend.sendHidden("COMMIT"));
            atOneTime.clear();
        }
    }

    /** The shard's backend, ready to be sent messages; empty while it, or what was sent to another one, is on its way. */
    Optional<Backend> turnTo(ShardName shard, Access access) {
        return turnTo(shard, access, Optional.empty());
    }

    /** The same for a Bind, which makes this portal anew. */
    Optional<Backend> turnTo(ShardName shard, Access access, Optional<String> portalMade) {
        Optional<Backend> backend = session.held().ready(shard);
        if (backend.isEmpty() || !mayTurnTo(backend.get())) {
            return Optional.empty();
        }
        if (atOneTime.contains(backend.get())
                && (access == Access.WRITE || !staysAtOneTime(List.of(backend.get()), portalMade))) {
            endOneTime();
        }
        session.shards().enlist(backend.get(), access);
        unsynced.add(backend.get());
        target = backend;
        return backend;
    }

    /** The same for a backend that has a portal; false while what was sent to another one is on its way. */
    boolean turnTo(Backend backend) {
        if (!mayTurnTo(backend)) {
            return false;
        }
        unsynced.add(backend);
        target = Optional.of(backend);
        return true;
    }

    /** What one shard answers goes past the merge of those before, which may have more to say than this backend's part. */
    private boolean mayTurnTo(Backend backend) {
        if (session.answers().scatter().isEmpty()) {
            return session.isQuietBut(backend);
        }
        if (!session.isQuiet()) {
            return false;
        }
        session.answers().scatterEnds();
        return true;
    }

    /** Makes the portal's merge the one that hears the shards; false while another is being answered. */
    boolean turnTo(Portal.OnMany portal) {
        if (target.isEmpty()
                && session.answers()
                        .scatter()
                        .filter(merge -> merge == portal.merge())
                        .isPresent()) {
            return true;
        }
        if (!session.isQuiet()) {
            return false;
        }
        session.answers().scatterTo(portal.merge());
        target = Optional.empty();
        return true;
    }

    /** Whether an answer of the proxy's own would stand in its place: behind one backend's, but not between those of several. */
    boolean mayAnswer() {
        return target.isPresent() || session.isQuiet();
    }

    void answer(byte tag) {
        ByteBuf out = session.output().buffer();
        BackendMessages.empty(out, tag);
        session.writeInOrder(out, target);
    }

    /** ParseComplete for what the proxy parses itself; if it is skipped, so is the statement. */
    void answerParse(StatementKey key) {
        ByteBuf out = session.output().buffer();
        BackendMessages.empty(out, BackendTag.PARSE_COMPLETE);
        if (target.filter(Backend::hasOutstandingReplies).isPresent()) {
            target.get().answerParseInOrder(key, out);
        } else {
            session.output().write(out);
        }
    }

    /** CloseComplete for a statement; whether that is still to come, so that it may be skipped. */
    boolean answerClose(StatementKey key) {
        ByteBuf out = session.output().buffer();
        BackendMessages.empty(out, BackendTag.CLOSE_COMPLETE);
        boolean waits = target.filter(Backend::hasOutstandingReplies).isPresent();
        if (waits) {
            target.get().answerCloseInOrder(key, out);
        } else {
            session.output().write(out);
        }
        return waits;
    }

    /** Ends the pipeline; ReadyForQuery follows. */
    void sync() {
        effectPending = false;
        if (unsynced.isEmpty()) {
            if (session.transaction().isImplicit()) {
                session.own().endImplicit(Optional.empty());
            } else {
                session.writeReady();
            }
            return;
        }
        session.answers().busyUntilReady(unsynced.size() + atOneTime.size());
        unsynced.forEach(backend -> backend.sendSync(Visibility.ALL));
        atOneTime.forEach(backend -> backend.sendQuery("COMMIT", Visibility.NONE));
        atOneTime.clear();
    }

    /** The backend is gone: whether the client, who has been told of no error yet, must be told. If not, it is forgotten here. */
    boolean undoes(Backend backend) {
        return unsynced.contains(backend) && (!skipping || !gone(backend));
    }

    /** Returns whether it had been sent something. */
    boolean gone(Backend backend) {
        atOneTime.remove(backend);
        return unsynced.remove(backend);
    }

    boolean isSkipping() {
        return skipping;
    }

    /** Whether nothing was sent to a backend since the last Sync. */
    boolean isSynced() {
        return unsynced.isEmpty();
    }

    /**
     * A Query between pipelined statements joins their transaction in PostgreSQL, and does not end it. Within a block that is
     * nothing special.
     */
    void requireSynced() {
        boolean inBlock =
                session.transaction().isOpen() && !session.transaction().isImplicit();
        if (!inBlock && !unsynced.isEmpty()) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "a simple query in a pipeline of the extended protocol is not supported",
                            "Statements were sent before it outside a transaction block, and no Sync.",
                            "Send a Sync before it.")
                    .toException();
        }
    }

    /** What other shards have done since the last Sync must not be committed by it. */
    void poison(Optional<Backend> but) {
        if (session.transaction().isOpen()) {
            if (session.database().hasOneShard()) {
                failThere(but);
            }
            return;
        }
        for (Backend backend : unsynced) {
            if (but.filter(failed -> failed == backend).isEmpty() && poisoned.add(backend)) {
                backend.sendPoison();
                // A Sync may be waiting until all is answered.
                backend.sendFlush();
                backend.flush();
            }
        }
    }

    /** The only shard is to be where the block is: it undoes its settings now, and knows what to say to what comes next. */
    private void failThere(Optional<Backend> failed) {
        for (Backend backend : session.held().all()) {
            boolean knows = failed.filter(backend::equals).isPresent() || backend.isFailed();
            if (!knows && session.transaction().hasJoined(backend.shard()) && poisoned.add(backend)) {
                unsynced.add(backend);
                backend.sendPoison();
            }
        }
    }

    /** The server skips what comes up to Sync: nothing more is needed to make it fail. */
    void failed(Backend backend) {
        poisoned.add(backend);
    }

    /** What comes is thrown away up to Sync. */
    void skip() {
        skipping = true;
    }

    /** Everything up to Sync is answered. */
    void onSynced() {
        skipping = false;
        executed = false;
        effectPending = false;
        unsynced.clear();
        poisoned.clear();
        timeUsed = false;
        target = Optional.empty();
    }
}
