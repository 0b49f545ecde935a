package io.ostraka.rules.sql;

import java.util.Optional;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/** {@code base[lower:upper]}, or {@code base[lower]} without a colon. */
public final class PgSubscript extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("SUBSCRIPT", SqlKind.ITEM);

    private final SqlNode base;
    private final boolean slice;
    private final Optional<SqlNode> lower;
    private final Optional<SqlNode> upper;

    PgSubscript(SqlParserPos pos, SqlNode base, boolean slice, Optional<SqlNode> lower, Optional<SqlNode> upper) {
        super(pos, OPERATOR, operands(base, lower, upper));
        this.base = base;
        this.slice = slice;
        this.lower = lower;
        this.upper = upper;
    }

    public SqlNode base() {
        return base;
    }

    public boolean slice() {
        return slice;
    }

    public Optional<SqlNode> lower() {
        return lower;
    }

    public Optional<SqlNode> upper() {
        return upper;
    }
}
