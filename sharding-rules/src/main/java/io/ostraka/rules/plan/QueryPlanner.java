package io.ostraka.rules.plan;

import io.ostraka.rules.catalog.Catalog;
import io.ostraka.rules.catalog.Table;
import io.ostraka.rules.config.DatabaseConfig;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.config.TableName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.plan.Distribution.Obstacle;
import io.ostraka.rules.plan.FunctionJudge.Judgement;
import io.ostraka.rules.plan.FunctionJudge.Place;
import io.ostraka.rules.rule.KeyType;
import io.ostraka.rules.rule.KeyedRule;
import io.ostraka.rules.rule.PinnedRule;
import io.ostraka.rules.rule.RuleSet;
import io.ostraka.rules.sql.DeparsedQuery;
import io.ostraka.rules.sql.Lexer;
import io.ostraka.rules.sql.PgParser;
import io.ostraka.rules.sql.SqlParseFailure;
import io.ostraka.rules.sql.StatementTemplate;
import io.ostraka.rules.sql.TokenKind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Plans the statements that the grammar reads: SELECT and its kin, INSERT, UPDATE, DELETE, in a database with several
 * shards. Immutable.
 *
 * <p>The shards of each occurrence of a table are found on their own; the statement runs on one shard when all agree
 * on it. Only a query of a shape for which it is right is sent to several.
 */
final class QueryPlanner {
    private final Catalog catalog;
    private final RuleSet rules;
    private final FunctionJudge functions;
    private final Set<ShardName> shards;
    private final ShardSet.Space space;
    private final ShardSet defaultShard;
    private final boolean hasCombiner;
    /** The tables that the configuration has a rule for, although the catalog does not know them (yet), by name. */
    private final Map<String, List<TableName>> awaited = new HashMap<>();

    /** What was planned and from what, for those who explain it. */
    record Planned(Plan plan, Analysis analysis, ValueReader reader, Block top) {}

    QueryPlanner(DatabaseConfig database, RuleSet rules, Catalog catalog, FunctionJudge functions) {
        this.catalog = catalog;
        this.rules = rules;
        this.functions = functions;
        this.shards = database.shards().keySet();
        this.space = new ShardSet.Space(database.shards().keySet());
        this.defaultShard = space.of(database.defaultShard());
        this.hasCombiner = database.combiner().isPresent();
        for (TableName table : database.tables().keySet()) {
            if (catalog.table(table).isEmpty()) {
                awaited.computeIfAbsent(table.name(), first -> new ArrayList<>(1))
                        .add(table);
            }
        }
    }

    ShardSet.Space space() {
        return space;
    }

    /** All of them. */
    Set<ShardName> shards() {
        return shards;
    }

    ShardSet defaultShard() {
        return defaultShard;
    }

    /** Whether there is a server that has no rows, to put others' together. */
    boolean hasCombiner() {
        return hasCombiner;
    }

    /**
     * Reads and plans the characters {@code [start, end)} of the template's query string.
     *
     * @throws SqlParseFailure when the grammar does not know the statement
     * @throws io.ostraka.rules.error.PgErrorException when it is refused whatever the values
     */
    Planned plan(StatementTemplate template, int start, int end, List<String> searchPath) {
        return plan(read(template, start, end), template, start, end, searchPath);
    }

    /** Who puts the rows of several shards in order. */
    enum Order {
        /** Each shard its own, and they are merged. */
        BY_SHARDS,
        BY_COMBINER,
        /** The combiner, which has all rows then, also those that may come in any order. */
        ALL_BY_COMBINER
    }

    /**
     * Plans a whole statement that was read; what needs rows of several shards in order is merged.
     *
     * @throws io.ostraka.rules.error.PgErrorException when it is refused whatever the values
     */
    Planned planWhole(Query query, StatementTemplate template, List<String> searchPath) {
        return planWhole(query, template, searchPath, Order.BY_SHARDS);
    }

