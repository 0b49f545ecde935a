package io.ostraka.rules.plan;

import io.ostraka.rules.catalog.Catalog;
import io.ostraka.rules.catalog.Function;
import io.ostraka.rules.sql.Lexer;
import io.ostraka.rules.sql.PgCollate;
import io.ostraka.rules.sql.PgField;
import io.ostraka.rules.sql.PgFunctionCall;
import io.ostraka.rules.sql.PgGroupingSet;
import io.ostraka.rules.sql.PgNamedArgument;
import io.ostraka.rules.sql.PgQuery;
import io.ostraka.rules.sql.PgSelect;
import io.ostraka.rules.sql.PgType;
import io.ostraka.rules.sql.PgTypedLiteral;
import io.ostraka.rules.sql.SourceSpan;
import io.ostraka.rules.sql.StatementTemplate;
import io.ostraka.rules.sql.TokenKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlDynamicParam;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;

/** What is known of the expressions of a SELECT whose rows the shards are to bring into groups. Immutable. */
record PartialExpressions(StatementTemplate template, SelectBlock block, Catalog catalog) {
    /** The types whose values are sure to have no collation. */
    private static final Set<String> NOT_COLLATED = Set.of(
            "bool",
            "int2",
            "int4",
            "int8",
            "float4",
            "float8",
            "numeric",
            "date",
            "time",
            "timetz",
            "timestamp",
            "timestamptz",
            "interval",
            "uuid",
            "bytea",
            "json",
            "jsonb");

    static boolean isGrouping(List<String> name) {
        return name.get(name.size() - 1).equals("grouping");
    }

    boolean mayBeColumn(String name) {
        return block.mayBeColumn(name);
    }

    String textOf(SqlNode node) {
        SourceSpan span = SourceSpan.of(node);
        return template.sql().substring(span.start(), span.end());
    }

    /** The elements of ROLLUP and its kin, and of a list in parentheses; empty for an expression. */
    Optional<List<SqlNode>> groupedTogether(SqlNode element) {
        if (element instanceof PgGroupingSet set) {
            return Optional.of(set.elements());
        }
        if (element instanceof SqlNodeList list) {
            return Optional.of(list.getList());
        }
        boolean isList = element.getKind() == SqlKind.ROW && textOf(element).startsWith("(");
        return isList ? Optional.of(((SqlCall) element).getOperandList()) : Optional.empty();
    }

    Optional<Variable> variable(SqlNode node) {
        return node instanceof SqlIdentifier name && !name.isStar()
                ? block.columnMeant(
                        new Expression.Name(name.names, SourceSpan.of(node).start()))
                : Optional.empty();
    }

    /** Expressions of the same level with equal tokens are equal. */
    Optional<List<String>> tokens(SqlNode node) {
        SourceSpan span = SourceSpan.of(node);
        List<String> tokens = new ArrayList<>();
        Lexer lexer = new Lexer(template.sql(), span.start(), span.end());
        for (TokenKind kind = lexer.next(); kind != TokenKind.END; kind = lexer.next()) {
            if (template.literalAt(lexer.start()) >= 0 || kind == TokenKind.UNICODE_IDENTIFIER) {
                return Optional.empty();
            }
            tokens.add(kind.isIdentifier() ? "\"" + lexer.name() : lexer.text());
        }
        return Optional.of(tokens);
    }

    /** Every shard can compute it from a row, into a column of a table. */
    void requirePlain(SqlNode node) {
        if (node instanceof SqlIdentifier) {
            boolean isColumn = variable(node)
                    .filter(found ->
                            !found.type().startsWith("reg") && !found.type().startsWith("_reg"))
                    .isPresent();
            if (!isColumn) {
                throw new PartialAggregates.NotPartial();
            }
        } else if (node instanceof PgFunctionCall call) {
            if (call.over().isPresent() || call.star() || mayAggregate(call) || returnsSet(call)) {
                throw new PartialAggregates.NotPartial();
            }
            call.arguments().forEach(this::requirePlain);
        } else if (node instanceof PgCollate collate) {
            requirePlain(collate.expression());
        } else if (node instanceof PgNamedArgument argument) {
            requirePlain(argument.value());
        } else if (node instanceof PgQuery || node instanceof PgField || node.getKind() == SqlKind.ROW) {
            throw new PartialAggregates.NotPartial();
        } else {
            below(node).forEach(this::requirePlain);
        }
    }

