package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.rules.config.ShardName;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Puts the rows that the parts of an INSERT return in the order of the INSERT's own: {@code turns} has the shard of each row
 * that was listed. A shard returns its rows in the order in which its part lists them. Where it returns fewer (ON CONFLICT DO
 * NOTHING) nobody knows which, and its last turns are passed over.
 *
 * <p>What is ahead is kept as it was read: about as much as the client has sent. Owns what it has not passed on. Confined to the
 * session's event loop.
 */
final class RowsInTurn {
    /** Rows are gathered up to this size before they are written. */
    private static final int OUT_BYTES = 16 << 10;

    private final ClientOutput client;
    private final List<ShardName> turns;
    private final Map<ShardName, Stream> streams = new HashMap<>();
    private int turn;
    private Optional<ByteBuf> out = Optional.empty();

    RowsInTurn(ClientOutput client, List<ShardName> turns) {
        this.client = client;
        this.turns = List.copyOf(turns);
    }

    /** One shard's rows: those read and not yet passed on. */
    private static final class Stream {
        private final ArrayDeque<ByteBuf> chunks = new ArrayDeque<>();
        private boolean hasEnded;

        /** What is read and not yet passed on, from its next frame. */
        Optional<ByteBuf> next() {
            while (!chunks.isEmpty() && !chunks.element().isReadable()) {
                chunks.remove().release();
            }
            return Optional.ofNullable(chunks.peek());
        }
    }

    /** Rows of one shard, as whole frames, and perhaps notices between them. Takes ownership. */
    void onRows(Backend backend, ByteBuf owned) {
        stream(backend.shard()).chunks.add(owned);
        advance();
    }

    /** One shard has returned all its rows. */
    void onEnd(Backend backend) {
        stream(backend.shard()).hasEnded = true;
        advance();
    }

    private void advance() {
        while (turn < turns.size()) {
            Stream stream = stream(turns.get(turn));
            Optional<ByteBuf> next = stream.next();
            if (next.isPresent()) {
                // A notice takes no turn.
                turn += next.get().getByte(next.get().readerIndex()) == BackendTag.DATA_ROW ? 1 : 0;
                passOn(next.get());
            } else if (stream.hasEnded) {
                turn++;
            } else {
                break;
            }
        }
        if (turn == turns.size()) {
            streams.values().forEach(this::passOnRest);
        }
        writeOut();
    }

    private void passOnRest(Stream stream) {
        for (Optional<ByteBuf> next = stream.next(); next.isPresent(); next = stream.next()) {
            passOn(next.get());
        }
    }

    /** Copies the first frame; the chunk stays its stream's. */
    private void passOn(ByteBuf borrowed) {
        ByteBuf to = out.orElseGet(client::buffer);
        out = Optional.of(to);
        to.writeBytes(borrowed, 1 + borrowed.getInt(borrowed.readerIndex() + 1));
        if (to.readableBytes() >= OUT_BYTES) {
            writeOut();
        }
    }

    /** Throws away what was kept. */
    void close() {
        streams.values().forEach(stream -> {
            stream.chunks.forEach(ByteBuf::release);
            stream.chunks.clear();
        });
        out.ifPresent(ByteBuf::release);
        out = Optional.empty();
    }

    private Stream stream(ShardName shard) {
        return streams.computeIfAbsent(shard, name -> new Stream());
    }

    private void writeOut() {
        out.ifPresent(client::write);
        out = Optional.empty();
    }
}
