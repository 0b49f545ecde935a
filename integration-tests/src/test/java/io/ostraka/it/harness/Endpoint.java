package io.ostraka.it.harness;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;

/** A proxy or server on 127.0.0.1, a database of it, and a login. */
public record Endpoint(int port, String database, String user, String password) {

    public String jdbcUrl() {
        return "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
    }

    /** A new connection; the caller closes it. */
    public Connection connect() throws SQLException {
        return connect(new Properties());
    }

    /** The same with pgjdbc's properties, such as {@code preferQueryMode}. */
    public Connection connect(Properties properties) throws SQLException {
        Properties all = new Properties();
        all.putAll(properties);
        all.setProperty("user", user);
        all.setProperty("password", password);
        return DriverManager.getConnection(jdbcUrl(), all);
    }

    /** The password stays out of test reports. */
    @Override
    public String toString() {
        return user + "@127.0.0.1:" + port + "/" + database;
    }
}
