package io.ostraka.rules.plan;

import io.ostraka.rules.catalog.Catalog;
import io.ostraka.rules.catalog.Function;
import io.ostraka.rules.catalog.Table;
import io.ostraka.rules.config.DatabaseConfig;
import io.ostraka.rules.config.TableName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.rule.KeyedRule;
import io.ostraka.rules.rule.PinnedRule;
import io.ostraka.rules.rule.ReferenceRule;
import io.ostraka.rules.rule.RuleSet;
import io.ostraka.rules.rule.TableRule;
import io.ostraka.rules.sql.Classifier;
import io.ostraka.rules.sql.Lexer;
import io.ostraka.rules.sql.QualifiedName;
import io.ostraka.rules.sql.SourceSpan;
import io.ostraka.rules.sql.SqlParseFailure;
import io.ostraka.rules.sql.StatementKind;
import io.ostraka.rules.sql.StatementNames;
import io.ostraka.rules.sql.StatementTemplate;
import io.ostraka.rules.sql.TableChange;
import io.ostraka.rules.sql.TableCreation;
import io.ostraka.rules.sql.TokenKind;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Plans whatever is no query, and queries that the grammar cannot read, in a database with several shards. Immutable.
 */
final class UtilityPlanner {
    private final QueryPlanner queries;
    private final RuleSet rules;
    private final Catalog catalog;
    private final FunctionJudge functions;
    private final CopyPlanner copies;
    private final TablePlanner newTables;

    UtilityPlanner(
            DatabaseConfig database, QueryPlanner queries, RuleSet rules, Catalog catalog, FunctionJudge functions) {
        this.queries = queries;
        this.newTables = new TablePlanner(queries, database);
        this.rules = rules;
        this.catalog = catalog;
        this.functions = functions;
        this.copies = new CopyPlanner(queries);
    }

    Plan plan(StatementTemplate template, StatementKind kind, List<String> searchPath) {
        try {
            return planKnown(template, kind, searchPath);
        } catch (SqlParseFailure unread) {
            return unread(template, kind, unread.error());
        }
    }

    private Plan planKnown(StatementTemplate template, StatementKind kind, List<String> searchPath) {
        if (kind instanceof StatementKind.Explain explain) {
            return valued(template, explain.bodyStart(), explain(template, explain, searchPath));
        } else if (kind instanceof StatementKind.CopyQuery copy) {
            return copyQuery(template, copy, searchPath);
        } else if (kind instanceof StatementKind.CopyTable copy) {
            return copyTable(template, copy, searchPath);
        } else if (kind instanceof StatementKind.DeclareCursor declare) {
            Plan declared = new CursorPlanner(queries).declare(template, declare, searchPath);
            return valued(template, declare.bodyStart(), clocked(template, declare.bodyStart(), declared, searchPath));
        } else if (kind instanceof StatementKind.FetchCursor fetch) {
            return CursorPlanner.fetch(fetch);
        } else if (kind instanceof StatementKind.CloseCursor close) {
            return CursorPlanner.close(close);
        } else if (kind instanceof StatementKind.Prepare prepare) {
            return prepare(template, prepare);
        } else if (kind instanceof StatementKind.Execute execute) {
            return execute("", execute);
        } else if (kind instanceof StatementKind.Listen || kind instanceof StatementKind.Unlisten) {
            return onDefault(true);
        } else if (kind instanceof StatementKind.Notify) {
            return onDefault(false);
        } else if (kind instanceof StatementKind.LockTable lock) {
            return onTables("LOCK TABLE", lock.tables(), searchPath);
        } else if (kind instanceof StatementKind.Truncate truncate) {
            boolean cascade = StatementNames.of(template).identifiers().contains("cascade");
            if (cascade) {
                return refusal("TRUNCATE ... CASCADE", "It may reach tables that are on other shards.");
            }
            Plan onOne = onTables("TRUNCATE", truncate.tables(), searchPath);
            return onOne instanceof Plan.Refusal ? ofTables(template, kind, searchPath) : onOne;
        } else if (kind instanceof StatementKind.Other) {
            return unread(template, kind, Refusals.unsupported("statement is of no known kind", "", ""));
        }
        return kind instanceof StatementKind.Ddl ddl
                        && (ddl.object().equals("table") || ddl.object().equals("index"))
                ? ofTables(template, kind, searchPath)
                : refused(kind);
    }

