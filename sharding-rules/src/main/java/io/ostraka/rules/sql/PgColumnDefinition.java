package io.ostraka.rules.sql;

import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.parser.SqlParserPos;

/** A column with its type, as functions that return record need it. */
public final class PgColumnDefinition extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("COLUMN", SqlKind.COLUMN_DECL);

    private final SqlIdentifier name;
    private final PgType type;

    PgColumnDefinition(SqlParserPos pos, SqlIdentifier name, PgType type) {
        super(pos, OPERATOR, operands(name, type));
        this.name = name;
        this.type = type;
    }

    public SqlIdentifier name() {
        return name;
    }

    public PgType type() {
        return type;
    }
}
