package io.ostraka.rules.sql;

import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.parser.SqlParserPos;

/** WHERE CURRENT OF a cursor. */
public final class PgCurrentOf extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("CURRENT_OF", SqlKind.OTHER);

    private final SqlIdentifier cursor;

    PgCurrentOf(SqlParserPos pos, SqlIdentifier cursor) {
        super(pos, OPERATOR, operands(cursor));
        this.cursor = cursor;
    }

    public SqlIdentifier cursor() {
        return cursor;
    }
}
