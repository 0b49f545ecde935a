package io.ostraka.rules.sql;

import java.util.Optional;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/** An item of ORDER BY. */
public final class PgOrderItem extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("ORDER", SqlKind.OTHER);

    private final SqlNode expression;
    private final boolean descending;
    private final Optional<Boolean> nullsFirst;
    private final Optional<String> using;

    PgOrderItem(
            SqlParserPos pos,
            SqlNode expression,
            boolean descending,
            Optional<Boolean> nullsFirst,
            Optional<String> using) {
        super(pos, OPERATOR, operands(expression));
        this.expression = expression;
        this.descending = descending;
        this.nullsFirst = nullsFirst;
        this.using = using;
    }

    public SqlNode expression() {
        return expression;
    }

    public boolean descending() {
        return descending;
    }

    /** What NULLS FIRST or LAST says; empty when it is left to the direction. */
    public Optional<Boolean> nullsFirst() {
        return nullsFirst;
    }

    /** The operator of ORDER BY ... USING; it decides the direction then. */
    public Optional<String> using() {
        return using;
    }
}
