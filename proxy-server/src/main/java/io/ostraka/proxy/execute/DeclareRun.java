package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.StatementKey;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.plan.Merge;
import java.util.Arrays;
import java.util.List;

/**
 * DECLARE over several shards: binds the query to a portal of the proxy's own on each, which takes its snapshot there. Keys to
 * merge by come in binary. Confined to the session's event loop.
 */
public final class DeclareRun extends SharedRun {
    private static final short BINARY = 1;

    private final ShardCursor cursor;
    private final String sql;

    /** {@code sql} is what each shard runs. */
    public DeclareRun(Host host, ShardCursor cursor, String sql) {
        super(host, cursor.backends());
        this.cursor = cursor;
        this.sql = sql;
    }

    @Override
    public void start() {
        StatementKey key = new StatementKey(sql, List.of(), List.of(), 0);
        short[] formats = cursor.order().map(DeclareRun::formats).orElseGet(() -> new short[0]);
        for (Backend backend : cursor.backends()) {
            byte[] name = backend.prepare(key, false, Visibility.ROWS);
            backend.sendBind(name, cursor.portal(), List.of(), formats, Visibility.NONE);
            backend.sendDescribePortal(cursor.portal(), Visibility.ROWS);
            backend.sendSync(Visibility.ROWS);
            backend.flush();
        }
    }

    private static short[] formats(Merge.Ordered order) {
        short[] formats = new short[order.columns() + order.keys().size()];
        Arrays.fill(formats, order.columns(), formats.length, BINARY);
        return formats;
    }

    /** Nothing is executed. */
    @Override
    int commands() {
        return 0;
    }

    @Override
    public void onRowDescription(Backend backend, ByteBuf borrowed, int frame) {
        if (isOver()) {
            return;
        }
        try {
            cursor.onRowDescription(borrowed, frame);
        } catch (PgErrorException different) {
            fail(different.error());
        }
    }

    @Override
    void complete(long counted) {
        finish("DECLARE CURSOR");
    }
}
