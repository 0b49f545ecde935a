package io.ostraka.rules.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The whole YAML file. Maps keep the file's order. {@code auth} and the listeners have been checked against each other, and
 * there is a {@code peerSecret} where there is more than one of {@code peers}. {@code workers}: event loops of sessions, if the
 * file says how many.
 */
public record ClusterConfig(
        List<HostPort> listen,
        boolean allowPlaintext,
        Path dataDir,
        Optional<TlsConfig> tls,
        String node,
        Map<String, HostPort> peers,
        Optional<String> peerSecret,
        Map<String, UserConfig> users,
        boolean usersFromShards,
        AuthMode auth,
        LimitsConfig limits,
        OptionalInt workers,
        Map<String, DatabaseConfig> databases) {

    /** How clients log in. */
    public enum AuthMode {
        SCRAM,
        /** Any password or none; on loopback listeners only. */
        TRUST
    }
}
