package io.ostraka.rules.sql;

import java.util.List;
import java.util.Optional;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/** DELETE. */
public final class PgDelete extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("DELETE", SqlKind.DELETE);

    private final Optional<PgWith> with;
    private final PgTable table;
    private final List<SqlNode> using;
    private final Optional<SqlNode> where;
    private final Optional<PgReturning> returning;

    PgDelete(
            SqlParserPos pos,
            Optional<PgWith> with,
            PgTable table,
            List<SqlNode> using,
            Optional<SqlNode> where,
            Optional<PgReturning> returning) {
        super(pos, OPERATOR, operands(with, table, using, where, returning));
        this.with = with;
        this.table = table;
        this.using = List.copyOf(using);
        this.where = where;
        this.returning = returning;
    }

    public Optional<PgWith> with() {
        return with;
    }

    public PgTable table() {
        return table;
    }

    public List<SqlNode> using() {
        return using;
    }

    /** A condition, or {@link PgCurrentOf}. */
    public Optional<SqlNode> where() {
        return where;
    }

    public Optional<PgReturning> returning() {
        return returning;
    }
}
