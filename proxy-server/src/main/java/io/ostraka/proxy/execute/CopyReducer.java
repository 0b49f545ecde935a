package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.proxy.wire.Frame;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.plan.Fragment;
import io.ostraka.rules.plan.Reduction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Makes copies of a {@link CombineRun} smaller by what was copied before: the combiner is asked for the values of a
 * {@link Reduction}, one after the other, and where they are few the shards are asked for rows with these alone. Confined to the
 * session's event loop.
 */
final class CopyReducer {
    /** To look for the values among more rows takes the combiner longer than it may spare. */
    private static final long MAX_SOURCE_ROWS = 100_000;

    /** A longer list of values is not sent. */
    private static final int MAX_BYTES = 256 << 10;

    private static final int COLUMN_BYTES = Short.BYTES + Integer.BYTES;

    private final Map<String, Long> copiedRows = new HashMap<>();
    private final ArrayDeque<Reduction> toAsk = new ArrayDeque<>();
    private Optional<CombineOrder.Copy> current = Optional.empty();
    private Optional<Reduction> asked = Optional.empty();
    private final List<String> values = new ArrayList<>();
    private int bytes;
    private boolean answered;

    /** So many rows of a fragment have come from other shards than the combiner. */
    void pass(Fragment fragment, int rows) {
        copiedRows.merge(fragment.quotedTemporary(), (long) rows, Long::sum);
    }

    /** What the combiner must be asked before this copy is made; empty when there is nothing more to ask. */
    Optional<String> question(CombineOrder.Copy next) {
        if (current.map(CombineOrder.Copy::fragment)
                .filter(next.fragment()::equals)
                .isEmpty()) {
            current = Optional.of(next);
            next.fragment().reductions().stream()
                    .filter(reduction -> copiedRows.getOrDefault(reduction.source(), 0L) <= MAX_SOURCE_ROWS)
                    .forEach(toAsk::add);
        }
        asked = current.orElseThrow().sources().isEmpty() ? Optional.empty() : Optional.ofNullable(toAsk.poll());
        return asked.map(Reduction::question);
    }

    /** The copy of the last {@link #question}, as it is to be made. */
    CombineOrder.Copy reduced() {
        toAsk.clear();
        return current.orElseThrow();
    }

    boolean isAsking() {
        return asked.isPresent();
    }

    /** Rows of values; other messages between them are passed on. Takes ownership. */
    void read(ByteBuf owned, Consumer<ByteBuf> others) {
        int at = owned.readerIndex();
        while (at < owned.writerIndex()) {
            int next = at + 1 + owned.getInt(at + 1);
            if (owned.getByte(at) != BackendTag.DATA_ROW) {
                others.accept(owned.retainedSlice(at, next - at));
            } else if (bytes <= MAX_BYTES) {
                int text = at + Frame.HEADER_BYTES + COLUMN_BYTES;
                bytes += next - text;
                values.add(owned.toString(text, next - text, StandardCharsets.UTF_8));
            }
            at = next;
        }
        owned.release();
    }

    /** The answer's last row is here. */
    void end() {
        answered = true;
    }

    /** Whether the answer is complete, and taken now. */
    boolean take() {
        if (!answered) {
            return false;
        }
        Reduction reduction = asked.orElseThrow();
        if (bytes <= MAX_BYTES && reduction.isUsable(values)) {
            current = current.map(copy -> reduced(copy, reduction));
        }
        asked = Optional.empty();
        answered = false;
        values.clear();
        bytes = 0;
        return true;
    }

    private CombineOrder.Copy reduced(CombineOrder.Copy copy, Reduction reduction) {
        Set<ShardName> shards =
                copy.sources().stream().map(source -> source.shard()).collect(Collectors.toSet());
        Set<ShardName> left = reduction.among(shards, values);
        return new CombineOrder.Copy(
                copy.fragment(),
                reduction.reduced(copy.select(), values),
                copy.sources().stream()
                        .filter(source -> left.contains(source.shard()))
                        .toList());
    }
}
