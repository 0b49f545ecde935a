package io.ostraka.rules.sql;

import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/** {@code type 'text'}; B'' and X'' are typed {@code bit}, N'' is typed {@code bpchar}. */
public final class PgTypedLiteral extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("TYPED", SqlKind.OTHER);

    private final PgType type;
    private final SqlNode literal;

    PgTypedLiteral(SqlParserPos pos, PgType type, SqlNode literal) {
        super(pos, OPERATOR, operands(type, literal));
        this.type = type;
        this.literal = literal;
    }

    public PgType type() {
        return type;
    }

    /** A character literal: a lifted one may stand there. */
    public SqlNode literal() {
        return literal;
    }
}
