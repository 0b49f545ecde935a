package io.ostraka.proxy.backend;

import io.netty.buffer.ByteBuf;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/** One entry of a backend's queue of replies to come. Those without bytes are shared constants: queueing allocates nothing. */
final class Expected {
    /** The message whose reply is awaited, by what ends that reply. */
    enum Kind {
        PARSE,
        BIND,
        DESCRIBE,
        EXECUTE,
        CLOSE,
        /** A simple query or a function call: ends with ReadyForQuery. */
        QUERY,
        SYNC,
        /** No reply of the server's: bytes of the proxy's own that keep their place in the order. */
        OWN
    }

    private static final Map<Kind, Map<Visibility, Expected>> SHARED = new EnumMap<>(Kind.class);

    static {
        for (Kind kind : Kind.values()) {
            Map<Visibility, Expected> byVisibility = new EnumMap<>(Visibility.class);
            for (Visibility visibility : Visibility.values()) {
                byVisibility.put(
                        visibility, new Expected(kind, visibility, Optional.empty(), Optional.empty(), false, false));
            }
            SHARED.put(kind, byVisibility);
        }
    }

    final Kind kind;
    final Visibility visibility;
    final Optional<ByteBuf> own;
    /** What a Parse prepares, known to be there only once it is answered; or what a Describe or Close is about. */
    final Optional<StatementKey> statement;
    /** Whether the statement gets a name of its own on the server. */
    final boolean isNamed;
    /** Whether the client closes the statement. */
    final boolean closes;

    private Expected(
            Kind kind,
            Visibility visibility,
            Optional<ByteBuf> own,
            Optional<StatementKey> statement,
            boolean isNamed,
            boolean closes) {
        this.kind = kind;
        this.visibility = visibility;
        this.own = own;
        this.statement = statement;
        this.isNamed = isNamed;
        this.closes = closes;
    }

    /** Whether ReadyForQuery ends it. */
    boolean endsWithReady() {
        return kind == Kind.QUERY || kind == Kind.SYNC;
    }

    static Expected of(Kind kind, Visibility visibility) {
        return SHARED.get(kind).get(visibility);
    }

    static Expected parse(StatementKey statement, boolean isNamed, Visibility visibility) {
        return new Expected(Kind.PARSE, visibility, Optional.empty(), Optional.of(statement), isNamed, false);
    }

    /** Of a statement, which the listener is told of. */
    static Expected describe(StatementKey statement, Visibility visibility) {
        return new Expected(Kind.DESCRIBE, visibility, Optional.empty(), Optional.of(statement), true, false);
    }

    /** Of a statement that the client closes. */
    static Expected close(StatementKey statement) {
        return new Expected(Kind.CLOSE, Visibility.ALL, Optional.empty(), Optional.of(statement), false, true);
    }

    /** CloseComplete of the proxy's own, for a statement that the server keeps. Takes ownership of {@code owned}. */
    static Expected ownClose(StatementKey statement, ByteBuf owned) {
        return new Expected(Kind.OWN, Visibility.ALL, Optional.of(owned), Optional.of(statement), false, true);
    }

    /** ParseComplete of the proxy's own, for what is prepared already. Takes ownership of {@code owned}. */
    static Expected ownParse(StatementKey statement, ByteBuf owned) {
        return new Expected(Kind.OWN, Visibility.ALL, Optional.of(owned), Optional.of(statement), false, false);
    }

    /** Takes ownership of {@code owned}. */
    static Expected own(ByteBuf owned) {
        return new Expected(Kind.OWN, Visibility.ALL, Optional.of(owned), Optional.empty(), false, false);
    }
}
