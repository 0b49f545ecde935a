package io.ostraka.rules.sql;

import java.util.List;
import java.util.Optional;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/** MERGE. */
public final class PgMerge extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("MERGE", SqlKind.MERGE);

    private final Optional<PgWith> with;
    private final PgTable table;
    private final SqlNode source;
    private final SqlNode on;
    private final List<PgMergeWhen> whens;
    private final Optional<PgReturning> returning;

    PgMerge(
            SqlParserPos pos,
            Optional<PgWith> with,
            PgTable table,
            SqlNode source,
            SqlNode on,
            List<PgMergeWhen> whens,
            Optional<PgReturning> returning) {
        super(pos, OPERATOR, operands(with, table, source, on, whens, returning));
        this.with = with;
        this.table = table;
        this.source = source;
        this.on = on;
        this.whens = List.copyOf(whens);
        this.returning = returning;
    }

    public Optional<PgWith> with() {
        return with;
    }

    public PgTable table() {
        return table;
    }

    /** A table reference. */
    public SqlNode source() {
        return source;
    }

    public SqlNode on() {
        return on;
    }

    public List<PgMergeWhen> whens() {
        return whens;
    }

    public Optional<PgReturning> returning() {
        return returning;
    }
}
