package io.ostraka.rules.plan;

import io.ostraka.rules.catalog.Catalog;
import io.ostraka.rules.catalog.Function;
import io.ostraka.rules.catalog.FunctionName;
import io.ostraka.rules.catalog.HiddenAccess;
import io.ostraka.rules.catalog.Table;
import io.ostraka.rules.catalog.WriteEffects;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.config.TableName;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.rule.PinnedRule;
import io.ostraka.rules.rule.RuleSet;
import io.ostraka.rules.sql.StatementNames;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Tells what a call may do that the statement does not show. A function with a body is lexed: if it names a table,
 * builds statements from text, or calls a function that does, it is hazardous, for its tables' rows may be on other
 * shards than the one it runs on. Thread-safe; one for each version of the catalog.
 */
final class FunctionJudge {
    /** Languages whose functions reach tables only through a body that can be read here, or not at all. */
    private static final Set<String> READABLE = Set.of("sql", "plpgsql", "internal", "c");

    private static final Set<String> COMPARISONS = Set.of("=", "<>", "<", "<=", ">", ">=");

    private final Catalog catalog;
    private final RuleSet rules;
    private final Map<FunctionName, Reach> reaches = new ConcurrentHashMap<>();

    /** Where a call may run, from everywhere to nowhere. */
    enum Place {
        /** Any number of shards give the same value. */
        EVERYWHERE,
        /** One shard, whichever. */
        ONE_SHARD,
        /** One shard; the default one if the statement leaves a choice. */
        RATHER_DEFAULT_SHARD,
        DEFAULT_SHARD,
        /** The default shard, and the session keeps its connection. */
        DEFAULT_SHARD_KEPT,
        NOWHERE
    }

    /** {@code why} and {@code hint} are filled for {@link Place#NOWHERE}. */
    record Judgement(Place place, String why, String hint) {
        static Judgement of(Place place) {
            return new Judgement(place, "", "");
        }
    }

    FunctionJudge(Catalog catalog, RuleSet rules) {
        this.catalog = catalog;
        this.rules = rules;
    }

    Judgement judge(Analysis.FunctionUse use) {
        String name = use.last();
        List<Function> meant = use.schema()
                .map(schema -> catalog.function(new FunctionName(schema, name)).stream()
                        .toList())
                .orElseGet(() -> catalog.functions(name, use.searchPath()));
        List<Function> own = meant.stream()
                .filter(function -> !isSystem(function.name().schema()))
                .toList();
        for (Function function : own) {
            Optional<String> hazard = reach(function.name()).hazard();
            if (hazard.isPresent()) {
                return nowhere(hazard.get(), "Call it with ostraka.shard set, where it sees one shard only.");
            }
        }
        if (SystemFunctions.hidesTables(name)) {
            return nowhere(
                    "It reads tables that the statement does not name.", "Write the query it runs in its place.");
        }
        boolean system = own.size() < meant.size() || meant.isEmpty();
        if (system && SystemFunctions.isOfConnection(name)) {
            return nowhere(
                    "It depends on a single connection to a single server, and this database has several of both.",
                    SystemFunctions.instead(name));
        }
        return Judgement.of(place(name, meant, system));
    }

    /** Whether a call may change something, on one shard as it may be. */
    boolean mayWrite(Analysis.FunctionUse use) {
        List<Function> meant = use.schema()
                .map(schema -> catalog.function(new FunctionName(schema, use.last())).stream()
                        .toList())
                .orElseGet(() -> catalog.functions(use.last(), use.searchPath()));
        if (meant.isEmpty()) {
            return !SystemFunctions.isSyntax(use.last()) && !SystemFunctions.isValueWord(use.last());
        }
        // What a sequence gave is given whether the transaction commits or not.
        return !SystemFunctions.isAnywhere(use.last())
                && !SystemFunctions.isSequence(use.last())
                && meant.stream().anyMatch(function -> function.volatility() == Function.Volatility.VOLATILE);
    }

    /**
     * Whether a call in a listed row of INSERT is the same on whichever shard the row is stored: one that gives one value, which
     * depends on its arguments alone or is another one for each row anyway.
     */
    boolean isOfRow(Analysis.FunctionUse use) {
        List<Function> meant = use.schema()
                .map(schema -> catalog.function(new FunctionName(schema, use.last())).stream()
                        .toList())
                .orElseGet(() -> catalog.functions(use.last(), use.searchPath()));
        boolean own = meant.isEmpty()
                || meant.stream().anyMatch(function -> !isSystem(function.name().schema()));
        return meant.stream().noneMatch(Function::returnsSet)
                && ((!own && SystemFunctions.isAnotherEachTime(use.last()))
                        || judge(use).place() == Place.EVERYWHERE);
    }

