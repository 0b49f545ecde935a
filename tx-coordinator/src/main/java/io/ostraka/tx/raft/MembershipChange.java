package io.ostraka.tx.raft;

import io.ostraka.rules.config.HostPort;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * An operator's wish to have a node in the group, or out of it; carried out by the leader. One node at a time, through Raft's
 * own change of configuration, which needs a majority of the old group and of the new one.
 */
sealed interface MembershipChange {

    /** A node that runs, with a new data directory, and waits to be added. */
    record Add(String node, HostPort address) implements MembershipChange {
        @Override
        public byte[] encode() {
            return ("add " + node + " " + address).getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public String carryOut(PeerGroup group, ReplicatedLog log) throws IOException {
            List<Member> members = new ArrayList<>(log.members());
            PeerStatus status = group.statusOf(address);
            if (!Member.nameOf(status.id()).equals(node)) {
                throw new IOException("at " + address + " is node " + Member.nameOf(status.id()) + ", not " + node);
            }
            if (members.stream().anyMatch(member -> member.id().equals(status.id()))) {
                return node + " is a member already, as " + status.id();
            }
            Optional<Member> namesake = members.stream()
                    .filter(member -> member.name().equals(node))
                    .findFirst();
            if (namesake.isPresent()) {
                throw new IOException("the group has a node " + node + " already, as "
                        + namesake.get().id() + ": remove that one first");
            }
            if (!status.log().equals(group.directory().marker().log())) {
                throw new IOException("node " + node + " does not wait for this group: its file must name the members");
            }
            members.add(new Member(status.id(), address));
            log.changeMembers(members);
            return node + " is added, as " + status.id();
        }
    }

    /** A node that is gone for good, or will be stopped. */
    record Remove(String node) implements MembershipChange {
        @Override
        public byte[] encode() {
            return ("remove " + node).getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public String carryOut(PeerGroup group, ReplicatedLog log) throws IOException {
            List<Member> members = new ArrayList<>(log.members());
            if (!members.removeIf(member -> member.name().equals(node))) {
                throw new IOException("the group has no node " + node);
            }
            if (members.isEmpty()) {
                throw new IOException("node " + node + " is the last one");
            }
            log.changeMembers(members);
            return node + " is removed";
        }
    }

    byte[] encode();

    /** Returns, in words, what is done. Blocks until a majority has it. */
    String carryOut(PeerGroup group, ReplicatedLog log) throws IOException;

    static MembershipChange decode(byte[] bytes) throws IOException {
        String[] words = new String(bytes, StandardCharsets.UTF_8).split(" ", -1);
        try {
            if (words.length == 3 && words[0].equals("add")) {
                return new Add(words[1], Member.address(words[2]));
            }
            if (words.length == 2 && words[0].equals("remove")) {
                return new Remove(words[1]);
            }
        } catch (IllegalArgumentException e) {
            throw new IOException("a change that cannot be read: " + e.getMessage(), e);
        }
        throw new IOException("a change of a kind that this version does not know");
    }
}
