package io.ostraka.proxy.tls;

import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A file of certificates, or of a private key, in PEM: {@code -----BEGIN label-----}, Base64, {@code -----END label-----}.
 * Keys may be as every version of OpenSSL writes them: PKCS #8, PKCS #1 for RSA, SEC 1 for elliptic curves. What is wrong
 * with a file is an error of the configuration. Blocking. Source: RFC 7468, RFC 5958, RFC 8017, RFC 5915.
 */
final class PemFile {
    private static final Pattern KEY =
            Pattern.compile("-----BEGIN ((?:[A-Z0-9]+ )*PRIVATE KEY)-----([^-]*)-----END \\1-----");

    /** DER: tags, and the Integer 0 that PKCS #8 begins with. */
    private static final byte SEQUENCE = 0x30;

    private static final byte OCTET_STRING = 0x04;
    private static final byte[] VERSION_0 = {2, 1, 0};

    private final Path path;

    PemFile(Path path) {
        this.path = path;
    }

    /** All certificates of the file in their order; at least one. */
    X509Certificate[] certificates() {
        try {
            X509Certificate[] found = CertificateFactory.getInstance("X.509")
                    .generateCertificates(new ByteArrayInputStream(Files.readAllBytes(path)))
                    .stream()
                    .map(X509Certificate.class::cast)
                    .toArray(X509Certificate[]::new);
            if (found.length == 0) {
                throw unusable("There is no certificate in it.");
            }
            return found;
        } catch (IOException | GeneralSecurityException e) {
            throw unusable(e.toString());
        }
    }

    /** The private key of {@code certificate}. */
    PrivateKey keyOf(Certificate certificate) {
        String text;
        try {
            // Text around the key may be anything.
            text = Files.readString(path, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw unusable(e.toString());
        }
        Matcher matcher = KEY.matcher(text);
        if (!matcher.find()) {
            throw unusable("There is no private key in it.");
        }
        String label = matcher.group(1);
        if (label.startsWith("ENCRYPTED") || matcher.group(2).contains("ENCRYPTED")) {
            throw unusable("It is encrypted, and nobody would be there to type the passphrase at a restart.");
        }
        try {
            byte[] der = Base64.getMimeDecoder().decode(matcher.group(2));
            byte[] pkcs8 = label.equals("PRIVATE KEY") ? der : wrapped(der, certificate);
            PrivateKey key = KeyFactory.getInstance(certificate.getPublicKey().getAlgorithm())
                    .generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
            requirePair(key, certificate);
            return key;
        } catch (IllegalArgumentException | GeneralSecurityException e) {
            throw unusable("It holds no key of the kind its certificate has: " + e.getMessage());
        }
    }

    /** PKCS #8 of an older form: its algorithm is that of the public key, which begins with it. */
    private static byte[] wrapped(byte[] key, Certificate certificate) {
        ByteBuffer publicKey = ByteBuffer.wrap(certificate.getPublicKey().getEncoded());
        enter(publicKey);
        int start = publicKey.position();
        int length = enter(publicKey);
        byte[] algorithm = Arrays.copyOfRange(publicKey.array(), start, publicKey.position() + length);
        return der(SEQUENCE, VERSION_0, algorithm, der(OCTET_STRING, key));
    }

    /** Steps over a tag and its length, which is returned. */
    private static int enter(ByteBuffer der) {
        der.get();
        int length = der.get() & 0xFF;
        if (length < 0x80) {
            return length;
        }
        int value = 0;
        for (int i = length & 0x7F; i > 0; i--) {
            value = (value << 8) | (der.get() & 0xFF);
        }
        return value;
    }

    private static byte[] der(byte tag, byte[]... parts) {
        int length = Arrays.stream(parts).mapToInt(part -> part.length).sum();
        ByteBuffer out = ByteBuffer.allocate(4 + length).put(tag);
        // The shortest form of a length is the only one allowed; no key of use has 64 KB.
        if (length < 0x80) {
            out.put((byte) length);
        } else if (length < 0x100) {
            out.put((byte) 0x81).put((byte) length);
        } else {
            out.put((byte) 0x82).putShort((short) length);
        }
        for (byte[] part : parts) {
            out.put(part);
        }
        return Arrays.copyOf(out.array(), out.position());
    }

    private void requirePair(PrivateKey key, Certificate certificate) throws GeneralSecurityException {
        Optional<String> algorithm =
                switch (key.getAlgorithm()) {
                    case "RSA" -> Optional.of("SHA256withRSA");
                    case "EC" -> Optional.of("SHA256withECDSA");
                    default -> Optional.empty();
                };
        if (algorithm.isEmpty()) {
            return;
        }
        byte[] challenge = "challenge".getBytes(StandardCharsets.US_ASCII);
        java.security.Signature signature = java.security.Signature.getInstance(algorithm.get());
        signature.initSign(key);
        signature.update(challenge);
        byte[] signed = signature.sign();
        signature.initVerify(certificate.getPublicKey());
        signature.update(challenge);
        if (!signature.verify(signed)) {
            throw unusable("It is not the key of the certificate.");
        }
    }

    private RuntimeException unusable(String detail) {
        return new PgError(
                        SqlState.CONFIG_FILE_ERROR,
                        "file \"" + path.getFileName() + "\" cannot be used for TLS",
                        detail,
                        "Certificates and keys are PEM files; keys are not encrypted.")
                .toException();
    }
}
