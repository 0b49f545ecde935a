package io.ostraka.proxy.transaction;

import io.ostraka.tx.decision.Epoch;
import io.ostraka.tx.fence.RoundId;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the nodes of a group say to each other about the fence of a database, about deadlocks over its shards and who is connected to them; no answer belongs to it, and it may come twice or
 * never. All kinds have the same shape on the wire: kind, database, the sender's member id and epoch, round, the number of what was
 * asked, a flag, shards with a word for each, and words. What a kind does not need is empty. Immutable.
 */
record FenceMessage(
        Kind kind,
        String database,
        Node from,
        RoundId round,
        long ask,
        boolean held,
        Map<String, String> shards,
        List<String> words) {
    /** A life of a node. */
    record Node(String member, Epoch epoch) {}

    /** The numbers are on the wire. */
    enum Kind {
        /** The leader's, of {@code round}; so is the next. */
        CLOSE(1),
        OPEN(2),
        /** A gate's answers. */
        CLOSED(3),
        OPENED(4),
        /** To the leader: a snapshot is wanted that covers {@code shards}. */
        ASK_SNAPSHOT(5),
        /** To the leader: let in while the gates are closed. */
        ASK_VISIT(6),
        /** The visitor has done what it came for, in {@code round}. */
        LEFT(7),
        /** To whoever granted it: nobody imports the snapshot any more. */
        RELEASE(8),
        /** The snapshot: {@code shards} with its names. */
        GRANTED(9),
        /** None: {@code words} are the error. */
        DENIED(10),
        /** The gates are closed, in {@code round}; {@code shards} must not be read. */
        ENTER(11),
        /** Whether they stayed closed, in {@code round}; in none when it came to none. */
        OVER(12),
        /** The node that was asked does not lead: ask again. */
        AGAIN(13),
        /** To all: which transactions are open on several shards? */
        ASK_SPANNING(14),
        /** One of them: {@code shards} with the processes that are its own; {@code words} are its name and when it began. */
        SPANNING(15),
        /** To all: the sender's connections to {@code shards}, each as its process and the port it comes from. */
        BACKENDS(16),
        /** To all: what the sender's file says of databases; {@code words} are each one's name and what is said. */
        SETTINGS(17);

        private final byte code;

        Kind(int code) {
            this.code = (byte) code;
        }

        private static Kind of(byte code) throws IOException {
            for (Kind kind : values()) {
                if (kind.code == code) {
                    return kind;
                }
            }
            throw new IOException("a newer version speaks of the fence: kind " + code);
        }
    }

    FenceMessage {
        shards = Map.copyOf(shards);
        words = List.copyOf(words);
    }

    static FenceMessage of(Kind kind, String database, Node from, RoundId round, boolean held) {
        return new FenceMessage(kind, database, from, round, 0, held, Map.of(), List.of());
    }

    static FenceMessage of(Kind kind, String database, Node from, long ask) {
        return new FenceMessage(kind, database, from, RoundId.NONE, ask, false, Map.of(), List.of());
    }

    FenceMessage with(Map<String, String> named) {
        return new FenceMessage(kind, database, from, round, ask, held, named, words);
    }

    FenceMessage with(List<String> said) {
        return new FenceMessage(kind, database, from, round, ask, held, shards, said);
    }

    FenceMessage in(RoundId entered) {
        return new FenceMessage(kind, database, from, entered, ask, held, shards, words);
    }

    FenceMessage held(boolean value) {
        return new FenceMessage(kind, database, from, round, ask, value, shards, words);
    }

    byte[] encode() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeByte(kind.code);
            out.writeUTF(database);
            out.writeUTF(from.member());
            out.writeLong(from.epoch().index());
            out.writeLong(round.term());
            out.writeLong(round.number());
            out.writeLong(ask);
            out.writeBoolean(held);
            out.writeShort(shards.size());
            for (Map.Entry<String, String> shard : shards.entrySet()) {
                out.writeUTF(shard.getKey());
                out.writeUTF(shard.getValue());
            }
            out.writeShort(words.size());
            for (String word : words) {
                out.writeUTF(word);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** Throws for what no node sends. */
    static FenceMessage decode(byte[] message) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(message));
        Kind kind = Kind.of(in.readByte());
        String database = in.readUTF();
        Node from = new Node(in.readUTF(), new Epoch(in.readLong()));
        RoundId round = new RoundId(in.readLong(), in.readLong());
        long ask = in.readLong();
        boolean held = in.readBoolean();
        Map<String, String> shards = new TreeMap<>();
        for (int left = in.readUnsignedShort(); left > 0; left--) {
            shards.put(in.readUTF(), in.readUTF());
        }
        List<String> words = new ArrayList<>();
        for (int left = in.readUnsignedShort(); left > 0; left--) {
            words.add(in.readUTF());
        }
        return new FenceMessage(kind, database, from, round, ask, held, shards, words);
    }
}
