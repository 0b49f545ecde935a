package io.ostraka.proxy.auth;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.ongres.scram.common.ScramFunctions;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;

/**
 * The server's side of one SCRAM-SHA-256 login.
 *
 * <pre>
 * client                              this
 *                                     offer()   AuthenticationSASL
 * SASLInitialResponse (client-first)  start()   AuthenticationSASLContinue (server-first)
 * SASLResponse        (client-final)  finish()  AuthenticationSASLFinal (server-final), or 28P01
 * </pre>
 *
 * <p>Bodies are those of the messages, without tag and length. A user who does not exist takes the same steps, over a
 * verifier made up for the name, and fails where a wrong password fails. Costs microseconds: PBKDF2 ran when the
 * verifier was made.
 *
 * <p>PostgreSQL's dialect: the name in client-first is ignored, the startup packet's counts; authorization identities
 * and mandatory extensions are refused; any other extension is skipped. Over TLS channel binding ({@code
 * SCRAM-SHA-256-PLUS}) is offered too: a client may use it ({@code p}) or say that it has none ({@code n}); that it
 * believes we have none ({@code y}) means that somebody on the way took it out of the offer.
 *
 * <p>Confined to the session's event loop. Source: RFC 5802, RFC 7677; PostgreSQL, {@code auth-scram.c}.
 */
public final class ScramServer {
    /** PostgreSQL's {@code PG_MAX_SASL_MESSAGE_LENGTH}; honest messages are about 150 bytes. */
    static final int MAX_MESSAGE_BYTES = 1024;

    static final String MECHANISM_NAME = "SCRAM-SHA-256";
    /** PostgreSQL's choice for both sides: 24 characters. */
    static final int NONCE_BYTES = 18;

    static final String PLUS_MECHANISM_NAME = "SCRAM-SHA-256-PLUS";

    private enum State {
        OFFERED,
        CHALLENGED,
        PROVED,
        FAILED
    }

    private final String user;
    private final ScramVerifier verifier;
    private final boolean known;
    private final Optional<ChannelBinding> binding;
    private final String serverNonce;

    private State state = State.OFFERED;
    private boolean bindsChannel;
    private String gs2Header = "";
    private String clientFirstBare = "";
    private String serverFirst = "";
    private String nonce = "";
    private ScramKeys keys;

    /**
     * {@code known}: false when {@code verifier} is made up, so that no password can be right. {@code binding}: what the
     * client may tie the login to, when it comes over TLS.
     */
    ScramServer(
            String user, ScramVerifier verifier, boolean known, Optional<ChannelBinding> binding, SecureRandom random) {
        this(user, verifier, known, binding, randomNonce(random));
    }

    ScramServer(
            String user, ScramVerifier verifier, boolean known, Optional<ChannelBinding> binding, String serverNonce) {
        this.user = user;
        this.verifier = verifier;
        this.known = known;
        this.binding = binding;
        this.serverNonce = serverNonce;
    }

    static String randomNonce(SecureRandom random) {
        byte[] raw = new byte[NONCE_BYTES];
        random.nextBytes(raw);
        return Base64.getEncoder().encodeToString(raw);
    }

    /** Body of AuthenticationSASL: the mechanisms a client may choose from, the better one first. */
    public byte[] offer() {
        String names = (binding.isPresent() ? PLUS_MECHANISM_NAME + "\0" : "") + MECHANISM_NAME + "\0\0";
        return AuthenticationCode.SASL.body(names.getBytes(UTF_8));
    }