    private Plan ofTables(StatementTemplate template, StatementKind kind, List<String> searchPath) {
        try {
            Optional<TableCreation> creation =
                    kind instanceof StatementKind.Ddl ddl && ddl.verb().equals("create")
                            ? TableCreation.ofCreate(template.text())
                            : Optional.empty();
            if (creation.isPresent()) {
                Plan made = newTables.plan(template, creation.get(), searchPath);
                Plan timed = creation.get().isLast()
                        ? clocked(template, template.start() + creation.get().queryStart(), made, searchPath)
                        : made;
                return valued(template, template.start(), timed);
            }
            String what = kind instanceof StatementKind.Ddl ddl ? ddl.verb() + " " + ddl.object() : "truncate";
            return TableChange.of(template.text())
                    .map(change -> newTables.change(change, what.toUpperCase(Locale.ROOT), searchPath))
                    .orElseGet(() -> refused(kind));
        } catch (PgErrorException wrong) {
            PgError error = wrong.error();
            if (error.state() != SqlState.SYNTAX_ERROR) {
                throw wrong;
            }
            int at = error.position();
            return new Plan.Refusal(at == 0 ? error : error.at(at + template.start()), true);
        }
    }

    /** What is refused whatever it names. */
    private static Plan refused(StatementKind kind) {
        if (kind instanceof StatementKind.Ddl ddl) {
            return refusal(
                    (ddl.verb() + " " + ddl.object()).toUpperCase(Locale.ROOT),
                    ddl.temporary()
                            ? "A temporary table lives in one connection to one shard."
                            : "All shards must have the same schema, and would have to change together.");
        } else if (kind instanceof StatementKind.Maintenance maintenance) {
            return refusal(maintenance.verb().toUpperCase(Locale.ROOT), "Each shard is maintained by itself.");
        } else if (kind instanceof StatementKind.Grant || kind instanceof StatementKind.Comment) {
            return refusal("this statement", "All shards would have to change together.");
        } else if (kind instanceof StatementKind.Call) {
            return refusal("CALL", "What a procedure does, and on which tables, is not known.");
        }
        return refusal("DO", "What a code block does, and on which tables, is not known.");
    }

    /** With the time asked for first, wherever the rest of the statement runs. */
    private Plan clocked(StatementTemplate template, int start, Plan asWritten, List<String> searchPath) {
        return asWritten instanceof Plan.Refusal
                ? asWritten
                : ClockText.of(template, start, catalog, searchPath)
                        .<Plan>map(clock -> new Plan.Clocked(clock, asWritten))
                        .orElse(asWritten);
    }

    /** With the values of its parameters asked for first, if it has some. */
    private static Plan valued(StatementTemplate template, int start, Plan asWritten) {
        boolean hasParameters = OutputName.hasParameter(template.sql(), new SourceSpan(start, template.end()));
        return asWritten instanceof Plan.Refusal || !hasParameters ? asWritten : new Plan.Valued(asWritten);
    }

    private static Plan refusal(String what, String detail) {
        return new Plan.Refusal(Refusals.utility(what, detail));
    }

    private static Plan prepare(StatementTemplate template, StatementKind.Prepare prepare) {
        int start = prepare.bodyStart();
        StatementKind body = Classifier.classify(template.sql(), start, template.end());
        if (!(body instanceof StatementKind.Query)) {
            Lexer lexer = new Lexer(template.sql(), start, template.end());
            String where = lexer.next() == TokenKind.END ? "at end of input" : "at or near \"" + lexer.text() + '"';
            return new Plan.Refusal(new PgError(SqlState.SYNTAX_ERROR, "syntax error " + where).at(start + 1), true);
        }
        return new Plan.Prepare(
                prepare.name(),
                prepare.types(),
                template.sql().substring(start, template.end()),
                start - template.start());
    }

