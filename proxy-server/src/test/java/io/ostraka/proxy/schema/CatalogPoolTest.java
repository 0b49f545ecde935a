package io.ostraka.proxy.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.rules.config.HostPort;
import io.ostraka.rules.config.ShardConfig;
import io.ostraka.rules.config.ShardName;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The pool's life, on any database behind JDBC: H2 here. */
@Timeout(value = 1, unit = TimeUnit.MINUTES)
class CatalogPoolTest {
    private static final ShardName SHARD = new ShardName("s0");

    private final String url = "jdbc:h2:mem:" + UUID.randomUUID();

    /** Sessions of the database besides the one that asks. */
    private int connectionsTo(String database) throws SQLException {
        try (Connection connection = DriverManager.getConnection(database);
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT count(*) FROM information_schema.sessions")) {
            row.next();
            return row.getInt(1) - 1;
        }
    }

    @Test
    void nothingIsConnectedBeforeTheFirstUse() throws SQLException {
        try (CatalogPool pool = new CatalogPool(SHARD, url, new Properties())) {
            assertEquals(0, connectionsTo(url));
            try (Connection connection = pool.connection()) {
                assertTrue(connection.isValid(1));
                assertEquals(1, connectionsTo(url));
            }
        }
    }

    @Test
    void aReturnedConnectionIsUsedAgainAndTheThirdHasToWait() throws SQLException {
        try (CatalogPool pool = new CatalogPool(SHARD, url, new Properties())) {
            pool.connection().close();
            assertEquals(0, connectionsTo(url), "the first is not kept");
            pool.connection().close();
            assertEquals(1, connectionsTo(url));
            try (Connection first = pool.connection();
                    Connection second = pool.connection()) {
                assertEquals(2, connectionsTo(url));
                assertThrows(SQLException.class, pool::connection, "the pool holds two");
                assertTrue(first.isValid(1) && second.isValid(1));
            }
            assertEquals(2, connectionsTo(url));
        }
    }

    @Test
    void closingThePoolClosesItsConnections() throws SQLException {
        try (Connection keeper = DriverManager.getConnection(url)) {
            CatalogPool pool = new CatalogPool(SHARD, url, new Properties());
            pool.connection().close();
            pool.connection().close();
            assertEquals(2, connectionsTo(url));
            pool.close();
            assertEquals(1, connectionsTo(url));
            assertFalse(keeper.isClosed());
            assertThrows(SQLException.class, pool::connection);
        }
    }

    @Test
    void aDeadServerIsAnErrorInItsOwnWordsAndTheNextUseTriesAgain() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        ShardConfig shard = new ShardConfig(
                SHARD,
                new HostPort("127.0.0.1", port),
                "shop",
                List.of(),
                ShardConfig.TlsMode.DISABLE,
                OptionalInt.empty(),
                Optional.empty());
        try (CatalogPool pool = new CatalogPool(shard, new ShardLogin("ostraka", "secret"))) {
            for (int attempt = 0; attempt < 100; attempt++) {
                SQLException failure = assertThrows(SQLException.class, pool::connection);
                String message = SchemaService.messageOf(failure);
                assertTrue(message.startsWith("Connection to 127.0.0.1:" + port + " refused"), message);
            }
        }
    }
}
