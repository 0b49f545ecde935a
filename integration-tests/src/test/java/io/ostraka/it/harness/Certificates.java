package io.ostraka.it.harness;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * An authority of a test's own, and certificates signed by it, as PEM files in one directory: {@code NAME.crt}, {@code NAME.key};
 * the authority's is {@code ca.crt}. Made by the JDK's keytool, which needs a second for each.
 */
public final class Certificates {
    private static final String PASSWORD = "password";

    private final Path directory;
    private final String keyAlgorithm;
    private final String signature;

    /** With an authority of the name {@code ca}. */
    public Certificates(Path directory) {
        this(directory, "EC", "SHA256withECDSA");
    }

    /** The same, whose authority has this kind of key, and signs with this algorithm. */
    public Certificates(Path directory, String keyAlgorithm, String signature) {
        this.directory = directory;
        this.keyAlgorithm = keyAlgorithm;
        this.signature = signature;
        keytool("ca", "-genkeypair", "-keyalg", keyAlgorithm, "-sigalg", signature, "-dname", "CN=CA", "-ext", "bc:c");
        writeCertificate("ca");
    }

    /** A certificate with a key like the authority's, and signed by it. {@code extension}: such as {@code san=ip:127.0.0.1}. */
    public void sign(String name, String extension) {
        keytool(
                name,
                "-genkeypair",
                "-keyalg",
                keyAlgorithm,
                "-sigalg",
                signature,
                "-dname",
                "CN=" + name,
                "-ext",
                extension,
                "-signer",
                "ca",
                "-signerkeypass",
                PASSWORD);
        writeCertificate(name);
    }

    public Path certificate(String name) {
        return directory.resolve(name + ".crt");
    }

    public Path key(String name) {
        return directory.resolve(name + ".key");
    }

    private Path store() {
        return directory.resolve("store.p12");
    }

    public X509Certificate read(String name) throws GeneralSecurityException, IOException {
        return (X509Certificate) load().getCertificate(name);
    }

    /** Trusts the authority, and shows no certificate. */
    public SSLContext client() {
        return client(Optional.empty());
    }

    /** Trusts the authority, and shows this certificate. */
    public SSLContext client(String name) {
        return client(Optional.of(name));
    }

    private SSLContext client(Optional<String> name) {
        try {
            KeyStore trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            trusted.setCertificateEntry("ca", read("ca"));
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            KeyStore own = KeyStore.getInstance("PKCS12");
            own.load(null, null);
            if (name.isPresent()) {
                Key key = load().getKey(name.get(), PASSWORD.toCharArray());
                own.setKeyEntry(
                        name.get(), key, PASSWORD.toCharArray(), new Certificate[] {read(name.get()), read("ca")});
            }
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(own, PASSWORD.toCharArray());
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private KeyStore load() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store())) {
            store.load(in, PASSWORD.toCharArray());
        }
        return store;
    }

    private void writeCertificate(String name) {
        try {
            KeyStore store = load();
            Key key = store.getKey(name, PASSWORD.toCharArray());
            Files.writeString(
                    certificate(name),
                    pem("CERTIFICATE", store.getCertificate(name).getEncoded()));
            Files.writeString(key(name), pem("PRIVATE KEY", key.getEncoded()));
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    public static String pem(String label, byte[] der) {
        return "-----BEGIN " + label + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
                + "\n-----END " + label + "-----\n";
    }

    private void keytool(String alias, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-storetype",
                "PKCS12",
                "-keystore",
                store().toString(),
                "-storepass",
                PASSWORD,
                "-keypass",
                PASSWORD,
                "-alias",
                alias,
                "-validity",
                "2"));
        // The command itself comes first.
        command.addAll(1, List.of(arguments));
        try {
            Path output = directory.resolve("keytool.log");
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            if (!process.waitFor(2, TimeUnit.MINUTES) || process.exitValue() != 0) {
                throw new IllegalStateException("keytool failed: " + Files.readString(output));
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
