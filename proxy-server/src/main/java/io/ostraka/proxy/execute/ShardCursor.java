package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.wire.RowShape;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.Merge;
import io.ostraka.rules.plan.RowLimit;
import java.util.List;
import java.util.Optional;

/**
 * A cursor over several shards: a portal on each of them, bound when it was declared, and what has been read of them and not been
 * fetched yet. Rows in any order come from one shard after the other; of rows in order a batch of each shard is kept.
 *
 * <p>Its portals end with their transactions, or with a {@link ClosePortalsRun}; whoever drops the cursor closes it. Confined to
 * the session's event loop.
 */
public final class ShardCursor {
    private final HeldRows output;
    private final String portal;
    private final List<Backend> backends;
    private final Optional<Merge.Ordered> order;
    private final Optional<OrderedRows> merged;
    private Optional<RowShape> shape = Optional.empty();
    private byte[] description = {};
    private boolean failed;
    private boolean isOnRow;
    /** Of rows in any order: the shard whose turn it is. */
    private int current;

    private ShardCursor(
            HeldRows output,
            String portal,
            List<Backend> backends,
            Optional<Merge.Ordered> order,
            Optional<OrderedRows> merged) {
        this.output = output;
        this.portal = portal;
        this.backends = List.copyOf(backends);
        this.order = order;
        this.merged = merged;
    }

    /** Of rows in any order. {@code portal} is its name on the shards. */
    public static ShardCursor concatenating(ClientOutput client, String portal, List<Backend> backends) {
        return new ShardCursor(new HeldRows(client), portal, backends, Optional.empty(), Optional.empty());
    }

    /** Of rows that come in order. */
    public static ShardCursor ordered(
            ClientOutput client, String portal, List<Backend> backends, Merge.Ordered order, RowLimit.Bounds limit) {
        HeldRows output = new HeldRows(client);
        OrderedRows rows = new OrderedRows(output, backends.size(), order.columns(), order.keys(), limit);
        rows.collect();
        return new ShardCursor(output, portal, backends, Optional.of(order), Optional.of(rows));
    }

    public String portal() {
        return portal;
    }

    public List<Backend> backends() {
        return backends;
    }

    /** Where its rows go. */
    HeldRows output() {
        return output;
    }

    Optional<Merge.Ordered> order() {
        return order;
    }

    Optional<OrderedRows> merged() {
        return merged;
    }

    /** Whether a statement has failed in it, or a shard is gone: it gives no more rows. */
    public boolean isFailed() {
        return failed || backends.stream().anyMatch(backend -> !backend.isOpen());
    }

    public void fail() {
        failed = true;
        close();
    }

    /** Gives back what it has read. */
    public void close() {
        merged.ifPresent(OrderedRows::close);
        output.drop();
    }

    /** Whether the last FETCH or MOVE has found all the rows that it wanted, and the cursor is on the last of them. */
    public boolean isOnRow() {
        return isOnRow;
    }

    void isOnRow(boolean nowOnRow) {
        isOnRow = nowOnRow;
    }

    /** RowDescription of one shard's portal: all must say the same. */
    void onRowDescription(ByteBuf borrowed, int frame) {
        RowShape columns = RowShape.read(borrowed, frame);
        if (shape.isPresent()) {
            if (!shape.get().equals(columns)) {
                throw new PgError(
                                SqlState.INTERNAL_ERROR,
                                "shards describe the columns of the result differently",
                                "The tables that the statement reads are not the same on all shards.",
                                "Compare them with \"bin/ostraka check FILE --connect\".")
                        .toException();
            }
            return;
        }
        shape = Optional.of(columns);
        if (order.isEmpty()) {
            description = ByteBufUtil.getBytes(borrowed, frame, 1 + borrowed.getInt(frame + 1));
            return;
        }
        merged.orElseThrow().typesAre(ResultColumns.keyTypes(borrowed, frame, order.get()));
        ByteBuf shown = output.buffer();
        try {
            ResultColumns.writeShown(shown, borrowed, frame, order.get().columns());
            description = ByteBufUtil.getBytes(shown);
        } finally {
            shown.release();
        }
    }

    /** RowDescription, or NoData, as the client sees it. */
    public byte[] columns() {
        return description.clone();
    }

    /** Of rows in any order: the shard whose rows come next, none at the end. */
    Optional<Backend> current() {
        return current < backends.size() ? Optional.of(backends.get(current)) : Optional.empty();
    }

    /** Its rows have all come. */
    void next() {
        current++;
    }
}
