package io.ostraka.rules.sql;

import java.util.List;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/** An operator that Calcite has no meaning for, such as {@code @>}, {@code ->>} or {@code OPERATOR(s.+)}; one or two operands. */
public final class PgOperatorCall extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("OPERATOR", SqlKind.OTHER);

    private final String schema;
    private final String symbol;
    private final List<SqlNode> arguments;

    PgOperatorCall(SqlParserPos pos, String schema, String symbol, List<SqlNode> arguments) {
        super(pos, OPERATOR, operands(arguments));
        this.schema = schema;
        this.symbol = symbol;
        this.arguments = List.copyOf(arguments);
    }

    /** Empty unless written OPERATOR(schema.symbol). */
    public String schema() {
        return schema;
    }

    public String symbol() {
        return symbol;
    }

    public List<SqlNode> arguments() {
        return arguments;
    }
}
