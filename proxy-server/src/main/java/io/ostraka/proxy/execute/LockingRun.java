package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.Visibility;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * SELECT ... LIMIT ... FOR UPDATE in a transaction block: only the rows that are put out, or skipped by OFFSET, stay locked, as in
 * PostgreSQL, which locks a row when it comes to it.
 *
 * <p>Every shard has a portal, and is asked for one row at a time, behind a savepoint. The first of these rows in order is put out and
 * its shard asked for the next; when there are enough, those that were locked for nothing are unlocked by a return to their savepoints.
 * Confined to the session's event loop.
 */
public final class LockingRun extends SharedRun {
    private static final String SAVEPOINT = "\"ostraka: row\"";

    private final ShardCursor cursor;
    private final Consumer<Backend> binding;
    private final boolean describes;
    /** Shards with a savepoint in front of the row that was asked for last. */
    private final Set<Backend> saved = new HashSet<>();

    private boolean isDescribed;
    private int asked;
    private int answered;

    /** {@code binding} binds the cursor's portal; {@code describes} when the client is to be told of the columns. */
    public LockingRun(Host host, ShardCursor cursor, Consumer<Backend> binding, boolean describes) {
        super(host, cursor.backends());
        this.cursor = cursor;
        this.binding = binding;
        this.describes = describes;
    }

    @Override
    public void start() {
        for (Backend backend : cursor.backends()) {
            binding.accept(backend);
            backend.sendDescribePortal(cursor.portal(), Visibility.ROWS);
            backend.sendSync(Visibility.NONE);
            ask(backend);
        }
    }

    private void ask(Backend backend) {
        asked++;
        String released = saved.add(backend) ? "" : "RELEASE " + SAVEPOINT + "; ";
        backend.sendQuery(released + "SAVEPOINT " + SAVEPOINT, Visibility.NONE);
        backend.sendExecute(cursor.portal(), 1, Visibility.ROWS);
        backend.sendSync(Visibility.NONE);
        backend.flush();
    }

    @Override
    int commands() {
        return asked;
    }

    private OrderedRows merged() {
        return cursor.merged().orElseThrow();
    }

    @Override
    public void onRowDescription(Backend backend, ByteBuf borrowed, int frame) {
        if (isOver()) {
            return;
        }
        describe(cursor, borrowed, frame);
        if (describes && !isDescribed && !isOver()) {
            isDescribed = true;
            client().write(client().buffer().writeBytes(cursor.columns()));
        }
    }

    @Override
    public void onBytes(Backend backend, ByteBuf owned) {
        if (isOver()) {
            owned.release();
        } else {
            merge(merged(), backend, owned);
        }
    }

    @Override
    void onAnswered(Backend backend) {
        merged().onEnd(backend);
        onSuspended(backend);
    }

    @Override
    void onSuspended(Backend backend) {
        answered++;
        if (answered == asked) {
            putOut();
        }
    }

    /** Of each shard the next row is here, if it has one: so there is one first row at most before a shard must be asked. */
    private void putOut() {
        Optional<Backend> first = merged().first();
        merged().take(1);
        if (merged().isDone()) {
            unlock(first);
        } else {
            cursor.backends().stream().filter(merged()::isDrained).forEach(this::ask);
        }
    }

    /** All rows that were asked for last but that of {@code taken}. */
    private void unlock(Optional<Backend> taken) {
        for (Backend backend : saved) {
            boolean isTaken = taken.filter(last -> last == backend).isPresent();
            backend.sendQuery(
                    (isTaken ? "" : "ROLLBACK TO " + SAVEPOINT + "; ") + "RELEASE " + SAVEPOINT, Visibility.NONE);
            backend.sendClosePortal(cursor.portal(), Visibility.NONE);
            backend.sendSync(Visibility.NONE);
            backend.flush();
        }
    }

    @Override
    void complete(long counted) {
        finish("SELECT " + merged().emitted());
    }
}
