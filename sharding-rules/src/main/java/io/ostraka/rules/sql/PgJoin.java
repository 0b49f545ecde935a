package io.ostraka.rules.sql;

import java.util.List;
import java.util.Optional;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/** A join. Outer joins keep their direction; a comma in FROM is no join but another item. */
public final class PgJoin extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("JOIN", SqlKind.JOIN);

    private final Type type;
    private final SqlNode left;
    private final SqlNode right;
    private final boolean natural;
    private final Optional<SqlNode> on;
    private final List<SqlIdentifier> using;
    private final Optional<SqlIdentifier> usingAlias;
    private final Optional<SqlIdentifier> alias;
    private final List<SqlIdentifier> columnAliases;

    PgJoin(
            SqlParserPos pos,
            Type type,
            SqlNode left,
            SqlNode right,
            boolean natural,
            Optional<SqlNode> on,
            List<SqlIdentifier> using,
            Optional<SqlIdentifier> usingAlias,
            Optional<SqlIdentifier> alias,
            List<SqlIdentifier> columnAliases) {
        super(pos, OPERATOR, operands(left, right, on, using, usingAlias, alias, columnAliases));
        this.type = type;
        this.left = left;
        this.right = right;
        this.natural = natural;
        this.on = on;
        this.using = List.copyOf(using);
        this.usingAlias = usingAlias;
        this.alias = alias;
        this.columnAliases = List.copyOf(columnAliases);
    }

    public Type type() {
        return type;
    }

    public SqlNode left() {
        return left;
    }

    public SqlNode right() {
        return right;
    }

    public boolean natural() {
        return natural;
    }

    public Optional<SqlNode> on() {
        return on;
    }

    public List<SqlIdentifier> using() {
        return using;
    }

    /** The alias of the merged columns: JOIN ... USING (...) AS alias. */
    public Optional<SqlIdentifier> usingAlias() {
        return usingAlias;
    }

    /** The alias of a join in parentheses; it hides the names inside. */
    public Optional<SqlIdentifier> alias() {
        return alias;
    }

    public List<SqlIdentifier> columnAliases() {
        return columnAliases;
    }

    /** Which rows without a partner are kept. */
    public enum Type {
        CROSS,
        INNER,
        LEFT,
        RIGHT,
        FULL
    }

    /** The same join in parentheses with an alias. */
    PgJoin as(SqlParserPos pos, SqlIdentifier name, List<SqlIdentifier> columns) {
        return new PgJoin(pos, type, left, right, natural, on, using, usingAlias, Optional.of(name), columns);
    }
}
