package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.Visibility;

/**
 * FETCH or MOVE forward of a {@link ShardCursor}: its portals are executed with limits until the client has the rows that it asked
 * for. For rows in order every shard that has none left here is asked for some. The client gets them when all are there ({@link
 * HeldRows}), as from PostgreSQL, which keeps what a FETCH gives in the same way. Confined to the session's event loop.
 */
public final class FetchRun extends SharedRun {
    /** A shard is asked for so many rows at least: an OFFSET would otherwise be skipped in steps of the client's. */
    private static final int MIN_ROWS = 100;
    /** And at most, for they are kept until they are merged. */
    private static final int MAX_ROWS = 5_000;

    private static final long ALL = Long.MAX_VALUE;

    private final ShardCursor cursor;
    private final boolean moves;
    private final boolean describes;
    private final long wanted;
    private int asked;
    private int answered;
    private long got;

    /**
     * {@code wanted} rows, {@link Long#MAX_VALUE} for all, which {@code moves} leaves out; 0 to be told whether the cursor is on a row.
     * {@code describes} when the client is to be told of their columns.
     */
    public FetchRun(Host host, ShardCursor cursor, boolean moves, boolean describes, long wanted) {
        super(host, cursor.backends());
        this.cursor = cursor;
        this.moves = moves;
        this.describes = describes && !moves;
        this.wanted = wanted;
    }

    /** Whether no shard must be asked: the rows are here, or there are none. Answers then. */
    public boolean answersAtOnce() {
        cursor.output().hold();
        if (describes) {
            cursor.output().write(client().buffer().writeBytes(cursor.columns()));
        }
        cursor.merged().ifPresent(rows -> rows.discards(moves));
        if (ask()) {
            return false;
        }
        complete(0);
        return true;
    }

    /** Has asked by now. */
    @Override
    public void start() {
        participants().forEach(Backend::flush);
    }

    @Override
    int commands() {
        return asked;
    }

    /** Asks shards for rows, if more are wanted than are here; false when it has not. */
    private boolean ask() {
        int before = asked;
        if (cursor.merged().isPresent()) {
            OrderedRows rows = cursor.merged().get();
            got += rows.take(wanted - got);
            if (got < wanted && !rows.isDone()) {
                int batch = (int) Math.min(Math.max(wanted - got, MIN_ROWS), MAX_ROWS);
                cursor.backends().stream().filter(rows::isDrained).forEach(backend -> ask(backend, batch));
            }
        } else if (got < wanted) {
            cursor.current().ifPresent(backend -> ask(backend, wanted == ALL ? 0 : (int) (wanted - got)));
        }
        return asked > before;
    }

    private void ask(Backend backend, int rows) {
        asked++;
        backend.sendExecute(cursor.portal(), rows, Visibility.ROWS);
        backend.sendSync(Visibility.ROWS);
        backend.flush();
    }

    @Override
    public void onBytes(Backend backend, ByteBuf owned) {
        if (isOver()) {
            owned.release();
        } else if (cursor.merged().isPresent()) {
            merge(cursor.merged().get(), backend, owned);
        } else if (moves) {
            cursor.output().writeNotices(owned);
        } else {
            cursor.output().write(owned);
        }
    }

    @Override
    void drop() {
        cursor.output().drop();
    }

    @Override
    void onAnswered(Backend backend) {
        answered++;
        if (cursor.merged().isPresent()) {
            cursor.merged().get().onEnd(backend);
            askWhenAllAreHere();
        } else {
            got = rows();
            cursor.next();
            ask();
        }
    }

    @Override
    void onSuspended(Backend backend) {
        answered++;
        if (cursor.merged().isPresent()) {
            askWhenAllAreHere();
        } else {
            got = wanted;
        }
    }

    private void askWhenAllAreHere() {
        if (answered == asked) {
            ask();
        }
    }

    @Override
    void complete(long counted) {
        cursor.output().release();
        if (wanted == 0) {
            got = moves && cursor.isOnRow() ? 1 : 0;
        } else {
            cursor.isOnRow(got == wanted);
        }
        finish((moves ? "MOVE " : "FETCH ") + got);
    }
}
