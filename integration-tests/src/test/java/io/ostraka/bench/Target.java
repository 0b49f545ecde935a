package io.ostraka.bench;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Properties;

/** Where clients connect, on 127.0.0.1. The password is a throw-away of one run. */
record Target(int port, String database, String user, String password) {

    /** A new connection; the caller closes it. {@code options}: pgjdbc's, as {@code name=value}. */
    Connection connect(String... options) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", user);
        properties.setProperty("password", password);
        for (String option : options) {
            int equals = option.indexOf('=');
            properties.setProperty(option.substring(0, equals), option.substring(equals + 1));
        }
        return new org.postgresql.Driver().connect("jdbc:postgresql://127.0.0.1:" + port + "/" + database, properties);
    }

    @Override
    public String toString() {
        return "127.0.0.1:" + port + "/" + database;
    }
}
