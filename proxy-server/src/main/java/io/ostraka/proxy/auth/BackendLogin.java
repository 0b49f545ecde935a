package io.ostraka.proxy.auth;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The proxy's side of one login at a shard: from each Authentication message to what is to be done about it.
 *
 * <pre>
 * START --------Ok------------------------------------------------> DONE
 *   +--Cleartext-, MD5Password--> PASSWORD_SENT --Ok--------------> DONE
 *   +--SASL--> FIRST_SENT --SASLContinue--> [DERIVING] --> PROOF_SENT --SASLFinal--> VERIFIED --Ok--> DONE
 * </pre>
 *
 * Anything else fails the login with an error that says why. The server is not trusted: its nonce must extend ours, its
 * iterations are bounded, its signature must be right before its Ok counts, and a password itself goes only to a server whose
 * certificate was verified.
 * Over TLS SCRAM is tied to the server's certificate where the server offers it; where it does not, it is told that we would
 * have ({@code y}), so that a server whose offer was changed on the way refuses. MD5 is answered as libpq does.
 *
 * <p>The first login with a password at a shard has to derive keys (PBKDF2, milliseconds): {@link Step.Derive} gives the
 * caller a job for another thread, and {@link #resume} takes its result. Later ones find them in the cache.
 *
 * <p>ErrorResponse, NoticeResponse and NegotiateProtocolVersion are the caller's. Confined to the backend's event loop,
 * except for the job. Source: PostgreSQL manual, "SASL Authentication"; RFC 5802, RFC 7677; libpq, {@code fe-auth.c}.
 */
public final class BackendLogin {
    /** The same as PostgreSQL applies to clients; honest messages are about 150 bytes. */
    static final int MAX_MESSAGE_BYTES = 1024;

    /**
     * PostgreSQL's default is 4096, recommendations of today are about 600,000. The bound keeps a hostile server from
     * occupying a worker thread for longer than about a second.
     */
    static final int MAX_ITERATIONS = 1_000_000;

    /** What the caller does next. */
    public sealed interface Step {
        void handleWith(Handler handler);

        /** Send PasswordMessage, SASLInitialResponse or SASLResponse (tag {@code p} all of them) with this body. */
        record Send(ByteBuffer body) implements Step {
            @Override
            public void handleWith(Handler handler) {
                handler.onSend(body);
            }
        }

        /** Run the job on a thread that may be busy for long, then call {@link BackendLogin#resume} on the event loop. */
        record Derive(Supplier<ScramKeys> job) implements Step {
            @Override
            public void handleWith(Handler handler) {
                handler.onDerive(job);
            }
        }

        /** Nothing to send: the next message is the server's. */
        record Await() implements Step {
            @Override
            public void handleWith(Handler handler) {
                handler.onAwait();
            }
        }

        /** The server has let us in. */
        record Done() implements Step {
            @Override
            public void handleWith(Handler handler) {
                handler.onDone();
            }
        }

        /** One answer for each step. */
        interface Handler {
            void onSend(ByteBuffer body);

            void onDerive(Supplier<ScramKeys> job);

            void onAwait();

            void onDone();
        }
    }

    private enum State {
        START,
        PASSWORD_SENT,
        FIRST_SENT,
        DERIVING,
        PROOF_SENT,
        VERIFIED,
        DONE,
        FAILED
    }

    private final ShardName shard;
    private final ShardLogin login;
    private final LinkSecurity link;
    private final ScramKeyCache cache;
    private final String clientNonce;

    private State state = State.START;
    private boolean bindsChannel;
    private String gs2Header = "";
    private String authMessage = "";
    private String withoutProof = "";
    private ByteBuffer expectedSignature = ByteBuffer.allocate(0);

    public BackendLogin(
            ShardName shard, ShardLogin login, LinkSecurity link, ScramKeyCache cache, SecureRandom random) {
        this(shard, login, link, cache, ScramServer.randomNonce(random));
    }

    BackendLogin(ShardName shard, ShardLogin login, LinkSecurity link, ScramKeyCache cache, String clientNonce) {
        this.shard = shard;
        this.login = login;
        this.link = link;
        this.cache = cache;
        this.clientNonce = clientNonce;
    }

    /**
     * Takes the body of an Authentication message: {@code Int32 code, data}. Borrows it.
     *
     * @throws io.ostraka.rules.error.PgErrorException 08006 if the server asks for what cannot be given or does not keep to
     *     the protocol, 28P01 if a password is asked and none known; the connection is of no use then
     */
    public Step onAuthentication(ByteBuffer body) {
        State before = state;
        state = State.FAILED;
        if (before == State.DONE || before == State.FAILED || before == State.DERIVING) {
            throw misplaced("an Authentication message", before);
        }
        ByteBuffer data = body.slice();
        if (data.remaining() < Integer.BYTES || data.remaining() > MAX_MESSAGE_BYTES) {
            throw broken("An Authentication message has " + data.remaining() + " bytes.");
        }
        int code = data.getInt();
        AuthenticationCode asked =
                AuthenticationCode.of(code).orElseThrow(() -> unsupported("authentication method " + code));
        return switch (asked) {
            case OK -> onOk(before, data);
            case CLEARTEXT_PASSWORD -> onCleartext(before, data);
            case MD5_PASSWORD -> onMd5(before, data);
            case SASL -> onSasl(before, data);
            case SASL_CONTINUE -> onSaslContinue(before, data);
            case SASL_FINAL -> onSaslFinal(before, data);
            case KERBEROS_V5, SCM_CREDENTIAL, GSS, GSS_CONTINUE, SSPI -> throw unsupported(asked.meaning());
        };
    }

    private Step onOk(State before, ByteBuffer data) {
        requireEnd(data);
        return switch (before) {
            case START, PASSWORD_SENT, VERIFIED -> {
                state = State.DONE;
                yield new Step.Done();
            }
            case FIRST_SENT, PROOF_SENT ->
                throw broken("The server ended the SCRAM exchange without proving that it knows the password.");
            case DERIVING, DONE, FAILED -> throw misplaced("AuthenticationOk", before);
        };
    }

    private Step onCleartext(State before, ByteBuffer data) {
        require(before, State.START, "AuthenticationCleartextPassword");
        requireEnd(data);
        // Whoever sits in the middle of an unverified connection would ask for just that.
        if (!(link instanceof LinkSecurity.Tls tls && tls.verified())) {
            throw failed(
                    SqlState.CONNECTION_FAILURE,
                    "The server asks for the password in clear, and is not known to be the right one.",
                    "Use scram-sha-256 in the server's pg_hba.conf, or set tls: verify_full for the shard.");
        }
        return sendPassword(password().value());
    }

    private Step onMd5(State before, ByteBuffer data) {
        require(before, State.START, "AuthenticationMD5Password");
        if (data.remaining() != 4) {
            throw broken("The salt of AuthenticationMD5Password has " + data.remaining() + " bytes instead of 4.");
        }
        byte[] salt = new byte[4];
        data.get(salt);
        String inner = md5((password().value() + login.user()).getBytes(UTF_8), new byte[0]);
        return sendPassword("md5" + md5(inner.getBytes(ISO_8859_1), salt));
    }

    private Step sendPassword(String value) {
        byte[] bytes = value.getBytes(UTF_8);
        state = State.PASSWORD_SENT;
        // The string's terminator is the byte left over.
        return new Step.Send(ByteBuffer.allocate(bytes.length + 1).put(bytes).rewind());
    }

    private static String md5(byte[] text, byte[] salt) {
        try {
            MessageDigest md5 = MessageDigest.getInstance("MD5");
            md5.update(text);
            md5.update(salt);
            return HexFormat.of().formatHex(md5.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has MD5", e);
        }
    }

    private Step onSasl(State before, ByteBuffer data) {
        require(before, State.START, "AuthenticationSASL");
        List<String> mechanisms = mechanisms(data);
        boolean isPlusOffered = link.isEncrypted() && mechanisms.contains(ScramServer.PLUS_MECHANISM_NAME);
        boolean binds = isPlusOffered && link.channelBinding().isPresent();
        if (!binds && !mechanisms.contains(ScramServer.MECHANISM_NAME)) {
            throw unsupported("SASL with " + String.join(", ", mechanisms));
        }
        if (isPlusOffered && !binds && link instanceof LinkSecurity.Tls tls && !tls.verified()) {
            throw failed(
                    SqlState.CONNECTION_FAILURE,
                    "The signature of the server's certificate has no hash function, as channel binding needs.",
                    "Set tls: verify_full for the shard, or give the server a certificate signed with RSA or ECDSA.");
        }
        if (login.secret() instanceof ShardSecret.Nothing) {
            throw noPassword();
        }
        // PostgreSQL takes the name from the startup packet and ignores the one here.
        gs2Header = binds
                ? "p=" + ChannelBinding.TYPE + ",,"
                : link.channelBinding().isPresent() ? "y,," : "n,,";
        bindsChannel = binds;
        byte[] clientFirst = (gs2Header + clientFirstBare()).getBytes(UTF_8);
        byte[] name = (binds ? ScramServer.PLUS_MECHANISM_NAME : ScramServer.MECHANISM_NAME).getBytes(UTF_8);
        state = State.FIRST_SENT;
        return new Step.Send(ByteBuffer.allocate(name.length + 1 + Integer.BYTES + clientFirst.length)
                .put(name)
                .put((byte) 0)
                .putInt(clientFirst.length)
                .put(clientFirst)
                .rewind());
    }

    private String clientFirstBare() {
        return "n=,r=" + clientNonce;
    }

    /** Null-terminated names up to an empty one. */
    private List<String> mechanisms(ByteBuffer data) {
        List<String> names = new ArrayList<>();
        StringBuilder name = new StringBuilder();
        while (data.hasRemaining()) {
            char c = (char) (data.get() & 0xFF);
            if (c != 0) {
                // The names end up in an error message.
                name.append(c >= 0x20 && c <= 0x7E ? c : '?');
            } else if (name.isEmpty()) {
                requireEnd(data);
                return names;
            } else {
                names.add(name.toString());
                name.setLength(0);
            }
        }
        throw broken("The list of SASL mechanisms has no end.");
    }

    private Step onSaslContinue(State before, ByteBuffer data) {
        require(before, State.FIRST_SENT, "AuthenticationSASLContinue");
        ScramReader reader = ScramReader.of(data, this::broken);
        String nonce = reader.nonce();
        if (!nonce.startsWith(clientNonce) || nonce.length() == clientNonce.length()) {
            throw broken("The server's nonce does not extend ours.");
        }
        byte[] salt = reader.base64(reader.attribute('s'), "salt");
        if (salt.length == 0) {
            throw broken("The salt is empty.");
        }
        int iterations = iterations(reader.attribute('i'));
        while (!reader.atEnd()) {
            reader.attributeName();
            reader.value();
        }
        withoutProof = "c=" + boundHeader() + ",r=" + nonce;
        authMessage = clientFirstBare() + "," + reader.text() + "," + withoutProof;
        return prove(salt, iterations);
    }

    private String boundHeader() {
        byte[] header = gs2Header.getBytes(UTF_8);
        byte[] data = bindsChannel ? link.channelBinding().orElseThrow().data() : new byte[0];
        return Base64.getEncoder()
                .encodeToString(ByteBuffer.allocate(header.length + data.length)
                        .put(header)
                        .put(data)
                        .array());
    }

    private int iterations(String text) {
        if (!text.matches("[1-9][0-9]{0,9}")) {
            throw broken("The number of iterations is not a positive number.");
        }
        long iterations = Long.parseLong(text);
        if (iterations > MAX_ITERATIONS) {
            throw broken(
                    "The server asks for " + iterations + " iterations; at most " + MAX_ITERATIONS + " are accepted.");
        }
        return (int) iterations;
    }

    private Step prove(byte[] salt, int iterations) {
        if (login.secret() instanceof ShardSecret.Proven proven) {
            if (!proven.keys().answers(salt, iterations)) {
                throw failed(
                        SqlState.INVALID_PASSWORD,
                        "The shard stores another verifier for the role than the configuration does.",
                        "Give the role the same verifier on the shard, or set shard_password.");
            }
            return sendProof(proven.keys());
        }
        String password = password().value();
        Optional<ScramKeys> cached = cache.find(password, salt, iterations);
        if (cached.isPresent()) {
            return sendProof(cached.get());
        }
        state = State.DERIVING;
        return new Step.Derive(cache.job(password, salt, iterations));
    }

    /** Goes on after {@link Step.Derive} with what its job returned. */
    public Step resume(ScramKeys keys) {
        if (state != State.DERIVING) {
            throw new IllegalStateException("login at shard " + shard + " is " + state + ", not DERIVING");
        }
        return sendProof(keys);
    }

    private Step sendProof(ScramKeys keys) {
        String proof = Base64.getEncoder().encodeToString(keys.proof(authMessage));
        expectedSignature = ByteBuffer.wrap(keys.serverSignature(authMessage));
        state = State.PROOF_SENT;
        return new Step.Send(ByteBuffer.wrap((withoutProof + ",p=" + proof).getBytes(UTF_8)));
    }

    private Step onSaslFinal(State before, ByteBuffer data) {
        require(before, State.PROOF_SENT, "AuthenticationSASLFinal");
        ScramReader reader = ScramReader.of(data, this::broken);
        char name = reader.attributeName();
        String value = reader.value();
        if (name == 'e') {
            throw broken("The server ended the SCRAM exchange with an error.");
        }
        if (name != 'v') {
            throw broken("Neither a signature nor an error stands in the server's last message.");
        }
        if (!MessageDigest.isEqual(reader.base64(value, "server's signature"), expectedSignature.array())) {
            throw broken("The server's signature is wrong: it does not know the password.");
        }
        state = State.VERIFIED;
        return new Step.Await();
    }

    private ShardSecret.Password password() {
        if (login.secret() instanceof ShardSecret.Password password) {
            return password;
        }
        throw noPassword();
    }

    private void require(State before, State wanted, String message) {
        if (before != wanted) {
            throw misplaced(message, before);
        }
    }

    private void requireEnd(ByteBuffer data) {
        if (data.hasRemaining()) {
            throw broken("An Authentication message has " + data.remaining() + " bytes too many.");
        }
    }

    private RuntimeException noPassword() {
        return failed(
                SqlState.INVALID_PASSWORD,
                "The server asks for a password, and the configuration has none for it.",
                "Set shard_password for the user.");
    }

    private RuntimeException unsupported(String method) {
        return failed(
                SqlState.CONNECTION_FAILURE,
                "The server asks for " + method + ", which is not supported.",
                "Use scram-sha-256 in the server's pg_hba.conf.");
    }

    private RuntimeException misplaced(String message, State before) {
        return broken("The server sent " + message + " in state " + before + ".");
    }

    private RuntimeException broken(String detail) {
        return failed(SqlState.CONNECTION_FAILURE, detail, "");
    }

    private RuntimeException failed(SqlState sqlState, String detail, String hint) {
        return new PgError(
                        sqlState,
                        "login at shard \"" + shard + "\" as user \"" + login.user() + "\" failed",
                        detail,
                        hint)
                .toException();
    }
}
