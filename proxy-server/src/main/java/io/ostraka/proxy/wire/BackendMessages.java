package io.ostraka.proxy.wire;

import static io.ostraka.proxy.wire.FrontendMessages.begin;
import static io.ostraka.proxy.wire.FrontendMessages.end;
import static io.ostraka.proxy.wire.FrontendMessages.string;

import io.netty.buffer.ByteBuf;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.util.List;

/** Appends the messages that the proxy itself sends to a client. Thread-safe; the buffer is the caller's. */
public final class BackendMessages {
    /** Severity of an error that ends a statement, and of one that ends the session. */
    public enum Severity {
        ERROR,
        FATAL,
        WARNING,
        NOTICE
    }

    private static final int TEXT_OID = 25;
    private static final short VARIABLE_SIZE = -1;

    private BackendMessages() {}

    /** Any Authentication message; the body begins with its Int32 code. */
    public static void authentication(ByteBuf out, byte[] body) {
        int frame = begin(out, BackendTag.AUTHENTICATION);
        out.writeBytes(body);
        end(out, frame);
    }

    public static void authenticationOk(ByteBuf out) {
        authentication(out, new byte[Integer.BYTES]);
    }

    public static void backendKeyData(ByteBuf out, int pid, byte[] key) {
        int frame = begin(out, BackendTag.BACKEND_KEY_DATA);
        out.writeInt(pid);
        out.writeBytes(key);
        end(out, frame);
    }

    public static void parameterStatus(ByteBuf out, String name, String value) {
        parameterStatus(out, name, value, ClientEncoding.UTF8);
    }

    /** The same for a client with this encoding. */
    public static void parameterStatus(ByteBuf out, String name, String value, ClientEncoding encoding) {
        int frame = begin(out, BackendTag.PARAMETER_STATUS);
        string(out, name, encoding);
        string(out, encoding.told(value), encoding);
        end(out, frame);
    }

    /** Answer to a minor version above ours or to {@code _pq_.} options, none of which is known. */
    public static void negotiateProtocolVersion(ByteBuf out, int minorVersion, List<String> unknownOptions) {
        int frame = begin(out, BackendTag.NEGOTIATE_PROTOCOL_VERSION);
        out.writeInt(FrontendMessages.PROTOCOL_3_0 | minorVersion);
        out.writeInt(unknownOptions.size());
        unknownOptions.forEach(option -> string(out, option));
        end(out, frame);
    }

    public static void readyForQuery(ByteBuf out, TransactionStatus status) {
        int frame = begin(out, BackendTag.READY_FOR_QUERY);
        out.writeByte(status.code());
        end(out, frame);
    }

    public static void commandComplete(ByteBuf out, String tag) {
        int frame = begin(out, BackendTag.COMMAND_COMPLETE);
        string(out, tag);
        end(out, frame);
    }

    /** ParseComplete, BindComplete, CloseComplete, NoData, PortalSuspended, EmptyQueryResponse: a tag and nothing else. */
    public static void empty(ByteBuf out, byte tag) {
        out.writeByte(tag);
        out.writeInt(Frame.MIN_LENGTH);
    }

    /** RowDescription of one column of type text. */
    public static void textColumn(ByteBuf out, String name, int format) {
        int frame = begin(out, BackendTag.ROW_DESCRIPTION);
        out.writeShort(1);
        string(out, name);
        out.writeInt(0);
        out.writeShort(0);
        out.writeInt(TEXT_OID);
        out.writeShort(VARIABLE_SIZE);
        out.writeInt(-1);
        out.writeShort(format);
        end(out, frame);
    }

    /** ParameterDescription of a statement without parameters. */
    public static void noParameters(ByteBuf out) {
        int frame = begin(out, BackendTag.PARAMETER_DESCRIPTION);
        out.writeShort(0);
        end(out, frame);
    }

    /** DataRow of one text value; text and binary format are the same bytes. */
    public static void textRow(ByteBuf out, String value, ClientEncoding encoding) {
        byte[] bytes = encoding.bytes(value);
        int frame = begin(out, BackendTag.DATA_ROW);
        out.writeShort(1);
        out.writeInt(bytes.length);
        out.writeBytes(bytes);
        end(out, frame);
    }

    public static void error(ByteBuf out, Severity severity, PgError error) {
        error(out, severity, error, ClientEncoding.UTF8);
    }

    /** The same for a client with this encoding. */
    public static void error(ByteBuf out, Severity severity, PgError error, ClientEncoding encoding) {
        report(out, BackendTag.ERROR_RESPONSE, severity, error, encoding);
    }

    /** An error in a server's own words, any SQLSTATE; empty strings for absent fields. */
    public static void error(
            ByteBuf out, Severity severity, String sqlState, String message, String detail, String hint) {
        int frame = begin(out, BackendTag.ERROR_RESPONSE);
        field(out, 'S', severity.name(), ClientEncoding.UTF8);
        field(out, 'V', severity.name(), ClientEncoding.UTF8);
        field(out, 'C', sqlState, ClientEncoding.UTF8);
        field(out, 'M', message, ClientEncoding.UTF8);
        field(out, 'D', detail, ClientEncoding.UTF8);
        field(out, 'H', hint, ClientEncoding.UTF8);
        out.writeByte(0);
        end(out, frame);
    }

    public static void notice(ByteBuf out, Severity severity, PgError notice, ClientEncoding encoding) {
        report(out, BackendTag.NOTICE_RESPONSE, severity, notice, encoding);
    }

    private static void report(ByteBuf out, byte tag, Severity severity, PgError error, ClientEncoding encoding) {
        int frame = begin(out, tag);
        field(out, 'S', severity.name(), encoding);
        field(out, 'V', severity.name(), encoding);
        field(out, 'C', error.state().code(), encoding);
        field(out, 'M', error.message(), encoding);
        field(out, 'D', error.detail(), encoding);
        field(out, 'H', error.hint(), encoding);
        if (error.position() > 0) {
            field(out, 'P', Integer.toString(error.position()), encoding);
        }
        field(out, 'R', error.routine(), encoding);
        out.writeByte(0);
        end(out, frame);
    }

    private static void field(ByteBuf out, char code, String value, ClientEncoding encoding) {
        if (!value.isEmpty()) {
            out.writeByte(code);
            // Text of ours may quote the client's, which may hold anything.
            string(out, encoding.told(value.replace('\0', ' ')), encoding);
        }
    }

    /** The protocol error that an unreadable message is answered with. */
    public static PgError protocolViolation(String message) {
        return new PgError(SqlState.PROTOCOL_VIOLATION, message);
    }
}
