package io.ostraka.proxy.schema;

import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import io.ostraka.rules.config.HostPort;
import io.ostraka.rules.config.ShardConfig;
import io.ostraka.rules.config.ShardName;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.SQLNonTransientConnectionException;
import java.time.Duration;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Supplier;
import org.postgresql.ssl.DefaultJavaSSLFactory;

/**
 * The control plane's few connections to one shard: read-only, with a search path that no role's or database's setting
 * changes (names in {@code pg_catalog} mean what they should), and with a limit on every wait. Nothing is connected, and
 * nothing waits, before the first use; what a server or its system says against a connection, the caller gets at once.
 *
 * <p>Thread-safe. Owns its connections. {@link #connection} blocks: never on an event loop.
 */
final class CatalogPool implements AutoCloseable {
    /** One for the reading under way, one for a check beside it. */
    private static final int SIZE = 2;

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);
    /** Above the server's own limit, which gives the better error. */
    private static final Duration SOCKET_TIMEOUT = Duration.ofSeconds(15);

    private static final String SETTINGS = "-c search_path=pg_catalog -c default_transaction_read_only=on"
            + " -c statement_timeout=10s -c lock_timeout=2s -c idle_in_transaction_session_timeout=60s";

    private final ShardName shard;
    private final Supplier<String> url;
    private final Properties properties;
    private HikariDataSource pool; // guarded by this
    private boolean closed; // guarded by this
    /** Whether a connection could be had when one was asked for last: the pool waits and tries for its whole timeout before it says no. */
    private volatile boolean proven;

    /** A pool of connections to a shard's primary as the file has it. */
    CatalogPool(ShardConfig shard, ShardLogin login) {
        this(shard, shard::primary, login);
    }

    /** A pool of connections to a shard's primary, wherever that is at the time. */
    CatalogPool(ShardConfig shard, Supplier<HostPort> primary, ShardLogin login) {
        this(shard.name(), () -> "jdbc:postgresql://" + primary.get() + "/", properties(shard, login));
    }

    /** Any database behind JDBC. */
    CatalogPool(ShardName shard, String url, Properties properties) {
        this(shard, () -> url, properties);
    }

    private CatalogPool(ShardName shard, Supplier<String> url, Properties properties) {
        this.shard = shard;
        this.url = url;
        this.properties = properties;
        this.pool = opened(url.get());
    }

    private HikariDataSource opened(String at) {
        HikariDataSource opened = new HikariDataSource();
        opened.setPoolName("ostraka-catalog-" + shard);
        opened.setJdbcUrl(at);
        opened.setDataSourceProperties(properties);
        opened.setMaximumPoolSize(SIZE);
        opened.setMinimumIdle(0);
        opened.setIdleTimeout(Duration.ofMinutes(1).toMillis());
        opened.setReadOnly(true);
        opened.setConnectionTimeout(CONNECT_TIMEOUT.toMillis());
        opened.setValidationTimeout(CONNECT_TIMEOUT.toMillis() / 2);
        // The first connection that it is asked for will tell.
        opened.setInitializationFailTimeout(-1);
        return opened;
    }

    private static Properties properties(ShardConfig shard, ShardLogin login) {
        Properties properties = new Properties();
        // As properties, because a database's name may hold what has a meaning in a URL.
        properties.setProperty("PGDBNAME", shard.database());
        properties.setProperty("user", login.user());
        properties.setProperty("password", login.password());
        properties.setProperty("ApplicationName", "ostraka/catalog");
        properties.setProperty("options", SETTINGS);
        properties.setProperty("connectTimeout", Long.toString(CONNECT_TIMEOUT.toSeconds()));
        properties.setProperty("loginTimeout", Long.toString(CONNECT_TIMEOUT.toSeconds() * 2));
        properties.setProperty("socketTimeout", Long.toString(SOCKET_TIMEOUT.toSeconds()));
        properties.setProperty("tcpKeepAlive", "true");
        properties.setProperty("gssEncMode", "disable");
        properties.setProperty(
                "sslmode",
                switch (shard.tls()) {
                    case DISABLE -> "disable";
                    case REQUIRE -> "require";
                    case VERIFY_CA -> "verify-ca";
                    case VERIFY_FULL -> "verify-full";
                });
        if (shard.tlsCa().isPresent()) {
            properties.setProperty("sslrootcert", shard.tlsCa().get().toString());
        } else if (shard.tls() == ShardConfig.TlsMode.VERIFY_FULL) {
            properties.setProperty("sslfactory", DefaultJavaSSLFactory.class.getName());
        }
        return properties;
    }

    ShardName shard() {
        return shard;
    }

    /** Borrows a connection; closing it gives it back, or ends it if it is one beside the pool: the first, and the first after a failure. */
    Connection connection() throws SQLException {
        HikariDataSource at = current();
        try {
            Connection connection =
                    proven ? at.getConnection() : DriverManager.getConnection(at.getJdbcUrl(), properties);
            proven = true;
            return connection;
        } catch (SQLException e) {
            proven = false;
            throw e;
        }
    }

    /** The pool cannot be told another address once it is in use. */
    private synchronized HikariDataSource current() throws SQLException {
        if (closed) {
            throw new SQLNonTransientConnectionException("the connections to shard " + shard + " are closed");
        }
        String at = url.get();
        if (!pool.getJdbcUrl().equals(at)) {
            pool.close();
            pool = opened(at);
            proven = false;
        }
        return pool;
    }

    /** From now on {@link #connection} gives new ones: those that nobody uses are closed. */
    void renew() {
        // It has none before its first use.
        Optional.ofNullable(pool.getHikariPoolMXBean()).ifPresent(HikariPoolMXBean::softEvictConnections);
    }

    @Override
    public synchronized void close() {
        closed = true;
        pool.close();
    }
}
