package io.ostraka.rules.sql;

import java.util.List;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.parser.SqlParserPos;

/** WITH. */
public final class PgWith extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("WITH", SqlKind.WITH);

    private final boolean recursive;
    private final List<PgCte> ctes;

    PgWith(SqlParserPos pos, boolean recursive, List<PgCte> ctes) {
        super(pos, OPERATOR, operands(ctes));
        this.recursive = recursive;
        this.ctes = List.copyOf(ctes);
    }

    public boolean recursive() {
        return recursive;
    }

    public List<PgCte> ctes() {
        return ctes;
    }
}