    /** Whether {@code =} or another comparison may mean a user-defined operator. */
    boolean mayCompareOtherwise(List<String> searchPath) {
        return catalog.operators(searchPath).stream().anyMatch(operator -> COMPARISONS.contains(operator.symbol()));
    }

    /** Whether every operator on built-in types is a built-in one, and every name of a built-in type means that. */
    boolean meansSystemOperators(List<String> searchPath) {
        return catalog.operators(searchPath).isEmpty() && searchPath.indexOf(Catalog.PG_CATALOG) <= 0;
    }

    /** Whether a call comes to the same value on every shard and at every time, under the same settings. */
    boolean isFixed(Expression.Call call, List<String> searchPath) {
        String name = call.last();
        List<Function> meant = call.name().size() > 1
                ? catalog.function(new FunctionName(call.name().get(0), name)).stream()
                        .toList()
                : catalog.functions(name, searchPath);
        return meant.isEmpty()
                ? SystemFunctions.isSyntax(name)
                : meant.stream()
                        .allMatch(function -> isSystem(function.name().schema())
                                && !function.returnsSet()
                                && function.kinds().equals(Set.of(Function.Kind.FUNCTION))
                                && (function.volatility() == Function.Volatility.IMMUTABLE
                                        || SystemFunctions.isOfSettings(name)));
    }

    private static Judgement nowhere(String why, String hint) {
        return new Judgement(Place.NOWHERE, why, hint);
    }

    private static Place place(String name, List<Function> meant, boolean system) {
        if (system && SystemFunctions.isShared(name)) {
            return SystemFunctions.locksForSession(name) ? Place.DEFAULT_SHARD_KEPT : Place.DEFAULT_SHARD;
        }
        if (system && SystemFunctions.isSequence(name)) {
            return Place.RATHER_DEFAULT_SHARD;
        }
        if (meant.isEmpty()) {
            return SystemFunctions.isSyntax(name) ? Place.EVERYWHERE : Place.ONE_SHARD;
        }
        boolean immutable = meant.stream().allMatch(function -> function.volatility() == Function.Volatility.IMMUTABLE);
        if (immutable || (meant.size() == 1 && system && SystemFunctions.isOfSettings(name))) {
            return Place.EVERYWHERE;
        }
        boolean works = system
                && meant.stream().anyMatch(function -> function.volatility() == Function.Volatility.VOLATILE)
                && !SystemFunctions.isAnywhere(name);
        return works ? Place.DEFAULT_SHARD : Place.ONE_SHARD;
    }

    /** The shards whose tables a call needs, by the bodies of what it may mean. */
    Set<ShardName> shards(Analysis.FunctionUse use) {
        Set<ShardName> shards = new HashSet<>();
        List<Function> meant = use.schema()
                .map(schema -> catalog.function(new FunctionName(schema, use.last())).stream()
                        .toList())
                .orElseGet(() -> catalog.functions(use.last(), use.searchPath()));
        meant.stream()
                .filter(function -> !isSystem(function.name().schema()))
                .forEach(function -> shards.addAll(reach(function.name()).shards()));
        return shards;
    }

    /** What a function that is not PostgreSQL's own needs. */
    Reach reach(FunctionName name) {
        Reach known = reaches.get(name);
        if (known != null) {
            return known;
        }
        Reach found = findReach(name);
        reaches.put(name, found);
        return found;
    }

    /** Why a table cannot be used because of what it reaches by itself; empty when the shard it is on has all of that. */
    Optional<String> hazard(TableName table, HiddenAccess access) {
        if (access.isNone()) {
            return Optional.empty();
        }
        Set<ShardName> there =
                rules.ruleFor(table) instanceof PinnedRule pinned ? pinned.shards() : Set.<ShardName>of();
        for (TableName reached : access.tables()) {
            boolean elsewhere = !reached.equals(table)
                    && !isSystem(reached.schema())
                    && !shardOf(reached).filter(there::contains).isPresent();
            if (elsewhere) {
                return Optional.of("It reaches table \"" + reached + "\" through a trigger, policy, default or rule.");
            }
        }
        for (FunctionName function : access.functions()) {
            Optional<String> hazard = isSystem(function.schema())
                    ? Optional.empty()
                    : reach(function).obstacleOn(there);
            if (hazard.isPresent()) {
                return Optional.of("It runs function \"" + function + "\": " + hazard.get());
            }
        }
        return Optional.empty();
    }

