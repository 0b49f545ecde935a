package io.ostraka.rules.sql;

import java.util.List;
import java.util.Optional;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.parser.SqlParserPos;

/** A subquery in FROM. */
public final class PgSubqueryTable extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("SUBQUERY", SqlKind.LATERAL);

    private final boolean lateral;
    private final PgQuery query;
    private final Optional<SqlIdentifier> alias;
    private final List<SqlIdentifier> columnAliases;

    PgSubqueryTable(
            SqlParserPos pos,
            boolean lateral,
            PgQuery query,
            Optional<SqlIdentifier> alias,
            List<SqlIdentifier> columnAliases) {
        super(pos, OPERATOR, operands(query, alias, columnAliases));
        this.lateral = lateral;
        this.query = query;
        this.alias = alias;
        this.columnAliases = List.copyOf(columnAliases);
    }

    public boolean lateral() {
        return lateral;
    }

    public PgQuery query() {
        return query;
    }

    public Optional<SqlIdentifier> alias() {
        return alias;
    }

    public List<SqlIdentifier> columnAliases() {
        return columnAliases;
    }
}
