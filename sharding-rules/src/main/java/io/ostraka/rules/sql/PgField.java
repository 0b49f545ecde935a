package io.ostraka.rules.sql;

import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/** {@code (base).name}; the name is {@code *} for all fields. */
public final class PgField extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("FIELD", SqlKind.DOT);

    private final SqlNode base;
    private final SqlIdentifier name;

    PgField(SqlParserPos pos, SqlNode base, SqlIdentifier name) {
        super(pos, OPERATOR, operands(base, name));
        this.base = base;
        this.name = name;
    }

    public SqlNode base() {
        return base;
    }

    public SqlIdentifier name() {
        return name;
    }
}
