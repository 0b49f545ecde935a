package io.ostraka.rules.sql;

import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/** {@code expression COLLATE name}. */
public final class PgCollate extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("COLLATE", SqlKind.OTHER);

    private final SqlNode expression;
    private final SqlIdentifier collation;

    PgCollate(SqlParserPos pos, SqlNode expression, SqlIdentifier collation) {
        super(pos, OPERATOR, operands(expression, collation));
        this.expression = expression;
        this.collation = collation;
    }

    public SqlNode expression() {
        return expression;
    }

    public SqlIdentifier collation() {
        return collation;
    }
}
