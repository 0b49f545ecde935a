package io.ostraka.proxy.tls;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.ostraka.proxy.auth.ChannelBinding;
import io.ostraka.proxy.auth.LinkSecurity;
import io.ostraka.rules.config.TlsConfig;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.security.cert.X509Certificate;
import java.util.Optional;
import javax.net.ssl.SSLException;

/**
 * TLS towards clients: the file's certificate and key, and the authority whose certificates clients must show, if there is
 * one. Immutable, thread-safe.
 */
public final class ServerTls {
    /** As registered with IANA for ALPN. */
    static final String ALPN_NAME = "postgresql";

    private final SslContext context;
    private final LinkSecurity link;
    private final boolean demandsCertificate;

    private ServerTls(SslContext context, LinkSecurity link, boolean demandsCertificate) {
        this.context = context;
        this.link = link;
        this.demandsCertificate = demandsCertificate;
    }

    /**
     * Reads the files: blocking.
     *
     * @throws io.ostraka.rules.error.PgErrorException F0000 if one cannot be used
     */
    public static ServerTls of(TlsConfig config) {
        X509Certificate[] chain = new PemFile(config.certificate()).certificates();
        SslContextBuilder builder = SslContextBuilder.forServer(new PemFile(config.key()).keyOf(chain[0]), chain)
                .sslProvider(SslProvider.JDK)
                // A client that asks for other protocols only is not one of ours; one that asks for none is welcome.
                .applicationProtocolConfig(new ApplicationProtocolConfig(
                        Protocol.ALPN,
                        SelectorFailureBehavior.FATAL_ALERT,
                        SelectedListenerFailureBehavior.ACCEPT,
                        ALPN_NAME));
        config.clientCa().ifPresent(authority -> builder.trustManager(new PemFile(authority).certificates())
                .clientAuth(ClientAuth.REQUIRE));
        Optional<ChannelBinding> binding = ChannelBinding.of(chain[0]);
        try {
            return new ServerTls(
                    builder.build(),
                    new LinkSecurity.Tls(binding, true),
                    config.clientCa().isPresent());
        } catch (SSLException e) {
            throw new PgError(SqlState.CONFIG_FILE_ERROR, "TLS for clients cannot be set up", e.toString(), "")
                    .toException();
        }
    }

    /** For one connection. How long a handshake may take is the caller's to watch. */
    public SslHandler handler(ByteBufAllocator allocator) {
        SslHandler handler = context.newHandler(allocator);
        handler.setHandshakeTimeoutMillis(0);
        return handler;
    }

    /** What a login over such a connection is tied to. */
    public LinkSecurity link() {
        return link;
    }

    /** Whether clients must show a certificate, so that none may come without TLS. */
    public boolean demandsCertificate() {
        return demandsCertificate;
    }
}
