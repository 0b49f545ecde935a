package io.ostraka.rules.sql;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.parser.SqlParserPos;

/**
 * A construct of PostgreSQL's that Calcite has no node for, or only one that holds less. All parts that are nodes are its
 * operands too, in no particular order, so that a visitor that knows nothing of a construct still finds every table,
 * column, parameter and subquery below it. Immutable.
 */
public abstract class PgNode extends SqlCall {
    private final PgOperator operator;
    private final List<SqlNode> operands;

    PgNode(SqlParserPos pos, PgOperator operator, List<SqlNode> operands) {
        super(pos);
        this.operator = operator;
        this.operands = operands;
    }

    /** The nodes among a construct's parts, which are nodes, lists of them, optional ones, or something else. */
    static List<SqlNode> operands(Object... parts) {
        List<SqlNode> operands = new ArrayList<>(parts.length);
        for (Object part : parts) {
            Object found = part instanceof Optional<?> optional ? optional.orElse(null) : part;
            if (found instanceof SqlNode node) {
                operands.add(node);
            } else if (found instanceof List<?> list) {
                list.forEach(node -> operands.add((SqlNode) node));
            }
        }
        return List.copyOf(operands);
    }

    @Override
    public final SqlOperator getOperator() {
        return operator;
    }

    @Override
    public final List<SqlNode> getOperandList() {
        return operands;
    }
}
