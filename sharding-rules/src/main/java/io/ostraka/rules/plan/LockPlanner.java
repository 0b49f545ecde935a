package io.ostraka.rules.plan;

import io.ostraka.rules.catalog.Catalog;
import io.ostraka.rules.catalog.Function;
import io.ostraka.rules.catalog.FunctionName;
import io.ostraka.rules.catalog.HiddenAccess;
import io.ostraka.rules.catalog.Table;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.config.TableName;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.rule.RuleSet;
import io.ostraka.rules.sql.StatementKind;
import io.ostraka.rules.sql.StatementNames;
import io.ostraka.rules.sql.StatementTemplate;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Finds the {@link TableLocks} of a statement by its words: every word that is the name of a table counts as one, whatever the
 * grammar makes of it. A table too many is locked for nothing; one too few would let a wrong answer pass. What may read a table
 * without naming it is refused. Immutable, thread-safe.
 */
final class LockPlanner {
    private static final Set<String> WRITING = Set.of("insert", "update", "delete", "merge");
    /** What an INSERT of listed rows has none of, if it reads nothing. */
    private static final Set<String> READING = Set.of("select", "table", "with", "conflict", "from");

    private static final Set<String> SHOWING_SETTINGS = Set.of("pg_settings", "pg_show_all_settings");
    private static final String LEVEL = "transaction_isolation";

    private final RuleSet rules;
    private final Catalog catalog;
    private final FunctionJudge functions;

    LockPlanner(RuleSet rules, Catalog catalog, FunctionJudge functions) {
        this.rules = rules;
        this.catalog = catalog;
        this.functions = functions;
    }

    /**
     * The locks of a statement that was planned.
     *
     * @throws PgErrorException when it may read what it does not name
     */
    TableLocks of(StatementTemplate template, StatementKind kind, Plan plan, List<String> searchPath) {
        if (plan instanceof Plan.Session || plan instanceof Plan.Refusal) {
            return TableLocks.NONE;
        }
        if (plan.unasked() instanceof Plan.CreateTable) {
            throw Refusals.serializable(
                            "CREATE TABLE AS and SELECT INTO",
                            "Their rows are read beside the transaction.",
                            "Make the table first, and INSERT the rows.")
                    .toException();
        }
        if (kind instanceof StatementKind.Query
                || kind instanceof StatementKind.Explain
                || kind instanceof StatementKind.CopyQuery
                || kind instanceof StatementKind.Execute) {
            return ofRows(template, kind, searchPath, true);
        }
        if (kind instanceof StatementKind.CopyTable) {
            return ofRows(template, kind, searchPath, true);
        }
        if (kind instanceof StatementKind.DeclareCursor declare) {
            // Another one is refused outside a transaction block.
            return ofRows(template, kind, searchPath, declare.hold());
        }
        if (kind instanceof StatementKind.Ddl
                || kind instanceof StatementKind.Truncate
                || kind instanceof StatementKind.LockTable) {
            return new TableLocks(TableLocks.Mode.SHARE, Collections.emptySortedMap(), false, false, false);
        }
        boolean readsNothing = kind instanceof StatementKind.FetchCursor
                || kind instanceof StatementKind.CloseCursor
                || kind instanceof StatementKind.Prepare
                || kind instanceof StatementKind.Listen
                || kind instanceof StatementKind.Unlisten
                || kind instanceof StatementKind.Notify;
        if (readsNothing) {
            return TableLocks.NONE;
        }
        throw Refusals.serializable("this statement", "Which tables it reads is not known.", "")
                .toException();
    }

