package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.BackendSettings;
import io.ostraka.proxy.transaction.SessionTransaction;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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
    /** The search path to return to at the end of the transaction, where SET LOCAL has made another. */
    private Optional<List<String>> lasting = Optional.empty();
    /** Whether the transaction has changed what names of tables mean, or which shard is asked. */
    private boolean namesMoved;
    /** The server's own search path, in its words, with which the session began; empty when the client brought one. */
    private String serversPath = "";

    /** The settings as a savepoint keeps them: those of the session, and of each backend, which may have missed some. */
    private record Kept(Settings settings, Optional<List<String>> lasting, Map<Backend, BackendSettings> made) {}

    SessionSettings(String user, Settings first, SessionTransaction transaction, HeldBackends held) {
        this.user = user;
        this.transaction = transaction;
        this.held = held;
        startWith(first.withSearchPath(resolved(first.searchPath())));
    }

    /** The session's first backend: where the client has no search path of its own, the server's is the session's. */
    void startOn(Backend first) {
        if (now.searchPath().isEmpty()) {
            serversPath = first.defaultOf(Backend.SEARCH_PATH);
            startWith(now.withSearchPath(resolved(SearchPath.parse(serversPath))));
        }
    }

    /**
     * A backend that was opened after ALTER ROLE or ALTER DATABASE, or on another shard, may have another search path by default:
     * the session's stays what it began with, as in PostgreSQL.
     */
    void meet(Backend backend) {
        if (!serversPath.isEmpty() && !backend.defaultOf(Backend.SEARCH_PATH).equals(serversPath)) {
            String statement = StartupSettings.setConfig(SearchPath.NAME, serversPath);
            serversPath = "";
            now = withPath(now, statement);
            initial = withPath(initial, statement);
            before = withPath(before, statement);
        }
    }

    private static Settings withPath(Settings settings, String statement) {
        return settings.made().statement(SearchPath.NAME).isPresent()
                ? settings
                : settings.withMade(settings.made().with(SearchPath.NAME, statement));
    }

    /** SET or RESET of the search path. */
    void pathIs(List<String> path) {
        lasting = Optional.empty();
        are(now.withSearchPath(path));
    }

    /** SET LOCAL of the search path. */
    void localPathIs(List<String> path) {
        lasting = Optional.of(lasting.orElse(now.searchPath()));
        are(now.withSearchPath(path));
    }

    /**
     * What a server says its search path is. PostgreSQL 18 and newer tell of each change: a function may have made one that the
     * session has not heard of.
     */
    void onPathReported(Backend backend, String value) {
        List<String> path = resolved(SearchPath.parse(value));
        boolean isDefault = backend.settings().statement(SearchPath.NAME).isEmpty()
                && value.equals(backend.defaultOf(Backend.SEARCH_PATH));
        if (path.equals(now.searchPath()) || isDefault) {
            return;
        }
        if (lasting.filter(path::equals).isPresent()) {
            pathIs(path);
            return;
        }
        String statement = StartupSettings.setConfig(SearchPath.NAME, value);
        pathIs(path);
        now = now.withMade(now.made().with(SearchPath.NAME, statement));
        backend.settingsAre(backend.settings().with(SearchPath.NAME, statement));
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

    /** As they were when the transaction began: those of now, if there is none. */
    Settings atBegin() {
        return transaction.isOpen() ? before : now;
    }

    void are(Settings changed) {
        namesMoved |= !now.resolvesLike(changed);
        now = changed;
    }

    /** Whether the end of the transaction, or ROLLBACK TO, may change what names of tables mean. */
    boolean mayMoveNamesBack() {
        return transaction.isOpen() && namesMoved;
    }

    /** A search path with the user's name where it says {@code $user}. */
    List<String> resolved(List<String> path) {
        return path.stream().map(name -> name.equals("$user") ? user : name).toList();
    }

    Object snapshot() {
        Map<Backend, BackendSettings> made = new HashMap<>();
        held.all().forEach(backend -> made.put(backend, backend.settings()));
        return new Kept(now, lasting, made);
    }

    /** ROLLBACK TO; a shard that has joined since had its script run, and so the session's settings, at the savepoint. */
    void restore(Object savepoint) {
        Kept kept = (Kept) savepoint;
        now = kept.settings();
        lasting = kept.lasting();
        held.all().stream()
                .filter(backend -> transaction.hasJoined(backend.shard()))
                .forEach(backend -> backend.settingsAre(kept.made().getOrDefault(backend, now.made())));
    }

    void keep() {
        lasting.ifPresent(this::pathIs);
        before = now;
        namesMoved = false;
        held.all().forEach(Backend::keepSettings);
    }

    void revert() {
        now = before;
        lasting = Optional.empty();
        held.all().forEach(Backend::revertSettings);
    }

    /** What a backend must have been told before it is used: the settings of now, or those the transaction began with. */
    Settings of(Backend backend) {
        return transaction.hasJoined(backend.shard()) ? now : atBegin();
    }
}
