package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.wire.BackendMessages;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.DistributedPlan;
import io.ostraka.rules.plan.Plan;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * EXPLAIN of a query over several shards: each explains its part, and the client gets one plan with theirs in it
 * ({@link ShownPlan}). Confined to the session's event loop.
 */
public final class ExplainRun extends SharedRun {
    static final PgError TOO_LONG =
            new PgError(SqlState.PROGRAM_LIMIT_EXCEEDED, "the shards' plans are too long to be shown together");

    private static final String COMMAND = "EXPLAIN";

    private final Plan.Explain plan;
    private final String inPlace;
    private final boolean describes;
    /** The parts that each shard has still to explain, the first one now. */
    private final Map<ShardName, ArrayDeque<Integer>> asked = new HashMap<>();

    private final ShownPlan shown;
    private boolean isJudged;
    private boolean isDescribed;

    /**
     * {@code blanks} stand for what is before the query in the client's text; {@code describes} when the client is to be told of the
     * column.
     */
    public ExplainRun(Host host, List<Backend> backends, Plan.Explain plan, String blanks, boolean describes) {
        super(host, backends);
        this.plan = plan;
        this.inPlace = COMMAND + blanks.substring(Math.min(COMMAND.length(), blanks.length())) + plan.body();
        this.describes = describes;
        this.shown = new ShownPlan(plan);
    }

    /** Parts of a statement may be right that is wrong as a whole: one shard sees it first as it stands, and tells its errors' places. */
    @Override
    public void start() {
        Backend judge = participants().stream()
                .filter(backend -> backend.shard().equals(plan.query().judge()))
                .findFirst()
                .orElseThrow();
        judge.sendQuery(inPlace, Visibility.NONE);
        for (Backend backend : participants()) {
            if (backend != judge && backend.hasOutstandingReplies()) {
                // The transaction's beginning, which the server answers with the next statement only.
                backend.sendSync(Visibility.NONE);
            }
            backend.flush();
        }
    }

    @Override
    boolean goesOn() {
        if (isJudged) {
            return false;
        }
        isJudged = true;
        explain();
        return true;
    }

    private void explain() {
        List<DistributedPlan.Part> parts = plan.query().parts();
        for (Backend backend : participants()) {
            ArrayDeque<Integer> own = new ArrayDeque<>();
            asked.put(backend.shard(), own);
            for (int i = 0; i < parts.size(); i++) {
                if (parts.get(i).shards().contains(backend.shard())) {
                    own.add(i);
                    backend.sendQuery(plan.before() + parts.get(i).sql(), Visibility.ROWS);
                }
            }
            backend.flush();
        }
    }

    @Override
    int commands() {
        return plan.query().parts().stream()
                .mapToInt(part -> part.shards().size())
                .sum();
    }

    @Override
    public void onRowDescription(Backend backend, ByteBuf borrowed, int frame) {
        if (describes && isJudged && !isDescribed && !isOver()) {
            isDescribed = true;
            client().write(borrowed.retainedSlice(frame, 1 + borrowed.getInt(frame + 1)));
        }
    }

    @Override
    public void onBytes(Backend backend, ByteBuf owned) {
        if (isOver() || !isJudged) {
            owned.release();
            return;
        }
        List<String> own = shown.linesOf(asked.get(backend.shard()).element(), backend.shard());
        if (!shown.read(owned, own, client()::write)) {
            fail(TOO_LONG);
        }
    }

    @Override
    ByteBuf told(Backend backend, ByteBuf borrowed, int frame) {
        return isJudged ? super.told(backend, borrowed, frame) : borrowed.copy(frame, 1 + borrowed.getInt(frame + 1));
    }

    @Override
    void onAnswered(Backend backend) {
        asked.get(backend.shard()).remove();
    }

    @Override
    void complete(long counted) {
        ByteBuf out = client().buffer();
        shown.rows().forEach(row -> BackendMessages.textRow(out, row, client().encoding()));
        BackendMessages.commandComplete(out, "EXPLAIN");
        client().write(out);
    }
}
