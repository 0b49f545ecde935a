package io.ostraka.rules.plan;

import io.ostraka.rules.catalog.Catalog;
import io.ostraka.rules.sql.PgCase;
import io.ostraka.rules.sql.PgCollate;
import io.ostraka.rules.sql.PgFunctionCall;
import io.ostraka.rules.sql.PgFunctionTable;
import io.ostraka.rules.sql.PgParser;
import io.ostraka.rules.sql.PgSelectItem;
import io.ostraka.rules.sql.SourceSpan;
import io.ostraka.rules.sql.SqlParseFailure;
import io.ostraka.rules.sql.StatementTemplate;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;

/**
 * The calls of a statement that tell the time at which its transaction, or it, began: {@code now()}, CURRENT_DATE. Each shard
 * would answer for itself; with the answer of one in their place, all see the same. Made from one text, it serves every
 * statement of the same template. Immutable.
 *
 * <p>An item of a select list keeps the name that its call gives it by a label.
 */
public final class ClockText {
    /** With the types of their values. Source: PostgreSQL manual, "Current Date/Time". */
    private static final Map<String, String> TYPES = Map.of(
            "now", "timestamptz",
            "transaction_timestamp", "timestamptz",
            "statement_timestamp", "timestamptz",
            "current_timestamp", "timestamptz",
            "current_date", "date",
            "current_time", "timetz",
            "localtime", "time",
            "localtimestamp", "timestamp");

    /** A word of each of them, to see at a glance that a statement has none. */
    private static final List<String> SIGNS = List.of("now", "timestamp", "current_", "localtime");

    /** What is put in the place of {@code span}: a value of this type, or a label where it is empty. */
    private record Splice(SourceSpan span, String type, String label) {}

    private final StatementTemplate made;
    private final List<Splice> splices;

    private ClockText(StatementTemplate made, List<Splice> splices) {
        this.made = made;
        this.splices = splices.stream()
                .sorted(Comparator.comparingInt((Splice splice) -> splice.span().start())
                        .thenComparing(splice -> splice.type().isEmpty()))
                .toList();
    }

    /** Empty when the statement has none of these calls, or one where no constant can stand. */
    static Optional<ClockText> of(StatementTemplate template, Catalog catalog, List<String> searchPath) {
        return of(template, template.start(), catalog, searchPath);
    }

    /** The same for a query that stands in the statement from {@code start} on. */
    static Optional<ClockText> of(StatementTemplate template, int start, Catalog catalog, List<String> searchPath) {
        if (!maybe(template)) {
            return Optional.empty();
        }
        List<Splice> splices = new ArrayList<>();
        Deque<SqlNode> left = new ArrayDeque<>(List.of(PgParser.parse(template.sql(), start, template.end())));
        while (!left.isEmpty()) {
            SqlNode node = left.removeLast();
            if (node instanceof PgFunctionTable table
                    && table.functions().stream().anyMatch(ClockText::isClock)) {
                return Optional.empty();
            }
            if (node instanceof PgSelectItem item && item.label().isEmpty()) {
                label(item.expression())
                        .ifPresent(name -> splices.add(new Splice(
                                new SourceSpan(
                                        SourceSpan.of(item).end(),
                                        SourceSpan.of(item).end()),
                                "",
                                name)));
            }
            if (isClock(node)) {
                String name = last((PgFunctionCall) node);
                boolean isSystem = catalog.functions(name, searchPath).stream()
                        .allMatch(function -> function.name().schema().equals(Catalog.PG_CATALOG));
                if (!isSystem) {
                    return Optional.empty();
                }
                splices.add(new Splice(SourceSpan.of(node), TYPES.get(name), ""));
            } else if (node instanceof SqlCall call) {
                call.getOperandList().stream().filter(part -> part != null).forEach(left::addLast);
            } else if (node instanceof SqlNodeList list) {
                list.forEach(left::addLast);
            }
        }
        if (splices.stream().allMatch(splice -> splice.type().isEmpty())) {
            return Optional.empty();
        }
        ClockText text = new ClockText(template, splices);
        return text.isStatement(start - template.start()) ? Optional.of(text) : Optional.empty();
    }

    private static boolean maybe(StatementTemplate template) {
        String lower = template.text().toLowerCase(Locale.ROOT);
        return SIGNS.stream().anyMatch(lower::contains);
    }

