package io.ostraka.rules.plan;

import io.ostraka.rules.catalog.Catalog;
import io.ostraka.rules.catalog.Column;
import io.ostraka.rules.catalog.CombinerSchema;
import io.ostraka.rules.catalog.Table;
import io.ostraka.rules.config.DatabaseConfig;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.config.TableName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.plan.Distribution.Obstacle;
import io.ostraka.rules.plan.FunctionJudge.Place;
import io.ostraka.rules.plan.QueryPlanner.Planned;
import io.ostraka.rules.rule.KeyedRule;
import io.ostraka.rules.rule.PinnedRule;
import io.ostraka.rules.rule.ReferenceRule;
import io.ostraka.rules.rule.TableRule;
import io.ostraka.rules.sql.Lexer;
import io.ostraka.rules.sql.SourceSpan;
import io.ostraka.rules.sql.StatementNames;
import io.ostraka.rules.sql.StatementTemplate;
import io.ostraka.rules.sql.TokenKind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Plans a query that needs rows of several shards together: each table that no shard has whole is copied to the combiner,
 * the columns that the query may need of the rows that may matter, and the query runs there with the copies in the tables'
 * place. Views are written out where a table behind them is copied. Confined to one statement.
 */
final class CombinePlanner {
    private static final Set<String> QUERIES = Set.of("select", "with");
    /** Types of which a value may have the bytes of another's; others say what they are, or are as long as no other. */
    private static final Set<String> LIKE_OTHERS = Set.of(
            "bool",
            "int2",
            "int4",
            "int8",
            "float4",
            "float8",
            "oid",
            "date",
            "time",
            "timestamp",
            "timestamptz",
            "interval",
            "money",
            "uuid",
            "text",
            "varchar",
            "bpchar",
            "name",
            "bytea",
            "json",
            "xml");

    private final QueryPlanner queries;
    private final StatementTemplate template;
    private final List<String> searchPath;
    private final Map<Copied, CopiedTable> fragments = new LinkedHashMap<>();
    private final Map<TableName, Analysis> views = new HashMap<>();
    private final List<PartialPlanner.Inner> inner;
    private final SmallSidesFirst small;

    /** A shard that knows all of the statement, and who puts the rows together: it, or a server that has none. */
    record Site(ShardName home, ShardName combiner) {
        boolean isApart() {
            return !home.equals(combiner);
        }
    }

    /** What one fragment has: a table, with or without those that inherit from it. */
    private record Copied(TableName table, boolean only) {}

    /** Why it cannot be planned so. */
    private static final class Obstructed extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final Obstacle obstacle;

