package io.ostraka.rules.plan;

import io.ostraka.rules.catalog.Catalog;
import io.ostraka.rules.catalog.Table;
import io.ostraka.rules.config.TableName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.FromItem.Alias;
import io.ostraka.rules.rule.KeyedRule;
import io.ostraka.rules.rule.ReferenceRule;
import io.ostraka.rules.rule.RuleSet;
import io.ostraka.rules.rule.TableRule;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Resolves the names of one statement and finds, for each place where a table's rows are used, the facts that
 * restrict which of them matter.
 *
 * <p>It goes over the statement twice: {@link #declare} makes a {@link Block} of each query level, from the inside
 * out; {@link Block#settle} hands what holds outside in. A WITH query is declared anew for each reference, as if it
 * were written there, so that each reference restricts its own copy; its rows are needed by all of them, and the plan
 * asks that all occurrences agree on a shard. Confined to one statement.
 */
final class Analyser {
    /**
     * Query levels after every WITH query and view took the place of its name. A statement beyond it is refused, not
     * planned badly.
     */
    private static final int MAX_BLOCKS = 2_000;

    private static final Set<String> TIMELESS_TYPES =
            Set.of("text", "varchar", "bpchar", "name", "int2", "int4", "int8", "numeric", "bool", "uuid", "bytea");

    private final QueryPlanner planner;
    private final Catalog catalog;
    private final RuleSet rules;
    private final Analysis analysis;
    private int blocks;

    /** Where a query level stands: the search path of its text, and the WITH queries it sees. */
    record Place(List<String> searchPath, boolean inView, Map<String, CommonTableUse> commonTables) {
        Place {
            searchPath = List.copyOf(searchPath);
            commonTables = Map.copyOf(commonTables);
        }

        Place seeing(String name, CommonTableUse table) {
            Map<String, CommonTableUse> more = new HashMap<>(commonTables);
            more.put(name, table);
            return new Place(searchPath, inView, more);
        }
    }

    /** What a name stands for that a WITH defined: how to make a fresh block of it. */
    interface CommonTableUse {
        Block reference();
    }

    Analyser(QueryPlanner planner, Analysis analysis) {
        this.planner = planner;
        this.catalog = planner.catalog();
        this.rules = planner.rules();
        this.analysis = analysis;
    }

    /** Analyses a whole statement; what was found is in the {@link Analysis}. */
    Block analyse(Query query, List<String> searchPath) {
        Block block = declare(query, Scope.NOTHING, new Place(searchPath, false, Map.of()));
        block.settle(List.of());
        return block;
    }

    Block declare(Query query, Scope outer, Place place) {
        if (++blocks > MAX_BLOCKS) {
            throw new PgError(
                            SqlState.STATEMENT_TOO_COMPLEX,
                            "statement has too many queries to be analysed",
                            "Subqueries, views and references to WITH queries are more than " + MAX_BLOCKS + ".",
                            "Split the statement.")
                    .toException();
        }
        CommonTables with = CommonTables.declare(this, query.with(), outer, place);
        Block block = declareBody(query, outer, with.place());
        return with.isEmpty() ? block : with.around(block);
    }

    private Block declareBody(Query query, Scope outer, Place place) {
        if (query instanceof Query.Select select) {
            return new SelectBlock(this, select, outer, place);
        }
        if (query instanceof Query.SetOperation operation) {
            return new SetOperationBlock(this, operation, outer, place);
        }
        if (query instanceof Query.Values values) {
            return new ValuesBlock(this, values, outer, place);
        }
        return WriteBlock.of(this, query, outer, place);
    }

    Analysis analysis() {
        return analysis;
    }

    Catalog catalog() {
        return catalog;
    }

    /** The relation that a name means at this place; empty when the catalog has none. */
    Optional<Table> table(List<String> name, Place place) {
        return switch (name.size()) {
            case 1 -> catalog.table(name.get(0), place.searchPath());
            case 2 -> catalog.table(new TableName(name.get(0), name.get(1)));
            default -> catalog.table(new TableName(name.get(name.size() - 2), name.get(name.size() - 1)));
        };
    }

    /**
     * The name of a relation that the catalog may not have: the server will say so, unless a rule waits for the
     * table.
     */
    TableName nameOf(FromItem.Relation relation, Optional<Table> known, Place place) {
        if (known.isPresent()) {
            catalog.disagreement(known.get().name()).ifPresent(how -> {
                throw Refusals.disagreement(known.get().name(), how, relation.at())
                        .toException();
            });
            return known.get().name();
        }
        planner.awaited(relation.name(), place.searchPath()).ifPresent(table -> {
            throw Refusals.awaited(table, relation.at()).toException();
        });
        int parts = relation.name().size();
        String schema = parts > 1
                ? relation.name().get(parts - 2)
                : place.searchPath().stream().findFirst().orElse("public");
        return new TableName(schema, relation.last());
    }

    FunctionJudge functions() {
        return planner.functions();
    }

    /** The rule of one table alone. */
    TableRule rule(TableName name) {
        return rules.ruleFor(name);
    }

    /** The rule for reading a table, which also reads the tables that inherit from it. */
    TableRule readRule(TableName name) {
        TableRule rule = rules.ruleFor(name);
        for (TableName child : catalog.inheritingFrom(name)) {
            if (!rule.placesAs(readRule(child))) {
                throw Refusals.inheritance(name, child).toException();
            }
        }
        catalog.table(name)
                .filter(table -> table.kind() == Table.Kind.MATERIALIZED_VIEW)
                .ifPresent(view -> checkMaterialized(view, rule));
        return rule;
    }

    /** Each shard refreshed a materialized view from its own rows: it is whole only where all of these are. */
    private void checkMaterialized(Table view, TableRule rule) {
        Analysis inside = new Analysis();
        new Analyser(planner, inside).analyse(viewQuery(view), List.of());
        for (Occurrence occurrence : inside.occurrences()) {
            if (!(occurrence.rule() instanceof ReferenceRule)
                    && !occurrence.rule().equals(rule)) {
                throw Refusals.materializedView(view.name(), occurrence.table()).toException();
            }
        }
    }

    /** Where each column of the rule's key stands in the table. */
    static Map<String, Integer> keyColumns(Optional<Table> table, TableRule rule) {
        Map<String, Integer> places = new HashMap<>();
        if (table.isPresent() && rule instanceof KeyedRule keyed) {
            for (String key : keyed.keyColumns()) {
                table.get()
                        .column(key)
                        .ifPresent(
                                column -> places.put(key, table.get().columns().indexOf(column)));
            }
        }
        return places;
    }

    Query viewQuery(Table view) {
        return planner.viewQuery(view);
    }

    /** A leaf with the table's columns, under its alias. */
    static Leaf leaf(Table table, Alias alias) {
        List<String> names = new ArrayList<>();
        List<String> types = new ArrayList<>();
        table.columns().forEach(column -> {
            int place = names.size();
            names.add(place < alias.columns().size() ? alias.columns().get(place) : column.name());
            // Equality under a collation that takes different texts for equal is not the equality of keys.
            types.add(column.deterministicCollation() ? column.type() : "");
        });
        return new Leaf(
                alias.name().orElse(table.name().name()),
                names,
                types,
                table.columns().isEmpty());
    }

    /** A leaf of which nothing is known but perhaps the names that its alias lists. */
    static Leaf unknownLeaf(Alias alias, String fallback) {
        return new Leaf(
                alias.name().orElse(fallback),
                alias.columns(),
                alias.columns().stream().map(column -> "").toList(),
                true);
    }

    /**
     * Notes what expressions use: functions, system columns; declares the subqueries inside them. Goes without
     * recursion, because sums and the like nest as deep as they are long.
     */
    void examine(List<Expression> roots, Scope scope, Place place, Subqueries subqueries) {
        Deque<Expression> left = new ArrayDeque<>(roots);
        while (!left.isEmpty()) {
            Expression expression = left.removeFirst();
            if (isNameOfTable(expression, scope)) {
                analysis.markNameOfTable(((Expression.Cast) expression).at());
                continue;
            }
            examineOne(expression, scope, place, subqueries);
            expression.parts().forEach(left::addLast);
        }
    }

    /** {@code tableoid::regclass::text}: a number of one server that nobody sees, and the same text on all. */
    private static boolean isNameOfTable(Expression expression, Scope scope) {
        return expression instanceof Expression.Cast text
                && isPlain(text, "text")
                && text.operand() instanceof Expression.Cast table
                && isPlain(table, "regclass")
                && table.operand() instanceof Expression.Name name
                && scope.resolve(name.path()) instanceof Scope.SystemColumn column
                && column.name().equals("tableoid");
    }

    private static boolean isPlain(Expression.Cast cast, String type) {
        return !cast.modified() && (cast.type().equals(type) || cast.type().equals(Catalog.PG_CATALOG + "." + type));
    }

    private void examineOne(Expression expression, Scope scope, Place place, Subqueries subqueries) {
        if (expression instanceof Expression.Call call) {
            analysis.add(new Analysis.FunctionUse(
                    call.name(), place.searchPath(), call.windowed(), call.aggregating(), call.at()));
        } else if (expression instanceof Expression.Formula formula) {
            analysis.add(new Analysis.Formula(formula, place.searchPath()));
        } else if (expression instanceof Expression.ValueWord word) {
            analysis.add(new Analysis.FunctionUse(
                    List.of(Catalog.PG_CATALOG, word.word()), place.searchPath(), false, false, word.at()));
        } else if (expression instanceof Expression.Cast cast) {
            if (cast.type().startsWith("reg") || cast.type().startsWith("pg_catalog.reg")) {
                analysis.markServerLocalCast(cast.at());
            }
        } else if (expression instanceof Expression.Literal || expression instanceof Expression.Parameter) {
            if (!place.inView()) { // There such strings became dates when the view was made.
                analysis.addConstant(expression);
            }
        } else if (expression instanceof Expression.Comparison comparison) {
            markTimeless(List.of(comparison.left(), comparison.right()), scope);
        } else if (expression instanceof Expression.In in) {
            List<Expression> all = new ArrayList<>(in.list());
            all.add(in.left());
            markTimeless(all, scope);
        } else if (expression instanceof Expression.Name name) {
            examineName(name, scope, place);
        } else if (expression instanceof Expression.Star star) {
            analysis.markUnnamedColumns();
            if (star.qualifier().size() > 1 && !place.inView()) {
                analysis.addQualified(star.at());
            }
        } else if (expression instanceof Expression.Subquery subquery) {
            subqueries.declare(subquery.query(), () -> declare(subquery.query(), scope, place));
        } else if (expression instanceof Expression.Exists exists) {
            subqueries.declare(exists.query(), () -> declare(exists.query(), scope, place));
        } else if (expression instanceof Expression.InQuery in) {
            subqueries.declare(in.query(), () -> declare(in.query(), scope, place));
        }
    }

    /** A constant takes the type of the column that it is compared with. */
    private void markTimeless(List<Expression> compared, Scope scope) {
        boolean timeless = compared.stream()
                .flatMap(side -> scope.columnMeant(side).stream())
                .anyMatch(column -> TIMELESS_TYPES.contains(column.type()));
        if (timeless) {
            compared.forEach(analysis::markTimeless);
        }
    }

    private void examineName(Expression.Name name, Scope scope, Place place) {
        Scope.Resolution resolution = scope.resolve(name.path());
        if (resolution instanceof Scope.SystemColumn) {
            analysis.markSystemColumn(name.at());
        }
        if (resolution instanceof Scope.Unknown) {
            analysis.markUnknownName();
        }
        if (resolution instanceof Scope.Unknown && (name.path().size() > 1 || scope.hasRange(name.last()))) {
            analysis.markUnnamedColumns();
            analysis.markWholeRow();
        }
        if (name.path().size() > 2 && !place.inView()) {
            analysis.addQualified(name.at());
        }
        if (resolution instanceof Scope.Unknown
                && !catalog.functionsNamed(name.last()).isEmpty()) {
            // t.f may be f(t). Which schema it comes from is the search path's business, as in a call.
            analysis.add(new Analysis.FunctionUse(List.of(name.last()), place.searchPath(), false, false, name.at()));
        }
    }
}
