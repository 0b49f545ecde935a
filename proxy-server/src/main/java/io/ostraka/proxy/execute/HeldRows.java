package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.proxy.wire.ClientEncoding;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.Consumer;

/**
 * The client's output with a lock before it: what FETCH gives is kept until all of it is here, so that an error comes without rows, as
 * from PostgreSQL. Notices go through at once. Rows of more than 4 MiB are not kept any longer: PostgreSQL has its disk for them.
 *
 * <p>Owns what it keeps. Confined to the session's event loop.
 */
final class HeldRows implements ClientOutput {
    static final int MOST_BYTES = 4 << 20;

    private final ClientOutput client;
    private final Queue<ByteBuf> kept = new ArrayDeque<>();
    private int bytes;
    private boolean isHolding;

    HeldRows(ClientOutput client) {
        this.client = client;
    }

    /** From now on rows are kept. */
    void hold() {
        isHolding = true;
    }

    /** What was kept goes to the client, and so does what follows. */
    void release() {
        isHolding = false;
        kept.forEach(client::write);
        forget();
    }

    /** Nobody gets what was kept. */
    void drop() {
        isHolding = false;
        kept.forEach(ByteBuf::release);
        forget();
    }

    private void forget() {
        kept.clear();
        bytes = 0;
    }

    /** Whole frames. */
    @Override
    public void write(ByteBuf owned) {
        if (!isHolding) {
            client.write(owned);
            return;
        }
        if (!hasNotice(owned)) {
            keep(owned);
            return;
        }
        cut(owned, this::keep);
    }

    /** Of whole frames only the notices. */
    void writeNotices(ByteBuf owned) {
        cut(owned, ByteBuf::release);
    }

    private void cut(ByteBuf owned, Consumer<ByteBuf> others) {
        int at = owned.readerIndex();
        while (at < owned.writerIndex()) {
            int length = 1 + owned.getInt(at + 1);
            ByteBuf frame = owned.retainedSlice(at, length);
            if (owned.getByte(at) == BackendTag.NOTICE_RESPONSE) {
                client.write(frame);
            } else {
                others.accept(frame);
            }
            at += length;
        }
        owned.release();
    }

    private static boolean hasNotice(ByteBuf borrowed) {
        int at = borrowed.readerIndex();
        while (at < borrowed.writerIndex() && borrowed.getByte(at) != BackendTag.NOTICE_RESPONSE) {
            at += 1 + borrowed.getInt(at + 1);
        }
        return at < borrowed.writerIndex();
    }

    private void keep(ByteBuf owned) {
        kept.add(owned);
        bytes += owned.readableBytes();
        if (bytes > MOST_BYTES) {
            release();
        }
    }

    @Override
    public void flush() {
        client.flush();
    }

    @Override
    public boolean isWritable() {
        return client.isWritable();
    }

    @Override
    public ByteBuf buffer() {
        return client.buffer();
    }

    @Override
    public ClientEncoding encoding() {
        return client.encoding();
    }
}
