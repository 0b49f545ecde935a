package io.ostraka.it.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ostraka.it.harness.Endpoint;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What clients rely on that have the proxy for a server, and make their own roles and databases. */
class OneShardTest {
    private static final String LATER = "later";

    @ParameterizedTest
    @ValueSource(strings = {"transaction", "session"})
    void aDatabaseOfTheFileServesAsSoonAsItIsCreated(String mode) throws IOException, SQLException {
        try (OneShard shard = OneShard.start(List.of())) {
            shard.renew();
            try (OneShard.Proxied proxied =
                    shard.proxied(mode, Map.of(LATER, shard.direct().port()))) {
                Endpoint endpoint = proxied.endpoint();
                String url = "jdbc:postgresql://127.0.0.1:" + endpoint.port() + "/";
                try (Connection superuser =
                                DriverManager.getConnection(url + "test", "postgres", shard.superuserPassword());
                        Statement statement = superuser.createStatement()) {
                    statement.execute("CREATE ROLE visitor LOGIN PASSWORD 'secret'");
                    statement.execute("CREATE DATABASE " + LATER);
                }
                try (Connection visitor = DriverManager.getConnection(url + LATER, "visitor", "secret");
                        Statement statement = visitor.createStatement();
                        ResultSet row = statement.executeQuery("SELECT current_database(), current_user")) {
                    row.next();
                    assertEquals(LATER + " visitor", row.getString(1) + " " + row.getString(2));
                }
                try (Connection superuser =
                                DriverManager.getConnection(url + "test", "postgres", shard.superuserPassword());
                        Statement statement = superuser.createStatement()) {
                    statement.execute("DROP DATABASE " + LATER);
                }
            }
        }
    }

    @Test
    void whoWritesToThePasswordsThemselvesChangesRoles() throws IOException, SQLException {
        try (OneShard shard = OneShard.start(List.of())) {
            shard.renew();
            try (OneShard.Proxied proxied = shard.proxied("transaction", Map.of())) {
                String url = "jdbc:postgresql://127.0.0.1:" + proxied.endpoint().port() + "/test";
                try (Connection superuser = DriverManager.getConnection(url, "postgres", shard.superuserPassword());
                        Statement statement = superuser.createStatement()) {
                    statement.execute("CREATE ROLE visitor LOGIN PASSWORD 'secret'");
                    statement.execute("CREATE ROLE guest LOGIN PASSWORD 'other'");
                    for (String from : List.of("guest", "postgres", "guest")) {
                        statement.execute("UPDATE pg_catalog.pg_authid v SET rolpassword = g.rolpassword"
                                + " FROM pg_catalog.pg_authid g WHERE v.rolname = 'visitor' AND g.rolname = '" + from
                                + "'");
                        String password = from.equals("guest") ? "other" : shard.superuserPassword();
                        DriverManager.getConnection(url, "visitor", password).close();
                    }
                }
            }
        }
    }

    /** Waiting for the other database at each change would take more than the minute. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @Timeout(value = 1, unit = TimeUnit.MINUTES)
    void aDatabaseThatCannotBeReadHoldsUpNoChangeOfRoles(boolean answers) throws IOException, SQLException {
        try (OneShard shard = OneShard.start(List.of());
                ServerSocket silent = new ServerSocket(0, 100, InetAddress.getLoopbackAddress())) {
            shard.renew();
            int port = answers ? shard.direct().port() : silent.getLocalPort();
            try (OneShard.Proxied proxied = shard.proxied("transaction", Map.of(LATER, port))) {
                String url = "jdbc:postgresql://127.0.0.1:" + proxied.endpoint().port() + "/test";
                try (Connection superuser = DriverManager.getConnection(url, "postgres", shard.superuserPassword());
                        Statement statement = superuser.createStatement()) {
                    statement.execute("CREATE ROLE visitor LOGIN");
                    for (int i = 0; i < 60; i++) {
                        statement.execute("ALTER ROLE visitor PASSWORD 'secret" + i + "'");
                        DriverManager.getConnection(url, "visitor", "secret" + i)
                                .close();
                    }
                }
            }
        }
    }
}
