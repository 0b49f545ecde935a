package io.ostraka.proxy.server;

import io.ostraka.proxy.demo.DemoShop;
import io.ostraka.rules.config.ConfigReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import java.util.Properties;

/**
 * The short life of a demo, which {@code bin/ostraka} has once after it built: the JVM archives the classes that were loaded
 * in it (class data sharing), and real starts take them from there. Talks to nobody; what it starts is gone when it ends.
 */
final class Rehearsal {
    private static final int SHARDS = 2;

    /** What sessions do most; the last one is refused. */
    private static final List<String> STATEMENTS = List.of(
            "SELECT name FROM customers WHERE id = 7",
            "SELECT c.name, o.status FROM customers AS c JOIN orders AS o ON o.customer_id = c.id WHERE c.id IN (7, 8)",
            "SELECT name FROM customers",
            "SELECT code FROM countries",
            "BEGIN",
            "UPDATE customers SET name = name WHERE id = 7",
            "ROLLBACK",
            "SET TimeZone = 'UTC'",
            "INSERT INTO countries SELECT code, name FROM countries");

    private Rehearsal() {}

    public static void main(String[] args) throws Exception {
        Main.logOnly("ERROR");
        try (DemoShop shop = DemoShop.open(SHARDS, Optional.empty(), 0);
                OstrakaServer server = OstrakaServer.start(ConfigReader.read(shop.configFile()))) {
            int port = server.addresses().get(0).getPort();
            shop.loadRows(port);
            for (String queryMode : List.of("simple", "extended")) {
                run(port, queryMode);
            }
        }
        System.exit(0);
    }

    private static void run(int port, String queryMode) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", DemoShop.USER);
        properties.setProperty("password", DemoShop.PASSWORD);
        properties.setProperty("preferQueryMode", queryMode);
        String url = "jdbc:postgresql://127.0.0.1:" + port + "/" + DemoShop.DATABASE;
        try (Connection connection = new org.postgresql.Driver().connect(url, properties);
                Statement statement = connection.createStatement()) {
            for (String sql : STATEMENTS) {
                try {
                    statement.execute(sql);
                } catch (SQLException e) {
                    // A refusal is part of the play.
                }
            }
        }
    }
}
