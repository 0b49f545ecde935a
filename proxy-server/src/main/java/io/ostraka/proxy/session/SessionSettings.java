package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.BackendSettings;
import io.ostraka.proxy.transaction.SessionTransaction;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a session has set: as it is now, as the session began, and as its transaction or a savepoint would return to. Confined
 * to the session's event loop.
 */
final class SessionSettings {
    private final String user;
    private final SessionTransaction transaction;
    private final HeldBackends held;
    private Settings now;
    private Settings initial;
    /** The settings to return to when the transaction is rolled back. */
    private Settings before;

    /** The settings as a savepoint keeps them: those of the session, and of each backend, which may have missed some. */
    private record Kept(Settings settings, Map<Backend, BackendSettings> made) {}

    SessionSettings(String user, Settings first, SessionTransaction transaction, HeldBackends held) {
        this.user = user;
        this.transaction = transaction;
        this.held = held;
        startWith(first.withSearchPath(resolved(first.searchPath())));
    }

    /** The session begins with these. */
    void startWith(Settings first) {
        now = first;
        initial = first;
        before = first;
    }

    Settings now() {
        return now;
    }

    Settings initial() {
        return initial;
    }

    void are(Settings changed) {
        now = changed;
    }

    /** A search path with the user's name where it says {@code $user}. */
    List<String> resolved(List<String> path) {
        return path.stream().map(name -> name.equals("$user") ? user : name).toList();
    }

    Object snapshot() {
        Map<Backend, BackendSettings> made = new HashMap<>();
        held.all().forEach(backend -> made.put(backend, backend.settings()));
        return new Kept(now, made);
    }

    /** ROLLBACK TO; a shard that has joined since had its script run, and so the session's settings, at the savepoint. */
    void restore(Object savepoint) {
        Kept kept = (Kept) savepoint;
        now = kept.settings();
        held.all().stream()
                .filter(backend -> transaction.hasJoined(backend.shard()))
                .forEach(backend -> backend.settingsAre(kept.made().getOrDefault(backend, now.made())));
    }

    void keep() {
        before = now;
        held.all().forEach(Backend::keepSettings);
    }

    void revert() {
        now = before;
        held.all().forEach(Backend::revertSettings);
    }

    /** What a backend must have been told before it is used: the settings of now, or those the transaction began with. */
    Settings of(Backend backend) {
        return transaction.isOpen() && !transaction.hasJoined(backend.shard()) ? before : now;
    }
}
