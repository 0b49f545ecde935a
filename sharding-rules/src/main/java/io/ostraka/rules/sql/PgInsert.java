package io.ostraka.rules.sql;

import java.util.List;
import java.util.Optional;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.parser.SqlParserPos;

/** INSERT. */
public final class PgInsert extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("INSERT", SqlKind.INSERT);

    private final Optional<PgWith> with;
    private final PgTable table;
    private final List<PgTarget> columns;
    private final Optional<String> overriding;
    private final Optional<PgQuery> source;
    private final Optional<PgOnConflict> onConflict;
    private final Optional<PgReturning> returning;

    PgInsert(
            SqlParserPos pos,
            Optional<PgWith> with,
            PgTable table,
            List<PgTarget> columns,
            Optional<String> overriding,
            Optional<PgQuery> source,
            Optional<PgOnConflict> onConflict,
            Optional<PgReturning> returning) {
        super(pos, OPERATOR, operands(with, table, columns, source, onConflict, returning));
        this.with = with;
        this.table = table;
        this.columns = List.copyOf(columns);
        this.overriding = overriding;
        this.source = source;
        this.onConflict = onConflict;
        this.returning = returning;
    }

    public Optional<PgWith> with() {
        return with;
    }

    public PgTable table() {
        return table;
    }

    /** The columns named; empty when the list is left out. */
    public List<PgTarget> columns() {
        return columns;
    }

    /** {@code system} or {@code user}. */
    public Optional<String> overriding() {
        return overriding;
    }

    /** VALUES or a query; empty for DEFAULT VALUES. */
    public Optional<PgQuery> source() {
        return source;
    }

    public Optional<PgOnConflict> onConflict() {
        return onConflict;
    }

    public Optional<PgReturning> returning() {
        return returning;
    }
}
