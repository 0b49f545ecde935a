package io.ostraka.proxy.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Arrays;

/**
 * Bind (F), read where it stands: offsets into the frame, nothing copied but what is asked for. One view serves all
 * Binds of a session. Confined to the session's event loop; valid until the next {@link #read}.
 *
 * <p>Shape: portal, statement, Int16 count and format codes, Int16 count and values (Int32 length or -1, bytes), Int16
 * count and result format codes.
 */
public final class BindView {
    private ByteBuf buffer;
    private int frame;
    private String portal = "";
    private String statement = "";
    private int statementStart;
    private int statementBytes;
    private int formats;
    private int formatsStart;
    private int parameters;
    private int[] valueStart = new int[8];
    private int resultFormats;
    private int resultFormatsStart;

    /** Borrows the buffer, in which a whole frame stands at {@code frame}, until the next call. */
    public void read(ByteBuf borrowed, int frame) {
        this.buffer = borrowed;
        this.frame = frame;
        FieldReader in = FieldReader.ofFrame(borrowed, frame);
        portal = in.string();
        statementStart = in.position();
        statement = in.string();
        statementBytes = in.position() - statementStart - 1;
        formats = in.count();
        formatsStart = in.position();
        in.skip(formats * Short.BYTES);
        parameters = in.count();
        if (formats > 1 && formats != parameters) {
            throw new CorruptedFrameException(
                    "bind message has " + formats + " parameter formats but " + parameters + " parameters");
        }
        if (parameters > valueStart.length) {
            valueStart = Arrays.copyOf(valueStart, Math.max(parameters, valueStart.length * 2));
        }
        for (int i = 0; i < parameters; i++) {
            valueStart[i] = in.position();
            int length = in.int32();
            if (length != -1) {
                in.skip(length);
            }
        }
        resultFormats = in.count();
        resultFormatsStart = in.position();
        in.skip(resultFormats * Short.BYTES);
        in.end();
    }

    /** A view of a copy, valid as long as it is kept. */
    public BindView copy() {
        BindView copy = new BindView();
        byte[] bytes = new byte[1 + buffer.getInt(frame + 1)];
        buffer.getBytes(frame, bytes);
        copy.read(Unpooled.wrappedBuffer(bytes), 0);
        return copy;
    }

    public String portal() {
        return portal;
    }

    public String statement() {
        return statement;
    }

    public int parameterCount() {
        return parameters;
    }

    /** Of parameter {@code number}, from 1. */
    public boolean isNull(int number) {
        return buffer.getInt(valueStart[number - 1]) == -1;
    }

    public boolean isBinary(int number) {
        if (formats == 0) {
            return false;
        }
        int index = formats == 1 ? 0 : number - 1;
        return buffer.getShort(formatsStart + index * Short.BYTES) == 1;
    }

    /** A copy of the bytes of a parameter that is not null. */
    public byte[] value(int number) {
        int start = valueStart[number - 1];
        byte[] value = new byte[buffer.getInt(start)];
        buffer.getBytes(start + Integer.BYTES, value);
        return value;
    }

    /** How many result format codes it has: none for text, one for all columns, or one for each. */
    public int resultFormatCount() {
        return resultFormats;
    }

    /** Of the column with this index, from 0. */
    public short resultFormat(int column) {
        if (resultFormats == 0) {
            return 0;
        }
        return buffer.getShort(resultFormatsStart + (resultFormats == 1 ? 0 : column) * Short.BYTES);
    }

    /** Appends this Bind with another statement name and everything else as it came. */
    public void writeWithStatement(ByteBuf out, byte[] name) {
        int length = buffer.getInt(frame + 1);
        writeUpTo(out, name, frame + 1 + length, length - statementBytes + name.length);
    }

    /** The same with other result formats, one for each column. */
    public void writeWithStatement(ByteBuf out, byte[] name, short[] formatsOfResult) {
        int end = resultFormatsStart - Short.BYTES;
        int length = end - frame - 1 - statementBytes + name.length;
        writeUpTo(out, name, end, length + Short.BYTES + formatsOfResult.length * Short.BYTES);
        out.writeShort(formatsOfResult.length);
        for (short format : formatsOfResult) {
            out.writeShort(format);
        }
    }

    private void writeUpTo(ByteBuf out, byte[] name, int end, int length) {
        out.writeByte(FrontendTag.BIND);
        out.writeInt(length);
        int payload = frame + Frame.HEADER_BYTES;
        out.writeBytes(buffer, payload, statementStart - payload);
        out.writeBytes(name);
        int rest = statementStart + statementBytes;
        out.writeBytes(buffer, rest, end - rest);
    }
}
