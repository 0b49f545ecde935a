package io.ostraka.proxy.auth;

import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.security.spec.PSSParameterSpec;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What ties a SCRAM login to the TLS connection it runs over: {@code tls-server-end-point}, the hash of the server's
 * certificate. Somebody in the middle has another certificate, so that what is said to one end is of no use at the other.
 *
 * <p>Immutable. Source: RFC 5929 section 4; PostgreSQL, {@code be_tls_get_certificate_hash}.
 */
public final class ChannelBinding {
    /** The only type PostgreSQL has. */
    static final String TYPE = "tls-server-end-point";

    private static final Pattern DIGEST_WITH_KEY = Pattern.compile("(.+)WITH.+");

    private final byte[] data;

    /** Takes ownership of {@code data}. */
    ChannelBinding(byte[] data) {
        this.data = data;
    }

    /** Empty where the certificate's signature names no hash function (Ed25519): the type is not defined then. */
    public static Optional<ChannelBinding> of(X509Certificate certificate) {
        return digestOf(certificate).map(digest -> {
            try {
                return new ChannelBinding(MessageDigest.getInstance(digest).digest(certificate.getEncoded()));
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("no hash " + digest + " of a certificate", e);
            }
        });
    }

    /** The hash function of the certificate's signature, and SHA-256 in place of those that are broken. */
    private static Optional<String> digestOf(X509Certificate certificate) {
        String signature = certificate.getSigAlgName().toUpperCase(Locale.ROOT);
        Matcher matcher = DIGEST_WITH_KEY.matcher(signature);
        Optional<String> named = signature.equals("RSASSA-PSS")
                ? pssDigest(certificate)
                : matcher.matches() ? Optional.of(matcher.group(1)) : Optional.empty();
        return named.flatMap(digest -> switch (digest.replace("-", "")) {
            case "MD5", "SHA1", "SHA256" -> Optional.of("SHA-256");
            case "SHA224" -> Optional.of("SHA-224");
            case "SHA384" -> Optional.of("SHA-384");
            case "SHA512" -> Optional.of("SHA-512");
            default -> Optional.empty();
        });
    }

    private static Optional<String> pssDigest(X509Certificate certificate) {
        try {
            AlgorithmParameters parameters = AlgorithmParameters.getInstance("RSASSA-PSS");
            parameters.init(certificate.getSigAlgParams());
            return Optional.of(parameters
                    .getParameterSpec(PSSParameterSpec.class)
                    .getDigestAlgorithm()
                    .toUpperCase(Locale.ROOT));
        } catch (GeneralSecurityException | java.io.IOException unreadable) {
            return Optional.empty();
        }
    }

    byte[] data() {
        return data.clone();
    }
}
