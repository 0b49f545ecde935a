package io.ostraka.rules.sql;

import java.util.List;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/**
 * UNION, INTERSECT or EXCEPT. A chain of the same associative operation is one node with all its arms; EXCEPT has two.
 * {@link #operation()} tells which.
 */
public final class PgSetOperation extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("SET", SqlKind.OTHER);

    private final Operation operation;
    private final boolean all;
    private final List<SqlNode> arms;

    PgSetOperation(SqlParserPos pos, Operation operation, boolean all, List<SqlNode> arms) {
        super(pos, OPERATOR, operands(arms));
        this.operation = operation;
        this.all = all;
        this.arms = List.copyOf(arms);
    }

    public Operation operation() {
        return operation;
    }

    public boolean all() {
        return all;
    }

    /** Two or more: {@link PgSelect}, {@link PgValues}, {@link PgSetOperation} or, in parentheses, {@link PgQuery}. */
    public List<SqlNode> arms() {
        return arms;
    }

    /** What is done with the rows of the arms. */
    public enum Operation {
        UNION,
        INTERSECT,
        EXCEPT
    }
}
