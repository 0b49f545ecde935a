package io.ostraka.it.harness;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The bytes of a client's messages, from the manual's "Message Formats"; {@link #raw} makes the malformed ones. */
public final class FrontendMessages {
    private static final int PROTOCOL_3_0 = 3 << 16;
    private static final int CANCEL_REQUEST = 80877102;
    private static final int SSL_REQUEST = 80877103;

    private FrontendMessages() {}

    public static byte[] startup(String user, String database, Map<String, String> options) {
        return startup(0, user, database, options);
    }

    /** The same in protocol 3.{@code minor}. */
    public static byte[] startup(int minor, String user, String database, Map<String, String> options) {
        Body body = new Body()
                .int32(PROTOCOL_3_0 | minor)
                .string("user")
                .string(user)
                .string("database")
                .string(database);
        options.forEach((name, value) -> body.string(name).string(value));
        return withLength(body.int8(0).bytes());
    }

    public static byte[] sslRequest() {
        return withLength(new Body().int32(SSL_REQUEST).bytes());
    }

    public static byte[] cancelRequest(byte[] backendKeyData) {
        return withLength(
                new Body().int32(CANCEL_REQUEST).append(backendKeyData).bytes());
    }

    public static byte[] query(String sql) {
        return raw('Q', new Body().string(sql).bytes());
    }

    /** {@code oids} may be fewer than the parameters; the server infers the rest. */
    public static byte[] parse(String name, String sql, int... oids) {
        Body body = new Body().string(name).string(sql).int16(oids.length);
        for (int oid : oids) {
            body.int32(oid);
        }
        return raw('P', body.bytes());
    }

    /** Parameters in text format. */
    public static byte[] bind(String portal, String statement, List<Optional<String>> values, boolean binaryResults) {
        Body body = new Body().string(portal).string(statement).int16(0).int16(values.size());
        for (Optional<String> value : values) {
            if (value.isEmpty()) {
                body.int32(-1);
            } else {
                byte[] bytes = value.get().getBytes(UTF_8);
                body.int32(bytes.length).append(bytes);
            }
        }
        return raw('B', body.int16(1).int16(binaryResults ? 1 : 0).bytes());
    }

    /** A portal of a statement without parameters. */
    public static byte[] bind(String portal, String statement) {
        return bind(portal, statement, List.of(), false);
    }

    /** Formats and values as they are; a value's absence is null. */
    public static byte[] bind(
            String portal,
            String statement,
            List<Integer> formats,
            List<Optional<byte[]>> values,
            List<Integer> resultFormats) {
        Body body = new Body().string(portal).string(statement).int16(formats.size());
        formats.forEach(body::int16);
        body.int16(values.size());
        for (Optional<byte[]> value : values) {
            if (value.isPresent()) {
                body.int32(value.get().length).append(value.get());
            } else {
                body.int32(-1);
            }
        }
        body.int16(resultFormats.size());
        resultFormats.forEach(body::int16);
        return raw('B', body.bytes());
    }

    public static byte[] describeStatement(String name) {
        return raw('D', new Body().int8('S').string(name).bytes());
    }

    public static byte[] describePortal(String name) {
        return raw('D', new Body().int8('P').string(name).bytes());
    }

    /** {@code maxRows} 0 means all. */
    public static byte[] execute(String portal, int maxRows) {
        return raw('E', new Body().string(portal).int32(maxRows).bytes());
    }

    public static byte[] closeStatement(String name) {
        return raw('C', new Body().int8('S').string(name).bytes());
    }

    public static byte[] closePortal(String name) {
        return raw('C', new Body().int8('P').string(name).bytes());
    }

    public static byte[] copyData(String rows) {
        return raw('d', rows.getBytes(UTF_8));
    }

    public static byte[] copyDone() {
        return raw('c', new byte[0]);
    }

    public static byte[] copyFail(String reason) {
        return raw('f', new Body().string(reason).bytes());
    }

    /** Arguments and result in text format. */
    public static byte[] functionCall(int oid, String... arguments) {
        Body body = new Body().int32(oid).int16(0).int16(arguments.length);
        for (String argument : arguments) {
            byte[] bytes = argument.getBytes(UTF_8);
            body.int32(bytes.length).append(bytes);
        }
        return raw('F', body.int16(0).bytes());
    }

    public static byte[] flush() {
        return raw('H', new byte[0]);
    }

    public static byte[] sync() {
        return raw('S', new byte[0]);
    }

    public static byte[] terminate() {
        return raw('X', new byte[0]);
    }

    /** Any type and body, with the right length. */
    public static byte[] raw(char type, byte[] body) {
        return new Body().int8(type).append(withLength(body)).bytes();
    }

    private static byte[] withLength(byte[] body) {
        return new Body().int32(body.length + Integer.BYTES).append(body).bytes();
    }

    /** Grows to the right as a message is read. */
    static final class Body {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        Body int8(int value) {
            out.write(value);
            return this;
        }

        Body int16(int value) {
            return append(
                    ByteBuffer.allocate(Short.BYTES).putShort((short) value).array());
        }

        Body int32(int value) {
            return append(ByteBuffer.allocate(Integer.BYTES).putInt(value).array());
        }

        Body string(String value) {
            return append(value.getBytes(UTF_8)).int8(0);
        }

        Body append(byte[] bytes) {
            out.writeBytes(bytes);
            return this;
        }

        byte[] bytes() {
            return out.toByteArray();
        }
    }
}
