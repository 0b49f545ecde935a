package io.ostraka.rules.sql;

import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.sql.SqlNode;

/** Collects the arms of a chain of set operations while the parser reads it from left to right. */
final class PgSetArms {
    private final Token first;
    private final PgTokenSource source;
    private List<SqlNode> arms = new ArrayList<>(1);
    private PgSetOperation.Operation operation = PgSetOperation.Operation.UNION;
    private boolean all;
    private Token last;
    private int height;

    PgSetArms(SqlNode arm, Token first, PgTokenSource source) {
        this.first = first;
        this.last = first;
        this.source = source;
        arms.add(arm);
    }

    /** One more arm; its last token is {@code end}. */
    void add(PgSetOperation.Operation by, boolean withAll, SqlNode arm, Token end) {
        boolean same = arms.size() > 1 && by == operation && withAll == all && by != PgSetOperation.Operation.EXCEPT;
        if (!same && arms.size() > 1) {
            height += 2;
            source.enter(end, height);
            source.leave(height);
            SqlNode left = node();
            arms = new ArrayList<>(2);
            arms.add(left);
        }
        operation = by;
        all = withAll;
        arms.add(arm);
        last = end;
    }

    SqlNode node() {
        return arms.size() == 1 ? arms.get(0) : new PgSetOperation(PgTree.pos(first, last), operation, all, arms);
    }
}
