package io.ostraka.rules.sql;

import java.util.List;
import java.util.Optional;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/**
 * A query expression: a body (one of {@link PgSelect}, {@link PgValues}, {@link PgSetOperation}, or a {@link PgQuery} in
 * parentheses) with what PostgreSQL's grammar lets stand around it. Every query is one: a whole statement, a subquery, a
 * CTE's, an arm of a set operation in parentheses.
 */
public final class PgQuery extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("QUERY", SqlKind.ORDER_BY);

    private final Optional<PgWith> with;
    private final SqlNode body;
    private final List<PgOrderItem> orderBy;
    private final Optional<SqlNode> limit;
    private final boolean withTies;
    private final Optional<SqlNode> offset;
    private final List<PgLocking> locking;

    PgQuery(
            SqlParserPos pos,
            Optional<PgWith> with,
            SqlNode body,
            List<PgOrderItem> orderBy,
            Optional<SqlNode> limit,
            boolean withTies,
            Optional<SqlNode> offset,
            List<PgLocking> locking) {
        super(pos, OPERATOR, operands(with, body, orderBy, limit, offset, locking));
        this.with = with;
        this.body = body;
        this.orderBy = List.copyOf(orderBy);
        this.limit = limit;
        this.withTies = withTies;
        this.offset = offset;
        this.locking = List.copyOf(locking);
    }

    public Optional<PgWith> with() {
        return with;
    }

    public SqlNode body() {
        return body;
    }

    public List<PgOrderItem> orderBy() {
        return orderBy;
    }

    /** The count of LIMIT or FETCH; empty without one and for LIMIT ALL. */
    public Optional<SqlNode> limit() {
        return limit;
    }

    /** FETCH ... WITH TIES. */
    public boolean withTies() {
        return withTies;
    }

    public Optional<SqlNode> offset() {
        return offset;
    }

    /** FOR UPDATE and its kin. */
    public List<PgLocking> locking() {
        return locking;
    }
}
