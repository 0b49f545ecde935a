package io.ostraka.rules.sql;

import java.util.List;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.parser.SqlParserPos;

/** FOR UPDATE, NO KEY UPDATE, SHARE or KEY SHARE. */
public final class PgLocking extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("LOCK", SqlKind.OTHER);

    private final String strength;
    private final List<SqlIdentifier> tables;
    private final String onLock;

    PgLocking(SqlParserPos pos, String strength, List<SqlIdentifier> tables, String onLock) {
        super(pos, OPERATOR, operands(tables));
        this.strength = strength;
        this.tables = List.copyOf(tables);
        this.onLock = onLock;
    }

    /** {@code update}, {@code no key update}, {@code share} or {@code key share}. */
    public String strength() {
        return strength;
    }

    /** The tables behind OF; empty when all are meant. */
    public List<SqlIdentifier> tables() {
        return tables;
    }

    /** {@code nowait}, {@code skip locked}, or empty. */
    public String onLock() {
        return onLock;
    }
}
