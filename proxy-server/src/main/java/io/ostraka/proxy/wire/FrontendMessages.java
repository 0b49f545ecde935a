package io.ostraka.proxy.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.util.List;
import java.util.Map;

/** Appends the messages that the proxy itself sends to a shard. Thread-safe; the buffer is the caller's. */
public final class FrontendMessages {
    /** Protocol version 3.0. */
    public static final int PROTOCOL_3_0 = 3 << 16;

    /** Protocol version 3.2, whose cancel keys may be longer. */
    public static final int PROTOCOL_3_2 = PROTOCOL_3_0 | 2;

    public static final int CANCEL_REQUEST = 1234 << 16 | 5678;
    public static final int SSL_REQUEST = 1234 << 16 | 5679;
    public static final int GSSENC_REQUEST = 1234 << 16 | 5680;

    private static final byte[] BINARY_SIGNATURE = {'P', 'G', 'C', 'O', 'P', 'Y', '\n', (byte) 0xFF, '\r', '\n', 0};

    private FrontendMessages() {}

    /** Asks for the newest version of the protocol; older servers answer with theirs. */
    public static void startup(ByteBuf out, Map<String, String> parameters) {
        int start = out.writerIndex();
        out.writeInt(0);
        out.writeInt(PROTOCOL_3_2);
        parameters.forEach((name, value) -> {
            string(out, name);
            string(out, value);
        });
        out.writeByte(0);
        out.setInt(start, out.writerIndex() - start);
    }

    /** The key is that of BackendKeyData. */
    public static void cancelRequest(ByteBuf out, int pid, byte[] key) {
        out.writeInt(3 * Integer.BYTES + key.length);
        out.writeInt(CANCEL_REQUEST);
        out.writeInt(pid);
        out.writeBytes(key);
    }

    /** PasswordMessage or SASLResponse; the body is as the mechanism makes it. */
    public static void password(ByteBuf out, byte[] body) {
        int frame = begin(out, FrontendTag.PASSWORD);
        out.writeBytes(body);
        end(out, frame);
    }

    public static void query(ByteBuf out, String sql, ClientEncoding encoding) {
        requireSendable(sql, FrontendTag.MAX_LARGE);
        int frame = begin(out, FrontendTag.QUERY);
        string(out, sql, encoding);
        end(out, frame);
    }

    /**
     * Throws, before anything of it is written, when a text that the proxy has made is longer than any server takes: its length
     * might even wrap, and bytes of the text be taken for messages.
     */
    static void requireSendable(String sql, int most) {
        // A char has three bytes at most, and a frame's other fields are short.
        if (sql.length() > most / 4 && ByteBufUtil.utf8Bytes(sql) > most - Frame.HEADER_BYTES - 1) {
            throw new PgError(
                            SqlState.PROGRAM_LIMIT_EXCEEDED,
                            "the statement is too long to be sent to a shard",
                            "What the proxy has made of it has " + sql.length() + " characters.",
                            "Send large values as parameters.")
                    .toException();
        }
    }

    /** Parse, Bind and Execute of a statement without parameters, under the unnamed statement and portal. */
    public static void parseBindExecute(ByteBuf out, String sql, ClientEncoding encoding) {
        Parse.write(out, "", sql, List.of(), encoding);
        int bind = begin(out, FrontendTag.BIND);
        out.writeZero(2 + 3 * Short.BYTES);
        end(out, bind);
        execute(out, "", 0, encoding);
    }

    /** Bind without parameters; {@code resultFormats} has one for each column, or none for text. */
    public static void bind(
            ByteBuf out, String portal, byte[] statement, short[] resultFormats, ClientEncoding encoding) {
        bind(out, portal, statement, List.of(), resultFormats, encoding);
    }