    private TableLocks ofRows(
            StatementTemplate template, StatementKind kind, List<String> searchPath, boolean ranOutsideOfBlocks) {
        StatementNames names = StatementNames.of(template);
        Set<String> words = names.identifiers();
        boolean writes = kind instanceof StatementKind.CopyTable copy
                ? copy.from()
                : words.stream().anyMatch(WRITING::contains);
        boolean asksForLevel =
                names.wordsInText().contains(LEVEL) || words.stream().anyMatch(SHOWING_SETTINGS::contains);
        Search search = new Search(writes);
        search.words(names, searchPath);
        boolean touchesRows = ranOutsideOfBlocks && (!search.seen.isEmpty() || kind instanceof StatementKind.Execute);
        return onlyAddsRows(kind, words) && !search.metView
                ? new TableLocks(TableLocks.Mode.SHARE, Collections.emptySortedMap(), touchesRows, false, asksForLevel)
                : new TableLocks(
                        writes ? TableLocks.Mode.SHARE_ROW_EXCLUSIVE : TableLocks.Mode.SHARE,
                        search.tables,
                        touchesRows,
                        true,
                        asksForLevel);
    }

    /** Rows that are written down in the statement or by the client: PostgreSQL sees to it that no two have one key. */
    private static boolean onlyAddsRows(StatementKind kind, Set<String> words) {
        return kind instanceof StatementKind.CopyTable copy
                ? copy.from()
                : kind instanceof StatementKind.Query query
                        && query.verb().equals("insert")
                        && words.stream().noneMatch(READING::contains);
    }

    /** One statement's, through the views and policies that its words lead to. */
    private final class Search {
        private final boolean writes;
        private final SortedMap<TableName, Set<ShardName>> tables = new TreeMap<>();
        /** Views too, and what cannot be locked and is not kept serializable by PostgreSQL either. */
        private final Set<TableName> seen = new HashSet<>();

        private boolean metView;

        Search(boolean writes) {
            this.writes = writes;
        }

        /** A name without its schema means a table of the search path; one of another schema has that in front of it. */
        void words(StatementNames names, List<String> searchPath) {
            for (String word : names.identifiers()) {
                Set<String> schemas = new HashSet<>(searchPath);
                schemas.addAll(names.qualifiers().getOrDefault(word, Set.of()));
                if (SystemFunctions.hidesTables(word)) {
                    throw hidden("function \"" + word + "\"");
                }
                catalog.functionsNamed(word).stream()
                        .map(Function::name)
                        .filter(name -> schemas.contains(name.schema()))
                        .forEach(this::function);
                catalog.tablesNamed(word).stream()
                        .filter(table -> schemas.contains(table.name().schema()))
                        .forEach(this::table);
            }
        }

        private void function(FunctionName name) {
            if (!isSystem(name.schema()) && !functions.reach(name).equals(Reach.NOTHING)) {
                throw hidden("function \"" + name + "\"");
            }
        }

        private PgErrorException hidden(String what) {
            return Refusals.serializable(
                            "a statement with " + what,
                            "It may read tables that the statement does not name.",
                            "Write the query it runs in its place.")
                    .toException();
        }

        private void table(Table table) {
            boolean isOfServer = isSystem(table.name().schema()) || table.kind() == Table.Kind.SEQUENCE;
            if (isOfServer || !seen.add(table.name())) {
                return;
            }
            if (table.hasRules()) {
                throw hidden("table \"" + table.name() + "\", which has rules");
            }
            access(table.onRead());
            if (writes) {
                access(table.onWrite());
            }
            switch (table.kind()) {
                case TABLE, PARTITIONED ->
                    tables.put(table.name(), rules.ruleFor(table.name()).shards());
                case VIEW -> {
                    metView = true;
                    String definition = QueryPlanner.definition(table);
                    words(StatementNames.of(definition, 0, definition.length()), List.of());
                }
                case MATERIALIZED_VIEW, FOREIGN, SEQUENCE -> {
                    // PostgreSQL locks no such thing, and its own SERIALIZABLE does not watch what is read there.
                }
            }
        }

        private void access(HiddenAccess access) {
            access.functions().forEach(this::function);
            access.tables().forEach(name -> catalog.table(name).ifPresent(this::table));
        }
    }

    private static boolean isSystem(String schema) {
        return schema.equals(Catalog.PG_CATALOG) || schema.equals(Catalog.INFORMATION_SCHEMA);
    }
}