        Obstructed(String construct, int at) {
            super(construct, null, false, false);
            this.obstacle = new Obstacle(construct, at);
        }
    }

    CombinePlanner(QueryPlanner queries, StatementTemplate template, List<String> searchPath) {
        this(queries, template, searchPath, List.of());
    }

    private CombinePlanner(
            QueryPlanner queries,
            StatementTemplate template,
            List<String> searchPath,
            List<PartialPlanner.Inner> inner) {
        this.queries = queries;
        this.template = template;
        this.searchPath = searchPath;
        this.inner = inner;
        this.small = new SmallSidesFirst(queries.catalog());
    }

    /** The plan; or {@code asWritten}, which is refused over several shards, when the combiner cannot answer either. */
    Planned plan(Query query, Planned asWritten, Plan.Forward forward) {
        Analysis analysis = asWritten.analysis();
        Optional<ShardName> home = home(analysis);
        if (analysis.writes() || analysis.locks() || home.isEmpty()) {
            return asWritten;
        }
        try {
            return with(asWritten, new Plan.Combine(forward, combination(query, asWritten, home.get())));
        } catch (Obstructed obstructed) {
            PgError error =
                    Refusals.notCombined(obstructed.obstacle.construct(), forward.whenMany(), obstructed.obstacle.at());
            return with(asWritten, new Plan.Forward(forward.router(), forward.access(), forward.pins(), error));
        }
    }

    private static Planned with(Planned planned, Plan plan) {
        return new Planned(plan, planned.analysis(), planned.reader(), planned.top());
    }

    /** By the server that has no rows, where there is one, and it does; else by a shard. */
    private Combination combination(Query query, Planned planned, ShardName home) {
        requireCombinable(planned.analysis());
        if (queries.hasCombiner() && combinerKnows(planned.analysis()) && needsNoShard(planned.analysis())) {
            try {
                return new CombinePlanner(queries, template, searchPath)
                        .combination(query, planned, new Site(home, DatabaseConfig.COMBINER));
            } catch (Obstructed onlyThere) {
                // A shard may be able to.
            }
        }
        return combination(query, planned, new Site(home, home));
    }

    /** Whether what it names means the same on the server that has no rows. */
    private boolean combinerKnows(Analysis analysis) {
        CombinerSchema schema = queries.catalog().combiner();
        return schema.fits()
                && analysis.named().stream()
                        .noneMatch(named -> schema.unlikeTables().contains(named.table()))
                && analysis.occurrences().stream()
                        .noneMatch(occurrence -> schema.unlikeTables().contains(occurrence.table()))
                && analysis.functions().stream()
                        .noneMatch(use -> schema.unlikeFunctions().contains(use.last()));
    }

    /** Whether its functions read no tables, and any server may call them. */
    private boolean needsNoShard(Analysis analysis) {
        return analysis.functions().stream()
                .allMatch(use -> queries.functions().shards(use).isEmpty()
                        && queries.functions().judge(use).place().compareTo(Place.ONE_SHARD) <= 0);
    }

    private Combination combination(Query query, Planned planned, Site site) {
        Optional<Combination> copied = Optional.empty();
        Optional<Obstructed> obstructed = Optional.empty();
        try {
            copied = Optional.of(copied(planned, site, Optional.empty()));
        } catch (Obstructed obstacle) {
            obstructed = Optional.of(obstacle);
        }
        SourceSpan whole = new SourceSpan(template.start(), template.end());
        Optional<Combination> tables = copied;
        Optional<Combination> partial = query instanceof Query.Select select
                ? new PartialPlanner(queries, template, whole, searchPath).combination(select, planned, site, tables)
                : Optional.empty();
        if (partial.isPresent()) {
            return partial.get();
        }
        List<PartialPlanner.Inner> subqueries = subqueries(planned.analysis());
        if (!subqueries.isEmpty()) {
            try {
                return new CombinePlanner(queries, template, searchPath, subqueries).copied(planned, site, tables);
            } catch (Obstructed obstacle) {
                obstructed = Optional.of(obstacle);
            }
        }
        if (copied.isEmpty()) {
            throw obstructed.orElseThrow();
        }
        return copied.get();
    }

    /** The subqueries of which the shards can find the groups, the outer ones of those that stand in each other. */
    private List<PartialPlanner.Inner> subqueries(Analysis analysis) {
        List<PartialPlanner.Inner> found = new ArrayList<>();
        if (analysis.named().stream().anyMatch(Analysis.Named::isView)) {
            // Places in a view's definition are not those of this text.
            return found;
        }
        for (SourceSpan span : enclosed()) {
            if (found.stream().noneMatch(outer -> outer.contains(span.start()))) {
                String temporary = "ostraka_" + (found.size() + 1);
                new PartialPlanner(queries, template, span, searchPath)
                        .inner(analysis, temporary)
                        .ifPresent(found::add);
            }
        }
        return found;
    }

    /**
     * What stands in parentheses and begins as a query does, from left to right; without what CASE and COALESCE may leave alone, for it
     * might fail.
     */
    private List<SourceSpan> enclosed() {
        Map<Integer, SourceSpan> spans = new TreeMap<>();
        Deque<Opened> open = new ArrayDeque<>(List.of(new Opened(-1, false)));
        Lexer lexer = new Lexer(template.sql(), template.start(), template.end());
        String before = "";
        int cases = 0;
        int end = template.start();
        for (TokenKind kind = lexer.next(); kind != TokenKind.END; kind = lexer.next()) {
            String word = lexer.keyword();
            if (before.equals("(") && QUERIES.contains(word)) {
                open.push(new Opened(lexer.start(), open.pop().isSkipped()));
            }
            if (kind == TokenKind.LEFT_PAREN) {
                boolean isSkipped = open.element().isSkipped() || cases > 0 || before.equals("coalesce");
                open.push(new Opened(-1, isSkipped));
            } else if (kind == TokenKind.RIGHT_PAREN && open.size() > 1) {
                Opened closed = open.pop();
                if (closed.query() >= 0 && !closed.isSkipped()) {
                    spans.put(closed.query(), new SourceSpan(closed.query(), end));
                }
            }
            cases += word.equals("case") ? 1 : (word.equals("end") && cases > 0) ? -1 : 0;
            before = kind == TokenKind.LEFT_PAREN ? "(" : word;
            end = lexer.end();
        }
        return List.copyOf(spans.values());
    }

    /** A parenthesis, with the start of the query behind it or -1. */
    private record Opened(int query, boolean isSkipped) {}

    private Combination copied(Planned planned, Site site, Optional<Combination> otherwise) {
        gather(planned, site);
        List<Fragment> all = new ArrayList<>();
        inner.forEach(subquery -> all.add(subquery.fragment()));
        all.addAll(small.ordered());
        return new Combination(
                site.home(),
                site.combiner(),
                all,
                text(planned.analysis(), false),
                text(planned.analysis(), true),
                otherwise);
    }

    private boolean isInSubquery(int at) {
        return inner.stream().anyMatch(subquery -> subquery.contains(at));
    }

    /** What has another meaning on the combiner than where the rows are. */
    private void requireCombinable(Analysis analysis) {
        analysis.systemColumn().ifPresent(at -> {
            throw new Obstructed("a system column", at);
        });
        analysis.nameOfTable().ifPresent(at -> {
            throw new Obstructed("a system column", at);
        });
        analysis.serverLocalCast().ifPresent(at -> {
            throw new Obstructed("a name of the system catalogs", at);
        });
        if (analysis.readsSystemCatalog()) {
            throw new Obstructed("a system catalog", -1);
        }
        for (Analysis.FunctionUse use : analysis.functions()) {
            if (analysis.usesWholeRow() && tellsRowTypes(use)) {
                // A row of the copy is of the copy's type.
                throw new Obstructed(use.last() + "() of a whole row", use.at());
            }
            Place place = queries.functions().judge(use).place();
            boolean writes = queries.functions().mayWrite(use)
                    && !queries.functions().shards(use).isEmpty();
            if (place.compareTo(Place.RATHER_DEFAULT_SHARD) > 0 || writes) {
                throw new Obstructed("function " + use.last() + "()", use.at());
            }
        }
    }

    /** Whether it may answer otherwise for a row of the same columns that is of another type: {@code f(row)} may even mean a column then. */
    private boolean tellsRowTypes(Analysis.FunctionUse use) {
        return use.last().equals("pg_typeof")
                || queries.catalog().functionsNamed(use.last()).stream()
                        .anyMatch(function -> !function.name().schema().equals(Catalog.PG_CATALOG));
    }

    /**
     * A shard that has every table, where it belongs or, without rows that count, as it is there, and what the functions need: the default
     * one if it can be. Empty when there is none.
     */
    private Optional<ShardName> home(Analysis analysis) {
        ShardName byDefault = queries.defaultShard().first().orElseThrow();
        SortedSet<ShardName> common = new TreeSet<>(queries.shards());
        analysis.occurrences().forEach(occurrence -> common.retainAll(known(occurrence.table(), occurrence.rule())));
        analysis.named().stream()
                .filter(Analysis.Named::isView)
                .map(Analysis.Named::table)
                .forEach(view -> common.retainAll(known(view, queries.rules().ruleFor(view))));
        analysis.functions()
                .forEach(use -> queries.functions().shards(use).forEach(shard -> common.retainAll(Set.of(shard))));
        if (common.contains(byDefault)) {
            return Optional.of(byDefault);
        }
        return common.stream().findFirst();
    }

    /** The shards where a name means what it does where its rows are. */
    private Set<ShardName> known(TableName table, TableRule rule) {
        Set<ShardName> known = new HashSet<>(rule.shards());
        known.addAll(queries.catalog().alike(table));
        return known;
    }

    // ---- what is copied ------------------------------------------------------------------------------------------

    private void gather(Planned planned, Site site) {
        Set<String> words = new HashSet<>(StatementNames.of(template).identifiers());
        Map<Copied, Analysis.Named> tables = new LinkedHashMap<>();
        tables(planned.analysis(), words, tables, new HashSet<>());
        tables.forEach((copied, named) -> queries.catalog()
                .table(copied.table())
                .ifPresent(table -> add(planned, site, copied, table, named, words)));
    }

    /** The tables that a text names, and those behind its views; {@code words} grows by the views' words. */
    private void tables(Analysis analysis, Set<String> words, Map<Copied, Analysis.Named> tables, Set<TableName> seen) {
        for (Analysis.Named named : analysis.named()) {
            if (seen.isEmpty() && isInSubquery(named.relation().at())) {
                continue;
            }
            if (named.relation().sampled()) {
                throw new Obstructed("TABLESAMPLE", named.relation().at());
            }
            if (!named.isView()) {
                tables.putIfAbsent(new Copied(named.table(), named.relation().only()), named);
            } else if (seen.add(named.table())) {
                Table view = queries.catalog().table(named.table()).orElseThrow();
                words.addAll(StatementNames.of(definition(view)).identifiers());
                tables(inside(view), words, tables, seen);
            }
        }
    }

    private Analysis inside(Table view) {
        return views.computeIfAbsent(view.name(), name -> {
            Analysis analysis = new Analysis();
            new Analyser(queries, analysis).analyse(queries.viewQuery(view), List.of());
            return analysis;
        });
    }

    private static StatementTemplate definition(Table view) {
        return StatementTemplate.of(QueryPlanner.definition(view)).get(0);
    }

    private void add(Planned planned, Site site, Copied copied, Table table, Analysis.Named named, Set<String> words) {
        List<Occurrence> occurrences = planned.analysis().occurrences().stream()
                .filter(occurrence -> occurrence.table().equals(copied.table()) && !isInSubquery(occurrence.at()))
                .toList();
        if (occurrences.isEmpty() || table.columns().isEmpty()) {
            requireRows(site, named);
            return;
        }
        boolean isAtHome = occurrences.get(0).rule() instanceof ReferenceRule
                || (occurrences.get(0).rule() instanceof PinnedRule pinned
                        && pinned.shard().equals(site.home()));
        boolean isOwn = isAtHome && !site.isApart();
        if (isAtHome && table.kind() != Table.Kind.TABLE && table.kind() != Table.Kind.PARTITIONED) {
            // Foreign tables, sequences: what they show is not the transaction's.
            requireRows(site, named);
            return;
        }
        List<String> columns = columns(planned.analysis(), table, words);
        for (String column : columns) {
            String type = table.column(column).orElseThrow().type();
            if (type.startsWith("reg") || type.startsWith("_reg")) {
                throw new Obstructed(
                        "a column of type " + type, named.relation().at());
            }
        }
        boolean hasKey =
                planned.analysis().groups() && !table.primaryKey().isEmpty() && columns.containsAll(table.primaryKey());
        CopiedTable fragment = new CopiedTable(
                "ostraka_" + (inner.size() + fragments.size() + 1),
                copied.table(),
                copied.only(),
                columns,
                occurrences.get(0).rule().shards().contains(site.home()) ? Map.of() : types(table, columns),
                hasKey ? table.primaryKey() : List.of(),
                router(planned, occurrences, site.home()),
                FragmentFilter.of(table, occurrences, planned.reader().ambiguous()),
                isOwn,
                List.of());
        fragments.put(copied, fragment);
        small.add(fragment, table, occurrences);
    }

    /**
     * What is read elsewhere may be of other columns by now than those that the home has by these names: one that was made anew would be
     * misread where values of both types have the same bytes.
     */
    private static Map<String, String> types(Table table, List<String> columns) {
        Map<String, String> types = new HashMap<>();
        for (String column : columns) {
            String type = table.column(column).orElseThrow().type();
            if (LIKE_OTHERS.contains(type)) {
                types.put(column, type);
            }
        }
        return types;
    }

    /** What is not copied is read where the rows are put together: not where there are none. */
    private static void requireRows(Site site, Analysis.Named named) {
        if (site.isApart()) {
            throw new Obstructed("a table that is not copied", named.relation().at());
        }
    }

    /** Those whose names occur anywhere; all when some are used without being named. */
    private static List<String> columns(Analysis analysis, Table table, Set<String> words) {
        List<String> all = table.columns().stream().map(Column::name).toList();
        if (analysis.usesUnnamedColumns()) {
            return all;
        }
        List<String> named = all.stream().filter(words::contains).toList();
        return named.isEmpty() ? List.of(all.get(0)) : named;
    }

    /** All the shards that any of a table's occurrences needs. */
    private Router router(Planned planned, List<Occurrence> occurrences, ShardName home) {
        ShardSet fixed = queries.space().none();
        List<StatementRouter.Part> parts = new ArrayList<>();
        for (Occurrence occurrence : occurrences) {
            if (occurrence.rule() instanceof KeyedRule keyed) {
                parts.add(new StatementRouter.Read(
                        OccurrenceShards.of(occurrence, keyed, queries.space()), planned.reader(), queries.space()));
            } else if (occurrence.rule() instanceof PinnedRule pinned) {
                fixed = fixed.plus(queries.space().of(pinned.shard()));
            } else {
                fixed = fixed.plus(queries.space().of(home));
            }
        }
        return new StatementRouter(fixed, parts, queries.space().none());
    }

    // ---- the combiner's text -------------------------------------------------------------------------------------

    private ShardText text(Analysis analysis, boolean copiesAll) {
        List<RelationSplices.Splice> splices = new ArrayList<>(RelationSplices.of(
                template.sql(), template.start(), template.end(), analysis, named -> replacement(named, copiesAll)));
        splices.removeIf(splice -> isInSubquery(splice.start()));
        inner.forEach(subquery -> splices.addAll(subquery.splices()));
        splices.sort(Comparator.comparingInt(RelationSplices.Splice::start));
        return new ShardText.Builder(template).apply(splices).build();
    }

    private Optional<String> replacement(Analysis.Named named, boolean copiesAll) {
        if (!named.isView()) {
            return Optional.ofNullable(fragments.get(
                            new Copied(named.table(), named.relation().only())))
                    .filter(fragment -> copiesAll || !fragment.isOwn())
                    .map(CopiedTable::quotedTemporary);
        }
        Table view = queries.catalog().table(named.table()).orElseThrow();
        StatementTemplate definition = definition(view);
        List<RelationSplices.Splice> splices = RelationSplices.of(
                definition.sql(),
                definition.start(),
                definition.end(),
                inside(view),
                inner -> replacement(inner, copiesAll));
        return splices.isEmpty()
                ? Optional.empty()
                : Optional.of("("
                        + RelationSplices.applied(definition.sql(), definition.start(), definition.end(), splices)
                        + ")");
    }
}
