package io.ostraka.rules.sql;

import java.util.List;
import java.util.Optional;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.parser.SqlParserPos;

/** RETURNING, with the names given to the old and the new row. */
public final class PgReturning extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("RETURNING", SqlKind.OTHER);

    private final List<PgSelectItem> items;
    private final Optional<SqlIdentifier> oldAlias;
    private final Optional<SqlIdentifier> newAlias;

    PgReturning(
            SqlParserPos pos,
            List<PgSelectItem> items,
            Optional<SqlIdentifier> oldAlias,
            Optional<SqlIdentifier> newAlias) {
        super(pos, OPERATOR, operands(items, oldAlias, newAlias));
        this.items = List.copyOf(items);
        this.oldAlias = oldAlias;
        this.newAlias = newAlias;
    }

    public List<PgSelectItem> items() {
        return items;
    }

    public Optional<SqlIdentifier> oldAlias() {
        return oldAlias;
    }

    public Optional<SqlIdentifier> newAlias() {
        return newAlias;
    }
}
