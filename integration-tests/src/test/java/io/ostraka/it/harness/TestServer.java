package io.ostraka.it.harness;

import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;

/** One PostgreSQL server a test may use and harm. It keeps its address and data over {@link #kill} and {@link #start}. */
public interface TestServer {
    String name();

    /** On 127.0.0.1. */
    int port();

    String superuser();

    String superuserPassword();

    /** All its processes die at once, as by {@code kill -9}. */
    void kill() throws IOException;

    /** Brings a killed server back; does nothing to a running one. Returns when it takes connections. */
    void start() throws IOException;

    /** What the server has logged so far. */
    String log() throws IOException;

    /** A new connection as superuser; the caller closes it. */
    default Connection connect(String database) throws SQLException {
        return connect(database, superuser(), superuserPassword());
    }

    /** A new connection; the caller closes it. */
    default Connection connect(String database, String user, String password) throws SQLException {
        return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port() + "/" + database, user, password);
    }
}
