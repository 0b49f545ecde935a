package io.ostraka.proxy.wire;

import io.netty.buffer.ByteBuf;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;

/** The fields of an ErrorResponse or NoticeResponse. A server that leaves the SQLSTATE out gets {@code XX000}. */
public record ErrorFields(
        String severity, String sqlState, String message, String detail, String hint, String routine) {
    /** Raises "cached plan must not change result type"; drivers parse anew when they see it. */
    public static final String OUTDATED_PLAN_ROUTINE = "RevalidateCachedQuery";

    private static final int SQLSTATE_LENGTH = 5;

    /** Reads a payload: {@code (Byte1 code, String value)... Byte1 0}. */
    public static ErrorFields read(FieldReader in) {
        Map<Byte, String> fields = new HashMap<>();
        for (byte code = in.int8(); code != 0; code = in.int8()) {
            fields.put(code, in.shownString());
        }
        String state = fields.getOrDefault((byte) 'C', "");
        return new ErrorFields(
                fields.getOrDefault((byte) 'V', fields.getOrDefault((byte) 'S', "ERROR")),
                state.length() == SQLSTATE_LENGTH ? state : "XX000",
                fields.getOrDefault((byte) 'M', ""),
                fields.getOrDefault((byte) 'D', ""),
                fields.getOrDefault((byte) 'H', ""),
                fields.getOrDefault((byte) 'R', ""));
    }

    /** "cached plan must not change result type", by the routine that raises it: the message may be translated. */
    public boolean isOutdatedPlan() {
        return sqlState.equals("0A000") && routine.equals(OUTDATED_PLAN_ROUTINE);
    }

    /** Whether the statement or its values are wrong, or were not right any more: it would fail before it reads or waits for anything. */
    public boolean isOfStatement() {
        return isOutdatedPlan() || sqlState.startsWith("22") || sqlState.startsWith("42");
    }

    /** A snapshot cannot be imported, because what kept it open is gone. */
    public boolean isSnapshotGone() {
        return routine.equals("ImportSnapshot") || routine.equals("SetTransactionSnapshot");
    }

    /** Appends the ErrorResponse at {@code frame} without its position, which means nothing in another text. */
    public static void copyWithoutPosition(ByteBuf out, ByteBuf borrowed, int frame) {
        copyWithPosition(out, borrowed, frame, position -> OptionalInt.empty());
    }

    /** Appends the ErrorResponse at {@code frame} with its position, if it has one, moved to another text, if it is one there. */
    public static void copyWithPosition(ByteBuf out, ByteBuf borrowed, int frame, IntFunction<OptionalInt> move) {
        int start = out.writerIndex();
        out.writeBytes(borrowed, frame, Frame.HEADER_BYTES);
        FieldReader in = FieldReader.ofFrame(borrowed, frame);
        int from = in.position();
        for (byte code = in.int8(); code != 0; code = in.int8()) {
            String value = in.string();
            if (code != 'P') {
                out.writeBytes(borrowed, from, in.position() - from);
            } else if (value.matches("[0-9]{1,9}")) {
                OptionalInt moved = move.apply(Integer.parseInt(value));
                if (moved.isPresent()) {
                    out.writeByte(code);
                    FrontendMessages.string(out, Integer.toString(moved.getAsInt()));
                }
            }
            from = in.position();
        }
        out.writeByte(0);
        out.setInt(start + 1, out.writerIndex() - start - 1);
    }

    /** Appends the ErrorResponse at {@code frame} with its context changed, if it has one. */
    public static void copyWithContext(
            ByteBuf out, ByteBuf borrowed, int frame, UnaryOperator<String> change, ClientEncoding encoding) {
        int start = out.writerIndex();
        out.writeBytes(borrowed, frame, Frame.HEADER_BYTES);
        FieldReader in = FieldReader.ofFrame(borrowed, frame, encoding);
        int from = in.position();
        for (byte code = in.int8(); code != 0; code = in.int8()) {
            String value = in.shownString();
            if (code == 'W') {
                out.writeByte(code);
                FrontendMessages.string(out, encoding.told(change.apply(value)), encoding);
            } else {
                out.writeBytes(borrowed, from, in.position() - from);
            }
            from = in.position();
        }
        out.writeByte(0);
        out.setInt(start + 1, out.writerIndex() - start - 1);
    }

    /** FATAL or PANIC: the connection ends with it. */
    public boolean endsSession() {
        return severity.equals("FATAL") || severity.equals("PANIC");
    }
}