    /**
     * Takes the body of SASLInitialResponse ({@code String mechanism, Int32 length, bytes}) and returns the body of
     * AuthenticationSASLContinue.
     *
     * @throws io.ostraka.rules.error.PgErrorException 08P01, 0A000; the login has failed then
     */
    public byte[] start(byte[] saslInitialResponse) {
        require(State.OFFERED);
        state = State.FAILED;
        ScramReader reader = ScramReader.of(clientFirst(saslInitialResponse), ScramServer::malformed);
        readGs2Header(reader);
        gs2Header = reader.text().substring(0, reader.at());
        clientFirstBare = reader.text().substring(reader.at());
        readClientFirstBare(reader);
        serverFirst = "r=" + nonce + ",s=" + base64(verifier.salt()) + ",i=" + verifier.iterations();
        state = State.CHALLENGED;
        return AuthenticationCode.SASL_CONTINUE.body(serverFirst.getBytes(UTF_8));
    }

    private ByteBuffer clientFirst(byte[] body) {
        requireSize(body);
        int end = 0;
        while (end < body.length && body[end] != 0) {
            end++;
        }
        if (body.length - end < 1 + Integer.BYTES) {
            throw malformed("The message ends too early.");
        }
        String mechanism = new String(body, 0, end, UTF_8);
        bindsChannel = binding.isPresent() && mechanism.equals(PLUS_MECHANISM_NAME);
        if (!bindsChannel && !mechanism.equals(MECHANISM_NAME)) {
            throw protocolViolation("client selected an invalid SASL authentication mechanism", "");
        }
        ByteBuffer rest = ByteBuffer.wrap(body, end + 1, body.length - end - 1);
        int length = rest.getInt();
        if (length == -1) {
            // PostgreSQL would send an empty challenge; no client in use leaves its first message out.
            throw malformed("The client's first message is missing.");
        }
        if (length != rest.remaining()) {
            throw malformed(
                    "Message length " + length + " does not match the " + rest.remaining() + " bytes received.");
        }
        return rest;
    }

    private void readGs2Header(ScramReader reader) {
        char flag = reader.next();
        switch (flag) {
            case 'p' -> requireOurBinding(reader);
            case 'n', 'y' -> {
                if (bindsChannel) {
                    throw malformed("The client selected " + PLUS_MECHANISM_NAME
                            + ", but the SCRAM message does not include channel binding data.");
                }
                if (flag == 'y' && binding.isPresent()) {
                    throw notAuthorized(
                            "SCRAM channel binding negotiation error",
                            "The client supports SCRAM channel binding but thinks the server does not."
                                    + "  However, this server does support channel binding.");
                }
            }
            default -> throw malformed("Unexpected channel-binding flag.");
        }
        reader.expect(',');
        char authorizationIdentity = reader.next();
        if (authorizationIdentity == 'a') {
            throw notSupported("client uses authorization identity, but it is not supported");
        }
        if (authorizationIdentity != ',') {
            throw malformed("Unexpected attribute in client-first-message.");
        }
    }

    /** Steps over {@code =tls-server-end-point}. */
    private void requireOurBinding(ScramReader reader) {
        if (!bindsChannel) {
            throw malformed("The client selected " + MECHANISM_NAME
                    + " without channel binding, but the SCRAM message includes channel binding data.");
        }
        String type = "=" + ChannelBinding.TYPE + ",";
        if (!reader.text().startsWith(type, reader.at())) {
            throw protocolViolation("unsupported SCRAM channel-binding type", "");
        }
        for (int i = 1; i < type.length(); i++) {
            reader.next();
        }
    }

    private void readClientFirstBare(ScramReader reader) {
        if (reader.text().startsWith("m=", reader.at())) {
            throw notSupported("client requires an unsupported SCRAM extension");
        }
        reader.attribute('n');
        nonce = reader.nonce() + serverNonce;
        while (!reader.atEnd()) {
            reader.attributeName();
            reader.value();
        }
    }

