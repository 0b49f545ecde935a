package io.ostraka.rules.sql;

import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.parser.SqlParserPos;

/** {@code ARRAY(query)}. */
public final class PgArrayQuery extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("ARRAY_QUERY", SqlKind.ARRAY_QUERY_CONSTRUCTOR);

    private final PgQuery query;

    PgArrayQuery(SqlParserPos pos, PgQuery query) {
        super(pos, OPERATOR, operands(query));
        this.query = query;
    }

    public PgQuery query() {
        return query;
    }
}
