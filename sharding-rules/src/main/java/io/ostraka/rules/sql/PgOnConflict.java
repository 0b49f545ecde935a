package io.ostraka.rules.sql;

import java.util.List;
import java.util.Optional;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/** ON CONFLICT. */
public final class PgOnConflict extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("ON_CONFLICT", SqlKind.OTHER);

    private final List<SqlNode> target;
    private final Optional<SqlNode> targetWhere;
    private final Optional<SqlIdentifier> constraint;
    private final boolean update;
    private final List<PgAssignment> assignments;
    private final Optional<SqlNode> where;

    PgOnConflict(
            SqlParserPos pos,
            List<SqlNode> target,
            Optional<SqlNode> targetWhere,
            Optional<SqlIdentifier> constraint,
            boolean update,
            List<PgAssignment> assignments,
            Optional<SqlNode> where) {
        super(pos, OPERATOR, operands(target, targetWhere, constraint, assignments, where));
        this.target = List.copyOf(target);
        this.targetWhere = targetWhere;
        this.constraint = constraint;
        this.update = update;
        this.assignments = List.copyOf(assignments);
        this.where = where;
    }

    /** Columns and expressions whose unique index decides; empty with a constraint, or when any conflict counts. */
    public List<SqlNode> target() {
        return target;
    }

    public Optional<SqlNode> targetWhere() {
        return targetWhere;
    }

    public Optional<SqlIdentifier> constraint() {
        return constraint;
    }

    /** DO UPDATE; else DO NOTHING. */
    public boolean update() {
        return update;
    }

    public List<PgAssignment> assignments() {
        return assignments;
    }

    public Optional<SqlNode> where() {
        return where;
    }
}
