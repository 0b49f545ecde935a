package io.ostraka.rules.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * One shard: where its primary listens, the database's name there, its replicas, how the connection is protected,
 * its permanent number when the file gives one (else the decision log deals it), and the authority that vouches for its
 * certificate (else, for {@code verify_full}, those that Java knows).
 */
public record ShardConfig(
        ShardName name,
        HostPort primary,
        String database,
        List<HostPort> replicas,
        TlsMode tls,
        OptionalInt number,
        Optional<Path> tlsCa) {

    /** libpq's {@code sslmode}, less the modes that silently fall back. */
    public enum TlsMode {
        DISABLE,
        REQUIRE,
        VERIFY_CA,
        VERIFY_FULL
    }
}
