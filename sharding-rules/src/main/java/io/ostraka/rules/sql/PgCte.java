package io.ostraka.rules.sql;

import java.util.List;
import java.util.Optional;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/** A common table expression. SEARCH and CYCLE add columns to it, named here for those who resolve names. */
public final class PgCte extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("CTE", SqlKind.WITH_ITEM);

    private final SqlIdentifier name;
    private final List<SqlIdentifier> columns;
    private final Optional<Boolean> materialized;
    private final SqlNode statement;
    private final List<SqlNode> searchAndCycle;
    private final List<SqlIdentifier> addedColumns;

    PgCte(
            SqlParserPos pos,
            SqlIdentifier name,
            List<SqlIdentifier> columns,
            Optional<Boolean> materialized,
            SqlNode statement,
            List<SqlNode> searchAndCycle,
            List<SqlIdentifier> addedColumns) {
        super(pos, OPERATOR, operands(name, columns, statement, searchAndCycle, addedColumns));
        this.name = name;
        this.columns = List.copyOf(columns);
        this.materialized = materialized;
        this.statement = statement;
        this.searchAndCycle = List.copyOf(searchAndCycle);
        this.addedColumns = List.copyOf(addedColumns);
    }

    public SqlIdentifier name() {
        return name;
    }

    public List<SqlIdentifier> columns() {
        return columns;
    }

    public Optional<Boolean> materialized() {
        return materialized;
    }

    /** A {@link PgQuery}, {@link PgInsert}, {@link PgUpdate}, {@link PgDelete} or {@link PgMerge}. */
    public SqlNode statement() {
        return statement;
    }

    /** Names and values in SEARCH and CYCLE clauses. */
    public List<SqlNode> searchAndCycle() {
        return searchAndCycle;
    }

    /** The columns that SEARCH ... SET and CYCLE ... SET ... USING add. */
    public List<SqlIdentifier> addedColumns() {
        return addedColumns;
    }
}
