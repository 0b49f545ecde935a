package io.ostraka.rules.sql;

import java.util.List;
import java.util.Optional;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/** UPDATE. */
public final class PgUpdate extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("UPDATE", SqlKind.UPDATE);

    private final Optional<PgWith> with;
    private final PgTable table;
    private final List<PgAssignment> assignments;
    private final List<SqlNode> from;
    private final Optional<SqlNode> where;
    private final Optional<PgReturning> returning;

    PgUpdate(
            SqlParserPos pos,
            Optional<PgWith> with,
            PgTable table,
            List<PgAssignment> assignments,
            List<SqlNode> from,
            Optional<SqlNode> where,
            Optional<PgReturning> returning) {
        super(pos, OPERATOR, operands(with, table, assignments, from, where, returning));
        this.with = with;
        this.table = table;
        this.assignments = List.copyOf(assignments);
        this.from = List.copyOf(from);
        this.where = where;
        this.returning = returning;
    }

    public Optional<PgWith> with() {
        return with;
    }

    public PgTable table() {
        return table;
    }

    public List<PgAssignment> assignments() {
        return assignments;
    }

    public List<SqlNode> from() {
        return from;
    }

    /** A condition, or {@link PgCurrentOf}. */
    public Optional<SqlNode> where() {
        return where;
    }

    public Optional<PgReturning> returning() {
        return returning;
    }
}