    private Plan onDefault(boolean pins) {
        return forward(queries.defaultShard(), Access.WRITE, pins);
    }

    private Plan forward(ShardSet shard, Access access, boolean pins) {
        return new Plan.Forward(
                new StatementRouter(shard, List.of(), queries.space().none()),
                access,
                pins,
                Refusals.differentShards(""));
    }

    private Plan explain(StatementTemplate template, StatementKind.Explain explain, List<String> searchPath) {
        StatementKind body = Classifier.classify(template.sql(), explain.bodyStart(), template.end());
        if (body instanceof StatementKind.Execute execute) {
            return execute(template.sql().substring(template.start(), explain.bodyStart()), execute);
        }
        if (!(body instanceof StatementKind.Query)) {
            return refusal("EXPLAIN of this statement", "It is no query.");
        }
        Optional<ClockText> clock = ClockText.of(template, explain.bodyStart(), catalog, searchPath);
        if (clock.isEmpty()) {
            return explained(template, explain, searchPath, true);
        }
        Plan asWritten;
        try {
            asWritten = explained(template, explain, searchPath, false);
        } catch (PgErrorException refused) {
            asWritten = new Plan.Refusal(refused.error());
        }
        return new Plan.Clocked(clock.get(), asWritten);
    }

    private static Plan execute(String before, StatementKind.Execute execute) {
        return new Plan.Execute(before, execute.name(), new ExecutedText(execute.name(), execute.arguments()));
    }

    private Plan explained(
            StatementTemplate template, StatementKind.Explain explain, List<String> searchPath, boolean overShards) {
        Plan plan = queries.plan(template, explain.bodyStart(), template.end(), searchPath)
                .plan();
        boolean writes = plan instanceof Plan.Forward forward && forward.access() == Access.WRITE;
        boolean locks = plan instanceof Plan.Scatter scatter && scatter.locks();
        boolean hasParameters =
                OutputName.hasParameter(template.sql(), new SourceSpan(explain.bodyStart(), template.end()));
        if (overShards && !writes && !locks && !hasParameters) {
            Optional<Plan> several = new ExplainPlanner(query -> whole(query, searchPath))
                    .plan(template, explain.bodyStart(), explain.analyze());
            if (several.isPresent()) {
                return several.get();
            }
        }
        if (plan instanceof Plan.Forward forward) {
            Access access = explain.analyze() ? forward.access() : Access.READ;
            return new Plan.Forward(forward.router(), access, explain.analyze() && forward.pins(), forward.whenMany());
        }
        return plan instanceof Plan.Scatter scatter
                ? new Plan.Forward(
                        scatter.router(),
                        Access.READ,
                        false,
                        Refusals.utility("EXPLAIN of a query over several shards", ""))
                : plan;
    }

    private Plan whole(StatementTemplate query, List<String> searchPath) {
        return queries.planWhole(QueryPlanner.read(query, query.start(), query.end()), query, searchPath)
                .plan();
    }

    private Plan copyQuery(StatementTemplate template, StatementKind.CopyQuery copy, List<String> searchPath) {
        if (!copy.client()) {
            return refusal("COPY to a file", "Each shard has files of its own.");
        }
        Plan plan = queries.plan(template, copy.queryStart(), copy.queryEnd(), searchPath)
                .plan();
        boolean writes = plan instanceof Plan.Forward forward && forward.access() == Access.WRITE;
        if (!writes && !(plan instanceof Plan.Refusal)) {
            Optional<Plan> several = copies.queryOut(template, copy.queryStart(), copy.queryEnd(), searchPath);
            if (several.isPresent()) {
                return several.get();
            }
        }
        return plan instanceof Plan.Scatter scatter
                ? new Plan.Forward(
                        scatter.router(),
                        Access.READ,
                        false,
                        Refusals.utility("COPY of a query over several shards", ""))
                : plan;
    }

