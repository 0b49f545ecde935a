package io.ostraka.proxy.auth;

import java.util.Optional;

/** How the connection that a login runs over is protected. */
public sealed interface LinkSecurity {
    /** Anybody on the way can read and change it. */
    record Plaintext() implements LinkSecurity {}

    /** TLS. {@code verified}: the other end's certificate is known to be the right one. */
    record Tls(Optional<ChannelBinding> binding, boolean verified) implements LinkSecurity {}

    /** What a SCRAM login can be tied to. */
    default Optional<ChannelBinding> channelBinding() {
        return this instanceof Tls tls ? tls.binding() : Optional.empty();
    }

    default boolean isEncrypted() {
        return this instanceof Tls;
    }
}
