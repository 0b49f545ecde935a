package io.ostraka.rules.sql;

import java.util.List;
import java.util.Optional;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/** A table, view or CTE by name: in FROM, or as the target of INSERT, UPDATE, DELETE and MERGE. */
public final class PgTable extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("TABLE", SqlKind.TABLE_REF);

    private final SqlIdentifier name;
    private final boolean only;
    private final Optional<SqlIdentifier> alias;
    private final List<SqlIdentifier> columnAliases;
    private final List<SqlNode> sample;

    PgTable(
            SqlParserPos pos,
            SqlIdentifier name,
            boolean only,
            Optional<SqlIdentifier> alias,
            List<SqlIdentifier> columnAliases,
            List<SqlNode> sample) {
        super(pos, OPERATOR, operands(name, alias, columnAliases, sample));
        this.name = name;
        this.only = only;
        this.alias = alias;
        this.columnAliases = List.copyOf(columnAliases);
        this.sample = List.copyOf(sample);
    }

    public SqlIdentifier name() {
        return name;
    }

    /** ONLY: without the tables that inherit from it. */
    public boolean only() {
        return only;
    }

    public Optional<SqlIdentifier> alias() {
        return alias;
    }

    public List<SqlIdentifier> columnAliases() {
        return columnAliases;
    }

    /** TABLESAMPLE: the method's name, its arguments and the seed; empty without it. */
    public List<SqlNode> sample() {
        return sample;
    }
}
