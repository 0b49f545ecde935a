package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.proxy.wire.ErrorFields;
import io.ostraka.proxy.wire.FieldReader;
import io.ostraka.rules.catalog.Column;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * One command that makes a table on each of its shards. Notices are those of the first shard; the tag is for the caller to write. Confined
 * to the session's event loop.
 */
public final class TableRun extends SharedRun {
    private static final String DUPLICATE_TABLE = "42P07";

    private final String sql;
    private final int moved;
    private final Optional<String> columnsQuery;
    private final Backend first;
    private final List<Column> columns = new ArrayList<>();
    /** Shards that had a relation of that name, which IF NOT EXISTS lets pass. */
    private final Set<Backend> skipped = new HashSet<>();

    private String made = "";

    /**
     * {@code moved}: how far the client's text has moved in {@code sql}. The first shard is asked for the columns with {@code
     * columnsQuery}.
     */
    public TableRun(Host host, List<Backend> backends, String sql, int moved, Optional<String> columnsQuery) {
        super(host, backends);
        this.sql = sql;
        this.moved = moved;
        this.columnsQuery = columnsQuery;
        this.first = backends.get(0);
    }

    /** The tag of the command. */
    public String madeTag() {
        return made;
    }

    /** The columns of what was made. */
    public List<Column> columns() {
        return List.copyOf(columns);
    }

    /** Whether there was one on every shard already. */
    public boolean isSkipped() {
        return skipped.size() == participants().size();
    }

    /** Whether there was one on some of the shards. */
    public boolean isSkippedInPart() {
        return !skipped.isEmpty() && !isSkipped();
    }

    @Override
    public void start() {
        for (Backend backend : participants()) {
            backend.sendQuery(sql, Visibility.ROWS);
            if (backend == first) {
                columnsQuery.ifPresent(query -> backend.sendQuery(query, Visibility.ROWS));
            }
            backend.flush();
        }
    }

    @Override
    int commands() {
        return participants().size() + (columnsQuery.isPresent() ? 1 : 0);
    }

    @Override
    public void onBytes(Backend backend, ByteBuf owned) {
        try {
            int at = owned.readerIndex();
            while (at < owned.writerIndex()) {
                int bytes = 1 + owned.getInt(at + 1);
                if (owned.getByte(at) == BackendTag.DATA_ROW) {
                    column(FieldReader.ofFrame(owned, at));
                } else if (!isOver()) {
                    notice(backend, owned, at, bytes);
                }
                at += bytes;
            }
        } finally {
            owned.release();
        }
    }

    private void notice(Backend backend, ByteBuf borrowed, int frame, int bytes) {
        if (ErrorFields.read(FieldReader.ofFrame(borrowed, frame)).sqlState().equals(DUPLICATE_TABLE)) {
            skipped.add(backend);
        }
        if (backend == first) {
            client().write(borrowed.retainedSlice(frame, bytes));
        }
    }

    private void column(FieldReader in) {
        List<String> values = new ArrayList<>();
        for (int left = in.count(); left > 0; left--) {
            values.add(new String(in.bytes(in.int32()), StandardCharsets.UTF_8));
        }
        columns.add(new Column(
                values.get(0),
                values.get(1),
                Integer.parseInt(values.get(2)),
                false,
                false,
                values.get(3).equals("t")));
    }

    @Override
    void onAnswered(Backend backend) {
        if (made.isEmpty()) {
            made = tag();
        }
    }

    @Override
    ByteBuf told(Backend backend, ByteBuf borrowed, int frame) {
        ByteBuf out = client().buffer();
        ErrorFields.copyWithPosition(
                out,
                borrowed,
                frame,
                position -> position > moved ? OptionalInt.of(position - moved) : OptionalInt.empty());
        return out;
    }

    @Override
    void complete(long counted) {
        // The tag comes when all is done.
    }
}