    /**
     * The same with a choice.
     *
     * @throws io.ostraka.rules.error.PgErrorException when it is refused whatever the values
     */
    Planned planWhole(Query query, StatementTemplate template, List<String> searchPath, Order order) {
        Planned planned = analyse(query, template, searchPath);
        if (planned.plan() instanceof Plan.Forward forward && planned.analysis().writes()) {
            Planned spread = new SpreadPlanner(query, planned.analysis(), this, template).plan(planned, forward);
            return spread.plan() instanceof Plan.Forward writing
                    ? new Planned(
                            writing.keptAs(PointWrite.in(query, template, catalog, searchPath)),
                            spread.analysis(),
                            spread.reader(),
                            spread.top())
                    : spread;
        }
        if (order == Order.BY_SHARDS
                && query instanceof Query.Select select
                && planned.plan() instanceof Plan.Forward forward) {
            planned = new MergePlanner(this, template, searchPath).plan(select, planned, forward);
        }
        if (query instanceof Query.Select select
                && planned.plan() instanceof Plan.Scatter scatter
                && scatter.merge() instanceof Merge.Concatenate) {
            Plan point = new Plan.Scatter(
                    scatter.router(),
                    scatter.merge(),
                    scatter.locks(),
                    PointRead.in(select, template, catalog, searchPath));
            planned = new Planned(point, planned.analysis(), planned.reader(), planned.top());
        }
        if (order == Order.ALL_BY_COMBINER && planned.plan() instanceof Plan.Scatter scatter && !scatter.locks()) {
            PgError whenMany = Refusals.utility("a cursor over several shards that is not simply read forward", "");
            Plan asOne = new Plan.Forward(scatter.router(), Access.READ, false, whenMany);
            planned = new Planned(asOne, planned.analysis(), planned.reader(), planned.top());
        }
        return planned.plan() instanceof Plan.Forward forward && needsSeveral(planned.analysis())
                ? new CombinePlanner(this, template, searchPath).plan(query, planned, forward)
                : planned;
    }

    /** Whether there are values for which one shard does not do. */
    private boolean needsSeveral(Analysis analysis) {
        return analysis.occurrences().stream().anyMatch(occurrence -> occurrence.rule() instanceof KeyedRule)
                || fixed(analysis, placeOfFunctions(analysis)).size() > 1;
    }

    /** Plans a whole statement, with its rows as each shard puts them out or on one shard. */
    Planned analyse(Query query, StatementTemplate template, List<String> searchPath) {
        return plan(query, template, template.start(), template.end(), searchPath);
    }

    /**
     * Plans what was read.
     *
     * @throws io.ostraka.rules.error.PgErrorException when it is refused whatever the values
     */
    Planned plan(Query query, StatementTemplate template, int start, int end, List<String> searchPath) {
        Analysis analysis = new Analysis();
        if (functions.mayCompareOtherwise(searchPath)) {
            analysis.markOwnComparison();
        }
        Block top = new Analyser(this, analysis).analyse(query, searchPath);
        return plan(analysis, top, ambiguousParameters(analysis, template.sql(), start, end));
    }

    /**
     * Reads the characters {@code [start, end)} of the template's query string.
     *
     * @throws SqlParseFailure when the grammar does not know the statement
     * @throws io.ostraka.rules.error.PgErrorException when routing has no word for a part of it
     */
    static Query read(StatementTemplate template, int start, int end) {
        String sql = template.sql();
        SyntaxReader reader = new SyntaxReader(new ExpressionReader.Text() {
            @Override
            public String at(int from, int to) {
                return sql.substring(from, to);
            }

            @Override
            public int literalAt(int offset) {
                return template.literalAt(offset);
            }

            @Override
            public boolean isOwn() {
                return true;
            }
        });
        return reader.statement(PgParser.parse(sql, start, end));
    }

    Catalog catalog() {
        return catalog;
    }

    FunctionJudge functions() {
        return functions;
    }

    RuleSet rules() {
        return rules;
    }

    /** The table of this name that the configuration has a rule for, although the catalog does not know it (yet). */
    Optional<TableName> awaited(List<String> name, List<String> searchPath) {
        int parts = name.size();
        List<TableName> named = awaited.getOrDefault(name.get(parts - 1), List.of());
        List<String> schemas = parts == 1 ? searchPath : List.of(name.get(parts - 2));
        return named.stream().filter(table -> schemas.contains(table.schema())).findFirst();
    }

    /** The same for a name in any schema. */
    Optional<TableName> awaited(String name) {
        return awaited.getOrDefault(name, List.of()).stream().findFirst();
    }

    /** A view's query as every server reads it. */
    static String definition(Table view) {
        return view.definition()
                .map(DeparsedQuery::readable)
                .orElseThrow(() -> Refusals.viewWithoutDefinition(view.name()).toException());
    }

    /** What a view's definition, whose names are all qualified, reads as. */
    Query viewQuery(Table view) {
        String definition = definition(view);
        List<StatementTemplate> statements = StatementTemplate.of(definition);
        if (statements.size() != 1) {
            throw Refusals.viewWithoutDefinition(view.name()).toException();
        }
        StatementTemplate only = statements.get(0);
        SyntaxReader reader = new SyntaxReader(new ExpressionReader.Text() {
            @Override
            public String at(int from, int to) {
                return definition.substring(from, to);
            }

            @Override
            public int literalAt(int offset) {
                // The literals of a view are not those of the statement that names it.
                return -1;
            }

            @Override
            public boolean isOwn() {
                return false;
            }
        });
        try {
            return reader.statement(PgParser.parse(definition, only.start(), only.end()));
        } catch (SqlParseFailure unread) {
            throw Refusals.viewWithoutDefinition(view.name()).toException();
        }
    }

