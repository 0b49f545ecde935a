package io.ostraka.rules.sql;

import java.util.List;
import java.util.Optional;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/** A function in FROM, or several in ROWS FROM. */
public final class PgFunctionTable extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("FUNCTION_TABLE", SqlKind.LATERAL);

    private final boolean lateral;
    private final List<SqlNode> functions;
    private final boolean rowsFrom;
    private final boolean ordinality;
    private final Optional<SqlIdentifier> alias;
    private final List<SqlIdentifier> columnAliases;
    private final List<PgColumnDefinition> columnDefinitions;

    PgFunctionTable(
            SqlParserPos pos,
            boolean lateral,
            List<SqlNode> functions,
            boolean rowsFrom,
            boolean ordinality,
            Optional<SqlIdentifier> alias,
            List<SqlIdentifier> columnAliases,
            List<PgColumnDefinition> columnDefinitions) {
        super(pos, OPERATOR, operands(functions, alias, columnAliases, columnDefinitions));
        this.lateral = lateral;
        this.functions = List.copyOf(functions);
        this.rowsFrom = rowsFrom;
        this.ordinality = ordinality;
        this.alias = alias;
        this.columnAliases = List.copyOf(columnAliases);
        this.columnDefinitions = List.copyOf(columnDefinitions);
    }

    public boolean lateral() {
        return lateral;
    }

    /** Calls, mostly {@link PgFunctionCall}s; one unless it is ROWS FROM. */
    public List<SqlNode> functions() {
        return functions;
    }

    public boolean rowsFrom() {
        return rowsFrom;
    }

    /** WITH ORDINALITY. */
    public boolean ordinality() {
        return ordinality;
    }

    public Optional<SqlIdentifier> alias() {
        return alias;
    }

    /** Names of the first columns; where there are definitions too, which only JSON_TABLE and XMLTABLE allow, their new names. */
    public List<SqlIdentifier> columnAliases() {
        return columnAliases;
    }

    /** Column definitions, those inside ROWS FROM and those of JSON_TABLE and XMLTABLE included, in the order of the columns. */
    public List<PgColumnDefinition> columnDefinitions() {
        return columnDefinitions;
    }
}
