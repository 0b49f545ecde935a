package io.ostraka.tx.raft;

import io.ostraka.rules.config.HostPort;
import java.util.Optional;

/**
 * A peer by its name in the file, what it says about itself, if it answers, and where it listens for the others: nowhere if
 * there are none.
 */
public record PeerReport(String node, Optional<HostPort> address, Optional<PeerStatus> status) {

    /** For people. */
    public String state() {
        if (status.isEmpty()) {
            return "no answer";
        }
        PeerStatus said = status.get();
        if (said.leader().equals(Optional.of(said.id()))) {
            return "leads";
        }
        if (said.log().isEmpty()) {
            return "looks for its group";
        }
        if (!said.isMember()) {
            return "waits to be added";
        }
        return said.leader().isPresent() ? "follows" : "knows no leader";
    }
}