    private Planned plan(Analysis analysis, Block top, Set<Integer> ambiguous) {
        functions.ambientHazard().ifPresent(why -> {
            throw Refusals.ambient(why).toException();
        });
        analysis.hidden()
                .forEach((table, accesses) -> accesses.forEach(
                        access -> functions.hazard(table, access).ifPresent(why -> {
                            throw Refusals.hiddenAccess(table, why).toException();
                        })));
        Place place = placeOfFunctions(analysis);
        ValueReader reader = new ValueReader(ambiguous, new Formulas(analysis, functions, space).numbered());
        ShardSet fixed = fixed(analysis, place);
        List<StatementRouter.Part> parts = parts(analysis, reader);
        ShardSet whenFree = place == Place.RATHER_DEFAULT_SHARD ? defaultShard : space.none();
        StatementRouter router = new StatementRouter(fixed, parts, whenFree);
        return new Planned(decide(analysis, top, router, fixed, place), analysis, reader, top);
    }

    private Plan decide(Analysis analysis, Block top, StatementRouter router, ShardSet fixed, Place place) {
        boolean writes = analysis.writes() || analysis.locks() || place.compareTo(Place.DEFAULT_SHARD) >= 0;
        Access access = writes || runsVolatile(analysis) ? Access.WRITE : Access.READ;
        boolean pins = place == Place.DEFAULT_SHARD_KEPT;
        if (analysis.copies().isPresent()) {
            Analysis.Copies copies = analysis.copies().get();
            StatementRouter all = new StatementRouter(space.of(copies.shards()), List.of(), space.none());
            return new Plan.Forward(all, access, pins, Refusals.writeToReference(copies.table(), copies.at()));
        }
        if (analysis.lockedCopies().isPresent()) {
            TableName copied = analysis.lockedCopies().get().table();
            return new Plan.Forward(router, access, pins, Refusals.lockedCopies(copied));
        }
        if (fixed.size() > 1 && (writes || pins)) {
            return new Plan.Refusal(Refusals.differentShards(placed(analysis)));
        }
        Optional<Occurrence> keyed = analysis.occurrences().stream()
                .filter(occurrence -> occurrence.rule() instanceof KeyedRule)
                .findFirst();
        if (fixed.size() > 1 || (keyed.isEmpty() && analysis.inserts().isEmpty())) {
            return new Plan.Forward(router, access, pins, Refusals.differentShards(placed(analysis)));
        }
        if (analysis.writes()) {
            PgError whenMany = drawsForKeyed(analysis, place)
                    ? Refusals.sequenceElsewhere(written(analysis))
                    : Refusals.writesMany(written(analysis));
            return new Plan.Forward(router, access, pins, whenMany);
        }
        TableName table = keyed.orElseThrow().table();
        Optional<Obstacle> obstacle = fixed.isEmpty() && place.compareTo(Place.RATHER_DEFAULT_SHARD) < 0
                ? new ScatterShape(analysis, functions).obstacle(top.level())
                : Optional.of(new Obstacle("a statement that also needs another shard", -1));
        if (obstacle.isEmpty()) {
            return new Plan.Scatter(
                    new ClockedRouter(router, analysis.clockWords()), new Merge.Concatenate(), analysis.locks());
        }
        PgError whenMany = Refusals.needsOneShard(
                obstacle.get().construct(), table.toString(), obstacle.get().at());
        return new Plan.Forward(router, access, pins, whenMany);
    }

    /** The furthest that any function asks for. */
    private Place placeOfFunctions(Analysis analysis) {
        Place place = Place.EVERYWHERE;
        for (Analysis.FunctionUse use : analysis.functions()) {
            Judgement judgement = functions.judge(use);
            if (judgement.place() == Place.NOWHERE) {
                throw Refusals.function(use.last(), judgement, use.at()).toException();
            }
            if (judgement.place().compareTo(place) > 0) {
                place = judgement.place();
            }
        }
        return place;
    }

    private boolean runsVolatile(Analysis analysis) {
        return analysis.functions().stream().anyMatch(functions::mayWrite);
    }

    private ShardSet fixed(Analysis analysis, Place place) {
        boolean toDefault =
                place == Place.DEFAULT_SHARD || place == Place.DEFAULT_SHARD_KEPT || drawsForKeyed(analysis, place);
        // Whoever locks a row of a reference table must meet the others who do.
        ShardSet fixed = toDefault || analysis.lockedCopies().isPresent() ? defaultShard : space.none();
        for (Occurrence occurrence : analysis.occurrences()) {
            if (occurrence.rule() instanceof PinnedRule pinned) {
                fixed = fixed.plus(space.of(pinned.shard()));
            }
        }
        for (Analysis.FunctionUse use : analysis.functions()) {
            fixed = fixed.plus(space.of(functions.shards(use)));
        }
        return fixed;
    }

