package io.ostraka.proxy.transaction;

import io.ostraka.rules.config.HostPort;
import io.ostraka.tx.decision.WalPosition;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What one of a shard's servers says of itself.
 *
 * @param timeline of a primary; 0 of a standby
 * @param ends where each earlier timeline was left for the next one on the way to this one, by number; empty when it cannot be
 *     read, or there is none
 */
record ServerLook(HostPort address, String system, boolean isPrimary, int timeline, Map<Integer, Long> ends) {
    private static final int HEX = 16;

    /** Timelines of a primary have a history file, but for the first. The function asks for a privilege. */
    static final List<String> QUERIES = List.of(
            "SELECT (SELECT system_identifier FROM pg_catalog.pg_control_system()),"
                    + " CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN"
                    + " pg_catalog.substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8) END",
            "SELECT pg_catalog.pg_read_file('pg_wal/' || pg_catalog.substr(pg_catalog.pg_walfile_name("
                    + "pg_catalog.pg_current_wal_lsn()), 1, 8) || '.history', 0, 1000000, true)"
                    + " WHERE NOT pg_catalog.pg_is_in_recovery()");

    ServerLook {
        ends = Map.copyOf(ends);
    }

    /** Empty when it has not answered the first of the {@link #QUERIES}. */
    static Optional<ServerLook> of(HostPort address, LinkResult result) {
        if (result.lost() || result.rows().isEmpty() || result.rows().get(0).size() != 2) {
            return Optional.empty();
        }
        List<Optional<String>> row = result.rows().get(0);
        Optional<Integer> timeline = row.get(1).map(hex -> Integer.parseUnsignedInt(hex, HEX));
        Map<Integer, Long> ends =
                result.rows().size() > 1 ? ends(result.rows().get(1).get(0).orElse("")) : Map.of();
        return Optional.of(
                new ServerLook(address, row.get(0).orElseThrow(), timeline.isPresent(), timeline.orElse(0), ends));
    }

    /** A line for each timeline: its number, where it was left, and why. Source: PostgreSQL's {@code timeline.c}. */
    private static Map<Integer, Long> ends(String history) {
        Map<Integer, Long> ends = new HashMap<>();
        for (String line : history.lines().toList()) {
            String[] words = line.strip().split("\\s+", 3);
            if (words.length > 1 && !words[0].startsWith("#")) {
                ends.put(Integer.parseInt(words[0]), WalPosition.parse(words[1]));
            }
        }
        return ends;
    }
}
