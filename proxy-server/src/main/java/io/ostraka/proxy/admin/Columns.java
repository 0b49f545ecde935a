package io.ostraka.proxy.admin;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.wire.CorruptedFrameException;
import io.ostraka.proxy.wire.RowMessages;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The columns of an answer, known before there are rows. Immutable. */
record Columns(List<RowMessages.Column> all) {
    private static final int TEXT_OID = 25;
    private static final int BIGINT_OID = 20;
    private static final int BOOLEAN_OID = 16;
    private static final int TIMESTAMPTZ_OID = 1184;
    private static final short BINARY = 1;

    Columns {
        all = List.copyOf(all);
    }

    /** Each a name, with its type behind a blank if that is not text: {@code number}, {@code flag} or {@code time}. */
    static Columns of(String... specifications) {
        return new Columns(Arrays.stream(specifications).map(Columns::column).toList());
    }

    private static RowMessages.Column column(String specification) {
        String[] words = specification.split(" ", 2);
        return switch (words.length == 1 ? "text" : words[1]) {
            case "text" -> new RowMessages.Column(words[0], TEXT_OID, -1);
            case "number" -> new RowMessages.Column(words[0], BIGINT_OID, Long.BYTES);
            case "flag" -> new RowMessages.Column(words[0], BOOLEAN_OID, 1);
            case "time" -> new RowMessages.Column(words[0], TIMESTAMPTZ_OID, Long.BYTES);
            default -> throw new IllegalArgumentException(specification);
        };
    }

    /** RowDescription; {@code formats} as in a Bind message: none, one for all, or one for each. */
    void describe(ByteBuf out, short[] formats) {
        RowMessages.description(out, all, eachOf(formats));
    }

    /** DataRow. */
    void row(ByteBuf out, short[] formats, List<Optional<Cell>> row) {
        short[] each = eachOf(formats);
        List<Optional<byte[]>> values = new ArrayList<>(row.size());
        for (int i = 0; i < row.size(); i++) {
            boolean isBinary = each[i] == BINARY;
            values.add(row.get(i).map(cell -> isBinary ? cell.binary() : cell.text()));
        }
        RowMessages.row(out, values);
    }

    /** Throws {@link CorruptedFrameException} for formats that do not fit. */
    short[] eachOf(short[] formats) {
        if (formats.length > 1 && formats.length != all.size()) {
            throw new CorruptedFrameException(
                    "bind message has " + formats.length + " result formats but query has " + all.size() + " columns");
        }
        short[] each = new short[all.size()];
        if (formats.length == 1) {
            Arrays.fill(each, formats[0]);
        } else if (formats.length > 1) {
            return formats.clone();
        }
        return each;
    }
}
