package io.ostraka.jdbc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.DriverPropertyInfo;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DriverTest {
    private final Driver driver = new Driver();

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "jdbc:ostraka://db:7000/shop             | jdbc:postgresql://db:7000/shop",
                "jdbc:ostraka://db/shop                  | jdbc:postgresql://db:6432/shop",
                "jdbc:ostraka://a,b:7001,c/shop?x=1&y=,: | jdbc:postgresql://a:6432,b:7001,c:6432/shop?x=1&y=,:",
                "jdbc:ostraka://[::1]/shop               | jdbc:postgresql://[::1]:6432/shop",
                "jdbc:ostraka://[::1]:7000/shop          | jdbc:postgresql://[::1]:7000/shop",
                "jdbc:ostraka://db                       | jdbc:postgresql://db:6432/",
                "jdbc:ostraka://db?user=app              | jdbc:postgresql://db:6432/?user=app",
            })
    void aUrlBecomesThatOfThePostgresDriver(String url, String expected) throws SQLException {
        assertEquals(expected, OstrakaUrl.parse(url).toPostgresUrl());
    }

    @ParameterizedTest
    @ValueSource(strings = {"jdbc:ostraka:shop", "jdbc:ostraka:///shop", "jdbc:ostraka:/db/shop?password=secret"})
    void aMalformedUrlIsExplainedWithoutItsProperties(String url) {
        SQLException error = assertThrows(SQLException.class, () -> driver.connect(url, new Properties()));
        assertTrue(error.getMessage().startsWith("malformed URL \"jdbc:ostraka:"), error.getMessage());
        assertFalse(error.getMessage().contains("secret"), error.getMessage());
    }

    @Test
    void urlsOfOtherDriversAreLeftToThem() throws SQLException {
        for (String url : new String[] {"jdbc:postgresql://db/shop", "jdbc:h2:mem:shop", "jdbc:ostrakas://db/shop"}) {
            assertFalse(driver.acceptsURL(url));
            assertNull(driver.connect(url, new Properties()));
            assertEquals(0, driver.getPropertyInfo(url, new Properties()).length);
        }
    }

    @Test
    void theDriverManagerFindsEachDriverByItsUrl() throws SQLException {
        assertInstanceOf(Driver.class, DriverManager.getDriver("jdbc:ostraka://db/shop"));
        assertInstanceOf(org.postgresql.Driver.class, DriverManager.getDriver("jdbc:postgresql://db/shop"));
        assertInstanceOf(org.h2.Driver.class, DriverManager.getDriver("jdbc:h2:mem:shop"));
    }

    @Test
    void h2WorksBesideIt() throws SQLException {
        try (Connection connection = DriverManager.getConnection("jdbc:h2:mem:");
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT 42")) {
            assertTrue(rows.next());
            assertEquals(42, rows.getInt(1));
        }
    }

    @Test
    void propertiesAreThoseOfThePostgresDriverFilledFromTheUrl() throws SQLException {
        DriverPropertyInfo[] properties =
                driver.getPropertyInfo("jdbc:ostraka://db/shop?connectTimeout=7", new Properties());
        DriverPropertyInfo timeout = Arrays.stream(properties)
                .filter(property -> property.name.equals("connectTimeout"))
                .findFirst()
                .orElseThrow();
        assertEquals("7", timeout.value);
    }

    @Test
    void theNextHostIsTriedWhenTheFirstDoesNotAnswer() throws Exception {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        int closedPort;
        try (ServerSocket closed = new ServerSocket(0, 1, loopback)) {
            closedPort = closed.getLocalPort();
        }
        try (ServerSocket server = new ServerSocket(0, 1, loopback)) {
            CompletableFuture<Void> refusal = CompletableFuture.runAsync(() -> refuseOne(server));
            SQLException error = assertThrows(
                    SQLException.class,
                    () -> DriverManager.getConnection(
                            "jdbc:ostraka://127.0.0.1:" + closedPort + ",127.0.0.1:" + server.getLocalPort()
                                    + "/shop?sslmode=disable&gssEncMode=disable",
                            "app",
                            "secret"));
            refusal.join();
            assertEquals("57P03", error.getSQLState());
            assertTrue(error.getMessage().contains("this is the second host"), error.getMessage());
        }
    }

    /** A server that reads a StartupMessage and answers with an ErrorResponse. */
    private static void refuseOne(ServerSocket server) {
        try (Socket socket = server.accept()) {
            DataInputStream in = new DataInputStream(socket.getInputStream());
            in.skipNBytes(in.readInt() - Integer.BYTES);
            byte[] fields = "SFATAL\0VFATAL\0C57P03\0Mthis is the second host\0\0".getBytes(StandardCharsets.US_ASCII);
            socket.getOutputStream().write(new byte[] {'E', 0, 0, 0, (byte) (fields.length + Integer.BYTES)});
            socket.getOutputStream().write(fields);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
