package io.ostraka.tx.simulation;

import io.ostraka.tx.decision.Answer;
import io.ostraka.tx.decision.LogEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Raft, small: elections, one log on a majority, a leader that can make sure it leads. Term, vote and log are on disk; a
 * log is never changed in place but replaced, so messages may hold it.
 */
final class SimRaft {
    private static final long HEARTBEAT = 60_000;
    private static final long ELECTION = 250_000;

    private final World world;
    private final Node node;

    // On disk
    private long term;
    private Optional<Integer> votedFor = Optional.empty();
    private List<RaftEntry> log = List.of();

    // In memory
    private boolean leader;
    private boolean ready;
    private long heardAt;
    private long patience;
    private int committed;
    private int applied;
    private int readyAt;
    private int votes;
    private Optional<Integer> knownLeader = Optional.empty();
    private final Map<Integer, Integer> matched = new TreeMap<>();
    private final Map<Integer, Long> echoed = new TreeMap<>();
    private final Map<Integer, Consumer<Answer>> proposers = new TreeMap<>();
    private final List<Confirmation> confirmations = new ArrayList<>();
    private long probe;

    private record Confirmation(long probe, int index, Runnable then) {}

    SimRaft(World world, Node node) {
        this.world = world;
        this.node = node;
    }

    boolean leads() {
        return leader && ready;
    }

    long term() {
        return term;
    }

    Optional<Integer> knownLeader() {
        return leader ? Optional.of(node.number) : knownLeader;
    }

    /** After a crash: what was in memory is gone; what is committed is learned anew. */
    void boot(int appliedBySnapshot) {
        leader = false;
        ready = false;
        knownLeader = Optional.empty();
        applied = appliedBySnapshot;
        committed = appliedBySnapshot;
        proposers.clear();
        confirmations.clear();
        heardAt = world.now();
        watch();
    }

    private void watch() {
        patience = world.between(ELECTION, 2 * ELECTION);
        node.later(patience / 2, () -> {
            if (!leader && world.now() - heardAt > patience) {
                stand();
            }
            watch();
        });
    }

    private void stand() {
        term++;
        votedFor = Optional.of(node.number);
        votes = 0;
        heardAt = world.now();
        knownLeader = Optional.empty();
        voted(term);
        long lastTerm = lastTerm();
        int length = log.size();
        long asked = term;
        int self = node.number;
        for (Node peer : world.others(node)) {
            world.send(node, peer, () -> peer.raft.voteAsked(asked, self, lastTerm, length));
        }
    }

    private void voteAsked(long asked, int candidate, long lastTerm, int length) {
        catchUpTo(asked);
        boolean upToDate = lastTerm > lastTerm() || (lastTerm == lastTerm() && length >= log.size());
        if (asked == term && upToDate && (votedFor.isEmpty() || votedFor.get() == candidate)) {
            votedFor = Optional.of(candidate);
            heardAt = world.now();
            Node to = world.nodes.get(candidate);
            world.send(node, to, () -> to.raft.voted(asked));
        }
    }

    private void voted(long inTerm) {
        if (inTerm == term && !leader && ++votes >= world.majority()) {
            leader = true;
            ready = false;
            matched.clear();
            echoed.clear();
            world.trace(() -> node + " is elected for term " + term);
            append(new RaftEntry(term, Optional.empty()));
            readyAt = log.size();
            beat(term);
        }
    }

    private void beat(long inTerm) {
        if (leader && term == inTerm) {
            replicate();
            node.later(HEARTBEAT, () -> beat(inTerm));
        }
    }

    private int append(RaftEntry entry) {
        List<RaftEntry> longer = new ArrayList<>(log.size() + 1);
        longer.addAll(log);
        longer.add(entry);
        log = longer;
        return log.size();
    }

    /** The answer comes when the entry is applied here; never, when this node does not lead or stops leading. */
    void propose(LogEntry entry, Consumer<Answer> answer) {
        if (leader) {
            proposers.put(append(new RaftEntry(term, Optional.of(entry))), answer);
            replicate();
        }
    }

    /** Runs it when a majority has confirmed, after this call, that this node leads, and all of before is applied. */
    void confirmLeadership(Runnable then) {
        if (leads()) {
            confirmations.add(new Confirmation(++probe, committed, then));
            replicate();
        }
    }

    private void replicate() {
        List<RaftEntry> sent = log;
        long inTerm = term;
        int upTo = committed;
        long probed = probe;
        for (Node peer : world.others(node)) {
            world.send(node, peer, () -> peer.raft.appended(inTerm, node.number, sent, upTo, probed));
        }
        advance();
    }

    private void appended(long inTerm, int from, List<RaftEntry> sent, int upTo, long probed) {
        catchUpTo(inTerm);
        Node leaderNode = world.nodes.get(from);
        long current = term;
        if (inTerm < term) {
            world.send(node, leaderNode, () -> leaderNode.raft.catchUpTo(current));
            return;
        }
        heardAt = world.now();
        knownLeader = Optional.of(from);
        boolean agrees = sent.isEmpty()
                || (log.size() >= sent.size()
                        && log.get(sent.size() - 1).term()
                                == sent.get(sent.size() - 1).term());
        if (!agrees) {
            log = sent;
        }
        committed = Math.max(committed, Math.min(upTo, sent.size()));
        apply();
        int self = node.number;
        world.send(node, leaderNode, () -> leaderNode.raft.acknowledged(inTerm, self, sent.size(), probed));
    }

    private void acknowledged(long inTerm, int from, int length, long probed) {
        if (leader && inTerm == term) {
            matched.merge(from, length, Math::max);
            echoed.merge(from, probed, Math::max);
            advance();
        }
    }

    private void catchUpTo(long seen) {
        if (seen > term) {
            term = seen;
            votedFor = Optional.empty();
            if (leader) {
                leader = false;
                ready = false;
                proposers.clear();
                confirmations.clear();
                node.stoppedLeading();
            }
        }
    }

    private void advance() {
        for (int length = log.size(); length > committed && log.get(length - 1).term() == term; length--) {
            int index = length;
            if (1
                            + matched.values().stream()
                                    .filter(reached -> reached >= index)
                                    .count()
                    >= world.majority()) {
                committed = length;
                apply();
                replicate();
                break;
            }
        }
        for (Confirmation waiting : List.copyOf(confirmations)) {
            long confirming = echoed.values().stream()
                    .filter(reached -> reached >= waiting.probe())
                    .count();
            if (1 + confirming >= world.majority() && applied >= waiting.index()) {
                confirmations.remove(waiting);
                waiting.then().run();
            }
        }
    }

    private void apply() {
        while (applied < committed) {
            RaftEntry next = log.get(applied++);
            int index = applied;
            next.entry().ifPresent(entry -> {
                Answer answer = node.applied(next.term(), index, entry);
                Consumer<Answer> proposer = proposers.remove(index);
                if (proposer != null) {
                    proposer.accept(answer);
                }
            });
            if (leader && !ready && applied >= readyAt) {
                ready = true;
                node.startedLeading();
            }
        }
    }

    private long lastTerm() {
        return log.isEmpty() ? 0 : log.get(log.size() - 1).term();
    }
}