    private Plan copyTable(StatementTemplate template, StatementKind.CopyTable copy, List<String> searchPath) {
        if (!copy.client()) {
            return refusal("COPY with a file", "Each shard has files of its own.");
        }
        Optional<Table> table = table(copy.table(), searchPath);
        queries.awaited(copy.table().parts(), searchPath).ifPresent(awaited -> {
            throw Refusals.awaited(awaited, -1).toException();
        });
        if (table.isEmpty()) {
            // It does not exist, and the server will say so.
            return forward(queries.defaultShard(), Access.WRITE, false);
        }
        TableName name = table.get().name();
        if (table.get().isView() || table.get().hasRules()) {
            return refusal("COPY of a view or a table with rules", "It may need tables on other shards.");
        }
        Optional<String> hazard = functions
                .hazard(name, table.get().onRead())
                .or(() -> copy.from() ? functions.hazard(name, table.get().onWrite()) : Optional.empty());
        if (hazard.isPresent()) {
            return new Plan.Refusal(Refusals.hiddenAccess(name, hazard.get()));
        }
        TableRule rule = rules.ruleFor(name);
        if (rule instanceof PinnedRule pinned) {
            return forward(queries.space().of(pinned.shard()), copy.from() ? Access.WRITE : Access.READ, false);
        }
        if (rule instanceof ReferenceRule && !copy.from()) {
            return forward(queries.space().none(), Access.READ, false);
        }
        if (rule instanceof KeyedRule keyed) {
            if (keyed.shards().size() == 1) {
                return forward(queries.space().of(keyed.shards()), copy.from() ? Access.WRITE : Access.READ, false);
            }
            return copy.from()
                    ? copies.tableIn(template, table.get(), keyed, searchPath)
                    : copies.tableOut(template, keyed);
        }
        return refusal(
                "COPY into table \"" + name + "\"",
                "Every shard has a copy of the table, and all would have to change together.");
    }

    private Plan onTables(String what, List<QualifiedName> names, List<String> searchPath) {
        ShardSet shards = queries.space().none();
        for (QualifiedName written : names) {
            Optional<Table> table = table(written, searchPath);
            queries.awaited(written.parts(), searchPath).ifPresent(awaited -> {
                throw Refusals.awaited(awaited, -1).toException();
            });
            if (table.isPresent() && table.get().isView()) {
                return refusal(what + " of a view", "It reaches tables that may be on other shards.");
            }
            TableRule rule = table.map(Table::name)
                    .map(rules::ruleFor)
                    .orElseGet(
                            () -> new PinnedRule(queries.defaultShard().names().get(0)));
            Optional<String> hazard = table.flatMap(found -> functions.hazard(found.name(), found.onWrite()));
            if (hazard.isPresent()) {
                return new Plan.Refusal(
                        Refusals.hiddenAccess(table.orElseThrow().name(), hazard.get()));
            }
            if (!(rule instanceof PinnedRule pinned)) {
                return refusal(what + " of table \"" + written + "\"", "The table is on several shards.");
            }
            shards = shards.plus(queries.space().of(pinned.shard()));
        }
        return shards.size() > 1
                ? refusal(what + " of tables on different shards", "")
                : forward(shards, Access.WRITE, false);
    }

    private Optional<Table> table(QualifiedName name, List<String> searchPath) {
        int parts = name.parts().size();
        return parts == 1
                ? catalog.table(name.last(), searchPath)
                : catalog.table(new TableName(name.parts().get(parts - 2), name.last()));
    }

