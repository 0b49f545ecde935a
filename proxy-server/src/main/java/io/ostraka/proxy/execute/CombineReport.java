package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.rules.plan.Fragment;
import io.ostraka.rules.plan.Plan;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * EXPLAIN ANALYZE of what the combiner answers: a {@link CombineRun} goes as always, but each shard explains its part before it sends
 * the rows, and the combiner explains the statement in the place of answering it. A part so runs twice on its shard; how many rows
 * and bytes came of it, and how long they took, is measured as they pass. Confined to the session's event loop.
 */
public final class CombineReport {
    /** What a backend is answering, one after the other. */
    private enum Step {
        DESCRIPTION,
        PLAN,
        ROWS,
        ANSWER
    }

    private record Asked(Step step, Optional<Integer> part) {}

    private final Plan.Explain plan;
    private final boolean describes;
    private final LongSupplier nanoTime;
    private final ShownPlan shown;
    private final Map<Backend, ArrayDeque<Asked>> asked = new HashMap<>();
    private final Map<Backend, Long> since = new HashMap<>();
    private final Map<Backend, ShownPlan.Measured> passed = new HashMap<>();
    /** The parts that the combiner inserts itself. */
    private final ArrayDeque<Optional<Integer>> inserted = new ArrayDeque<>();

    /** {@code describes}: whether the client is to be told of the result's column. */
    public CombineReport(Plan.Explain plan, boolean describes, LongSupplier nanoTime) {
        this.plan = plan;
        this.describes = describes;
        this.nanoTime = nanoTime;
        this.shown = new ShownPlan(plan);
    }

    boolean isDescribed() {
        return describes;
    }

    // ---- what is asked -------------------------------------------------------------------------------------------

    void describes(Backend combiner) {
        ask(combiner, Step.DESCRIPTION, Optional.empty());
    }

    void answers(Backend combiner) {
        ask(combiner, Step.ANSWER, Optional.empty());
    }

    /** Has a shard explain its part; its rows come behind that. */
    void explain(Backend source, Fragment fragment, String select) {
        Optional<Integer> part = shown.partOf(fragment.quotedTemporary());
        if (part.isPresent()) {
            source.sendQuery(plan.before() + select, Visibility.ROWS);
            ask(source, Step.PLAN, part);
        }
    }

    void sendsRows(Backend source, Fragment fragment) {
        ask(source, Step.ROWS, shown.partOf(fragment.quotedTemporary()));
    }

    /** The combiner is a source itself. */
    void inserts(Fragment fragment) {
        inserted.add(shown.partOf(fragment.quotedTemporary()));
    }

    private void ask(Backend backend, Step step, Optional<Integer> part) {
        asked.computeIfAbsent(backend, first -> new ArrayDeque<>()).add(new Asked(step, part));
    }

    // ---- what is answered ----------------------------------------------------------------------------------------

    private Optional<Asked> now(Backend backend) {
        return Optional.ofNullable(asked.get(backend)).map(ArrayDeque::peek);
    }

    boolean isExplaining(Backend backend) {
        return now(backend).filter(now -> now.step() == Step.PLAN).isPresent();
    }

    /** Whether it has still to answer what is shown here. */
    boolean isAnswering(Backend backend) {
        return now(backend).isPresent();
    }

    /** Rows of a plan, and other messages between them. Takes ownership; false when the plans have become too long. */
    boolean read(Backend backend, ByteBuf owned, Consumer<ByteBuf> others) {
        Optional<Integer> part = now(backend).flatMap(Asked::part);
        List<String> lines =
                part.map(index -> shown.linesOf(index, backend.shard())).orElseGet(shown::linesOfCombiner);
        return shown.read(owned, lines, others);
    }

    void pass(Backend source, int rows, int bytes) {
        passed.merge(source, new ShownPlan.Measured(rows, Optional.of((long) bytes), 0), ShownPlan.Measured::plus);
    }

    void onInserted(Backend combiner, long rows) {
        inserted.remove()
                .ifPresent(part -> shown.measure(
                        part, combiner.shard(), new ShownPlan.Measured(rows, Optional.empty(), took(combiner))));
    }

    /** An answer is complete; returns whether it was a plan of a part. */
    boolean onReady(Backend backend) {
        Optional<Asked> done = Optional.ofNullable(asked.get(backend)).map(ArrayDeque::poll);
        if (done.filter(found -> found.step() == Step.ROWS).isPresent()) {
            ShownPlan.Measured own =
                    Optional.ofNullable(passed.remove(backend)).orElse(new ShownPlan.Measured(0, Optional.of(0L), 0));
            long took = took(backend);
            done.get()
                    .part()
                    .ifPresent(part -> shown.measure(
                            part, backend.shard(), new ShownPlan.Measured(own.rows(), own.bytes(), took)));
        }
        since.put(backend, nanoTime.getAsLong());
        return done.filter(found -> found.step() == Step.PLAN).isPresent();
    }

    private long took(Backend backend) {
        long now = nanoTime.getAsLong();
        return now - since.getOrDefault(backend, now);
    }

    /** The whole, one column each. */
    List<String> rows() {
        return shown.rows();
    }
}
