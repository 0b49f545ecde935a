package io.ostraka.rules.sql;

import java.util.List;
import java.util.Optional;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.parser.SqlParserPos;

/** A WHEN clause of MERGE. */
public final class PgMergeWhen extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("WHEN", SqlKind.OTHER);

    private final Match match;
    private final Optional<SqlNode> condition;
    private final Action action;
    private final List<PgAssignment> assignments;
    private final List<PgTarget> columns;
    private final Optional<String> overriding;
    private final Optional<SqlNodeList> values;

    PgMergeWhen(
            SqlParserPos pos,
            Match match,
            Optional<SqlNode> condition,
            Action action,
            List<PgAssignment> assignments,
            List<PgTarget> columns,
            Optional<String> overriding,
            Optional<SqlNodeList> values) {
        super(pos, OPERATOR, operands(condition, assignments, columns, values));
        this.match = match;
        this.condition = condition;
        this.action = action;
        this.assignments = List.copyOf(assignments);
        this.columns = List.copyOf(columns);
        this.overriding = overriding;
        this.values = values;
    }

    public Match match() {
        return match;
    }

    public Optional<SqlNode> condition() {
        return condition;
    }

    public Action action() {
        return action;
    }

    public List<PgAssignment> assignments() {
        return assignments;
    }

    public List<PgTarget> columns() {
        return columns;
    }

    public Optional<String> overriding() {
        return overriding;
    }

    /** The row of INSERT; empty for DEFAULT VALUES and for other actions. */
    public Optional<SqlNodeList> values() {
        return values;
    }

    /** Which pairs of rows the clause is for. */
    public enum Match {
        MATCHED,
        NOT_MATCHED_BY_SOURCE,
        NOT_MATCHED_BY_TARGET
    }

    /** What happens to them. */
    public enum Action {
        INSERT,
        UPDATE,
        DELETE,
        NOTHING
    }
}
