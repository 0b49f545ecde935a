package io.ostraka.rules.sql;

import java.util.List;
import java.util.Optional;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/** SELECT from its first word to its WINDOW clause; {@code TABLE t} is read as {@code SELECT * FROM t}, which it means. */
public final class PgSelect extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("SELECT", SqlKind.SELECT);

    private final boolean distinct;
    private final List<SqlNode> distinctOn;
    private final List<PgSelectItem> items;
    private final Optional<SqlIdentifier> into;
    private final List<SqlNode> from;
    private final Optional<SqlNode> where;
    private final boolean groupByDistinct;
    private final List<SqlNode> groupBy;
    private final Optional<SqlNode> having;
    private final List<PgWindow> windows;

    PgSelect(
            SqlParserPos pos,
            boolean distinct,
            List<SqlNode> distinctOn,
            List<PgSelectItem> items,
            Optional<SqlIdentifier> into,
            List<SqlNode> from,
            Optional<SqlNode> where,
            boolean groupByDistinct,
            List<SqlNode> groupBy,
            Optional<SqlNode> having,
            List<PgWindow> windows) {
        super(pos, OPERATOR, operands(distinctOn, items, into, from, where, groupBy, having, windows));
        this.distinct = distinct;
        this.distinctOn = List.copyOf(distinctOn);
        this.items = List.copyOf(items);
        this.into = into;
        this.from = List.copyOf(from);
        this.where = where;
        this.groupByDistinct = groupByDistinct;
        this.groupBy = List.copyOf(groupBy);
        this.having = having;
        this.windows = List.copyOf(windows);
    }

    /** DISTINCT, with or without ON. */
    public boolean distinct() {
        return distinct;
    }

    /** The expressions of DISTINCT ON; empty without it. */
    public List<SqlNode> distinctOn() {
        return distinctOn;
    }

    /** The select list; may be empty. */
    public List<PgSelectItem> items() {
        return items;
    }

    /** The table that SELECT INTO creates. */
    public Optional<SqlIdentifier> into() {
        return into;
    }

    /** Table references: {@link PgTable}, {@link PgJoin}, {@link PgSubqueryTable}, {@link PgFunctionTable}. */
    public List<SqlNode> from() {
        return from;
    }

    public Optional<SqlNode> where() {
        return where;
    }

    public boolean groupByDistinct() {
        return groupByDistinct;
    }

    /** Expressions and {@link PgGroupingSet}s. */
    public List<SqlNode> groupBy() {
        return groupBy;
    }

    public Optional<SqlNode> having() {
        return having;
    }

    /** The WINDOW clause; every one has a name. */
    public List<PgWindow> windows() {
        return windows;
    }
}
