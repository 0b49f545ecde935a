package io.ostraka.proxy.backend;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.ImmediateEventExecutor;
import io.netty.util.concurrent.Promise;
import io.ostraka.proxy.auth.BackendLogin;
import io.ostraka.proxy.auth.LinkSecurity;
import io.ostraka.proxy.auth.ScramKeyCache;
import io.ostraka.proxy.auth.ShardLogin;
import io.ostraka.proxy.auth.ShardSecret;
import io.ostraka.proxy.tls.ShardTls;
import io.ostraka.rules.config.HostPort;
import io.ostraka.rules.config.ShardConfig;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgErrorException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever a server says while the proxy connects: an error for the session and a closed connection, no more. */
class HostileServerTest {
    private static final ShardName SHARD = new ShardName("s0");
    private static final HostPort PRIMARY = new HostPort("127.0.0.1", 1);

    private static final ShardAddress ADDRESS = new ShardAddress(
            SHARD,
            PRIMARY,
            "db",
            ShardTls.of(new ShardConfig(
                    SHARD,
                    PRIMARY,
                    "db",
                    List.of(),
                    ShardConfig.TlsMode.REQUIRE,
                    OptionalInt.empty(),
                    Optional.empty())));

    private final Promise<Backend> login = ImmediateEventExecutor.INSTANCE.newPromise();

    private EmbeddedChannel connecting() {
        BackendLogin handshake = new BackendLogin(
                SHARD,
                new ShardLogin("app", new ShardSecret.Password("secret")),
                new LinkSecurity.Plaintext(),
                new ScramKeyCache(),
                new SecureRandom());
        return channel(new BackendLoginHandler(ADDRESS, "app", handshake, Runnable::run, login));
    }

    private static EmbeddedChannel channel(ChannelHandler handler) {
        EmbeddedChannel channel = new EmbeddedChannel(handler);
        channel.releaseOutbound();
        return channel;
    }

    private static void say(EmbeddedChannel channel, String bytes) {
        channel.writeInbound(Unpooled.copiedBuffer(bytes, ISO_8859_1));
    }

    /** The refusal's detail; the connection is closed and nothing of it is left. */
    private String refusal(EmbeddedChannel channel) {
        assertTrue(login.isDone(), "still waiting");
        assertFalse(channel.isActive());
        channel.finishAndReleaseAll();
        return ((PgErrorException) login.cause()).error().detail();
    }

    private static final String OK = "R\0\0\0\10\0\0\0\0";

    @Test
    void anErrorWithoutSqlStateIsAnError() {
        EmbeddedChannel channel = connecting();
        say(channel, "E\0\0\0\15Mno way\0\0");
        assertEquals("It answered: ERROR: no way (XX000)", refusal(channel));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "E\0\0\0\u0005\0",
                "E\0\0\0\u0004",
                "E\0\0\0\u0007Mno",
                "E\0\0\0\10C\0\0\0",
                "E\0\0\0\11Cxxxx",
                "R\177\377\377\377",
                "R\377\377\377\377",
                "R\200\0\0\0",
                "R\0\0\0\3",
                "R\0\1\0\1",
                "R\0\0\0\5\0",
                "R\0\0\0\10\0\0\0\1",
                "R\0\0\0\10\0\0\1\0",
                "R\0\0\0\10\0\0\0\3",
                "R\0\0\0\11\0\0\0\5\0",
                "R\0\0\0\14\0\0\0\nPLAI",
                "R\0\0\0\16\0\0\0\nPLAIN\0",
                "R\0\0\0\17\0\0\0\nPLAIN\0\0",
                "Z\0\0\0\5I",
                "S\0\0\0\10a\0b\0",
                "K\0\0\0\14\0\0\0\1abcd",
                "v\0\0\0\14\0\2\0\0\0\0\0\0",
                "v\0\0\0\14\0\3\0\2\0\0\0\0",
                "v\0\0\0\14\0\4\0\0\0\0\0\0",
                "v\0\0\0\14\0\3\0\0\0\0\0\1",
                "v\0\0\0\10\0\3\0\0",
                "v\0\0\0\14\0\3\0\0\0\0\0\0v\0\0\0\14\0\3\0\0\0\0\0\0",
                "\0\0\0\0\10\0\0\0\0",
                OK + OK,
                OK + "K\0\0\0\10\0\0\0\1",
                OK + "K\0\0\0\13\0\0\0\1abc",
                OK + "S\0\0\0\u0006a\0",
                OK + "S\0\0\0\10aaaa",
                OK + "D\0\0\0\u0006\0\2",
                OK + "D\0\0\0\12\0\2\377\377\377\376",
                OK + "D\0\0\0\12\0\2\177\377\377\377",
                OK + "?\0\0\0\4",
                OK + "v\0\0\0\14\0\3\0\0\0\0\0\0",
            })
    void whatBreaksTheProtocolIsRefused(String bytes) {
        EmbeddedChannel channel = connecting();
        say(channel, bytes);
        assertFalse(refusal(channel).isEmpty());
    }

    @Test
    void aCancelKeyHasAtMost256Bytes() {
        EmbeddedChannel channel = connecting();
        say(channel, OK + "K\0\0\1\11\0\0\0\1" + "x".repeat(257));
        assertEquals("The login broke off: a cancel key of 257 bytes", refusal(channel));
    }

    @Test
    void anOlderServerSaysWhichVersionItSpeaks() {
        EmbeddedChannel channel = connecting();
        say(channel, "v\0\0\0\14\0\3\0\0\0\0\0\0" + OK + "K\0\0\0\14\0\0\0\1abcd");
        assertFalse(login.isDone());
        assertTrue(channel.isActive());
        channel.finishAndReleaseAll();
    }

    // ---- the request for TLS -------------------------------------------------------------------------------------

    private final List<String> told = new ArrayList<>();

    private EmbeddedChannel asking() {
        return channel(new TlsRequestHandler(ADDRESS, ADDRESS.tls().orElseThrow(), new TlsRequestHandler.Owner() {
            @Override
            public void onEncrypted(ChannelHandlerContext ctx, LinkSecurity link) {
                told.add("encrypted");
            }

            @Override
            public void onNotEncrypted(String why) {
                told.add(why);
            }
        }));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "N, The server does not offer TLS.",
        "ESFATAL, The server does not offer TLS.",
        "SE, Data came in clear together with the answer to the request for TLS.",
        "SR, Data came in clear together with the answer to the request for TLS.",
        "G, The server does not offer TLS.",
    })
    void tlsIsInsistedOn(String answer, String why) {
        EmbeddedChannel channel = asking();
        say(channel, answer);
        assertEquals(List.of(why), told);
        assertFalse(channel.isActive());
        channel.finishAndReleaseAll();
    }

    @Test
    void whatComesInClearInsteadOfAHandshakeIsNotTaken() {
        EmbeddedChannel channel = asking();
        say(channel, "S");
        assertEquals(List.of(), told);
        try {
            say(channel, OK + "Z\0\0\0\5I");
        } catch (RuntimeException notTls) {
            // The embedded channel shows what a real one closes with.
        }
        assertEquals(1, told.size());
        assertTrue(told.get(0).startsWith("The TLS handshake failed: "), told::toString);
        assertFalse(channel.isActive());
        channel.finishAndReleaseAll();
    }

    @Test
    void aServerThatGoesAwayIsNotWaitedFor() {
        EmbeddedChannel channel = asking();
        channel.close();
        assertEquals(List.of("The server closed the connection when it was asked for TLS."), told);
        channel.finishAndReleaseAll();
    }
}