    /**
     * Takes the body of SASLResponse, all of which is client-final, and returns the body of AuthenticationSASLFinal.
     * AuthenticationOk is the caller's to send.
     *
     * @throws io.ostraka.rules.error.PgErrorException 08P01, or 28P01 for a wrong password or an unknown user; the login has
     *     failed then
     */
    public byte[] finish(byte[] saslResponse) {
        require(State.CHALLENGED);
        state = State.FAILED;
        requireSize(saslResponse);
        ScramReader reader = ScramReader.of(ByteBuffer.wrap(saslResponse), ScramServer::malformed);
        checkChannelBinding(reader.attribute('c'));
        String finalNonce = reader.nonce();
        int withoutProof = reader.at() - 1;
        char name = reader.attributeName();
        while (name != 'p') {
            reader.value();
            withoutProof = reader.at() - 1;
            name = reader.attributeName();
        }
        byte[] proof = reader.base64(reader.value(), "proof");
        if (proof.length != ScramKeys.KEY_BYTES) {
            throw malformed("The proof has " + proof.length + " bytes instead of " + ScramKeys.KEY_BYTES + ".");
        }
        if (!reader.atEnd()) {
            throw malformed("Garbage found at the end of client-final-message.");
        }
        if (!MessageDigest.isEqual(finalNonce.getBytes(UTF_8), nonce.getBytes(UTF_8))) {
            throw protocolViolation("invalid SCRAM response", "Nonce does not match.");
        }
        return prove(proof, reader.text().substring(0, withoutProof));
    }

    /** RFC 5802 section 6: the header is repeated, and the binding's data added, so that nobody on the way has changed it. */
    private void checkChannelBinding(String value) {
        byte[] header = gs2Header.getBytes(UTF_8);
        byte[] data = bindsChannel ? binding.orElseThrow().data() : new byte[0];
        byte[] expected = ByteBuffer.allocate(header.length + data.length)
                .put(header)
                .put(data)
                .array();
        if (MessageDigest.isEqual(base64(expected).getBytes(UTF_8), value.getBytes(UTF_8))) {
            return;
        }
        if (bindsChannel) {
            throw notAuthorized("SCRAM channel binding check failed", "");
        }
        throw protocolViolation("unexpected SCRAM channel-binding attribute in client-final-message", "");
    }

    private byte[] prove(byte[] proof, String clientFinalWithoutProof) {
        String authMessage = clientFirstBare + "," + serverFirst + "," + clientFinalWithoutProof;
        byte[] clientKey = ScramKeys.xor(proof, verifier.clientSignature(authMessage));
        boolean right =
                MessageDigest.isEqual(ScramFunctions.hash(ScramKeys.MECHANISM, clientKey), verifier.storedKey());
        byte[] serverSignature = verifier.serverSignature(authMessage);
        if (!right || !known) {
            throw LoginErrors.wrongPassword(user).toException();
        }
        state = State.PROVED;
        keys = verifier.keysWith(clientKey);
        return AuthenticationCode.SASL_FINAL.body(("v=" + base64(serverSignature)).getBytes(UTF_8));
    }

    /**
     * The keys the client has proved to hold, after {@link #finish}: with them the proxy can log in, in the client's name,
     * to shards that store the same verifier, without ever knowing the password.
     */
    public ScramKeys keys() {
        require(State.PROVED);
        return keys;
    }

    private void require(State wanted) {
        if (state != wanted) {
            throw new IllegalStateException("SCRAM login is " + state + ", not " + wanted);
        }
    }

    private static void requireSize(byte[] body) {
        if (body.length > MAX_MESSAGE_BYTES) {
            throw malformed(
                    "The message has " + body.length + " bytes; at most " + MAX_MESSAGE_BYTES + " are allowed.");
        }
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    private static RuntimeException malformed(String detail) {
        return protocolViolation("malformed SCRAM message", detail);
    }

    private static RuntimeException protocolViolation(String message, String detail) {
        return new PgError(SqlState.PROTOCOL_VIOLATION, message, detail, "").toException();
    }

    private static RuntimeException notAuthorized(String message, String detail) {
        return new PgError(SqlState.INVALID_AUTHORIZATION_SPECIFICATION, message, detail, "").toException();
    }

    private static RuntimeException notSupported(String message) {
        return new PgError(SqlState.FEATURE_NOT_SUPPORTED, message).toException();
    }
}
