package io.ostraka.rules.sql;

import java.util.List;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/** A type as the statement names it. */
public final class PgType extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("TYPE", SqlKind.OTHER);

    private final SqlIdentifier name;
    private final List<SqlNode> modifiers;
    private final int arrayDimensions;
    private final boolean setof;

    PgType(SqlParserPos pos, SqlIdentifier name, List<SqlNode> modifiers, int arrayDimensions, boolean setof) {
        super(pos, OPERATOR, operands(name, modifiers));
        this.name = name;
        this.modifiers = List.copyOf(modifiers);
        this.arrayDimensions = arrayDimensions;
        this.setof = setof;
    }

    /** Standard names with a syntax of their own are PostgreSQL's internal ones in {@code pg_catalog}: int4, numeric, varchar, bpchar, timestamptz ... */
    public SqlIdentifier name() {
        return name;
    }

    /** Length, precision and scale. */
    public List<SqlNode> modifiers() {
        return modifiers;
    }

    public int arrayDimensions() {
        return arrayDimensions;
    }

    public boolean setof() {
        return setof;
    }
}
