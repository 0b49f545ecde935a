package io.ostraka.it.harness;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.ongres.scram.client.ScramClient;
import com.ongres.scram.common.exception.ScramException;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/**
 * A client that sends the bytes it is told and shows the messages it gets; it hides nothing and mends nothing. Waits a
 * minute for an answer ({@code -Dostraka.it.timeout}, in ms), then fails. Used by one thread.
 */
public final class WireClient implements AutoCloseable {
    private static final int TIMEOUT_MS = Integer.getInteger("ostraka.it.timeout", 60_000);
    private static final int AUTHENTICATION_OK = 0;
    private static final int AUTHENTICATION_SASL = 10;
    private static final int AUTHENTICATION_SASL_CONTINUE = 11;
    private static final int AUTHENTICATION_SASL_FINAL = 12;

    private final Socket socket;
    private final DataInputStream in;
    private byte[] backendKeyData = new byte[0];

    private WireClient(Socket socket) throws IOException {
        this.socket = socket;
        this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
    }

    /** A connection on which nothing has been said yet. */
    public static WireClient connect(Endpoint endpoint) {
        try {
            Socket socket = new Socket(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), endpoint.port());
            socket.setSoTimeout(TIMEOUT_MS);
            socket.setTcpNoDelay(true);
            return new WireClient(socket);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Goes on in TLS over the same connection, which must not be used directly any more. {@code protocols} are for ALPN. An
     * end of the handshake that is none is an {@link UncheckedIOException}.
     */
    public WireClient encrypted(SSLContext context, String... protocols) {
        try {
            SSLSocket layered =
                    (SSLSocket) context.getSocketFactory().createSocket(socket, "127.0.0.1", socket.getPort(), true);
            SSLParameters parameters = layered.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            parameters.setApplicationProtocols(protocols);
            layered.setSSLParameters(parameters);
            layered.startHandshake();
            return new WireClient(layered);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Goes on in TLS, trusting anybody: whether the server shows just this certificate. */
    public boolean shows(X509Certificate certificate) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
            SSLSocket layered =
                    (SSLSocket) context.getSocketFactory().createSocket(socket, "127.0.0.1", socket.getPort(), true);
            layered.startHandshake();
            return layered.getSession().getPeerCertificates()[0].equals(certificate);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A session that is ready for queries. */
    public static WireClient login(Endpoint endpoint) {
        return login(endpoint, Map.of());
    }

    /** The same with settings in the startup message, such as {@code application_name}. */
    public static WireClient login(Endpoint endpoint, Map<String, String> options) {
        WireClient client = connect(endpoint);
        client.start(endpoint, options);
        return client;
    }

    /** Logs in on a connection that was made before; closes it when that fails. */
    public void start(Endpoint endpoint, Map<String, String> options) {
        start(0, endpoint, options);
    }

    /** The same in protocol 3.{@code minor}. */
    public void start(int minor, Endpoint endpoint, Map<String, String> options) {
        try {
            send(FrontendMessages.startup(minor, endpoint.user(), endpoint.database(), options));
            authenticate(endpoint);
            untilStarted();
        } catch (RuntimeException | AssertionError e) {
            close();
            throw e;
        }
    }

    public void send(byte[]... messages) {
        FrontendMessages.Body all = new FrontendMessages.Body();
        for (byte[] message : messages) {
            all.append(message);
        }
        try {
            socket.getOutputStream().write(all.bytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One byte, as a server answers to an SSLRequest. */
    public char readByte() {
        try {
            return (char) in.readUnsignedByte();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public BackendMessage read() {
        try {
            char type = (char) in.readUnsignedByte();
            byte[] body = new byte[in.readInt() - Integer.BYTES];
            in.readFully(body);
            return new BackendMessage(type, body);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads a message of this type, however long it is, and keeps nothing of it; returns the length of its body. */
    public int skip(char type) {
        try {
            char read = (char) in.readUnsignedByte();
            if (read != type) {
                throw new AssertionError("a message of type " + read + " instead of " + type);
            }
            int length = in.readInt() - Integer.BYTES;
            in.skipNBytes(length);
            return length;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Messages up to and including ReadyForQuery. */
    public List<BackendMessage> untilReady() {
        List<BackendMessage> messages = new ArrayList<>();
        while (true) {
            BackendMessage message = read();
            messages.add(message);
            if (message.type() == 'K') {
                backendKeyData = message.body();
            }
            if (message.type() == 'Z') {
                return messages;
            }
        }
    }

    private void untilStarted() {
        for (BackendMessage message = read(); message.type() != 'Z'; message = read()) {
            if (message.type() == 'E') {
                throw new AssertionError("the login ended with " + message);
            }
            if (message.type() == 'K') {
                backendKeyData = message.body();
            }
        }
    }

    /** Simple query: sends it and reads the whole answer. */
    public List<BackendMessage> query(String sql) {
        send(FrontendMessages.query(sql));
        return untilReady();
    }

    /** Messages until the server closes the connection. */
    public List<BackendMessage> untilClosed() {
        List<BackendMessage> messages = new ArrayList<>();
        while (true) {
            try {
                messages.add(read());
            } catch (UncheckedIOException e) {
                // A server that closes with our bytes still unread resets the connection.
                if (e.getCause() instanceof EOFException || isReset(e.getCause())) {
                    return messages;
                }
                throw e;
            }
        }
    }

    /** Says that nothing more will be sent. */
    public void shutdownOutput() {
        try {
            socket.shutdownOutput();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Throws away what comes, until the server closes the connection. */
    public void drain() {
        try {
            in.transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Process id and secret of this session, for {@link FrontendMessages#cancelRequest}. */
    public byte[] backendKeyData() {
        return backendKeyData.clone();
    }

    /** Just closes the socket; a polite client sends {@link FrontendMessages#terminate} before. */
    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isReset(IOException e) {
        return e instanceof SocketException && String.valueOf(e.getMessage()).contains("reset");
    }

    private void authenticate(Endpoint endpoint) {
        ByteBuffer request = authentication();
        if (request.getInt() == AUTHENTICATION_OK) {
            return;
        }
        request.rewind();
        if (request.getInt() != AUTHENTICATION_SASL) {
            throw new AssertionError("the server asks for another login than SCRAM");
        }
        try {
            ScramClient scram = ScramClient.builder()
                    .advertisedMechanisms(List.of("SCRAM-SHA-256"))
                    .username("*") // PostgreSQL takes the name from the startup message
                    .password(endpoint.password().toCharArray())
                    .build();
            byte[] first = scram.clientFirstMessage().toString().getBytes(UTF_8);
            send(FrontendMessages.raw(
                    'p',
                    new FrontendMessages.Body()
                            .string("SCRAM-SHA-256")
                            .int32(first.length)
                            .append(first)
                            .bytes()));
            scram.serverFirstMessage(saslText(AUTHENTICATION_SASL_CONTINUE));
            send(FrontendMessages.raw('p', scram.clientFinalMessage().toString().getBytes(UTF_8)));
            scram.serverFinalMessage(saslText(AUTHENTICATION_SASL_FINAL));
        } catch (ScramException e) {
            throw new AssertionError("login failed", e);
        }
        if (authentication().getInt() != AUTHENTICATION_OK) {
            throw new AssertionError("the server did not end SCRAM with AuthenticationOk");
        }
    }

    private String saslText(int code) {
        ByteBuffer request = authentication();
        if (request.getInt() != code) {
            throw new AssertionError("expected authentication request " + code);
        }
        return UTF_8.decode(request).toString();
    }

    private ByteBuffer authentication() {
        BackendMessage message = read();
        if (message.type() != 'R') {
            throw new AssertionError("expected an authentication request, not " + message);
        }
        return ByteBuffer.wrap(message.body());
    }
}
