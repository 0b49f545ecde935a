package io.ostraka.rules.sql;

import java.util.List;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/** A column to be set, with the subscripts and fields that narrow it down: {@code a}, {@code a[1]}, {@code a.field}. */
public final class PgTarget extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("TARGET", SqlKind.OTHER);

    private final SqlIdentifier column;
    private final List<SqlNode> path;

    PgTarget(SqlParserPos pos, SqlIdentifier column, List<SqlNode> path) {
        super(pos, OPERATOR, operands(column, path));
        this.column = column;
        this.path = List.copyOf(path);
    }

    public SqlIdentifier column() {
        return column;
    }

    public List<SqlNode> path() {
        return path;
    }
}
