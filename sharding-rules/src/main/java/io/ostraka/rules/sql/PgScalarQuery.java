package io.ostraka.rules.sql;

import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.parser.SqlParserPos;

/** A subquery used as a value. */
public final class PgScalarQuery extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("SCALAR", SqlKind.SCALAR_QUERY);

    private final PgQuery query;

    PgScalarQuery(SqlParserPos pos, PgQuery query) {
        super(pos, OPERATOR, operands(query));
        this.query = query;
    }

    public PgQuery query() {
        return query;
    }
}
