package io.ostraka.rules.sql;

import java.util.List;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/** {@code ARRAY[...]}; an inner array may lack the word. */
public final class PgArray extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("ARRAY", SqlKind.ARRAY_VALUE_CONSTRUCTOR);

    private final List<SqlNode> elements;

    PgArray(SqlParserPos pos, List<SqlNode> elements) {
        super(pos, OPERATOR, operands(elements));
        this.elements = List.copyOf(elements);
    }

    public List<SqlNode> elements() {
        return elements;
    }
}
