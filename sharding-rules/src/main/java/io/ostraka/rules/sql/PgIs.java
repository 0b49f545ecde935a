package io.ostraka.rules.sql;

import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/** The IS tests that Calcite has no operator for: DOCUMENT, NORMALIZED, JSON. */
public final class PgIs extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("IS", SqlKind.OTHER);

    private final SqlNode expression;
    private final boolean negated;
    private final String test;

    PgIs(SqlParserPos pos, SqlNode expression, boolean negated, String test) {
        super(pos, OPERATOR, operands(expression));
        this.expression = expression;
        this.negated = negated;
        this.test = test;
    }

    public SqlNode expression() {
        return expression;
    }

    public boolean negated() {
        return negated;
    }

    public String test() {
        return test;
    }
}
