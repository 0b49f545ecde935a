package io.ostraka.rules.sql;

import java.util.List;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/** {@code ROLLUP}, {@code CUBE}, {@code GROUPING SETS} or the empty {@code ()}. */
public final class PgGroupingSet extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("GROUPING", SqlKind.GROUPING_SETS);

    private final String type;
    private final List<SqlNode> elements;

    PgGroupingSet(SqlParserPos pos, String type, List<SqlNode> elements) {
        super(pos, OPERATOR, operands(elements));
        this.type = type;
        this.elements = List.copyOf(elements);
    }

    /** {@code rollup}, {@code cube}, {@code grouping sets} or {@code empty}. */
    public String type() {
        return type;
    }

    public List<SqlNode> elements() {
        return elements;
    }
}
