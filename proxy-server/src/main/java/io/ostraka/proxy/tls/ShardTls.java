package io.ostraka.proxy.tls;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.ostraka.proxy.auth.ChannelBinding;
import io.ostraka.proxy.auth.LinkSecurity;
import io.ostraka.rules.config.HostPort;
import io.ostraka.rules.config.ShardConfig;
import io.ostraka.rules.config.ShardConfig.TlsMode;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Optional;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;

/**
 * TLS towards one shard, in one of libpq's modes: {@code require} looks at no certificate, {@code verify_ca} wants one of the
 * authority, {@code verify_full} one that has the address's name too. There is no mode that falls back. Immutable,
 * thread-safe.
 */
public final class ShardTls {
    private static final String MATCH_HOST_NAME = "HTTPS";

    private final SslContext context;
    private final boolean verifies;

    private ShardTls(SslContext context, boolean verifies) {
        this.context = context;
        this.verifies = verifies;
    }

    /**
     * Empty when the connection is not to be encrypted. Reads the authority's file: blocking.
     *
     * @throws io.ostraka.rules.error.PgErrorException F0000 if it cannot be used
     */
    public static Optional<ShardTls> of(ShardConfig shard) {
        if (shard.tls() == TlsMode.DISABLE) {
            return Optional.empty();
        }
        boolean verifies = shard.tls() != TlsMode.REQUIRE;
        SslContextBuilder builder = SslContextBuilder.forClient()
                .sslProvider(SslProvider.JDK)
                .endpointIdentificationAlgorithm(shard.tls() == TlsMode.VERIFY_FULL ? MATCH_HOST_NAME : null)
                // A server before version 17 does not know of it.
                .applicationProtocolConfig(new ApplicationProtocolConfig(
                        Protocol.ALPN,
                        SelectorFailureBehavior.NO_ADVERTISE,
                        SelectedListenerFailureBehavior.ACCEPT,
                        ServerTls.ALPN_NAME));
        if (!verifies) {
            builder.trustManager(InsecureTrustManagerFactory.INSTANCE);
        } else {
            // Without a file it is Java's own list of authorities.
            shard.tlsCa().ifPresent(authority -> builder.trustManager(new PemFile(authority).certificates()));
        }
        try {
            return Optional.of(new ShardTls(builder.build(), verifies));
        } catch (SSLException e) {
            throw new PgError(
                            SqlState.CONFIG_FILE_ERROR,
                            "TLS to shard \"" + shard.name() + "\" cannot be set up",
                            e.toString(),
                            "")
                    .toException();
        }
    }

    /** For one connection. How long a handshake may take is the caller's to watch. */
    public SslHandler handler(ByteBufAllocator allocator, HostPort server) {
        SslHandler handler = context.newHandler(allocator, server.host(), server.port());
        handler.setHandshakeTimeoutMillis(0);
        return handler;
    }

    /** What a handshake has led to, for the login. */
    public LinkSecurity link(SslHandler afterHandshake) {
        try {
            Certificate[] chain = afterHandshake.engine().getSession().getPeerCertificates();
            return new LinkSecurity.Tls(ChannelBinding.of((X509Certificate) chain[0]), verifies);
        } catch (SSLPeerUnverifiedException e) {
            throw new IllegalStateException("a server without certificate has passed the handshake", e);
        }
    }
}
