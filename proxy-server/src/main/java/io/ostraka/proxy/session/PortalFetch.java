package io.ostraka.proxy.session;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.execute.ScatterMerge;
import io.ostraka.proxy.wire.BackendMessages;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.proxy.wire.FieldReader;
import java.util.List;
import java.util.Optional;

/**
 * Gives the rows of a portal on several shards some at a time, as Execute with a row limit asks: the shards' own portals are
 * executed with limits and suspended with it.
 *
 * <p>Rows in any order come from one shard after the other, each asked for as many as are still wanted. For rows in order every
 * shard that has none left is asked for some, and what is not wanted yet is kept by the merge: memory for as many rows of each
 * shard as the client fetches at once. Confined to the session's event loop.
 */
final class PortalFetch {
    /** A shard is asked for so many rows at least: an OFFSET would otherwise be skipped in steps of the client's. */
    private static final int MIN_ROWS = 100;
    /** And at most, where the client wants all. */
    private static final int MAX_ROWS = 5_000;

    private static final long ALL = Long.MAX_VALUE;

    private final Session session;
    private final List<Backend> backends;
    private final ScatterMerge merge;
    private String portal = "";
    private boolean started;
    private long wanted;
    private long got;
    /** Of rows in any order: the shard whose turn it is. */
    private int current;
    /** Of rows in order: how many shards have yet to answer. */
    private int asked;

    PortalFetch(Session session, List<Backend> backends, ScatterMerge merge) {
        this.session = session;
        this.backends = List.copyOf(backends);
        this.merge = merge;
    }

    /** Whether some rows have been fetched: then the others come so, too. */
    boolean isStarted() {
        return started;
    }

    /** One Execute; {@code maxRows} 0 wants what is left. */
    void execute(String name, int maxRows) {
        started = true;
        portal = name;
        wanted = maxRows <= 0 ? ALL : maxRows;
        got = 0;
        session.answers().fetches(Optional.of(this));
        if (merge.isOrdered()) {
            merge.collect();
            askAll();
        } else {
            askNext();
        }
    }

    /** CommandComplete or PortalSuspended of one shard. */
    void onEnd(Backend backend, ByteBuf borrowed, int frame) {
        boolean isSuspended = borrowed.getByte(frame) == BackendTag.PORTAL_SUSPENDED;
        if (merge.isOrdered()) {
            merge.onPart(backend, !isSuspended);
            asked--;
            if (asked == 0) {
                askAll();
            }
        } else if (isSuspended) {
            suspended();
        } else {
            got += ScatterMerge.count(FieldReader.ofFrame(borrowed, frame).string());
            current++;
            askNext();
        }
    }

    private void askNext() {
        if (current == backends.size()) {
            ended();
        } else {
            ask(backends.get(current), wanted == ALL ? 0 : (int) (wanted - got));
        }
    }

    private void askAll() {
        got += merge.take(wanted - got);
        if (got == wanted) {
            suspended();
        } else if (merge.isDone()) {
            ended();
        } else {
            int rows = (int) Math.min(Math.max(wanted - got, MIN_ROWS), MAX_ROWS);
            for (Backend backend : merge.drained(backends)) {
                asked++;
                ask(backend, rows);
            }
        }
    }

    private void ask(Backend backend, int rows) {
        if (!backend.isOpen()) {
            session.answers().fetchFailed(backend);
            return;
        }
        backend.sendExecute(portal, rows, Visibility.ROWS);
        // The client's Flush may have come and gone, and its Sync waits.
        backend.sendFlush();
        backend.flush();
    }

    private void suspended() {
        ByteBuf out = session.output().buffer();
        BackendMessages.empty(out, BackendTag.PORTAL_SUSPENDED);
        end(out);
    }

    private void ended() {
        ByteBuf out = session.output().buffer();
        BackendMessages.commandComplete(out, "SELECT " + got);
        end(out);
    }

    private void end(ByteBuf answer) {
        session.answers().fetches(Optional.empty());
        session.output().write(answer);
    }
}
