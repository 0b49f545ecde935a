package io.ostraka.jdbc;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.DriverPropertyInfo;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.Properties;
import java.util.logging.Logger;

/**
 * The JDBC driver of {@code jdbc:ostraka://} URLs. A proxy speaks PostgreSQL's protocol, so pgjdbc does the work: the
 * connections are its own, with all its properties and {@code unwrap(PGConnection.class)}. Thread-safe.
 *
 * <p>A connection's metadata tells PostgreSQL's product name and a {@code jdbc:postgresql:} URL, by which tools
 * recognise the dialect.
 */
public final class Driver implements java.sql.Driver {
    static {
        try {
            DriverManager.registerDriver(new Driver());
        } catch (SQLException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final java.sql.Driver postgres = new org.postgresql.Driver();

    /** Found by {@link DriverManager} through {@code META-INF/services}; need not be called. */
    public Driver() {}

    /** A connection to the first proxy of the URL that answers; null, as JDBC demands, for another driver's URL. */
    @Override
    public Connection connect(String url, Properties info) throws SQLException {
        return acceptsURL(url) ? postgres.connect(OstrakaUrl.parse(url).toPostgresUrl(), info) : null;
    }

    @Override
    public boolean acceptsURL(String url) {
        return url.startsWith(OstrakaUrl.PREFIX);
    }

    @Override
    public DriverPropertyInfo[] getPropertyInfo(String url, Properties info) throws SQLException {
        return acceptsURL(url)
                ? postgres.getPropertyInfo(OstrakaUrl.parse(url).toPostgresUrl(), info)
                : new DriverPropertyInfo[0];
    }

    @Override
    public int getMajorVersion() {
        return 0;
    }

    @Override
    public int getMinorVersion() {
        return 1;
    }

    /** False like pgjdbc: PostgreSQL is not the whole of SQL-92. */
    @Override
    public boolean jdbcCompliant() {
        return false;
    }

    @Override
    public Logger getParentLogger() throws SQLFeatureNotSupportedException {
        return postgres.getParentLogger();
    }
}