    /**
     * A statement that the grammar does not read goes to the default shard when no name in it, nor any word in its
     * strings, could be a table that is elsewhere or something that reaches one. {@code reason} tells the client
     * otherwise.
     */
    Plan unread(StatementTemplate template, StatementKind kind, PgError reason, List<String> searchPath) {
        Optional<TableCreation> creation = kind instanceof StatementKind.Query ? intoOf(template) : Optional.empty();
        return creation.isPresent()
                ? newTables.plan(template, creation.get(), searchPath)
                : unread(template, kind, reason);
    }

    /** What cannot be read as such is none: the server says what is wrong with it. */
    private static Optional<TableCreation> intoOf(StatementTemplate template) {
        try {
            return TableCreation.ofSelectInto(template.text());
        } catch (PgErrorException wrong) {
            return Optional.empty();
        }
    }

    private Plan unread(StatementTemplate template, StatementKind kind, PgError reason) {
        if (reason.state() == SqlState.STATEMENT_TOO_COMPLEX) {
            return new Plan.Refusal(reason);
        }
        StatementNames names;
        try {
            names = StatementNames.of(template);
        } catch (PgErrorException notSql) {
            return new Plan.Refusal(notSql.error(), true);
        }
        boolean creates = kind instanceof StatementKind.Query query
                && !query.verb().equals("insert")
                && !query.verb().equals("merge")
                && names.identifiers().contains("into");
        Optional<String> suspect = names.identifiers().stream()
                .flatMap(word -> suspect(word).stream())
                .findFirst()
                .or(() -> names.wordsInText().stream()
                        .flatMap(word -> suspectTable(word).stream())
                        .findFirst());
        if (creates || suspect.isPresent()) {
            boolean explained = reason.state() == SqlState.FEATURE_NOT_SUPPORTED
                    && !reason.hint().isEmpty();
            return explained
                    ? new Plan.Refusal(reason)
                    : new Plan.Refusal(Refusals.notRead(reason, suspect.orElse("a new table")), true);
        }
        return functions
                .ambientHazard()
                .<Plan>map(why -> new Plan.Refusal(Refusals.ambient(why)))
                .orElseGet(() -> forward(queries.defaultShard(), Access.WRITE, true));
    }

    private Optional<String> suspect(String word) {
        Optional<String> table = suspectTable(word);
        if (table.isPresent()) {
            return table;
        }
        if (SystemFunctions.needsCare(word)) {
            return Optional.of("function \"" + word + "\"");
        }
        return catalog.functionsNamed(word).stream()
                .map(Function::name)
                .filter(name -> !name.schema().equals(Catalog.PG_CATALOG)
                        && !name.schema().equals(Catalog.INFORMATION_SCHEMA))
                .filter(name -> functions
                        .reach(name)
                        .obstacleOn(queries.defaultShard().nameSet())
                        .isPresent())
                .findFirst()
                .map(name -> "function \"" + name + "\", which reads tables");
    }

    private Optional<String> suspectTable(String word) {
        Optional<TableName> awaited = queries.awaited(word);
        if (awaited.isPresent()) {
            return awaited.map(table -> "table \"" + table + "\"");
        }
        for (Table table : catalog.tablesNamed(word)) {
            String schema = table.name().schema();
            boolean system = schema.equals(Catalog.PG_CATALOG) || schema.equals(Catalog.INFORMATION_SCHEMA);
            if (!system && !isWholeOnDefault(table)) {
                return Optional.of("table \"" + table.name() + "\"");
            }
        }
        return Optional.empty();
    }

    private boolean isWholeOnDefault(Table table) {
        boolean plain = table.kind() == Table.Kind.SEQUENCE
                || (!table.isView()
                        && table.kind() != Table.Kind.MATERIALIZED_VIEW
                        && !table.hasRules()
                        && table.onRead().isNone()
                        && table.onWrite().isNone()
                        && catalog.inheritingFrom(table.name()).isEmpty());
        return plain
                && rules.ruleFor(table.name()) instanceof PinnedRule pinned
                && queries.space().of(pinned.shard()) == queries.defaultShard();
    }
}
