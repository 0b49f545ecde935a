package io.ostraka.rules.sql;

import java.util.Optional;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/** An item of a select or RETURNING list: an expression, {@code *} or {@code t.*}, with its label if one is given. */
public final class PgSelectItem extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("ITEM", SqlKind.AS);

    private final SqlNode expression;
    private final Optional<SqlIdentifier> label;

    PgSelectItem(SqlParserPos pos, SqlNode expression, Optional<SqlIdentifier> label) {
        super(pos, OPERATOR, operands(expression, label));
        this.expression = expression;
        this.label = label;
    }

    public SqlNode expression() {
        return expression;
    }

    public Optional<SqlIdentifier> label() {
        return label;
    }
}
