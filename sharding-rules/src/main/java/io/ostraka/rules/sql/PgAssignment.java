package io.ostraka.rules.sql;

import java.util.List;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/** {@code target = value}, or {@code (targets) = value} where the value is a row or a subquery. */
public final class PgAssignment extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("SET", SqlKind.OTHER);

    private final List<PgTarget> targets;
    private final boolean row;
    private final SqlNode value;

    PgAssignment(SqlParserPos pos, List<PgTarget> targets, boolean row, SqlNode value) {
        super(pos, OPERATOR, operands(targets, value));
        this.targets = List.copyOf(targets);
        this.row = row;
        this.value = value;
    }

    public List<PgTarget> targets() {
        return targets;
    }

    /** Whether the targets stand in parentheses (there may still be only one). */
    public boolean row() {
        return row;
    }

    public SqlNode value() {
        return value;
    }
}
