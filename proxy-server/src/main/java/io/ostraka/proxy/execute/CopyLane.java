package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.wire.FrontendTag;
import java.util.Optional;

/** One shard's rows of a COPY on their way there, many in a message. Confined to the session's event loop. */
final class CopyLane {
    /** What a CopyData to a shard has at least, while there is more. */
    private static final int GATHERED_BYTES = 32 << 10;

    private final Backend backend;
    private final ClientOutput buffers;
    private Optional<ByteBuf> gathered = Optional.empty();

    CopyLane(Backend backend, ClientOutput buffers) {
        this.backend = backend;
        this.buffers = buffers;
    }

    Backend backend() {
        return backend;
    }

    void append(byte[] data, int start, int end) {
        if (gathered.isEmpty()) {
            ByteBuf begun = buffers.buffer();
            begun.writeByte(FrontendTag.COPY_DATA);
            begun.writeInt(0);
            gathered = Optional.of(begun);
        }
        ByteBuf rows = gathered.get();
        rows.writeBytes(data, start, end - start);
        if (rows.readableBytes() >= GATHERED_BYTES) {
            send();
        }
    }

    /** Sends what has gathered. */
    void send() {
        if (gathered.isPresent()) {
            ByteBuf rows = gathered.get();
            gathered = Optional.empty();
            rows.setInt(1, rows.readableBytes() - 1);
            backend.sendCopyData(rows);
            backend.flush();
        }
    }

    /** Gives back what has gathered. */
    void drop() {
        gathered.ifPresent(ByteBuf::release);
        gathered = Optional.empty();
    }
}
