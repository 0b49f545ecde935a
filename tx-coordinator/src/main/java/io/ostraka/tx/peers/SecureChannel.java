package io.ostraka.tx.peers;

import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.spec.X509EncodedKeySpec;
import javax.crypto.Cipher;
import javax.crypto.KeyAgreement;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * A connection between two nodes that both know the secret. After the handshake every frame is encrypted and cannot be
 * changed, left out, repeated or turned around without the reader noticing.
 * <pre>
 * caller                                     listener
 *   greeting, X25519 key  ------------------>
 *                         <------------------  greeting, X25519 key
 *   proof                 ------------------>             proof = HMAC(k, "caller" | both greetings and keys)
 *                         <------------------  proof
 *   frames                <----------------->  length, AES-256-GCM under a key for each direction, numbered
 * </pre>
 * {@code k} and the frames' keys are HMACs, under the secret, of what X25519 agreed on and of both greetings and keys: who only
 * listens learns nothing, later neither, even if the secret leaks; who does not know the secret cannot make the proof. The
 * caller proves first, so a stranger who connects gets nothing that depends on the secret.
 *
 * <p>Why not TLS: pre-shared keys are not in the JDK's, and certificates for each node are more to set up than the addresses
 * they protect. Why not Ratis's Netty transport: it has neither.
 *
 * <p>Blocking. One thread reads, one writes; not the same direction from two.
 */
final class SecureChannel implements AutoCloseable {
    private static final byte[] GREETING = "OSTRAKA\1".getBytes(StandardCharsets.ISO_8859_1);
    private static final int PROOF_BYTES = 32;
    /** An X25519 public key as X.509 has it. */
    private static final int KEY_BYTES = 44;

    private static final int TAG_BITS = 128;
    /** A snapshot's chunk is 16 MB at most, a batch of entries 4 MB. */
    static final int MAX_FRAME_BYTES = 64 << 20;

    private final Socket socket;
    private final DataInputStream in;
    private final DataOutputStream out;
    private final Direction reading;
    private final Direction writing;

    /** Numbers its frames, so that none can be taken for another. */
    private static final class Direction {
        private final int mode;
        private final SecretKeySpec key;
        private final Cipher cipher;
        private long frames;

        Direction(int mode, byte[] key) throws GeneralSecurityException {
            this.mode = mode;
            this.key = new SecretKeySpec(key, "AES");
            this.cipher = Cipher.getInstance("AES/GCM/NoPadding");
        }

        byte[] next(byte[] frame) throws GeneralSecurityException {
            byte[] nonce = ByteBuffer.allocate(12).putInt(0).putLong(frames++).array();
            cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
            return cipher.doFinal(frame);
        }
    }

    private SecureChannel(
            Socket socket, DataInputStream in, DataOutputStream out, Direction reading, Direction writing) {
        this.socket = socket;
        this.in = in;
        this.out = out;
        this.reading = reading;
        this.writing = writing;
    }

    /** The caller's side of the handshake. The socket stays the caller's when it fails. */
    static SecureChannel call(Socket socket, PeerSecret secret) throws IOException {
        return open(socket, secret, true);
    }

    /** The listener's side. */
    static SecureChannel answer(Socket socket, PeerSecret secret) throws IOException {
        return open(socket, secret, false);
    }

    private static SecureChannel open(Socket socket, PeerSecret secret, boolean calling) throws IOException {
        socket.setTcpNoDelay(true);
        DataInputStream in = new DataInputStream(socket.getInputStream());
        DataOutputStream out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream(), 1 << 16));
        try {
            KeyPair own = KeyPairGenerator.getInstance("X25519").generateKeyPair();
            byte[] ownKey = own.getPublic().getEncoded();
            if (calling) {
                greet(out, ownKey);
            }
            byte[] theirKey = greeted(in);
            if (!calling) {
                greet(out, ownKey);
            }
            byte[] agreed = agree(own, theirKey);
            byte[] callersKey = calling ? ownKey : theirKey;
            byte[] listenersKey = calling ? theirKey : ownKey;
            SecretKeySpec root = PeerSecret.key(secret.hash(agreed, GREETING, callersKey, listenersKey));
            byte[] callersProof = derive(root, "caller's proof");
            byte[] listenersProof = derive(root, "listener's proof");
            if (calling) {
                out.write(callersProof);
                out.flush();
                check(in, listenersProof);
            } else {
                check(in, callersProof);
                out.write(listenersProof);
                out.flush();
            }
            byte[] fromCaller = derive(root, "caller's frames");
            byte[] fromListener = derive(root, "listener's frames");
            return new SecureChannel(
                    socket,
                    in,
                    out,
                    new Direction(Cipher.DECRYPT_MODE, calling ? fromListener : fromCaller),
                    new Direction(Cipher.ENCRYPT_MODE, calling ? fromCaller : fromListener));
        } catch (GeneralSecurityException e) {
            throw new IOException("the peer's key cannot be used", e);
        }
    }

    private static void greet(DataOutputStream out, byte[] key) throws IOException {
        out.write(GREETING);
        out.write(key);
        out.flush();
    }

    private static byte[] greeted(DataInputStream in) throws IOException {
        byte[] greeting = new byte[GREETING.length];
        in.readFully(greeting);
        if (!MessageDigest.isEqual(greeting, GREETING)) {
            throw new IOException("that is no peer of this version");
        }
        byte[] key = new byte[KEY_BYTES];
        in.readFully(key);
        return key;
    }

    private static byte[] agree(KeyPair own, byte[] theirs) throws GeneralSecurityException {
        KeyAgreement agreement = KeyAgreement.getInstance("X25519");
        agreement.init(own.getPrivate());
        agreement.doPhase(KeyFactory.getInstance("X25519").generatePublic(new X509EncodedKeySpec(theirs)), true);
        return agreement.generateSecret();
    }

    private static byte[] derive(SecretKeySpec root, String purpose) {
        return PeerSecret.hash(root, purpose.getBytes(StandardCharsets.US_ASCII));
    }

    private static void check(DataInputStream in, byte[] expected) throws IOException {
        byte[] proof = new byte[PROOF_BYTES];
        try {
            in.readFully(proof);
        } catch (IOException e) {
            throw new NotAPeerException("the peer ended the handshake: its peer_secret may be another one", e);
        }
        if (!MessageDigest.isEqual(proof, expected)) {
            throw new NotAPeerException("the peer does not know the peer_secret");
        }
    }

    void write(byte[] frame) throws IOException {
        try {
            byte[] encrypted = writing.next(frame);
            out.writeInt(encrypted.length);
            out.write(encrypted);
            out.flush();
        } catch (GeneralSecurityException e) {
            throw new IOException("a frame could not be encrypted", e);
        }
    }

    byte[] read() throws IOException {
        int length = in.readInt();
        if (length < TAG_BITS / 8 || length > MAX_FRAME_BYTES) {
            throw new IOException("a frame of " + length + " bytes");
        }
        byte[] encrypted = in.readNBytes(length);
        try {
            return reading.next(encrypted);
        } catch (GeneralSecurityException e) {
            throw new IOException("a frame was changed on its way, or cut off", e);
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