    /** The one shard that has all of a table; empty for one with a key, for copies, and for views. */
    private Optional<ShardName> shardOf(TableName name) {
        boolean view = catalog.table(name).map(Table::isView).orElse(true);
        try {
            return !view && rules.ruleFor(name) instanceof PinnedRule pinned
                    ? Optional.of(pinned.shard())
                    : Optional.empty();
        } catch (PgErrorException unusable) {
            return Optional.empty();
        }
    }

    /** Why a trigger may put a row on a shard that is not its key's. */
    Optional<String> keyChange(List<String> keys, WriteEffects.RowTrigger trigger) {
        return catalog.function(trigger.function())
                        .filter(function -> !TriggerBody.mayChange(keys, trigger, function))
                        .isPresent()
                ? Optional.empty()
                : Optional.of("Its trigger function \"" + trigger.function() + "\" may change the shard key ("
                        + String.join(", ", keys) + ") after the shard was chosen by it.");
    }

    /** Why no statement is safe: a function behind an operator, a cast or a domain. */
    Optional<String> ambientHazard() {
        for (FunctionName function : catalog.ambientFunctions()) {
            Optional<String> hazard = reach(function).obstacleOn(Set.of());
            if (hazard.isPresent()) {
                return Optional.of("Function \"" + function + "\", which stands behind an operator, a cast or a type: "
                        + hazard.get());
            }
        }
        return Optional.empty();
    }

    private Reach findReach(FunctionName root) {
        Set<FunctionName> seen = new HashSet<>(Set.of(root));
        Deque<FunctionName> left = new ArrayDeque<>(seen);
        Set<ShardName> shards = new HashSet<>();
        while (!left.isEmpty()) {
            FunctionName name = left.removeFirst();
            Optional<Function> function = catalog.function(name);
            if (function.isEmpty()) {
                return Reach.hazard("Nothing is known of function \"" + name + "\".");
            }
            Set<FunctionName> called = new HashSet<>(function.get().calls());
            Optional<String> hazard = hazardOfBodies(function.get(), called, shards);
            if (hazard.isPresent()) {
                return Reach.hazard(name.equals(root) ? hazard.get() : "It calls \"" + name + "\". " + hazard.get());
            }
            called.stream().filter(seen::add).forEach(left::addLast);
        }
        return shards.size() > 1
                ? Reach.hazard("It names tables on different shards: " + new TreeSet<>(shards) + ".")
                : Reach.of(shards);
    }

    /** Adds what the bodies may call to {@code called}, and where the tables are that they name to {@code shards}. */
    private Optional<String> hazardOfBodies(Function function, Set<FunctionName> called, Set<ShardName> shards) {
        for (String language : function.languages()) {
            if (!READABLE.contains(language)) {
                return Optional.of("Functions in language " + language + " may read tables unseen.");
            }
        }
        if (function.languages().contains("c")
                && SystemFunctions.hidesTables(function.name().name())) {
            return Optional.of("It reads tables that the statement does not name.");
        }
        for (String body : function.bodies()) {
            Optional<String> hazard = hazardOfBody(body, called, shards);
            if (hazard.isPresent()) {
                return hazard;
            }
        }
        return LeftBehind.isPossibleBy(function)
                ? Optional.of("It may leave a setting, a temporary table or a lock in its connection.")
                : Optional.empty();
    }

    private Optional<String> hazardOfBody(String body, Set<FunctionName> called, Set<ShardName> shards) {
        Set<String> words;
        boolean dynamic;
        try {
            StatementNames names = StatementNames.of(body, 0, body.length());
            words = new TreeSet<>(names.identifiers());
            words.addAll(names.wordsInText());
            dynamic = names.identifiers().contains("execute");
        } catch (PgErrorException notSql) {
            return Optional.of("Its body cannot be read.");
        }
        if (dynamic) {
            return Optional.of("Its body runs statements that it makes of text.");
        }
        for (String word : words) {
            for (Table table : catalog.tablesNamed(word)) {
                if (isSystem(table.name().schema()) || table.kind() == Table.Kind.SEQUENCE) {
                    continue;
                }
                Optional<ShardName> shard = shardOf(table.name());
                if (shard.isEmpty()) {
                    return Optional.of("Its body names table \"" + word + "\".");
                }
                shards.add(shard.get());
            }
            if (SystemFunctions.needsCare(word)) {
                return Optional.of("Its body calls \"" + word + "\".");
            }
            catalog.functionsNamed(word).stream()
                    .map(Function::name)
                    .filter(name -> !isSystem(name.schema()))
                    .forEach(called::add);
        }
        return Optional.empty();
    }

    private static boolean isSystem(String schema) {
        return schema.equals(Catalog.PG_CATALOG) || schema.equals(Catalog.INFORMATION_SCHEMA);
    }
}
