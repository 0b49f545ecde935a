package io.ostraka.rules.sql;

import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/** {@code left = ANY (...)}, with any operator; {@code right} is a {@link PgQuery} or an array expression. */
public final class PgQuantified extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("QUANTIFIED", SqlKind.OTHER);

    private final SqlNode left;
    private final String symbol;
    private final boolean all;
    private final SqlNode right;

    PgQuantified(SqlParserPos pos, SqlNode left, String symbol, boolean all, SqlNode right) {
        super(pos, OPERATOR, operands(left, right));
        this.left = left;
        this.symbol = symbol;
        this.all = all;
        this.right = right;
    }

    public SqlNode left() {
        return left;
    }

    /** The operator, or {@code like}, {@code not like}, {@code ilike}, {@code not ilike}. */
    public String symbol() {
        return symbol;
    }

    /** ALL; else ANY or SOME. */
    public boolean all() {
        return all;
    }

    public SqlNode right() {
        return right;
    }
}
