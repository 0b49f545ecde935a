package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.wire.ClientEncoding;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.SessionCommand;
import java.util.List;
import java.util.Optional;

/**
 * How the client's texts are encoded: as the server takes them that has judged its last SET. Backends that the session uses have the
 * same encoding, and get the client's bytes as they came. Confined to the session's event loop.
 */
record SessionEncoding(Session session) {
    ClientEncoding now() {
        return session.settings().made().encoding();
    }

    /** Refuses what the proxy does with texts of shards, of which it makes others, in UTF-8 alone. */
    void requireUtf8(String what) {
        if (!now().isUtf8()) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            what + " is not supported in client encoding \"" + now().name() + "\"",
                            "The proxy does that in UTF-8 only.",
                            "Set client_encoding to UTF8.")
                    .toException();
        }
    }

    /**
     * It changes for good and outside of transaction blocks, in which shards that join later would read by the new one what was
     * said in the old one.
     */
    void requireKept(SessionCommand command) {
        requireKept(command, session.transaction().isOpen());
    }

    /** The same for all of a query string, which may begin a block. */
    void requireKept(Planned string) {
        List<SessionCommand> commands = string.statements().stream()
                .flatMap(statement -> Portal.commandOf(statement).stream())
                .toList();
        if (commands.stream().anyMatch(SessionCommand.Begin.class::isInstance)) {
            commands.forEach(this::requireKeptInBlock);
        }
    }

    /** The same for what runs in a block that is not open yet. */
    void requireKeptInBlock(SessionCommand command) {
        requireKept(command, true);
    }

    private void requireKept(SessionCommand command, boolean isInBlock) {
        ClientEncoding initial = session.settingState().initial().made().encoding();
        ClientEncoding next = now();
        boolean isLocal = false;
        if (command instanceof SessionCommand.Set set && set.name().equals(ClientEncoding.SETTING)) {
            next = set.values().isEmpty()
                    ? initial
                    : ClientEncoding.require(set.values().get(0));
            isLocal = set.local();
        } else if (command instanceof SessionCommand.Reset reset
                && (reset.name().equals(ClientEncoding.SETTING) || reset.name().equals("all"))) {
            next = initial;
        }
        if (next != now() && (isLocal || isInBlock)) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "client_encoding cannot be changed "
                                    + (isLocal ? "for a transaction" : "in a transaction block"),
                            "It is \"" + now().name() + "\", and would be \"" + next.name() + "\".",
                            "Set it outside of the block.")
                    .toException();
        }
    }

    /**
     * What a server says its encoding is. It is not the session's while the backend is brought to that, or has just gone back to the server's
     * default. One that nobody has been seen to set was set by a function: what the client says next is read by it, if it has said nothing
     * since. If it has, the session ends.
     */
    void onReported(Backend backend, String value) {
        if (session.held().isPending(backend) || value.equals(backend.encoding().name())) {
            return;
        }
        Optional<ClientEncoding> made = ClientEncoding.named(value);
        if (made.isEmpty() || session.transaction().isOpen() || !session.isInQuery()) {
            session.end(ClientEncoding.unsupported(value));
            return;
        }
        session.settingState()
                .are(session.settings().withMade(session.settings().made().with(made.get())));
        backend.settingsAre(backend.settings().with(made.get()));
    }
}
