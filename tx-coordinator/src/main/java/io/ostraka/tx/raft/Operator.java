package io.ostraka.tx.raft;

import io.ostraka.rules.config.HostPort;
import io.ostraka.tx.peers.PeerCaller;
import io.ostraka.tx.peers.PeerSecret;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;

/** Talks to the nodes of a group from outside, with the group's secret. Blocks; confined to its owner. */
public final class Operator implements AutoCloseable {
    private static final Duration PAUSE = Duration.ofMillis(100);
    private static final Duration ELECTION = Duration.ofSeconds(20);

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

    /**
     * Asks the node that leads by its own word: another's may be about one that is gone. While none does, a group that has
     * lost its leader is given the time to elect one.
     */
    String change(MembershipChange change) throws IOException {
        long since = System.nanoTime();
        do {
            for (Map.Entry<String, Optional<PeerStatus>> answer : statuses().entrySet()) {
                if (answer.getValue().filter(Operator::leads).isPresent()) {
                    byte[] done = caller.call(
                            addresses.get(answer.getKey()),
                            PeerCall.CHANGE.kind,
                            change.encode(),
                            PeerCall.CHANGE.timeout());
                    return new String(done, StandardCharsets.UTF_8);
                }
            }
            LockSupport.parkNanos(PAUSE.toNanos());
        } while (System.nanoTime() - since < ELECTION.toNanos()
                && !Thread.currentThread().isInterrupted());
        throw new IOException("no node of the group answers that leads it");
    }

    private static boolean leads(PeerStatus status) {
        return status.isMember() && status.leader().equals(Optional.of(status.id()));
    }

    @Override
    public void close() {
        caller.close();
    }
}
