package io.ostraka.tx.raft;

import io.ostraka.tx.decision.ClusterNumber;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * The file {@code ostraka.node} of a data directory: whose it is. Lines of {@code key: value}.
 *
 * @param member drawn for each directory, so that no two are taken for one another; empty in directories of format 1, which
 *     are those of groups of one
 * @param log the Raft group's id; empty while a node of a group has not found its group
 * @param founders who began the log together; empty for a group of one and for a node that joins later
 * @param cluster empty while this node knows of no decision
 */
record Marker(
        String node,
        Optional<String> member,
        Optional<UUID> log,
        List<Member> founders,
        Optional<ClusterNumber> cluster) {
    static final int FORMAT = 2;
    private static final int FORMAT_ALONE = 1;

    /** An unreadable marker. */
    static final class UnreadableException extends Exception {
        private static final long serialVersionUID = 1L;
    }

    /** A newer version wrote it. */
    static final class NewerException extends Exception {
        private static final long serialVersionUID = 1L;
        private final int format;

        NewerException(int format) {
            this.format = format;
        }

        int format() {
            return format;
        }
    }

    Marker {
        founders = List.copyOf(founders);
    }

    static Marker alone(String node, UUID log) {
        return new Marker(node, Optional.empty(), Optional.of(log), List.of(), Optional.empty());
    }

    static Marker inGroup(String node, String member) {
        return new Marker(node, Optional.of(member), Optional.empty(), List.of(), Optional.empty());
    }

    Marker joining(UUID itsLog, List<Member> itsFounders) {
        return new Marker(node, member, Optional.of(itsLog), itsFounders, cluster);
    }

    Marker in(ClusterNumber number) {
        return new Marker(node, member, log, founders, Optional.of(number));
    }

    /** Under which Raft knows this node. */
    String id() {
        return member.map(drawn -> node + "@" + drawn).orElse(node);
    }

    String text() {
        StringBuilder text = new StringBuilder("format: ")
                .append(member.isPresent() ? FORMAT : FORMAT_ALONE)
                .append("\nnode: ")
                .append(node)
                .append('\n');
        member.ifPresent(drawn -> text.append("member: ").append(drawn).append('\n'));
        log.ifPresent(id -> text.append("log: ").append(id).append('\n'));
        founders.forEach(founder -> text.append("founder ")
                .append(founder.id())
                .append(": ")
                .append(founder.address())
                .append('\n'));
        cluster.ifPresent(number -> text.append("cluster: ").append(number).append('\n'));
        return text.toString();
    }

    static Marker parse(String text) throws UnreadableException, NewerException {
        Map<String, String> fields = new LinkedHashMap<>();
        List<Member> founders = new ArrayList<>();
        try {
            for (String line : text.lines().toList()) {
                String[] field = line.split(": ", 2);
                if (field.length != 2) {
                    throw new UnreadableException();
                }
                if (field[0].startsWith("founder ")) {
                    founders.add(new Member(field[0].substring("founder ".length()), Member.address(field[1])));
                } else {
                    fields.put(field[0], field[1]);
                }
            }
            int format = Integer.parseInt(fields.getOrDefault("format", ""));
            if (format > FORMAT) {
                throw new NewerException(format);
            }
            Optional<String> member = Optional.ofNullable(fields.get("member"));
            Optional<UUID> log = Optional.ofNullable(fields.get("log")).map(UUID::fromString);
            if (member.isPresent() != (format == FORMAT) || (log.isEmpty() && format == FORMAT_ALONE)) {
                throw new UnreadableException();
            }
            return new Marker(
                    fields.getOrDefault("node", ""),
                    member,
                    log,
                    founders,
                    Optional.ofNullable(fields.get("cluster")).map(ClusterNumber::parse));
        } catch (IllegalArgumentException e) {
            throw new UnreadableException();
        }
    }
}
