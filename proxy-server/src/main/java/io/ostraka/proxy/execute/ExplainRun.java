package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.wire.BackendMessages;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.proxy.wire.Frame;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.DistributedPlan;
import io.ostraka.rules.plan.Plan;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * EXPLAIN of a query over several shards: each explains its part, and the client gets one plan with theirs in it. Their plans are
 * kept until all are there. Confined to the session's event loop.
 */
public final class ExplainRun extends SharedRun {
    /** No plan that anybody reads is longer. */
    private static final int MAX_BYTES = 16 << 20;

    private static final int COLUMN_BYTES = Short.BYTES + Integer.BYTES;

    private final Plan.Explain plan;
    private final boolean describes;
    /** The parts that each shard has still to explain, the first one now. */
    private final Map<ShardName, ArrayDeque<Integer>> asked = new HashMap<>();
    /** The lines of each part from each shard. */
    private final List<Map<ShardName, List<String>>> lines = new ArrayList<>();

    private boolean isDescribed;
    private int bytes;

    /** {@code describes} when the client is to be told of the column. */
    public ExplainRun(Host host, List<Backend> backends, Plan.Explain plan, boolean describes) {
        super(host, backends);
        this.plan = plan;
        this.describes = describes;
        plan.query().parts().forEach(part -> lines.add(new HashMap<>()));
    }

    @Override
    public void start() {
        List<DistributedPlan.Part> parts = plan.query().parts();
        for (Backend backend : participants()) {
            ArrayDeque<Integer> own = new ArrayDeque<>();
            asked.put(backend.shard(), own);
            for (int i = 0; i < parts.size(); i++) {
                if (parts.get(i).shards().contains(backend.shard())) {
                    own.add(i);
                    lines.get(i).put(backend.shard(), new ArrayList<>());
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
        if (describes && !isDescribed && !isOver()) {
            isDescribed = true;
            client().write(borrowed.retainedSlice(frame, 1 + borrowed.getInt(frame + 1)));
        }
    }

    @Override
    public void onBytes(Backend backend, ByteBuf owned) {
        bytes += owned.readableBytes();
        if (isOver() || bytes > MAX_BYTES) {
            owned.release();
            fail(new PgError(SqlState.PROGRAM_LIMIT_EXCEEDED, "the shards' plans are too long to be shown together"));
            return;
        }
        List<String> shown = lines.get(asked.get(backend.shard()).element()).get(backend.shard());
        int at = owned.readerIndex();
        while (at < owned.writerIndex()) {
            int next = at + 1 + owned.getInt(at + 1);
            if (owned.getByte(at) == BackendTag.DATA_ROW) {
                int text = at + Frame.HEADER_BYTES + COLUMN_BYTES;
                shown.add(owned.toString(text, next - text, StandardCharsets.UTF_8));
            } else {
                client().write(owned.retainedSlice(at, next - at));
            }
            at = next;
        }
        owned.release();
    }

    @Override
    void onAnswered(Backend backend) {
        asked.get(backend.shard()).remove();
    }

    @Override
    void complete(long counted) {
        List<String> rows = plan.isJson() ? List.of(json()) : text();
        ByteBuf out = client().buffer();
        rows.forEach(row -> BackendMessages.textRow(out, row));
        BackendMessages.commandComplete(out, "EXPLAIN");
        client().write(out);
    }

    // ---- how it looks --------------------------------------------------------------------------------------------

    private List<String> text() {
        DistributedPlan query = plan.query();
        List<String> rows = new ArrayList<>();
        rows.add("Ostraka " + query.kind() + "  (" + query.how() + ")");
        query.combined().ifPresent(sql -> rows.add("  Combiner runs: " + oneLine(sql)));
        for (int i = 0; i < lines.size(); i++) {
            DistributedPlan.Part part = query.parts().get(i);
            rows.add("  ->  Fragment" + part.temporary().map(name -> " " + name).orElse("") + " on "
                    + part.shards().size() + (part.shards().size() == 1 ? " shard" : " shards"));
            rows.add("        SQL: " + oneLine(part.sql()));
            for (ShardName shard : part.shards()) {
                rows.add("        ->  Shard " + shard);
                lines.get(i).get(shard).forEach(line -> rows.add("              " + line));
            }
        }
        return rows;
    }

    private static String oneLine(String sql) {
        return sql.replaceAll("\\s+", " ").strip();
    }

    private String json() {
        DistributedPlan query = plan.query();
        StringBuilder text = new StringBuilder("[\n  {\n    \"Distributed Plan\": {\n");
        field(text, 6, "Node Type", query.kind()).append(",\n");
        field(text, 6, "Result", query.how()).append(",\n");
        query.combined().ifPresent(sql -> field(text, 6, "Combiner SQL", sql).append(",\n"));
        text.append("      \"Fragments\": [");
        for (int i = 0; i < lines.size(); i++) {
            DistributedPlan.Part part = query.parts().get(i);
            text.append(i == 0 ? "\n" : ",\n").append("        {\n");
            field(text, 10, "SQL", part.sql()).append(",\n");
            part.temporary()
                    .ifPresent(name -> field(text, 10, "Copied To", name).append(",\n"));
            text.append("          \"Shards\": [");
            String separator = "\n";
            for (ShardName shard : part.shards()) {
                text.append(separator).append("            {\n");
                field(text, 14, "Shard", shard.value()).append(",\n");
                text.append("              \"Plans\": ")
                        .append(String.join("\n", lines.get(i).get(shard)).replace("\n", "\n              "))
                        .append("\n            }");
                separator = ",\n";
            }
            text.append("\n          ]\n        }");
        }
        return text.append("\n      ]\n    }\n  }\n]").toString();
    }

    private static StringBuilder field(StringBuilder text, int indent, String name, String value) {
        return text.append(" ".repeat(indent))
                .append('"')
                .append(name)
                .append("\": ")
                .append(quoted(value));
    }

    private static String quoted(String value) {
        StringBuilder text = new StringBuilder("\"");
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                text.append('\\').append(c);
            } else if (c < ' ') {
                text.append(String.format("\\u%04x", (int) c));
            } else {
                text.append(c);
            }
        }
        return text.append('"').toString();
    }
}
