package io.ostraka.rules.sql;

import java.util.List;
import java.util.Optional;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/**
 * A function call. What has a syntax of its own in SQL (EXTRACT, TRIM, COALESCE, CURRENT_DATE ...) is a call too: its
 * name is in lower case in schema {@code pg_catalog}, its arguments are the expressions in the order of the text, and
 * {@code syntax} holds its words.
 */
public final class PgFunctionCall extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("CALL", SqlKind.OTHER_FUNCTION);

    private final SqlIdentifier name;
    private final List<SqlNode> arguments;
    private final boolean star;
    private final boolean distinct;
    private final boolean variadic;
    private final List<PgOrderItem> orderBy;
    private final List<PgOrderItem> withinGroup;
    private final Optional<SqlNode> filter;
    private final Optional<PgWindow> over;
    private final String syntax;

    PgFunctionCall(
            SqlParserPos pos,
            SqlIdentifier name,
            List<SqlNode> arguments,
            boolean star,
            boolean distinct,
            boolean variadic,
            List<PgOrderItem> orderBy,
            List<PgOrderItem> withinGroup,
            Optional<SqlNode> filter,
            Optional<PgWindow> over,
            String syntax) {
        super(pos, OPERATOR, operands(name, arguments, orderBy, withinGroup, filter, over));
        this.name = name;
        this.arguments = List.copyOf(arguments);
        this.star = star;
        this.distinct = distinct;
        this.variadic = variadic;
        this.orderBy = List.copyOf(orderBy);
        this.withinGroup = List.copyOf(withinGroup);
        this.filter = filter;
        this.over = over;
        this.syntax = syntax;
    }

    public SqlIdentifier name() {
        return name;
    }

    /** Expressions; named ones are {@link PgNamedArgument}s. */
    public List<SqlNode> arguments() {
        return arguments;
    }

    /** {@code count(*)}. */
    public boolean star() {
        return star;
    }

    public boolean distinct() {
        return distinct;
    }

    /** Whether the last argument is VARIADIC. */
    public boolean variadic() {
        return variadic;
    }

    public List<PgOrderItem> orderBy() {
        return orderBy;
    }

    public List<PgOrderItem> withinGroup() {
        return withinGroup;
    }

    public Optional<SqlNode> filter() {
        return filter;
    }

    /** The window; with nothing but a name for {@code OVER name}. */
    public Optional<PgWindow> over() {
        return over;
    }

    /** Words that tell variants of special syntax apart ({@code leading}, {@code year}); mostly empty. */
    public String syntax() {
        return syntax;
    }
}
