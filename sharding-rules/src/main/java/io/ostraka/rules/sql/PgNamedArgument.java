package io.ostraka.rules.sql;

import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/** {@code name => value}. */
public final class PgNamedArgument extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("NAMED", SqlKind.ARGUMENT_ASSIGNMENT);

    private final SqlIdentifier name;
    private final SqlNode value;

    PgNamedArgument(SqlParserPos pos, SqlIdentifier name, SqlNode value) {
        super(pos, OPERATOR, operands(name, value));
        this.name = name;
        this.value = value;
    }

    public SqlIdentifier name() {
        return name;
    }

    public SqlNode value() {
        return value;
    }
}
