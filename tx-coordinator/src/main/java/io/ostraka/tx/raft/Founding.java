package io.ostraka.tx.raft;

import io.ostraka.rules.config.HostPort;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a node with a new data directory comes to its group.
 * <ul>
 *   <li>Nobody has a log: when all nodes are there, and their files name the same ones, the first by name draws the log's id and
 *       notes who founds it; the others find themselves among the founders.
 *   <li>Somebody has one, and this node is a founder: it takes part.
 *   <li>Somebody has one, and this node is not in it: it waits to be added.
 *   <li>Somebody has one, with this node's name and another directory: refused. Whatever the old directory had acknowledged is
 *       not in this one, and a member that forgets may let two leaders be elected.
 * </ul>
 *
 * <p>A founder is a name and a directory, so a node that lost its directory in the middle is a stranger, not a founder. Blocks
 * the thread that opens the node.
 */
final class Founding {
    private static final Logger LOG = LoggerFactory.getLogger(Founding.class);
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(300);
    private static final long SAY_EVERY_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final PeerGroup group;
    private final DataDirectory directory;
    private long saidAt;
    private String said = "";

    Founding(PeerGroup group) {
        this.group = group;
        this.directory = group.directory();
    }

    /** Returns when the directory knows its log. */
    void findLog() throws IOException {
        while (directory.marker().log().isEmpty()) {
            look();
            if (directory.marker().log().isEmpty()) {
                LockSupport.parkNanos(PAUSE_NANOS);
                if (Thread.interrupted()) {
                    throw new IOException("interrupted while this node looked for its group");
                }
            }
        }
    }

    private void look() throws IOException {
        Map<String, PeerStatus> answers = new TreeMap<>();
        Map<String, String> silent = new TreeMap<>();
        for (Map.Entry<String, HostPort> peer : group.others().toList()) {
            try {
                PeerStatus status = group.statusOf(peer.getValue());
                if (!Member.nameOf(status.id()).equals(peer.getKey())) {
                    throw refused(
                            "the node at " + peer.getValue() + " is not \"" + peer.getKey() + "\"",
                            "It says that it is \"" + Member.nameOf(status.id()) + "\".",
                            "Mend \"peers\", or \"node\" in its file.");
                }
                answers.put(peer.getKey(), status);
            } catch (IOException e) {
                silent.put(peer.getKey(), e.getMessage() == null ? "it hung up" : e.getMessage());
            }
        }
        List<PeerStatus> settled = answers.values().stream()
                .filter(status -> status.log().isPresent())
                .toList();
        if (!settled.isEmpty()) {
            join(settled);
        } else if (silent.isEmpty()) {
            found(answers);
        } else {
            say("waiting for peers, to found the group with them: " + silent);
        }
    }

    private void join(List<PeerStatus> settled) throws IOException {
        SortedSet<String> logs = new TreeSet<>();
        settled.forEach(status -> logs.add(status.log().orElseThrow().toString()));
        if (logs.size() > 1) {
            throw refused(
                    "the peers belong to different groups",
                    "Their decision logs are " + logs + ".",
                    "Give \"peers\" the nodes of one group.");
        }
        UUID log = UUID.fromString(logs.first());
        Marker marker = directory.marker();
        Optional<PeerStatus> member =
                settled.stream().filter(status -> !status.members().isEmpty()).findFirst();
        if (member.isEmpty()) {
            say("waiting for a member of the group to answer");
            return;
        }
        List<Member> members = member.get().members();
        if (members.stream().anyMatch(one -> one.id().equals(marker.id()))) {
            directory.joins(log, members);
            return;
        }
        Optional<Member> namesake =
                members.stream().filter(one -> one.name().equals(marker.node())).findFirst();
        if (namesake.isPresent()) {
            throw refused(
                    "node \"" + marker.node() + "\" belongs to its group with another data directory",
                    "The group knows it as " + namesake.get().id() + ", and this directory is new (" + marker.id()
                            + "): what the old one had promised is not in it.",
                    "Bring the old directory back. If it is lost: ostraka peers FILE remove " + marker.node()
                            + ", start this node, then ostraka peers FILE add " + marker.node() + ".");
        }
        LOG.info(
                "node {}: found its group, and waits to be added: ostraka peers FILE add {}",
                marker.node(),
                marker.node());
        directory.joins(log, List.of());
    }

    private void found(Map<String, PeerStatus> others) throws IOException {
        Marker marker = directory.marker();
        List<String> own = List.copyOf(group.settings().addresses().keySet());
        others.forEach((name, status) -> {
            if (!status.names().equals(own)) {
                throw refused(
                        "the files of the peers do not name the same nodes",
                        "This one names " + own + ", that of \"" + name + "\" " + status.names() + ".",
                        "A new group is founded by all of its nodes.");
            }
        });
        if (!own.get(0).equals(marker.node())) {
            say("waiting for \"" + own.get(0) + "\" to found the group");
            return;
        }
        List<Member> founders = new ArrayList<>();
        founders.add(new Member(marker.id(), group.settings().addresses().get(marker.node())));
        others.forEach((name, status) -> founders.add(
                new Member(status.id(), group.settings().addresses().get(name))));
        directory.joins(UUID.randomUUID(), founders);
        LOG.info("node {}: founds a group with {}", marker.node(), others.keySet());
    }

    private void say(String what) {
        long now = System.nanoTime();
        if (!what.equals(said) || now - saidAt > SAY_EVERY_NANOS) {
            said = what;
            saidAt = now;
            LOG.info("node {}: {}", directory.marker().node(), what);
        }
    }

    private static RuntimeException refused(String message, String detail, String hint) {
        return new PgError(SqlState.CONFIG_FILE_ERROR, message, detail, hint).toException();
    }
}
