package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.BackendSettings;
import io.ostraka.proxy.wire.ClientEncoding;
import io.ostraka.rules.plan.SessionCommand;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * What SET and RESET, once accepted by shards, change for the session, for those shards' backends, and for the shards that join
 * the transaction later. Confined to the session's event loop.
 */
final class SettingEffects {
    private final Session session;

    SettingEffects(Session session) {
        this.session = session;
    }

    /** A setting that all of {@code by} have accepted; in a block these are all its participants. */
    void apply(SessionCommand command, String text, Collection<Backend> by) {
        if (command instanceof SessionCommand.Set set && !set.local()) {
            if (set.values().isEmpty()) {
                applyReset(set.name(), by);
            } else {
                applySet(set, text, by);
            }
        } else if (command instanceof SessionCommand.Reset reset) {
            applyReset(reset.name(), by);
        } else if (command instanceof SessionCommand.SetTransaction set && set.session()) {
            madeCharacteristics(text, by);
        } else {
            if (command instanceof SessionCommand.Set set && set.name().equals(SearchPath.NAME)) {
                session.settingState().localPathIs(path(set));
            }
            remember(text);
        }
    }

    private List<String> path(SessionCommand.Set set) {
        return set.values().isEmpty()
                ? session.settingState().initial().searchPath()
                : session.settingState().resolved(set.values());
    }

    private void applySet(SessionCommand.Set set, String text, Collection<Backend> by) {
        if (set.name().equals(SearchPath.NAME)) {
            session.settingState().pathIs(path(set));
        }
        if (set.name().equals(ClientEncoding.SETTING)) {
            ClientEncoding encoding = ClientEncoding.require(set.values().get(0));
            made(settings -> settings.with(encoding), text, by);
        } else if (set.name().equals(StringSyntax.SETTING)) {
            boolean escapes = !StringSyntax.isOn(set.values().get(0));
            made(settings -> settings.withBackslashEscapes(escapes), text, by);
            by.stream().filter(backend -> escapes).forEach(backend -> session.held()
                    .pin(backend.shard()));
        } else {
            made(set.name(), text, by);
        }
    }

    private void made(String name, String text, Collection<Backend> by) {
        made(settings -> settings.with(name, text), text, by);
    }

    /** A setting made on some backends: others get it before they are used. */
    private void made(UnaryOperator<BackendSettings> setting, String text, Collection<Backend> by) {
        session.settingState()
                .are(session.settings()
                        .withMade(setting.apply(session.settings().made())));
        remember(text);
        by.forEach(backend -> backend.settingsAre(setting.apply(backend.settings())));
    }

    /**
     * The server went back to its own default. Where the session began with another value, its backends are told that before they
     * are used again.
     */
    private void applyReset(String name, Collection<Backend> by) {
        Settings initial = session.settingState().initial();
        Settings now = session.settings();
        if (name.equals("all")) {
            session.settingState().are(new Settings(initial.made(), now.own(), initial.searchPath()));
            session.settingState().pathIs(initial.searchPath());
            by.forEach(backend -> backend.settingsAre(BackendSettings.NONE));
            remember("RESET ALL");
            initial.made().statements().forEach(this::remember);
            return;
        }
        Optional<String> first = initial.made().statement(name);
        session.settingState().are(now.withMade(now.made().with(name, initial.made())));
        if (name.equals(SearchPath.NAME)) {
            session.settingState().pathIs(initial.searchPath());
        }
        by.forEach(backend -> backend.settingsAre(backend.settings().without(name)));
        remember(first.orElse(BackendSettings.reset(name)));
    }

    private void remember(String statement) {
        if (session.transaction().isOpen()) {
            session.transaction().remember(statement);
        }
    }

    /** SET SESSION CHARACTERISTICS is a way to write three settings. */
    private void madeCharacteristics(String text, Collection<Backend> by) {
        String words = text.toLowerCase(Locale.ROOT);
        if (words.contains("isolation")) {
            made("default_transaction_isolation", text, by);
        }
        if (words.contains("read only") || words.contains("read write")) {
            made("default_transaction_read_only", text, by);
        }
        if (words.contains("deferrable")) {
            made("default_transaction_deferrable", text, by);
        }
    }
}
