package io.ostraka.tx.raft;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * What a node says about itself when a peer, or an operator, asks.
 *
 * @param id its name and its directory's
 * @param log of the group that it belongs to, or waits to be added to; empty while it has found none
 * @param members of that group, as it knows them
 * @param names of its peers, its own among them, as its file has them, in order
 * @param leader the member that leads, if it knows one
 * @param applied index of the last entry that it has applied
 */
public record PeerStatus(
        String id,
        Optional<UUID> log,
        List<Member> members,
        List<String> names,
        Optional<String> leader,
        long term,
        long applied) {

    public PeerStatus {
        members = List.copyOf(members);
        names = List.copyOf(names);
    }

    /** Whether it is one of those. */
    public boolean isMember() {
        return members.stream().anyMatch(member -> member.id().equals(id));
    }

    byte[] encode() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeUTF(id);
        out.writeUTF(log.map(UUID::toString).orElse(""));
        out.writeInt(members.size());
        for (Member member : members) {
            out.writeUTF(member.toString());
        }
        out.writeInt(names.size());
        for (String name : names) {
            out.writeUTF(name);
        }
        out.writeUTF(leader.orElse(""));
        out.writeLong(term);
        out.writeLong(applied);
        return bytes.toByteArray();
    }

    static PeerStatus decode(byte[] bytes) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
        try {
            String id = in.readUTF();
            Optional<UUID> log =
                    Optional.of(in.readUTF()).filter(text -> !text.isEmpty()).map(UUID::fromString);
            List<Member> members = new ArrayList<>();
            for (int left = in.readInt(); left > 0; left--) {
                members.add(Member.parse(in.readUTF()));
            }
            List<String> names = new ArrayList<>();
            for (int left = in.readInt(); left > 0; left--) {
                names.add(in.readUTF());
            }
            Optional<String> leader = Optional.of(in.readUTF()).filter(text -> !text.isEmpty());
            return new PeerStatus(id, log, members, names, leader, in.readLong(), in.readLong());
        } catch (IllegalArgumentException e) {
            throw new IOException("a peer's status is malformed", e);
        }
    }
}
