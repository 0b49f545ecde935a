package io.ostraka.proxy.wire;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;

/** Parse (F). {@code statement} is empty for the unnamed one; an OID of 0 leaves the type open. */
public record Parse(String statement, String sql, List<Integer> parameterOids) {
    public Parse {
        parameterOids = List.copyOf(parameterOids);
    }

    /** Borrows the buffer, in which a whole frame stands at {@code frame}. */
    public static Parse read(ByteBuf buffer, int frame, ClientEncoding encoding) {
        FieldReader in = FieldReader.ofFrame(buffer, frame, encoding);
        String statement = in.string();
        String sql = in.string();
        int count = in.count();
        List<Integer> oids = new ArrayList<>(Math.min(count, in.remaining() / Integer.BYTES));
        for (int i = 0; i < count; i++) {
            oids.add(in.int32());
        }
        in.end();
        return new Parse(statement, sql, oids);
    }

    /** Appends the message under another statement name. */
    public static void write(
            ByteBuf out, String statement, String sql, List<Integer> parameterOids, ClientEncoding encoding) {
        FrontendMessages.requireSendable(sql, FrontendTag.MAX_LARGE);
        int frame = FrontendMessages.begin(out, FrontendTag.PARSE);
        FrontendMessages.string(out, statement, encoding);
        FrontendMessages.string(out, sql, encoding);
        out.writeShort(parameterOids.size());
        for (int oid : parameterOids) {
            out.writeInt(oid);
        }
        FrontendMessages.end(out, frame);
    }
}
