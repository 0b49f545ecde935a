package io.ostraka.proxy.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import org.junit.jupiter.api.Test;

/** Reads that end within frames. */
class FrameTest {
    private static final int READ = 1000;
    private static final int REST = 7;

    private final ByteBufAllocator allocator = PooledByteBufAllocator.DEFAULT;

    /** So many bytes, counted on. */
    private ByteBuf read(int bytes) {
        ByteBuf read = allocator.buffer(bytes);
        for (int i = 0; i < bytes; i++) {
            read.writeByte(i);
        }
        return read;
    }

    @Test
    void whatWasConsumedIsNotKept() {
        ByteBuf rest = read(READ);
        for (int i = 0; i < 1000; i++) {
            rest.skipBytes(rest.readableBytes() - REST);
            rest = Frame.joined(allocator, rest, read(READ));
            assertEquals(REST + READ, rest.readableBytes());
        }
        assertEquals((byte) (READ - REST), rest.readByte());
        assertTrue(rest.capacity() < 10 * READ, "it has grown to " + rest.capacity());
        rest.release();
    }

    @Test
    void whatSomebodyHoldsStaysAsItIs() {
        ByteBuf rest = read(READ);
        ByteBuf held = rest.readRetainedSlice(READ - REST);
        ByteBuf joined = Frame.joined(allocator, rest, read(READ));
        for (int i = 0; i < held.readableBytes(); i++) {
            assertEquals((byte) i, held.getByte(i), "byte " + i);
        }
        assertEquals((byte) (READ - REST), joined.getByte(joined.readerIndex()));
        held.release();
        joined.release();
    }
}
