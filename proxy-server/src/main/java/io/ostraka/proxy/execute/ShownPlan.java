package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.proxy.wire.Frame;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.plan.DistributedPlan;
import io.ostraka.rules.plan.Plan;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The distributed plan as EXPLAIN shows it, with the shards' own plans in it, and with ANALYZE what was measured here. The servers'
 * plans are kept until all are there. Confined to the session's event loop.
 */
final class ShownPlan {
    /** No plan that anybody reads is longer. */
    private static final int MAX_BYTES = 16 << 20;

    private static final int COLUMN_BYTES = Short.BYTES + Integer.BYTES;
    private static final double NANOS_PER_MS = 1e6;

    private final DistributedPlan query;
    private final Plan.Explain.Format format;
    /** The lines of each part from each shard. */
    private final List<Map<ShardName, List<String>>> lines = new ArrayList<>();

    private final List<Map<ShardName, Measured>> measured = new ArrayList<>();
    private final List<String> combiner = new ArrayList<>();
    private int bytes;

    /** What a shard has sent to the combiner, as its rows went through here; {@code bytes} is empty when they did not. */
    record Measured(long rows, Optional<Long> bytes, long nanos) {
        Measured plus(Measured other) {
            Optional<Long> sum = bytes.isEmpty()
                    ? other.bytes()
                    : bytes.map(own -> own + other.bytes().orElse(0L));
            return new Measured(rows + other.rows(), sum, Math.max(nanos, other.nanos()));
        }

        private String text() {
            return String.format(
                    Locale.ROOT,
                    "  (copied rows=%d%s time=%.3f ms)",
                    rows,
                    bytes.map(sent -> " bytes=" + sent).orElse(""),
                    nanos / NANOS_PER_MS);
        }
    }

    ShownPlan(Plan.Explain plan) {
        this.query = plan.query();
        this.format = plan.format();
        query.parts().forEach(part -> {
            lines.add(new HashMap<>());
            measured.add(new HashMap<>());
        });
    }

    /** The index of the part that is copied to this table; empty when it is not shown. */
    Optional<Integer> partOf(String temporary) {
        for (int i = 0; i < query.parts().size(); i++) {
            if (query.parts().get(i).temporary().filter(temporary::equals).isPresent()) {
                return Optional.of(i);
            }
        }
        return Optional.empty();
    }

    /** Lines for a part's plan on a shard. */
    List<String> linesOf(int part, ShardName shard) {
        return lines.get(part).computeIfAbsent(shard, first -> new ArrayList<>());
    }

    /** Lines for the plan of what the combiner runs. */
    List<String> linesOfCombiner() {
        return combiner;
    }

    void measure(int part, ShardName shard, Measured found) {
        measured.get(part).put(shard, found);
    }

    /**
     * Reads rows of a plan; other messages between them are passed on. Takes ownership; false when the plans have become too long.
     */
    boolean read(ByteBuf owned, List<String> into, Consumer<ByteBuf> others) {
        bytes += owned.readableBytes();
        if (bytes > MAX_BYTES) {
            owned.release();
            return false;
        }
        int at = owned.readerIndex();
        while (at < owned.writerIndex()) {
            int next = at + 1 + owned.getInt(at + 1);
            if (owned.getByte(at) == BackendTag.DATA_ROW) {
                int text = at + Frame.HEADER_BYTES + COLUMN_BYTES;
                into.add(owned.toString(text, next - text, StandardCharsets.UTF_8));
            } else {
                others.accept(owned.retainedSlice(at, next - at));
            }
            at = next;
        }
        owned.release();
        return true;
    }

    /** One column each. */
    List<String> rows() {
        return switch (format) {
            case TEXT -> text();
            case JSON -> List.of(document().json());
            case XML -> List.of(document().xml());
            case YAML -> List.of(document().yaml());
        };
    }

    private Optional<Measured> total(int part) {
        return measured.get(part).values().stream().reduce(Measured::plus);
    }

    // ---- text ----------------------------------------------------------------------------------------------------

    private List<String> text() {
        List<String> rows = new ArrayList<>();
        rows.add("Ostraka " + query.kind() + "  (" + query.how() + ")");
        query.combined().ifPresent(sql -> rows.add("  Combiner runs: " + oneLine(sql)));
        combiner.forEach(line -> rows.add("    " + line));
        for (int i = 0; i < lines.size(); i++) {
            DistributedPlan.Part part = query.parts().get(i);
            rows.add("  ->  Fragment" + part.temporary().map(name -> " " + name).orElse("") + " on "
                    + part.shards().size() + (part.shards().size() == 1 ? " shard" : " shards")
                    + total(i).map(Measured::text).orElse(""));
            rows.add("        SQL: " + oneLine(part.sql()));
            part.reducedBy().forEach(how -> rows.add("        Reduced by: " + how));
            for (ShardName shard : part.shards()) {
                Optional<Measured> own = Optional.ofNullable(measured.get(i).get(shard));
                rows.add("        ->  Shard " + shard + own.map(Measured::text).orElse(""));
                linesOf(i, shard).forEach(line -> rows.add("              " + line));
            }
        }
        return rows;
    }

    private static String oneLine(String sql) {
        return sql.replaceAll("\\s+", " ").strip();
    }

    // ---- the other formats ---------------------------------------------------------------------------------------

    private PlanDocument document() {
        PlanDocument plan = new PlanDocument();
        plan.text("Node Type", query.kind());
        plan.text("Result", query.how());
        query.combined().ifPresent(sql -> plan.text("Combiner SQL", sql));
        if (!combiner.isEmpty()) {
            plan.servers("Combiner Plans", combiner);
        }
        List<PlanDocument> fragments = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            fragments.add(fragment(i));
        }
        plan.elements("Fragments", "Fragment", fragments);
        PlanDocument whole = new PlanDocument();
        whole.group("Distributed Plan", plan);
        return whole;
    }

    private PlanDocument fragment(int index) {
        DistributedPlan.Part part = query.parts().get(index);
        PlanDocument fragment = new PlanDocument();
        fragment.text("SQL", part.sql());
        if (!part.reducedBy().isEmpty()) {
            fragment.text("Reduced By", String.join(", ", part.reducedBy()));
        }
        part.temporary().ifPresent(name -> fragment.text("Copied To", name));
        total(index).ifPresent(found -> measured(fragment, found));
        List<PlanDocument> shards = new ArrayList<>();
        for (ShardName shard : part.shards()) {
            PlanDocument own = new PlanDocument();
            own.text("Shard", shard.value());
            Optional.ofNullable(measured.get(index).get(shard)).ifPresent(found -> measured(own, found));
            own.servers("Plans", linesOf(index, shard));
            shards.add(own);
        }
        fragment.elements("Shards", "On", shards);
        return fragment;
    }

    private static void measured(PlanDocument document, Measured found) {
        document.number("Copied Rows", Long.toString(found.rows()));
        found.bytes().ifPresent(sent -> document.number("Copied Bytes", Long.toString(sent)));
        document.number("Copy Time", String.format(Locale.ROOT, "%.3f", found.nanos() / NANOS_PER_MS));
    }
}
