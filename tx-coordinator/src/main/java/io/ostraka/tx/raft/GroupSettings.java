package io.ostraka.tx.raft;

import io.ostraka.rules.config.HostPort;
import io.ostraka.tx.peers.PeerSecret;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a node's configuration says about its group.
 *
 * @param node this one's name
 * @param addresses of every node, this one's among them, where it listens; they win over what the log knows
 */
public record GroupSettings(String node, Map<String, HostPort> addresses, PeerSecret secret) {
    public GroupSettings {
        addresses = new TreeMap<>(addresses);
        if (!addresses.containsKey(node)) {
            throw new IllegalArgumentException("node " + node + " has no address");
        }
    }
}
