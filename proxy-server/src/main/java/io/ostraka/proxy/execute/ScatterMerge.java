package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.wire.BackendMessages;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.proxy.wire.CorruptedFrameException;
import io.ostraka.proxy.wire.FieldReader;
import io.ostraka.proxy.wire.RowShape;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.Merge;
import io.ostraka.rules.plan.RowLimit;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Makes one result of those of several shards: the first shard's description of the rows, the rows, one command tag with
 * their number. Each shard answers the same messages in the same order; what is answered once (a step, a description) is
 * passed on when the first shard has answered it.
 *
 * <p>Rows that are to be concatenated are passed on as they were read; those in order go through {@link OrderedRows}, which
 * needs the types of its keys: for it each portal is described once more than the client asks, at Bind. Whoever drops a merge
 * before its end closes it. Confined to the session's event loop.
 */
public final class ScatterMerge {
    /** The format code of values in binary. */
    public static final short BINARY = 1;

    private final ClientOutput client;
    private final int shards;
    private Optional<RowShape> description = Optional.empty();
    private final Optional<Ordering> ordering;
    private final boolean showsSteps;
    private final Counting counting;
    private final Map<Backend, Integer> stepsOf = new HashMap<>();
    private final Set<Backend> described = new HashSet<>();
    private int stepsPassed;
    private int ended;
    private long rows;
    private boolean failed;

    /** The shard whose rows are shown, where all have the same. */
    private Optional<Backend> speaker = Optional.empty();

    private Optional<ByteBuf> keptTag = Optional.empty();
    private boolean keepsTag;
    private Optional<Places> places = Optional.empty();
    private Optional<RowsInTurn> turns = Optional.empty();

    /** Where a place in the text of this shard stands in the client's, as error positions count, if it does. */
    public interface Places {
        OptionalInt inClients(ShardName shard, int position);
    }

    private record Ordering(Merge.Ordered plan, OrderedRows rows) {}

    /** What the counts of several shards make. */
    private enum Counting {
        SUM,
        /** All write copies of the same rows, and must say the same. */
        COPIES
    }

    /** Of the columns of an ordered scatter in the simple protocol: text for the client's, binary for the keys behind them. */
    public static short[] formats(Merge.Ordered plan) {
        short[] formats = new short[plan.columns() + plan.keys().size()];
        Arrays.fill(formats, plan.columns(), formats.length, BINARY);
        return formats;
    }

    private ScatterMerge(
            ClientOutput client, int shards, Optional<Ordering> ordering, boolean showsSteps, Counting counting) {
        this.client = client;
        this.shards = shards;
        this.ordering = ordering;
        this.showsSteps = showsSteps;
        this.counting = counting;
    }

    /** Of rows in any order. */
    public static ScatterMerge concatenating(ClientOutput client, int shards) {
        return new ScatterMerge(client, shards, Optional.empty(), true, Counting.SUM);
    }

    /** Of a Query for one shard, which the proxy has made steps of that the client is not shown. */
    public static ScatterMerge ofOne(ClientOutput client) {
        return new ScatterMerge(client, 1, Optional.empty(), false, Counting.SUM);
    }

    /** Of a statement that writes on all of them; with {@code copies} the same rows on each, which are counted and shown once. */
    public static ScatterMerge writing(ClientOutput client, int shards, boolean copies) {
        return new ScatterMerge(client, shards, Optional.empty(), true, copies ? Counting.COPIES : Counting.SUM);
    }

    /**
     * Of rows that come in order. With {@code isSimple} the client sent a Query: it sees the first description, and none of the
     * steps that the proxy made of it.
     */
    public static ScatterMerge ordered(
            ClientOutput client, int shards, Merge.Ordered plan, RowLimit.Bounds limit, boolean isSimple) {
        OrderedRows rows = new OrderedRows(client, shards, plan.columns(), plan.keys(), limit);
        return new ScatterMerge(client, shards, Optional.of(new Ordering(plan, rows)), !isSimple, Counting.SUM);
    }

    /** The shards run texts that the client did not write. */
    public ScatterMerge ofOtherTexts(Places found) {
        places = Optional.of(found);
        return this;
    }

    /** The rows come in the order of these: for each the shard that returns it. */
    public ScatterMerge inTurn(List<ShardName> rowOwners) {
        turns = Optional.of(new RowsInTurn(client, rowOwners));
        return this;
    }

    /** The places in the shards' texts; empty when these are the client's own. */
    public Optional<Places> places() {
        return places;
    }

    /** Whether one shard has failed, or the proxy has refused to go on: nothing more goes to the client. */
    public boolean isFailed() {
        return failed;
    }