    private static boolean isClock(SqlNode node) {
        return node instanceof PgFunctionCall call
                && TYPES.containsKey(last(call))
                && (call.name().names.size() == 1 || call.name().names.get(0).equals(Catalog.PG_CATALOG))
                && call.over().isEmpty()
                && call.filter().isEmpty()
                && !call.star()
                && !call.distinct();
    }

    private static String last(PgFunctionCall call) {
        return call.name().names.get(call.name().names.size() - 1);
    }

    /** The name that an item has from one of the calls. Source: PostgreSQL's {@code FigureColname}. */
    private static Optional<String> label(SqlNode item) {
        SqlNode at = item;
        while (true) {
            if (isClock(at)) {
                return Optional.of(last((PgFunctionCall) at));
            } else if (at instanceof PgCase choice && choice.otherwise().isPresent()) {
                at = choice.otherwise().get();
            } else if (at instanceof SqlCall call && (call.getKind() == SqlKind.CAST || call instanceof PgCollate)) {
                at = call.operand(0);
            } else {
                return Optional.empty();
            }
        }
    }

    /** Whether the grammar reads what comes of it: a label has no place within parentheses. */
    private boolean isStatement(int before) {
        try {
            List<StatementTemplate> read = StatementTemplate.of(sample());
            return read.size() == 1
                    && PgParser.parse(
                                    read.get(0).sql(),
                                    read.get(0).start() + before,
                                    read.get(0).end())
                            != null;
        } catch (SqlParseFailure misplaced) {
            return false;
        }
    }

    /** The statement with some time in their place. */
    String sample() {
        return with(
                made,
                splices.stream()
                        .filter(splice -> !splice.type().isEmpty())
                        .map(splice -> switch (splice.type()) {
                            case "timetz" -> "00:00:00+00";
                            case "time" -> "00:00:00";
                            default -> "2000-01-01 00:00:00+00";
                        })
                        .toList());
    }

    /** The calls as they are written, each once, for people. */
    List<String> texts(PlannedStatement statement) {
        StatementTemplate template = statement.template().orElseThrow();
        return splices.stream()
                .filter(splice -> !splice.type().isEmpty())
                .map(splice -> text(template, splice.span()))
                .distinct()
                .toList();
    }

    /** What to ask a shard: the answers are texts that mean the same under every setting. */
    public Question question(PlannedStatement statement) {
        StatementTemplate template = statement.template().orElseThrow();
        List<String> asked = new ArrayList<>();
        for (Splice splice : splices) {
            if (!splice.type().isEmpty()) {
                asked.add(asked(splice.type(), text(template, splice.span())));
            }
        }
        return new Question("SELECT " + String.join(", ", asked), List.of());
    }

    private static String asked(String type, String call) {
        String moment = "'YYYY-MM-DD HH24:MI:SS.US'";
        return switch (type) {
            case "timestamptz" ->
                "pg_catalog.to_char(pg_catalog.timezone('UTC', " + call + "), " + moment + ") || '+00'";
            case "timestamp" -> "pg_catalog.to_char(" + call + ", " + moment + ")";
            case "date" -> "pg_catalog.to_char((" + call + ")::pg_catalog.timestamp, 'YYYY-MM-DD')";
            default -> "(" + call + ")::pg_catalog.text";
        };
    }

    /** The statement with the answers in the place of the calls. */
    public String with(PlannedStatement statement, List<String> answers) {
        return with(statement.template().orElseThrow(), answers);
    }

    private String with(StatementTemplate statement, List<String> answers) {
        StringBuilder text = new StringBuilder();
        int at = statement.start();
        int answer = 0;
        for (Splice splice : splices) {
            text.append(statement.sql(), at, made.translate(splice.span().start(), statement));
            at = made.translate(splice.span().end(), statement);
            if (splice.type().isEmpty()) {
                text.append(" AS \"").append(splice.label()).append('"');
            } else {
                text.append("('")
                        .append(answers.get(answer++))
                        .append("'::pg_catalog.")
                        .append(splice.type());
                text.append(')');
            }
        }
        return text.append(statement.sql(), at, statement.end()).toString();
    }

    private String text(StatementTemplate statement, SourceSpan span) {
        return statement
                .sql()
                .substring(made.translate(span.start(), statement), made.translate(span.end(), statement));
    }
}
