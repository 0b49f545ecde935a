package io.ostraka.proxy.wire;

import io.netty.buffer.ByteBuf;

/**
 * Reads the fields of one message's payload and trusts no length in it. Borrows the buffer; moves no index of it, so
 * that the frame can still be forwarded as it is. Errors are {@link CorruptedFrameException}.
 */
public final class FieldReader {
    private final ByteBuf buffer;
    private final int end;
    private final ClientEncoding encoding;
    private int at;

    /** Over the payload of the frame whose tag stands at {@code frame}. The whole frame is in {@code buffer}. */
    public static FieldReader ofFrame(ByteBuf buffer, int frame) {
        return ofFrame(buffer, frame, ClientEncoding.UTF8);
    }

    /** The same with strings in this encoding. */
    public static FieldReader ofFrame(ByteBuf buffer, int frame, ClientEncoding encoding) {
        return new FieldReader(buffer, frame + Frame.HEADER_BYTES, frame + 1 + buffer.getInt(frame + 1), encoding);
    }

    /** Over bytes {@code [start, end)}. */
    public FieldReader(ByteBuf buffer, int start, int end) {
        this(buffer, start, end, ClientEncoding.UTF8);
    }

    /** The same with strings in this encoding. */
    FieldReader(ByteBuf buffer, int start, int end, ClientEncoding encoding) {
        this.buffer = buffer;
        this.at = start;
        this.end = end;
        this.encoding = encoding;
    }

    /** Index in the buffer of the next byte to be read. */
    public int position() {
        return at;
    }

    public int remaining() {
        return end - at;
    }

    public byte int8() {
        need(1);
        return buffer.getByte(at++);
    }

    public int int16() {
        need(2);
        int value = buffer.getShort(at);
        at += 2;
        return value;
    }

    /** An Int16 that counts something. */
    public int count() {
        int value = int16() & 0xFFFF;
        return value;
    }

    public int int32() {
        need(4);
        int value = buffer.getInt(at);
        at += 4;
        return value;
    }

    /** A string ended by a zero byte. */
    public String string() {
        int start = at;
        return encoding.text(buffer, start, skipString());
    }

    /** The same, of which a server may have written what cannot be read, and which is only shown. */
    public String shownString() {
        int start = at;
        return encoding.shown(buffer, start, skipString());
    }

    /** Steps over a string without decoding it; returns its length in bytes, without the zero. */
    public int skipString() {
        int zero = at < end ? buffer.indexOf(at, end, (byte) 0) : -1;
        if (zero < 0) {
            throw new CorruptedFrameException("invalid string in message");
        }
        int length = zero - at;
        at = zero + 1;
        return length;
    }

    public void skip(int bytes) {
        if (bytes < 0) {
            throw new CorruptedFrameException("invalid length " + bytes + " in message");
        }
        need(bytes);
        at += bytes;
    }

    public byte[] bytes(int length) {
        if (length < 0) {
            throw new CorruptedFrameException("invalid length " + length + " in message");
        }
        need(length);
        byte[] value = new byte[length];
        buffer.getBytes(at, value);
        at += length;
        return value;
    }

    /** What is left of the payload. */
    public byte[] rest() {
        return bytes(remaining());
    }

    /** The message must end here. */
    public void end() {
        if (at != end) {
            throw new CorruptedFrameException("invalid message format: " + (end - at) + " bytes left over");
        }
    }

    private void need(int bytes) {
        if (bytes > end - at) {
            throw new CorruptedFrameException("insufficient data left in message");
        }
    }
}
