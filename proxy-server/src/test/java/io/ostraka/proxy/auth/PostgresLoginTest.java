package io.ostraka.proxy.auth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.proxy.auth.BackendLogin.Step;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** {@link BackendLogin} and the verifiers against a real server. */
class PostgresLoginTest {
    private static EmbeddedPostgres postgres;

    @BeforeAll
    static void start() throws IOException, SQLException {
        postgres = EmbeddedPostgres.builder().start();
        execute(
                "CREATE ROLE scram LOGIN PASSWORD 'größe 1'",
                "SET password_encryption = 'md5'; CREATE ROLE md5 LOGIN PASSWORD 'größe 1'",
                "CREATE ROLE clear LOGIN PASSWORD 'größe 1'",
                "CREATE ROLE trusted LOGIN");
        try (Connection connection = postgres.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement();
                ResultSet file = statement.executeQuery("SHOW hba_file")) {
            file.next();
            Files.write(
                    Path.of(file.getString(1)),
                    List.of(
                            "host all scram all scram-sha-256",
                            "host all md5 all md5",
                            "host all clear all password",
                            "host all trusted,postgres all trust"));
        }
        execute("SELECT pg_reload_conf()");
    }

    @AfterAll
    static void stop() throws IOException {
        postgres.close();
    }

    private static void execute(String... statements) throws SQLException {
        try (Connection connection = postgres.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    static List<String> passwords() {
        return List.of(
                "pencil",
                " p, =\\\"",
                "bell \u0007",
                "größe",
                "пароль",
                "soft\u00ADhyphen",
                "\u00AD",
                "no\u00A0break",
                "\u2003",
                "\u00AA\u2168\uFB01",
                "e\u0301",
                "\u00E9 and bell \u0007",
                "\u06271",
                "\u0627\u0628",
                "\u0221",
                "\u1E9B\u0323",
                "\uFDFA",
                "\uFFFD",
                "\uD835\uDD18",
                "\uD83D\uDE00",
                "\u200B",
                "x\u200By",
                "x\u200B\uD83D\uDE00",
                "\u3000x");
    }

    @ParameterizedTest
    @MethodSource("passwords")
    void passwordsArePreparedAsPostgresqlPreparesThem(String password) throws SQLException {
        try (Connection connection = postgres.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            String literal = statement.enquoteLiteral(password);
            statement.execute("DROP ROLE IF EXISTS prepared; CREATE ROLE prepared PASSWORD " + literal);
            try (ResultSet row =
                    statement.executeQuery("SELECT rolpassword FROM pg_catalog.pg_authid WHERE rolname = 'prepared'")) {
                assertTrue(row.next());
                ScramVerifier stored = ScramVerifier.parse("prepared", row.getString(1));
                ScramKeys ours = ScramKeys.derive(password, stored.salt(), stored.iterations());
                assertArrayEquals(stored.storedKey(), ours.storedKey());
                assertArrayEquals(stored.serverSignature("m"), ours.serverSignature("m"));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"scram", "md5", "trusted"})
    void thePasswordOpensTheShard(String user) throws IOException {
        assertEquals("in", logIn(new ShardLogin(user, new ShardSecret.Password("größe 1")), false));
    }

    @ParameterizedTest
    @CsvSource({"scram, 28P01", "md5, 28P01", "trusted, in"})
    void aWrongPasswordDoesNot(String user, String outcome) throws IOException {
        assertEquals(outcome, logIn(new ShardLogin(user, new ShardSecret.Password("wrong")), false));
    }

    @Test
    void theServersWishForClearTextIsGrantedOnlyWhereTheLinkIsSaidToBeEncrypted() throws IOException {
        ShardLogin login = new ShardLogin("clear", new ShardSecret.Password("größe 1"));
        assertEquals("in", logIn(login, true));
        PgErrorException refused = assertThrows(PgErrorException.class, () -> logIn(login, false));
        assertEquals(SqlState.CONNECTION_FAILURE, refused.error().state());
    }

    @Test
    void theKeysOfAClientOpenAShardThatStoresTheSameVerifier() throws IOException, SQLException {
        byte[] salt = "0123456789abcdef".getBytes(UTF_8);
        ScramKeys keys = ScramKeys.derive("secret", salt, 4096);
        Base64.Encoder base64 = Base64.getEncoder();
        String verifier = "SCRAM-SHA-256$4096:" + base64.encodeToString(salt) + "$"
                + base64.encodeToString(keys.storedKey()) + ":" + base64.encodeToString(keys.serverKey());
        execute("ALTER ROLE scram PASSWORD '" + verifier + "'");
        try {
            assertEquals("in", logIn(new ShardLogin("scram", new ShardSecret.Proven(keys)), false));
        } finally {
            execute("ALTER ROLE scram PASSWORD 'größe 1'");
        }
    }

    /** Opens a connection as {@code login}; returns "in", or the SQLSTATE of the server's ErrorResponse. */
    private static String logIn(ShardLogin login, boolean encrypted) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), postgres.getPort())) {
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            DataInputStream in = new DataInputStream(socket.getInputStream());
            byte[] parameters = ("user\0" + login.user() + "\0database\0postgres\0\0").getBytes(UTF_8);
            out.writeInt(8 + parameters.length);
            out.writeInt(3 << 16);
            out.write(parameters);
            Answers answers = new Answers(
                    new BackendLogin(
                            new ShardName("s0"),
                            login,
                            encrypted ? new LinkSecurity.Tls(Optional.empty(), true) : new LinkSecurity.Plaintext(),
                            new ScramKeyCache(),
                            new SecureRandom()),
                    out);
            while (!answers.done) {
                int tag = in.read();
                byte[] body = in.readNBytes(in.readInt() - 4);
                if (tag == 'E') {
                    String fields = new String(body, UTF_8);
                    int state = fields.indexOf("\0C") + 2;
                    return fields.substring(state, state + 5);
                }
                assertEquals('R', tag);
                answers.login.onAuthentication(ByteBuffer.wrap(body)).handleWith(answers);
            }
            out.write(new byte[] {'X', 0, 0, 0, 4});
            return "in";
        }
    }

    /** Does what each step asks for, at once and on this thread. */
    private static final class Answers implements Step.Handler {
        private final BackendLogin login;
        private final DataOutputStream out;
        private boolean done;

        Answers(BackendLogin login, DataOutputStream out) {
            this.login = login;
            this.out = out;
        }

        @Override
        public void onSend(ByteBuffer body) {
            ByteArrayOutputStream message = new ByteArrayOutputStream();
            message.write('p');
            message.writeBytes(
                    ByteBuffer.allocate(4).putInt(4 + body.remaining()).array());
            message.writeBytes(Scram.bytes(body));
            try {
                out.write(message.toByteArray());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void onDerive(Supplier<ScramKeys> job) {
            login.resume(job.get()).handleWith(this);
        }

        @Override
        public void onAwait() {
            // The loop reads on.
        }

        @Override
        public void onDone() {
            done = true;
        }
    }
}
