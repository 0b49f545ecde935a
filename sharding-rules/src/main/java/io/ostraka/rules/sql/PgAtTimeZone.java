package io.ostraka.rules.sql;

import java.util.Optional;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/** {@code expression AT TIME ZONE zone}, or AT LOCAL without one. */
public final class PgAtTimeZone extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("AT_TIME_ZONE", SqlKind.OTHER);

    private final SqlNode expression;
    private final Optional<SqlNode> zone;

    PgAtTimeZone(SqlParserPos pos, SqlNode expression, Optional<SqlNode> zone) {
        super(pos, OPERATOR, operands(expression, zone));
        this.expression = expression;
        this.zone = zone;
    }

    public SqlNode expression() {
        return expression;
    }

    public Optional<SqlNode> zone() {
        return zone;
    }
}