    /** Its value is sure to be no row, which a column cannot hold when its type has no name. */
    void requireColumnType(SqlNode node) {
        Optional<String> type = variable(node).map(Variable::type);
        if (node.getKind() == SqlKind.CAST && ((SqlCall) node).operand(1) instanceof PgType cast) {
            type = Optional.of(SyntaxReader.withoutSystemSchema(cast.name().names));
        } else if (!(node instanceof SqlIdentifier)) {
            below(node).stream()
                    .filter(inside -> !(inside instanceof SqlIdentifier)
                            || variable(inside).isPresent())
                    .forEach(this::requireColumnType);
        }
        if (type.filter(known -> SortType.named(known).isEmpty()).isPresent()) {
            throw new PartialAggregates.NotPartial();
        }
    }

    /** The expressions directly inside of what needs no look of its own. */
    static List<SqlNode> below(SqlNode node) {
        if (node instanceof SqlLiteral
                || node instanceof SqlDynamicParam
                || node instanceof PgType
                || node instanceof PgTypedLiteral) {
            return List.of();
        }
        if (node instanceof SqlNodeList list) {
            return list.getList();
        }
        if (node instanceof SqlCall call) {
            return call.getOperandList().stream()
                    .filter(operand -> operand != null)
                    .toList();
        }
        throw new PartialAggregates.NotPartial();
    }

    boolean mayAggregate(PgFunctionCall call) {
        boolean aggregating = call.star()
                || call.distinct()
                || !call.orderBy().isEmpty()
                || !call.withinGroup().isEmpty()
                || call.filter().isPresent();
        return block.mayAggregate(new Expression.Call(
                call.name().names,
                List.of(),
                false,
                aggregating,
                SourceSpan.of(call).start()));
    }

    private boolean returnsSet(PgFunctionCall call) {
        List<String> name = call.name().names;
        return catalog.functionsNamed(name.get(name.size() - 1)).stream().anyMatch(Function::returnsSet);
    }

    /** Whether the select list, HAVING or ORDER BY of a SELECT has an aggregate. */
    boolean aggregatesIn(PgSelect select) {
        return select.having().isPresent() || select.items().stream().anyMatch(item -> aggregatesIn(item.expression()));
    }

    private boolean aggregatesIn(SqlNode node) {
        boolean isOne = node instanceof PgFunctionCall call && isAggregate(call);
        return isOne
                || (node instanceof SqlCall
                        && !(node instanceof PgQuery)
                        && below(node).stream()
                                .filter(inside -> !(inside instanceof SqlIdentifier))
                                .anyMatch(this::aggregatesIn));
    }

    /**
     * A column of a table has its collation from at most one column: where two that differ meet, an expression has none, which
     * an aggregate may not mind, but a table does.
     */
    void requireOneCollation(SqlNode node) {
        if (!(node instanceof PgCollate) && textColumns(node) > 1) {
            throw new PartialAggregates.NotPartial();
        }
    }

    private int textColumns(SqlNode node) {
        if (node instanceof SqlIdentifier) {
            return variable(node)
                            .filter(found -> NOT_COLLATED.contains(found.type()))
                            .isPresent()
                    ? 0
                    : 1;
        }
        return below(node).stream().mapToInt(this::textColumns).sum();
    }

    /** Whether it is an aggregate of this level, not one that a window is put over. */
    boolean isAggregate(PgFunctionCall call) {
        return call.over().isEmpty() && !isGrouping(call.name().names) && mayAggregate(call);
    }
}
