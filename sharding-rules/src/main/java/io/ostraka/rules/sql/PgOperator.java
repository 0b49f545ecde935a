package io.ostraka.rules.sql;

import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.SqlSyntax;

/** What Calcite wants every call to have: a name and a kind. Nothing is ever validated or unparsed with it. */
final class PgOperator extends SqlOperator {
    PgOperator(String name, SqlKind kind) {
        super(name, kind, 0, 0, null, null, null);
    }

    @Override
    public SqlSyntax getSyntax() {
        return SqlSyntax.FUNCTION;
    }
}