    /** ParseComplete or BindComplete of one shard. */
    public void onStep(Backend backend, byte tag) {
        if (showsSteps && isNews(backend)) {
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
        boolean isFirst = description.isEmpty();
        description = Optional.of(columns);
        if (ordering.isPresent()) {
            onOrderedDescription(backend, borrowed, frame, isFirst);
        } else if (isNews(backend)) {
            client.write(borrowed.retainedSlice(frame, 1 + borrowed.getInt(frame + 1)));
        }
    }

    private void onOrderedDescription(Backend backend, ByteBuf borrowed, int frame, boolean isFirst) {
        Ordering merged = ordering.orElseThrow();
        if (isFirst) {
            merged.rows().typesAre(ResultColumns.keyTypes(borrowed, frame, merged.plan()));
        }
        boolean isForUs = described.add(backend);
        if (isForUs ? isFirst && !showsSteps : isNews(backend)) {
            ByteBuf out = client.buffer();
            ResultColumns.writeShown(out, borrowed, frame, merged.plan().columns());
            client.write(out);
        }
    }

    /** Rows of one shard, in whole frames, and notices. Takes ownership. */
    public void onBytes(Backend backend, ByteBuf owned) {
        if (failed || isRepeated(backend)) {
            owned.release();
        } else if (ordering.isPresent()) {
            ordering.get().rows().onRows(backend, owned);
        } else if (turns.isPresent()) {
            turns.get().onRows(backend, owned);
        } else {
            client.write(owned);
        }
    }

    private boolean isRepeated(Backend backend) {
        if (counting == Counting.SUM) {
            return false;
        }
        if (speaker.isEmpty()) {
            speaker = Optional.of(backend);
        }
        return speaker.get() != backend;
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
    public void onCommandEnd(Backend backend, ByteBuf borrowed, int frame) {
        if (failed) {
            return;
        }
        String tag = tag(borrowed, frame);
        int number = tag.lastIndexOf(' ') + 1;
        boolean counts = number > 0 && number < tag.length() && Character.isDigit(tag.charAt(number));
        long count = counts ? count(tag) : 0;
        if (counting == Counting.COPIES && ended > 0 && count != rows) {
            throw new PgError(
                            SqlState.DATA_CORRUPTED,
                            "the copies of a reference table are not the same",
                            "One shard wrote " + rows + " rows, shard \"" + backend.shard() + "\" " + count + ".",
                            "Compare the copies, and make them alike with ostraka.shard set to each shard in turn.")
                    .toException();
        }
        ended++;
        rows = counting == Counting.COPIES ? count : rows + count;
        ordering.ifPresent(merged -> merged.rows().onEnd(backend));
        turns.ifPresent(inTurn -> inTurn.onEnd(backend));
        if (ended == shards) {
            ordering.ifPresent(merged -> {
                rows = merged.rows().emitted();
                merged.rows().restart();
            });
            ByteBuf out = client.buffer();
            BackendMessages.commandComplete(out, counts ? tag.substring(0, number) + rows : tag);
            if (keepsTag) {
                keptTag = Optional.of(out);
            } else {
                client.write(out);
            }
            // The portal may be executed again, and has no rows left then.
            ended = 0;
            rows = 0;
        }
    }

    /** The tag is not told before {@link #takeTag}: what was done is not committed yet. */
    public ScatterMerge keepingTag() {
        keepsTag = true;
        return this;
    }

    /** The tag that was kept back, to be written or released by the caller. */
    public Optional<ByteBuf> takeTag() {
        Optional<ByteBuf> tag = keptTag;
        keptTag = Optional.empty();
        return tag;
    }

    // ---- some rows at a time -------------------------------------------------------------------------------------

    /** Whether rows come in order, so that those of one shard must wait for the others'. */
    public boolean isOrdered() {
        return ordering.isPresent();
    }

    /** From now on ordered rows are kept until {@link #take}, and {@link #onPart} is told instead of {@link #onCommandEnd}. */
    public void collect() {
        ordering.orElseThrow().rows().collect();
    }

    /** One shard has sent what it was asked for; {@code ended}: and has no more. */
    public void onPart(Backend backend, boolean ended) {
        if (ended && !failed) {
            ordering.orElseThrow().rows().onEnd(backend);
        }
    }

    /** Passes on {@code most} rows, or fewer when a shard must be asked for more; returns how many. */
    public long take(long most) {
        return failed ? 0 : ordering.orElseThrow().rows().take(most);
    }

    /** Whether no row is left, here or on a shard. */
    public boolean isDone() {
        return failed || ordering.orElseThrow().rows().isDone();
    }

    /** Those of {@code all} that must be asked for rows before {@link #take} can go on. */
    public List<Backend> drained(List<Backend> all) {
        return all.stream().filter(ordering.orElseThrow().rows()::isDrained).toList();
    }

    /** The statement has failed, on one shard or in the proxy; nothing more of it goes to the client. */
    public void onError() {
        failed = true;
        close();
    }

    /** Gives back what it holds. */
    public void close() {
        ordering.ifPresent(merged -> merged.rows().close());
        turns.ifPresent(RowsInTurn::close);
        takeTag().ifPresent(ByteBuf::release);
    }

    private static String tag(ByteBuf borrowed, int frame) {
        return borrowed.getByte(frame) == BackendTag.COMMAND_COMPLETE
                ? FieldReader.ofFrame(borrowed, frame).string()
                : "SELECT 0";
    }

    /** The rows that a command tag tells. */
    public static long count(String tag) {
        try {
            return Long.parseLong(tag.substring(tag.lastIndexOf(' ') + 1));
        } catch (NumberFormatException e) {
            throw new CorruptedFrameException("a command tag tells no number of rows");
        }
    }
}