    /** Bind with these values; {@code resultFormats} has one for all columns, one for each, or none for text. */
    public static void bind(
            ByteBuf out,
            String portal,
            byte[] statement,
            List<BindValue> values,
            short[] resultFormats,
            ClientEncoding encoding) {
        int frame = begin(out, FrontendTag.BIND);
        string(out, portal, encoding);
        out.writeBytes(statement);
        out.writeByte(0);
        out.writeShort(values.size());
        for (BindValue value : values) {
            out.writeShort(value.isBinary() ? 1 : 0);
        }
        out.writeShort(values.size());
        for (BindValue value : values) {
            if (value.bytes().isPresent()) {
                byte[] bytes = value.bytes().get();
                out.writeInt(bytes.length);
                out.writeBytes(bytes);
            } else {
                out.writeInt(-1);
            }
        }
        out.writeShort(resultFormats.length);
        for (short format : resultFormats) {
            out.writeShort(format);
        }
        end(out, frame);
    }

    public static void execute(ByteBuf out, String portal, int maxRows, ClientEncoding encoding) {
        int frame = begin(out, FrontendTag.EXECUTE);
        string(out, portal, encoding);
        out.writeInt(maxRows);
        end(out, frame);
    }

    /** {@code kind} is {@code 'S'} for a statement, {@code 'P'} for a portal. */
    public static void describe(ByteBuf out, char kind, String name, ClientEncoding encoding) {
        int frame = begin(out, FrontendTag.DESCRIBE);
        out.writeByte(kind);
        string(out, name, encoding);
        end(out, frame);
    }

    /** {@code kind} is {@code 'S'} for a statement, {@code 'P'} for a portal. */
    public static void close(ByteBuf out, char kind, String name, ClientEncoding encoding) {
        int frame = begin(out, FrontendTag.CLOSE);
        out.writeByte(kind);
        string(out, name, encoding);
        end(out, frame);
    }

    public static void sync(ByteBuf out) {
        empty(out, FrontendTag.SYNC);
    }

    public static void flush(ByteBuf out) {
        empty(out, FrontendTag.FLUSH);
    }

    public static void terminate(ByteBuf out) {
        empty(out, FrontendTag.TERMINATE);
    }

    /** The header of a binary COPY, in a CopyData. Source: PostgreSQL manual, "COPY", "Binary Format". */
    public static void copyBinaryStart(ByteBuf out) {
        int frame = begin(out, FrontendTag.COPY_DATA);
        out.writeBytes(BINARY_SIGNATURE);
        // Flags, and the length of an extension.
        out.writeZero(2 * Integer.BYTES);
        end(out, frame);
    }

    /** The trailer of a binary COPY, in a CopyData, and CopyDone. */
    public static void copyBinaryEnd(ByteBuf out) {
        int frame = begin(out, FrontendTag.COPY_DATA);
        out.writeShort(-1);
        end(out, frame);
        copyDone(out);
    }

    public static void copyDone(ByteBuf out) {
        empty(out, FrontendTag.COPY_DONE);
    }

    public static void copyFail(ByteBuf out, String reason, ClientEncoding encoding) {
        int frame = begin(out, FrontendTag.COPY_FAIL);
        string(out, reason, encoding);
        end(out, frame);
    }

    private static void empty(ByteBuf out, byte tag) {
        out.writeByte(tag);
        out.writeInt(Frame.MIN_LENGTH);
    }

    /** Writes a header whose length {@link #end} fills in. Returns what end needs. */
    static int begin(ByteBuf out, byte tag) {
        int frame = out.writerIndex();
        out.writeByte(tag);
        out.writeInt(0);
        return frame;
    }

    static void end(ByteBuf out, int frame) {
        out.setInt(frame + 1, out.writerIndex() - frame - 1);
    }

    static void string(ByteBuf out, String value) {
        string(out, value, ClientEncoding.UTF8);
    }

    static void string(ByteBuf out, String value, ClientEncoding encoding) {
        if (value.indexOf('\0') >= 0) {
            throw new CorruptedFrameException("a string has a zero byte in it");
        }
        encoding.write(out, value);
        out.writeByte(0);
    }
}
