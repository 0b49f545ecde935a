package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.StatementKey;
import io.ostraka.proxy.backend.Visibility;
import java.util.List;
import java.util.Optional;

/**
 * DECLARE over several shards: binds the query to a portal of the proxy's own on each, which takes its snapshot there. Keys to
 * merge by come in binary. Confined to the session's event loop.
 */
public final class DeclareRun extends SharedRun {

    private final ShardCursor cursor;
    private final String sql;

    private final Optional<ScatterMerge.Places> places;
    private final boolean isBound;

    /** {@code sql} is what each shard runs, {@code places} tells where it stands in the client's text; {@code isBound}: a {@link BindRun} has bound it. */
    public DeclareRun(
            Host host, ShardCursor cursor, String sql, Optional<ScatterMerge.Places> places, boolean isBound) {
        super(host, cursor.backends());
        this.cursor = cursor;
        this.sql = sql;
        this.places = places;
        this.isBound = isBound;
    }

    @Override
    public void start() {
        for (Backend backend : cursor.backends()) {
            if (!isBound) {
                bind(cursor, backend, parse(sql, backend), Visibility.NONE);
            }
            backend.sendDescribePortal(cursor.portal(), Visibility.ROWS);
            backend.sendSync(Visibility.ROWS);
            backend.flush();
        }
    }

    private static byte[] parse(String sql, Backend backend) {
        return backend.prepare(new StatementKey(sql, List.of(), List.of(), 0), false, Visibility.ROWS);
    }

    private static void bind(ShardCursor cursor, Backend backend, byte[] statement, Visibility visibility) {
        short[] formats = cursor.order().map(ScatterMerge::formats).orElseGet(() -> new short[0]);
        backend.sendBind(statement, cursor.portal(), List.of(), formats, visibility);
    }

    /** The cursor's portals, for a {@link BindRun} that binds them at one time, in a transaction block. */
    public static BindRun.Binding binding(ShardCursor cursor, String sql, Optional<ScatterMerge.Places> inClients) {
        return new BindRun.Binding() {
            @Override
            public Optional<ScatterMerge.Places> places() {
                return inClients;
            }

            @Override
            public byte[] parse(Backend backend) {
                return DeclareRun.parse(sql, backend);
            }

            @Override
            public void bind(Backend backend, byte[] statement) {
                DeclareRun.bind(cursor, backend, statement, Visibility.ROWS);
            }

            @Override
            public void unbind(Backend backend) {
                backend.sendClosePortal(cursor.portal(), Visibility.NONE);
            }
        };
    }

    /** Nothing is executed. */
    @Override
    int commands() {
        return 0;
    }

    @Override
    public void onRowDescription(Backend backend, ByteBuf borrowed, int frame) {
        if (!isOver()) {
            describe(cursor, borrowed, frame);
        }
    }

    @Override
    ByteBuf told(Backend backend, ByteBuf borrowed, int frame) {
        return told(backend, borrowed, frame, places);
    }

    @Override
    void complete(long counted) {
        finish("DECLARE CURSOR");
    }
}
