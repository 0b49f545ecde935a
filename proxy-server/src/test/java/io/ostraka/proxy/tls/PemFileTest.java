package io.ostraka.proxy.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PemFileTest {
    @TempDir
    Path directory;

    private record Pair(X509Certificate certificate, PrivateKey key) {}

    /** Made by the JDK's own tool, since Java has no API for certificates. */
    private Pair pair(String algorithm, String alias) throws IOException, GeneralSecurityException {
        Path store = directory.resolve(alias + ".p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-keyalg",
                        algorithm,
                        "-alias",
                        alias,
                        "-dname",
                        "CN=" + alias,
                        "-keystore",
                        store.toString(),
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        "password")
                .redirectErrorStream(true)
                .start();
        String said = new String(keytool.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertTrue(Files.exists(store), said);
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, "password".toCharArray());
        }
        return new Pair((X509Certificate) keys.getCertificate(alias), (PrivateKey)
                keys.getKey(alias, "password".toCharArray()));
    }

    private PemFile file(String label, byte[] der) throws IOException {
        return text("some words before\n-----BEGIN " + label + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der) + "\n-----END " + label
                + "-----\n");
    }

    private PemFile text(String text) throws IOException {
        return new PemFile(Files.writeString(directory.resolve("tested.pem"), text));
    }

    /** What stands in the last field of PKCS #8: the key in the older form. */
    private static byte[] olderForm(PrivateKey key) {
        ByteBuffer der = ByteBuffer.wrap(key.getEncoded());
        enter(der);
        der.position(der.position() + 3);
        int algorithm = enter(der);
        der.position(der.position() + algorithm);
        int length = enter(der);
        return Arrays.copyOfRange(der.array(), der.position(), der.position() + length);
    }

    private static int enter(ByteBuffer der) {
        der.get();
        int first = der.get() & 0xFF;
        return first < 0x80 ? first : first == 0x81 ? der.get() & 0xFF : der.getShort() & 0xFFFF;
    }

    @ParameterizedTest
    @CsvSource({
        "RSA, RSA PRIVATE KEY",
        "EC, EC PRIVATE KEY",
        "Ed25519, PRIVATE KEY",
        "RSA, PRIVATE KEY",
        "EC, PRIVATE KEY"
    })
    void keysAreReadInTheirOlderFormsToo(String algorithm, String label) throws Exception {
        Pair pair = pair(algorithm, "it");
        byte[] der = label.equals("PRIVATE KEY") ? pair.key().getEncoded() : olderForm(pair.key());
        PrivateKey read = file(label, der).keyOf(pair.certificate());
        assertEquals(pair.key(), read);
    }

    @Test
    void certificatesAreReadInTheirOrder() throws Exception {
        X509Certificate first = pair("EC", "first").certificate();
        X509Certificate second = pair("EC", "second").certificate();
        PemFile both = text(pem(first) + "\n" + pem(second));
        assertEquals(Arrays.asList(first, second), Arrays.asList(both.certificates()));
    }

    private static String pem(X509Certificate certificate) throws GeneralSecurityException {
        return "-----BEGIN CERTIFICATE-----\n" + Base64.getMimeEncoder().encodeToString(certificate.getEncoded())
                + "\n-----END CERTIFICATE-----\n";
    }

    @Test
    void filesThatAreOfNoUseAreErrorsOfTheConfiguration() throws Exception {
        Pair pair = pair("EC", "it");
        Pair other = pair("EC", "other");
        Pair rsa = pair("RSA", "rsa");
        byte[] key = pair.key().getEncoded();
        assertEquals(
                "It is not the key of the certificate.",
                refusal(() -> file("PRIVATE KEY", key).keyOf(other.certificate()))
                        .detail());
        refusal(() -> file("PRIVATE KEY", key).keyOf(rsa.certificate()));
        refusal(() -> file("PRIVATE KEY", Arrays.copyOf(key, 20)).keyOf(pair.certificate()));
        refusal(() -> text("").keyOf(pair.certificate()));
        refusal(() -> text("").certificates());
        refusal(() -> text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
                .certificates());
        refusal(() -> new PemFile(directory.resolve("missing")).certificates());
        assertTrue(refusal(() -> file("ENCRYPTED PRIVATE KEY", key).keyOf(pair.certificate()))
                .detail()
                .contains("encrypted"));
    }

    private static PgError refusal(org.junit.jupiter.api.function.Executable executable) {
        PgError error = assertThrows(PgErrorException.class, executable).error();
        assertEquals(SqlState.CONFIG_FILE_ERROR, error.state());
        return error;
    }
}
