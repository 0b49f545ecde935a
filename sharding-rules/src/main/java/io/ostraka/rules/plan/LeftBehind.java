package io.ostraka.rules.plan;

import io.ostraka.rules.catalog.Catalog;
import io.ostraka.rules.catalog.Function;
import io.ostraka.rules.catalog.FunctionName;
import io.ostraka.rules.catalog.HiddenAccess;
import io.ostraka.rules.catalog.Table;
import io.ostraka.rules.config.TableName;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.sql.Lexer;
import io.ostraka.rules.sql.TokenKind;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;

/**
 * Whether a statement may leave something in its connection without saying so: through the functions it names, and the triggers,
 * policies, defaults and views of the tables it names. A setting, a temporary table or a lock left there would be found by the
 * next session that is lent the connection. Bodies are read token by token; what cannot be read, and what is put together from
 * text, counts. Confined to one thread, for one statement.
 */
final class LeftBehind {
    /** Languages whose functions leave nothing behind but by statements that can be read here. */
    private static final Set<String> READABLE = Set.of("sql", "plpgsql", "internal", "c");

    /** What a body that names it may leave. */
    private static final Set<String> LASTING = Set.of(
            "set_config",
            "setseed",
            "dblink_connect",
            "dblink_connect_u",
            "temp",
            "temporary",
            "pg_temp",
            "listen",
            "prepare",
            "load",
            "discard",
            "reset",
            "hold",
            "execute");

    private static final Set<String> STATEMENT_STARTS = Set.of("begin", "then", "else", "loop");

    private final Catalog catalog;
    private final Set<FunctionName> functions = new HashSet<>();
    private final Set<TableName> tables = new HashSet<>();
    private final Deque<FunctionName> left = new ArrayDeque<>();
    private boolean possible;

    private LeftBehind(Catalog catalog) {
        this.catalog = catalog;
    }

    /** {@code words}: every name in the statement. */
    static boolean isPossible(Catalog catalog, Set<String> words) {
        LeftBehind found = new LeftBehind(catalog);
        catalog.ambientFunctions().forEach(found::addFunction);
        words.forEach(found::addWord);
        return found.isPossible();
    }

    /** Whether a call of the function may, by its own body. */
    static boolean isPossibleBy(Function function) {
        return !READABLE.containsAll(function.languages())
                || function.bodies().stream().anyMatch(body -> mayLeave(body, new HashSet<>()));
    }

    private boolean isPossible() {
        while (!possible && !left.isEmpty()) {
            catalog.function(left.removeFirst()).ifPresent(function -> {
                possible |= !READABLE.containsAll(function.languages());
                function.calls().forEach(this::addFunction);
                function.bodies().forEach(this::addBody);
            });
        }
        return possible;
    }

    private void addBody(String body) {
        Set<String> words = new HashSet<>();
        possible |= mayLeave(body, words);
        words.forEach(this::addWord);
    }

    private void addWord(String word) {
        catalog.functionsNamed(word).forEach(function -> addFunction(function.name()));
        catalog.tablesNamed(word).forEach(this::addTable);
    }

    private void addFunction(FunctionName name) {
        if (!isSystem(name.schema()) && functions.add(name)) {
            left.addLast(name);
        }
    }

    private void addTable(Table table) {
        if (!isSystem(table.name().schema()) && tables.add(table.name())) {
            table.definition().ifPresent(this::addBody);
            addHidden(table.onRead());
            addHidden(table.onWrite());
        }
    }

    private void addHidden(HiddenAccess access) {
        access.functions().forEach(this::addFunction);
        access.tables().forEach(name -> catalog.table(name).ifPresent(this::addTable));
    }

    private static boolean isSystem(String schema) {
        return schema.equals(Catalog.PG_CATALOG) || schema.equals(Catalog.INFORMATION_SCHEMA);
    }

    /** Adds the body's names to {@code words}. */
    private static boolean mayLeave(String body, Set<String> words) {
        try {
            Lexer lexer = new Lexer(body);
            boolean starts = true;
            boolean afterSet = false;
            for (TokenKind kind = lexer.next(); kind != TokenKind.END; kind = lexer.next()) {
                String word = kind.isIdentifier() ? lexer.name() : "";
                if (kind == TokenKind.UNICODE_IDENTIFIER
                        || LASTING.contains(word)
                        || SystemFunctions.locksForSession(word)
                        || (afterSet && !word.equals("local") && !word.equals("constraints"))) {
                    return true;
                }
                words.add(word);
                afterSet = starts && word.equals("set");
                starts = kind == TokenKind.SEMICOLON || STATEMENT_STARTS.contains(word);
            }
            return afterSet;
        } catch (PgErrorException notRead) {
            return true;
        }
    }
}
