package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.wire.BackendMessages;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.proxy.wire.FieldReader;
import io.ostraka.proxy.wire.RowShape;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Makes one result of those of several shards by concatenation: the first shard's description of the rows, the rows as
 * they come, one command tag with the sum of the counts. Each shard answers the same messages in the same order; what
 * is answered once (a step, a description) is passed on when the first shard has answered it.
 *
 * <p>Nothing is collected: rows are passed on by the session as they were read. Confined to the session's event loop.
 */
public final class ScatterMerge {
    private final ClientOutput client;
    private final int shards;
    private Optional<RowShape> description = Optional.empty();
    private final Map<Backend, Integer> stepsOf = new HashMap<>();
    private int stepsPassed;
    private int ended;
    private long rows;
    private boolean failed;

    public ScatterMerge(ClientOutput client, int shards) {
        this.client = client;
        this.shards = shards;
    }

    /** Whether one shard has failed, or the proxy has refused to go on: nothing more goes to the client. */
    public boolean isFailed() {
        return failed;
    }

    /** ParseComplete or BindComplete of one shard. */
    public void onStep(Backend backend, byte tag) {
        if (isNews(backend)) {
            ByteBuf out = client.buffer();
            BackendMessages.empty(out, tag);
            client.write(out);
        }
    }

    /** RowDescription or NoData of one shard: all must say the same. The frame, at {@code frame}, is borrowed. */
    public void onRowDescription(Backend backend, ByteBuf borrowed, int frame) {
        if (failed) {
            return;
        }
        RowShape columns = RowShape.read(borrowed, frame);
        if (!description.orElse(columns).equals(columns)) {
            throw new PgError(
                            SqlState.INTERNAL_ERROR,
                            "shards describe the columns of the result differently",
                            "The tables that the statement reads are not the same on all shards.",
                            "Compare them with \"bin/ostraka check FILE --connect\".")
                    .toException();
        }
        description = Optional.of(columns);
        if (isNews(backend)) {
            client.write(borrowed.retainedSlice(frame, 1 + borrowed.getInt(frame + 1)));
        }
    }

    /** Whether no other shard has come as far as this one comes now. */
    private boolean isNews(Backend backend) {
        int steps = stepsOf.merge(backend, 1, Integer::sum);
        if (failed || steps <= stepsPassed) {
            return false;
        }
        stepsPassed = steps;
        return true;
    }

    /** CommandComplete or EmptyQueryResponse of one shard; the last one is answered to the client. */
    public void onCommandEnd(ByteBuf borrowed, int frame) {
        if (failed) {
            return;
        }
        ended++;
        rows += count(borrowed, frame);
        if (ended == shards) {
            ByteBuf out = client.buffer();
            BackendMessages.commandComplete(out, "SELECT " + rows);
            client.write(out);
            // The portal may be executed again, and has no rows left then.
            ended = 0;
            rows = 0;
        }
    }

    /** The statement has failed, on one shard or in the proxy; nothing more of it goes to the client. */
    public void onError() {
        failed = true;
    }

    private static long count(ByteBuf borrowed, int frame) {
        if (borrowed.getByte(frame) != BackendTag.COMMAND_COMPLETE) {
            return 0;
        }
        String tag = FieldReader.ofFrame(borrowed, frame).string();
        return Long.parseLong(tag.substring(tag.lastIndexOf(' ') + 1));
    }
}