    /** Whether a sequence gives numbers to rows of several shards: all must come from one, or they would come twice. */
    private static boolean drawsForKeyed(Analysis analysis, Place place) {
        return place == Place.RATHER_DEFAULT_SHARD
                && (!analysis.inserts().isEmpty()
                        || analysis.occurrences().stream()
                                .anyMatch(occurrence -> occurrence.rule() instanceof KeyedRule));
    }

    private List<StatementRouter.Part> parts(Analysis analysis, ValueReader reader) {
        List<StatementRouter.Part> parts = new ArrayList<>();
        for (Occurrence occurrence : analysis.occurrences()) {
            if (occurrence.rule() instanceof KeyedRule keyed) {
                parts.add(new StatementRouter.Read(OccurrenceShards.of(occurrence, keyed, space), reader, space));
            }
        }
        analysis.inserts().forEach(rows -> parts.add(new StatementRouter.Inserted(rows, reader, space)));
        return parts;
    }

    private static TableName written(Analysis analysis) {
        return analysis.occurrences().stream()
                .filter(occurrence -> occurrence.written() && occurrence.rule() instanceof KeyedRule)
                .map(Occurrence::table)
                .findFirst()
                .or(() -> analysis.inserts().stream()
                        .map(Analysis.InsertedRows::table)
                        .findFirst())
                .orElseGet(() -> analysis.occurrences().get(0).table());
    }

    private String placed(Analysis analysis) {
        List<String> placed = new ArrayList<>();
        for (Occurrence occurrence : analysis.occurrences()) {
            if (occurrence.rule() instanceof PinnedRule pinned) {
                String text = "\"" + occurrence.table() + "\" on " + pinned.shard();
                if (!placed.contains(text)) {
                    placed.add(text);
                }
            }
        }
        for (Analysis.FunctionUse use : analysis.functions()) {
            functions.shards(use).forEach(shard -> placed.add("function \"" + use.last() + "\" on " + shard));
        }
        return String.join(", ", placed);
    }

    /**
     * Parameters whose type, when Parse leaves it open, is not sure to be that of the key they are compared with:
     * those that occur elsewhere, too. The server takes the type from the place it looks at first.
     */
    private static Set<Integer> ambiguousParameters(Analysis analysis, String sql, int start, int end) {
        Map<Integer, Integer> written = new HashMap<>();
        Lexer lexer = new Lexer(sql, start, end);
        for (TokenKind kind = lexer.next(); kind != TokenKind.END; kind = lexer.next()) {
            if (kind == TokenKind.PARAMETER && lexer.end() - lexer.start() < 10) {
                written.merge(Integer.parseInt(sql, lexer.start() + 1, lexer.end(), 10), 1, Integer::sum);
            }
        }
        Map<Integer, Set<Integer>> places = new HashMap<>();
        Map<Integer, Set<KeyType.Family>> families = new HashMap<>();
        ParameterUses uses = (value, type) -> {
            if (value.source() instanceof Value.Source.OfParameter parameter) {
                Optional<KeyType> named = value.type().isPresent()
                        ? ValueReader.typeNamed(value.type().get())
                        : type;
                places.computeIfAbsent(parameter.number(), key -> new HashSet<>())
                        .add(parameter.at());
                named.ifPresent(known -> families.computeIfAbsent(parameter.number(), key -> new HashSet<>())
                        .add(known.family()));
            }
        };
        analysis.occurrences().forEach(occurrence -> occurrence.facts().forEach(fact -> uses.of(fact)));
        analysis.inserts().forEach(rows -> rows.keys().forEach(row -> {
            for (int i = 0; i < row.size(); i++) {
                uses.use(row.get(i), Optional.of(rows.rule().keyTypes().get(i)));
            }
        }));
        Set<Integer> ambiguous = new HashSet<>();
        written.forEach((number, count) -> {
            boolean sure = count == 1
                    || (places.getOrDefault(number, Set.of()).size() == count
                            && families.getOrDefault(number, Set.of()).size() == 1);
            if (!sure) {
                ambiguous.add(number);
            }
        });
        return ambiguous;
    }

    /** Goes over the values in facts. */
    private interface ParameterUses {
        void use(Value value, Optional<KeyType> comparedWith);

        default void of(Fact fact) {
            if (fact instanceof Fact.Either either) {
                either.branches().forEach(branch -> branch.forEach(this::of));
                return;
            }
            Optional<KeyType> type = OccurrenceShards.restricted(fact).flatMap(column -> KeyType.named(column.type()));
            if (fact instanceof Fact.OneOf one) {
                one.values().forEach(value -> use(value, type));
            } else if (fact instanceof Fact.ElementOf element) {
                use(element.array(), type);
            } else if (fact instanceof Fact.Bound bound) {
                use(bound.value(), type);
            }
        }
    }
}
