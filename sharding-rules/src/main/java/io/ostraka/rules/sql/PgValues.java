package io.ostraka.rules.sql;

import java.util.List;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.parser.SqlParserPos;

/** VALUES: rows of expressions, DEFAULT among them where the statement is an INSERT. */
public final class PgValues extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("VALUES", SqlKind.VALUES);

    private final List<SqlNodeList> rows;

    PgValues(SqlParserPos pos, List<SqlNodeList> rows) {
        super(pos, OPERATOR, operands(rows));
        this.rows = List.copyOf(rows);
    }

    public List<SqlNodeList> rows() {
        return rows;
    }
}
