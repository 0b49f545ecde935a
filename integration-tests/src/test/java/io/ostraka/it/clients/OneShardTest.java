package io.ostraka.it.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ostraka.it.harness.Endpoint;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
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
            try (OneShard.Proxied proxied = shard.proxied(mode, LATER)) {
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
            }
        }
    }
}
