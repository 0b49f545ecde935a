package io.ostraka.tx.raft;

import io.ostraka.rules.config.HostPort;
import io.ostraka.tx.peers.PeerCaller;
import io.ostraka.tx.peers.PeerSecret;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Talks to the nodes of a group from outside, with the group's secret. Blocks; confined to its owner. */
public final class Operator implements AutoCloseable {
    private final PeerCaller caller;
    private final Map<String, HostPort> addresses;

    public Operator(PeerSecret secret, Map<String, HostPort> addresses) {
        this.caller = new PeerCaller(secret);
        this.addresses = new TreeMap<>(addresses);
    }

    /** What each node says about itself; empty for one that does not answer. */
    public Map<String, Optional<PeerStatus>> statuses() {
        Map<String, Optional<PeerStatus>> statuses = new TreeMap<>();
        addresses.forEach((name, address) -> {
            Optional<PeerStatus> status;
            try {
                status = Optional.of(PeerStatus.decode(
                        caller.call(address, PeerCall.STATUS.kind, new byte[0], PeerCall.STATUS.timeout())));
            } catch (IOException e) {
                status = Optional.empty();
            }
            statuses.put(name, status);
        });
        return statuses;
    }

    /** Has a node added that runs and waits for it; says what was done. */
    public String add(String node) throws IOException {
        HostPort address = addresses.get(node);
        if (address == null) {
            throw new IOException("the file does not name a node " + node);
        }
        return change(new MembershipChange.Add(node, address));
    }

    /** Has a node removed, whether it runs or not; says what was done. */
    public String remove(String node) throws IOException {
        return change(new MembershipChange.Remove(node));
    }

    String change(MembershipChange change) throws IOException {
        for (Optional<PeerStatus> status : statuses().values()) {
            Optional<String> leader = status.filter(PeerStatus::isMember).flatMap(PeerStatus::leader);
            if (leader.isPresent() && addresses.containsKey(Member.nameOf(leader.get()))) {
                byte[] done = caller.call(
                        addresses.get(Member.nameOf(leader.get())),
                        PeerCall.CHANGE.kind,
                        change.encode(),
                        PeerCall.CHANGE.timeout());
                return new String(done, StandardCharsets.UTF_8);
            }
        }
        throw new IOException("no node of the group answers that knows its leader");
    }

    @Override
    public void close() {
        caller.close();
    }
}
