package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.proxy.wire.ClientEncoding;
import io.ostraka.proxy.wire.Frame;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.plan.CopyLayout;
import io.ostraka.rules.plan.CopyTarget;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The rows of a query, on one connection, go into a table that was just made, on others: each to the shard that owns its key, or all to
 * all. They are binary COPY on both sides, and are not decoded but for the key. A shard that is slow stops the source being read. Confined
 * to the session's event loop.
 */
public final class FillRun extends SharedRun implements CopyReader.Rows {
    private static final CopyLayout BINARY = new CopyLayout(CopyLayout.Format.BINARY, false, "", "", "", "");

    private final Source source;
    private final String table;
    private final Optional<CopyTarget> keyed;
    private final Map<ShardName, CopyLane> lanes = new LinkedHashMap<>();
    private final Set<Backend> copying = new HashSet<>();
    private final CopyReader reader;

    /** Where the rows come from: {@code opening} is said first. */
    public record Source(Backend backend, List<String> opening, String query) {
        public Source {
            opening = List.copyOf(opening);
        }
    }

    /** {@code table} as SQL has its name; without {@code keyed} each of {@code targets} gets all rows. */
    public FillRun(
            Host host,
            Source source,
            List<Backend> targets,
            String table,
            Optional<CopyTarget> keyed,
            int maxRowBytes) {
        super(host, with(targets, source.backend()));
        this.source = source;
        this.table = table;
        this.keyed = keyed;
        int[] places = keyed.stream()
                .flatMap(target -> target.keys().stream())
                .mapToInt(CopyTarget.Key::place)
                .toArray();
        this.reader = CopyReader.of(BINARY, ClientEncoding.UTF8, places, this, maxRowBytes);
        targets.forEach(backend -> lanes.put(backend.shard(), new CopyLane(backend, client())));
    }

    private static List<Backend> with(List<Backend> targets, Backend source) {
        List<Backend> all = new ArrayList<>(targets);
        all.add(source);
        return all;
    }

    /** How many rows there were. */
    public long filled() {
        return rows();
    }

    @Override
    public void start() {
        for (CopyLane lane : lanes.values()) {
            copying.add(lane.backend());
            lane.backend().sendCopyIn("COPY " + table + " FROM STDIN (FORMAT binary)");
            lane.backend().flush();
        }
        source.opening().forEach(statement -> source.backend().sendQuery(statement, Visibility.NONE));
        source.backend().sendQuery("COPY (" + source.query() + "\n) TO STDOUT (FORMAT binary)", Visibility.ROWS);
        source.backend().flush();
    }

    /** Only the source is heard. */
    @Override
    int commands() {
        return 1;
    }

    @Override
    public void onBytes(Backend backend, ByteBuf owned) {
        try {
            int at = owned.readerIndex();
            while (at < owned.writerIndex() && !isOver()) {
                int bytes = 1 + owned.getInt(at + 1);
                if (owned.getByte(at) == BackendTag.COPY_DATA) {
                    reader.feed(owned, at + Frame.HEADER_BYTES, bytes - Frame.HEADER_BYTES);
                } else {
                    client().write(owned.retainedSlice(at, bytes));
                }
                at += bytes;
            }
        } finally {
            owned.release();
        }
        if (!isOver()
                && lanes.values().stream().anyMatch(lane -> !lane.backend().isWritable())) {
            source.backend().setReading(false);
        }
    }

    @Override
    public void onReadComplete(Backend backend) {
        if (backend == source.backend() && !isOver()) {
            lanes.values().forEach(CopyLane::send);
        }
        super.onReadComplete(backend);
    }

    @Override
    public void onWritable(Backend backend) {
        if (!isOver() && lanes.values().stream().allMatch(lane -> lane.backend().isWritable())) {
            source.backend().setReading(true);
        }
    }

    // ---- rows ----------------------------------------------------------------------------------------------------

    @Override
    public void onRow(byte[] data, int start, int end, List<Optional<byte[]>> key, int lines) {
        if (keyed.isEmpty()) {
            lanes.values().forEach(lane -> lane.append(data, start, end));
            return;
        }
        try {
            lanes.get(keyed.get().owner(key, true)).append(data, start, end);
        } catch (PgErrorException nowhere) {
            reader.stop();
            fail(nowhere.error());
        }
    }

    /** Each shard has one already. */
    @Override
    public void onHeader(byte[] data, int start, int end, int lines) {}

    @Override
    public void onFault(PgError error) {
        reader.stop();
        fail(error);
    }

    @Override
    public void onEndMark() {
        reader.stop();
    }

    // ---- the end -------------------------------------------------------------------------------------------------

    @Override
    void onAnswered(Backend backend) {
        for (CopyLane lane : lanes.values()) {
            lane.send();
            lane.backend().sendCopyEnd();
            lane.backend().flush();
        }
        copying.clear();
    }

    @Override
    void stop(Backend backend) {
        if (copying.remove(backend)) {
            backend.sendCopyFail("the statement has failed");
        }
    }

    @Override
    void drop() {
        lanes.values().forEach(CopyLane::drop);
    }

    @Override
    void complete(long counted) {
        // The tag comes when all is done.
    }
}
