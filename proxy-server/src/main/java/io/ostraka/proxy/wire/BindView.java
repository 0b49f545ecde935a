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
    /** Something was asked for that stands in the part of the message which is still to come. */
    public static final class NotHereYet extends RuntimeException {
        private static final long serialVersionUID = 1;

        private NotHereYet() {
            super("not here yet", null, false, false);
        }
    }

    private ByteBuf buffer;
    private ClientEncoding encoding = ClientEncoding.UTF8;
    private int frame;
    private String portal = "";
    private String statement = "";
    private int statementStart;
    private int statementBytes;
    private int formats;
    private int formatsStart;
    private int parameters;
    /** How many of the parameters are here in full. */
    private int here;
    /** The bytes after the part that is here. */
    private int toCome;

    private int[] valueStart = new int[8];
    private int resultFormats;
    private int resultFormatsStart;

    /** Borrows the buffer, in which a whole frame stands at {@code frame}, until the next call; its names are in {@code encoding}. */
    public void read(ByteBuf borrowed, int frame, ClientEncoding encoding) {
        FieldReader in = FieldReader.ofFrame(borrowed, frame, encoding);
        readNames(borrowed, frame, in, encoding);
        for (int i = 0; i < parameters; i++) {
            valueStart[i] = in.position();
            int length = in.int32();
            if (length != -1) {
                in.skip(length);
            }
        }
        here = parameters;
        toCome = 0;
        resultFormats = in.count();
        resultFormatsStart = in.position();
        in.skip(resultFormats * Short.BYTES);
        in.end();
    }

    private void readNames(ByteBuf borrowed, int frameStart, FieldReader in, ClientEncoding ofNames) {
        this.buffer = borrowed;
        this.encoding = ofNames;
        this.frame = frameStart;
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
        valueStart[0] = in.position();
    }

    /**
     * The same for a frame of which only {@code available} bytes are there. What is asked of the rest throws {@link NotHereYet}, and
     * so does this when not even the names and formats are there.
     */
    public void readBeginning(ByteBuf borrowed, int frame, int available, ClientEncoding encoding) {
        int end = frame + 1 + borrowed.getInt(frame + 1);
        int there = frame + available;
        try {
            readNames(
                    borrowed, frame, new FieldReader(borrowed, frame + Frame.HEADER_BYTES, there, encoding), encoding);
        } catch (CorruptedFrameException e) {
            // Whether it is, or only cut off, shows when all of it is there.
            throw new NotHereYet();
        }
        toCome = end - there;
        here = 0;
        int at = valueStart[0];
        while (here < parameters && there - at >= Integer.BYTES) {
            valueStart[here] = at;
            int length = borrowed.getInt(at);
            int bytes = length == -1 ? 0 : length;
            if (bytes < 0 || bytes > end - at - Integer.BYTES) {
                throw new CorruptedFrameException("insufficient data left in message");
            }
            if (bytes > there - at - Integer.BYTES) {
                return;
            }
            at += Integer.BYTES + bytes;
            here++;
        }
    }

    /** How many bytes of the message are still to come. */
    public int bytesToCome() {
        return toCome;
    }

    private int start(int number) {
        if (number > here) {
            throw new NotHereYet();
        }
        return valueStart[number - 1];
    }

    /** A view of a copy, valid as long as it is kept. */
    public BindView copy() {
        BindView copy = new BindView();
        byte[] bytes = new byte[1 + buffer.getInt(frame + 1)];
        buffer.getBytes(frame, bytes);
        copy.read(Unpooled.wrappedBuffer(bytes), 0, encoding);
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
        return buffer.getInt(start(number)) == -1;
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
        int start = start(number);
        byte[] value = new byte[buffer.getInt(start)];
        buffer.getBytes(start + Integer.BYTES, value);
        return value;
    }

    /** How many result format codes it has: none for text, one for all columns, or one for each. */
    public int resultFormatCount() {
        requireWhole();
        return resultFormats;
    }

    /** Of the column with this index, from 0. */
    public short resultFormat(int column) {
        if (resultFormats == 0) {
            return 0;
        }
        return buffer.getShort(resultFormatsStart + (resultFormats == 1 ? 0 : column) * Short.BYTES);
    }

    /** Appends this Bind, as far as it is here, with another statement name and everything else as it came. */
    public void writeWithStatement(ByteBuf out, byte[] name) {
        int length = buffer.getInt(frame + 1);
        writeUpTo(out, name, frame + 1 + length - toCome, length - statementBytes + name.length);
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

    /** The parameters alone, for a portal of another statement, with other result formats. */
    public void writeFor(ByteBuf out, byte[] otherPortal, byte[] name, short[] formatsOfResult) {
        int parametersStart = statementStart + statementBytes;
        int bytes = otherPortal.length + name.length + resultFormatsStart - Short.BYTES - parametersStart;
        out.writeByte(FrontendTag.BIND);
        out.writeInt(Integer.BYTES + 1 + bytes + Short.BYTES + formatsOfResult.length * Short.BYTES);
        out.writeBytes(otherPortal)
                .writeByte(0)
                .writeBytes(name)
                .writeBytes(buffer, parametersStart, resultFormatsStart - Short.BYTES - parametersStart);
        out.writeShort(formatsOfResult.length);
        for (short format : formatsOfResult) {
            out.writeShort(format);
        }
    }

    /** The same under other names. All of the message is there. */
    public void writeUnder(ByteBuf out, byte[] portal, byte[] name) {
        int parametersStart = statementStart + statementBytes;
        int bytes = frame + 1 + buffer.getInt(frame + 1) - parametersStart;
        out.writeByte(FrontendTag.BIND);
        out.writeInt(Integer.BYTES + portal.length + 1 + name.length + bytes);
        out.writeBytes(portal).writeByte(0).writeBytes(name).writeBytes(buffer, parametersStart, bytes);
    }

    /** Throws {@link NotHereYet} unless all of the message is there. */
    public void requireWhole() {
        if (toCome > 0) {
            throw new NotHereYet();
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
