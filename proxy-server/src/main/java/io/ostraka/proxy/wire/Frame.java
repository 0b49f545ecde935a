package io.ostraka.proxy.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.ByteToMessageDecoder;

/**
 * What every message of an established session has in common.
 * Shape: {@code Byte1 tag, Int32 length, payload}, where length counts itself but not the tag.
 */
public final class Frame {
    /** Tag and length. */
    public static final int HEADER_BYTES = 5;

    /** Smallest value of the length field: it counts itself. */
    public static final int MIN_LENGTH = 4;

    private Frame() {}

    /**
     * What is left of earlier reads, and {@code read} behind it. What was consumed in front of it is dropped where nobody holds a slice of it:
     * reads hardly ever end where a frame does, and the buffer would grow with all that comes. Takes ownership of both, returns an owned.
     */
    public static ByteBuf joined(ByteBufAllocator allocator, ByteBuf rest, ByteBuf read) {
        if (rest.refCnt() == 1) {
            rest.discardReadBytes();
        }
        return ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(allocator, rest, read);
    }
}
