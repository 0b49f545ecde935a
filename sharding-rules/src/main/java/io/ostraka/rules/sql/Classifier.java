package io.ostraka.rules.sql;

import io.ostraka.rules.sql.StatementKind.Begin;
import io.ostraka.rules.sql.StatementKind.Call;
import io.ostraka.rules.sql.StatementKind.CloseCursor;
import io.ostraka.rules.sql.StatementKind.Comment;
import io.ostraka.rules.sql.StatementKind.Commit;
import io.ostraka.rules.sql.StatementKind.CommitPrepared;
import io.ostraka.rules.sql.StatementKind.CopyQuery;
import io.ostraka.rules.sql.StatementKind.CopyTable;
import io.ostraka.rules.sql.StatementKind.Ddl;
import io.ostraka.rules.sql.StatementKind.Deallocate;
import io.ostraka.rules.sql.StatementKind.DeclareCursor;
import io.ostraka.rules.sql.StatementKind.Discard;
import io.ostraka.rules.sql.StatementKind.DoBlock;
import io.ostraka.rules.sql.StatementKind.Execute;
import io.ostraka.rules.sql.StatementKind.Explain;
import io.ostraka.rules.sql.StatementKind.FetchCursor;
import io.ostraka.rules.sql.StatementKind.Grant;
import io.ostraka.rules.sql.StatementKind.Listen;
import io.ostraka.rules.sql.StatementKind.LockTable;
import io.ostraka.rules.sql.StatementKind.Maintenance;
import io.ostraka.rules.sql.StatementKind.Notify;
import io.ostraka.rules.sql.StatementKind.Other;
import io.ostraka.rules.sql.StatementKind.Prepare;
import io.ostraka.rules.sql.StatementKind.PrepareTransaction;
import io.ostraka.rules.sql.StatementKind.Query;
import io.ostraka.rules.sql.StatementKind.ReleaseSavepoint;
import io.ostraka.rules.sql.StatementKind.Reset;
import io.ostraka.rules.sql.StatementKind.Rollback;
import io.ostraka.rules.sql.StatementKind.RollbackPrepared;
import io.ostraka.rules.sql.StatementKind.RollbackToSavepoint;
import io.ostraka.rules.sql.StatementKind.Savepoint;
import io.ostraka.rules.sql.StatementKind.SetConstraints;
import io.ostraka.rules.sql.StatementKind.SetTransaction;
import io.ostraka.rules.sql.StatementKind.Show;
import io.ostraka.rules.sql.StatementKind.Truncate;
import io.ostraka.rules.sql.StatementKind.Unlisten;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * From a statement's first tokens to its {@link StatementKind}. Source: the synopses of PostgreSQL's manual, "SQL
 * Commands". Each call reads one statement; confined to it.
 */
public final class Classifier {
    /** Words that may stand between CREATE and the object's kind. */
    private static final Set<String> MODIFIERS = Set.of(
            "or", "replace", "global", "local", "unlogged", "unique", "recursive", "trusted", "constraint", "default");

    /** First words of kinds that have more than one. */
    private static final Set<String> FIRST_OF_TWO =
            Set.of("materialized", "event", "foreign", "text", "access", "user", "operator", "large", "procedural");

    private static final Set<String> FETCH_DIRECTIONS =
            Set.of("next", "prior", "first", "last", "absolute", "relative", "all", "forward", "backward");

    /** Counts that are read here. */
    private static final Pattern DECIMAL = Pattern.compile("0*[0-9]{1,9}");

    private final StatementTokens tokens;

    private Classifier(String sql, int start, int end) {
        this.tokens = new StatementTokens(sql, start, end);
    }

    /**
     * Tells what a statement is.
     *
     * @throws io.ostraka.rules.error.PgErrorException 42601 when a statement that Ostraka carries out is malformed
     */
    public static StatementKind classify(StatementTemplate statement) {
        return classify(statement.sql(), statement.start(), statement.end());
    }

    /** The same for the characters {@code [start, end)} of a query string, which hold one statement. */
    public static StatementKind classify(String sql, int start, int end) {
        return new Classifier(sql, start, end).statement();
    }

    private StatementKind statement() {
        if (tokens.at(TokenKind.LEFT_PAREN)) {
            return new Query("select");
        }
        String verb = tokens.word();
        if (verb.isEmpty()) {
            return new Other(tokens.text());
        }
        tokens.advance();
        return switch (verb) {
            case "select", "values", "table", "with", "insert", "update", "delete", "merge" -> new Query(verb);
            case "begin" -> {
                transactionWord();
                yield begin();
            }
            case "start" -> {
                tokens.expect("transaction");
                yield begin();
            }
            case "commit" -> tokens.take("prepared") ? new CommitPrepared(last(tokens.string())) : new Commit(chain());
            case "end" -> new Commit(chain());
            case "rollback" -> rollback();
            case "abort" -> new Rollback(chain());
            case "savepoint" -> new Savepoint(last(tokens.columnName()));
            case "release" -> new ReleaseSavepoint(last(savepointName()));
            case "set" -> set();
            case "reset" -> new Reset(last(resetName()));
            case "show" -> new Show(last(resetName()));
            case "discard" -> discard();
            case "deallocate" -> deallocate();
            case "prepare" -> prepare();
            case "execute" -> new Execute(tokens.columnName(), tokens.arguments());
            case "declare" -> declare();
            case "fetch", "move" -> fetch(verb.equals("move"));
            case "close" -> new CloseCursor(tokens.take("all") ? last("") : last(tokens.columnName()));
            case "listen" -> new Listen(last(tokens.columnName()));
            case "unlisten" -> new Unlisten(tokens.take(TokenKind.STAR) ? last("") : last(tokens.columnName()));
            case "notify" -> new Notify(tokens.columnName());
            case "copy" -> copy();
            case "explain" -> explain();
            case "lock" -> {
                tokens.take("table");
                yield new LockTable(tables());
            }
            case "truncate" -> {
                tokens.take("table");
                yield new Truncate(tables());
            }
            case "create", "alter", "drop" -> ddl(verb);
            case "import", "reassign" -> new Ddl(verb, tokens.word(), false);
            case "vacuum", "analyze", "analyse", "cluster", "reindex", "checkpoint", "refresh", "load" ->
                new Maintenance(verb.equals("analyse") ? "analyze" : verb);
            case "call" -> new Call(tokens.qualifiedName());
            case "do" -> new DoBlock();
            case "grant" -> new Grant(false);
            case "revoke" -> new Grant(true);
            case "comment", "security" -> new Comment();
            default -> new Other(verb);
        };
    }

    /** What was read, when nothing follows it. */
    private <T> T last(T read) {
        tokens.expectEnd();
        return read;
    }

    private void transactionWord() {
        if (!tokens.take("work")) {
            tokens.take("transaction");
        }
    }

    private StatementKind begin() {
        int from = tokens.start();
        transactionModes(true);
        return new Begin(tokens.textFrom(from));
    }

    /** ISOLATION LEVEL, READ, [NOT] DEFERRABLE in any number, with or without commas between them. */
    private void transactionModes(boolean optional) {
        if (optional && tokens.at(TokenKind.END)) {
            return;
        }
        do {
            if (tokens.take("isolation")) {
                tokens.expect("level");
                isolationLevel();
            } else if (tokens.take("read")) {
                if (!tokens.take("only")) {
                    tokens.expect("write");
                }
            } else {
                tokens.take("not");
                tokens.expect("deferrable");
            }
        } while (tokens.take(TokenKind.COMMA) || !tokens.at(TokenKind.END));
    }

    private void isolationLevel() {
        if (tokens.take("read")) {
            if (!tokens.take("committed")) {
                tokens.expect("uncommitted");
            }
        } else if (tokens.take("repeatable")) {
            tokens.expect("read");
        } else {
            tokens.expect("serializable");
        }
    }

    private boolean chain() {
        transactionWord();
        boolean chain = false;
        if (tokens.take("and")) {
            chain = !tokens.take("no");
            tokens.expect("chain");
        }
        return last(chain);
    }

    private StatementKind rollback() {
        if (tokens.take("prepared")) {
            return new RollbackPrepared(last(tokens.string()));
        }
        transactionWord();
        if (tokens.take("to")) {
            return new RollbackToSavepoint(last(savepointName()));
        }
        return new Rollback(chain());
    }

    /** {@code [SAVEPOINT] name}, where the word alone is a name too. */
    private String savepointName() {
        return tokens.take("savepoint") && tokens.at(TokenKind.END) ? "savepoint" : tokens.columnName();
    }

    private StatementKind set() {
        if (tokens.take("constraints")) {
            return new SetConstraints();
        }
        if (tokens.at("transaction")) {
            tokens.advance();
            return setTransaction();
        }
        boolean local = tokens.take("local");
        boolean session = !local && tokens.take("session");
        if (session && tokens.take("characteristics")) {
            tokens.expect("as");
            tokens.expect("transaction");
            transactionModes(false);
            return new SetTransaction(true);
        }
        if (tokens.at("transaction")) {
            // SET LOCAL TRANSACTION and SET SESSION TRANSACTION mean SET TRANSACTION to the server's grammar.
            tokens.advance();
            return setTransaction();
        }
        if (session && tokens.take("authorization")) {
            return sessionAuthorization(false);
        }
        return setting(local);
    }

    private StatementKind setTransaction() {
        if (tokens.take("snapshot")) {
            last(tokens.string());
        } else {
            transactionModes(false);
        }
        return new SetTransaction(false);
    }

    private StatementKind setting(boolean local) {
        return switch (tokens.word()) {
            case "time" -> {
                tokens.advance();
                tokens.expect("zone");
                yield timeZone(local);
            }
            case "names" -> {
                tokens.advance();
                yield named("client_encoding", local, tokens.at(TokenKind.END) ? List.of() : stringOrDefault());
            }
            case "role" -> {
                tokens.advance();
                boolean assigned = tokens.at(TokenKind.EQUALS) || tokens.at("to");
                yield named("role", local, assigned ? assigned() : List.of(wordOrString()));
            }
            case "schema" -> {
                tokens.advance();
                yield named("search_path", local, List.of(tokens.string()));
            }
            case "session" -> {
                tokens.advance();
                tokens.expect("authorization");
                yield sessionAuthorization(local);
            }
            case "xml" -> {
                tokens.advance();
                tokens.expect("option");
                if (!tokens.at("document") && !tokens.at("content")) {
                    throw tokens.unexpected();
                }
                yield named("xmloption", local, List.of(wordOrString()));
            }
            default -> {
                String name = settingName();
                yield named(name, local, assigned());
            }
        };
    }

    private StatementKind named(String name, boolean local, List<String> values) {
        return last(new StatementKind.Set(name, local, values));
    }

    private StatementKind sessionAuthorization(boolean local) {
        return named("session_authorization", local, tokens.take("default") ? List.of() : List.of(wordOrString()));
    }

    private StatementKind timeZone(boolean local) {
        if (tokens.take("default") || tokens.take("local")) {
            return named("timezone", local, List.of());
        }
        if (tokens.at("interval")) {
            // INTERVAL '1' HOUR TO MINUTE, INTERVAL(3) '...': the server knows what it means.
            StringBuilder text = new StringBuilder();
            while (!tokens.at(TokenKind.END)) {
                text.append(text.isEmpty() ? "" : " ").append(tokens.text());
                tokens.advance();
            }
            return named("timezone", local, List.of(text.toString()));
        }
        return named("timezone", local, List.of(value()));
    }

    private List<String> stringOrDefault() {
        return tokens.take("default") ? List.of() : List.of(tokens.string());
    }

    private String wordOrString() {
        return tokens.kind().isText() ? tokens.string() : tokens.nonReservedWord();
    }

    /** {@code name}, or {@code extension.name}; settings are known by their lower-case names. */
    private String settingName() {
        StringBuilder name = new StringBuilder(tokens.columnName());
        while (tokens.take(TokenKind.DOT)) {
            name.append('.').append(tokens.columnName());
        }
        return lowerCase(name.toString());
    }

    /** What stands behind TO or =, unquoted; empty for DEFAULT. */
    private List<String> assigned() {
        if (!tokens.take("to") && !tokens.take(TokenKind.EQUALS)) {
            throw tokens.unexpected();
        }
        if (tokens.take("default")) {
            return List.of();
        }
        List<String> values = new ArrayList<>(1);
        do {
            values.add(value());
        } while (tokens.take(TokenKind.COMMA));
        return values;
    }

    private String value() {
        boolean negative = false;
        if (tokens.at(TokenKind.PLUS) || tokens.at(TokenKind.MINUS)) {
            negative = tokens.at(TokenKind.MINUS);
            tokens.advance();
            if (!tokens.at(TokenKind.INTEGER) && !tokens.at(TokenKind.NUMERIC)) {
                throw tokens.unexpected();
            }
        }
        if (tokens.at(TokenKind.INTEGER) || tokens.at(TokenKind.NUMERIC)) {
            String number = tokens.text();
            tokens.advance();
            return negative ? "-" + number : number;
        }
        if (tokens.at("true") || tokens.at("false") || tokens.at("on")) {
            String word = tokens.word();
            tokens.advance();
            return word;
        }
        return wordOrString();
    }

    private String resetName() {
        return switch (tokens.word()) {
            case "all" -> {
                tokens.advance();
                yield "all";
            }
            case "time" -> {
                tokens.advance();
                tokens.expect("zone");
                yield "timezone";
            }
            case "transaction" -> {
                tokens.advance();
                tokens.expect("isolation");
                tokens.expect("level");
                yield "transaction_isolation";
            }
            case "session" -> {
                tokens.advance();
                tokens.expect("authorization");
                yield "session_authorization";
            }
            default -> settingName();
        };
    }

    private StatementKind discard() {
        String what = tokens.word();
        tokens.advance();
        return switch (what) {
            case "all", "plans", "sequences" -> last(new Discard(what));
            case "temp", "temporary" -> last(new Discard("temporary"));
            default -> new Other("discard");
        };
    }

    private StatementKind deallocate() {
        if (tokens.take("prepare") && tokens.at(TokenKind.END)) {
            // PREPARE is no reserved word: DEALLOCATE PREPARE alone names a statement so called.
            return new Deallocate("prepare");
        }
        return new Deallocate(tokens.take("all") ? last("") : last(tokens.columnName()));
    }

    private StatementKind prepare() {
        if (tokens.take("transaction")) {
            if (tokens.kind().isText()) {
                return new PrepareTransaction(last(tokens.string()));
            }
            return prepared("transaction");
        }
        return prepared(tokens.columnName());
    }

    private StatementKind prepared(String name) {
        List<String> types =
                tokens.arguments().stream().map(ExecuteArgument::text).toList();
        tokens.expect("as");
        return new Prepare(name, types, tokens.start());
    }

    private StatementKind declare() {
        String name = tokens.columnName();
        boolean hold = false;
        boolean scroll = false;
        boolean binary = false;
        while (!tokens.take("for")) {
            if (tokens.at(TokenKind.END)) {
                throw tokens.unexpected();
            }
            scroll |= tokens.at("scroll");
            binary |= tokens.at("binary");
            boolean with = tokens.at("with");
            boolean no = tokens.at("no");
            tokens.advance();
            hold |= with && tokens.at("hold");
            if (no) {
                tokens.take("scroll");
            }
        }
        return new DeclareCursor(name, hold, scroll, binary, tokens.start());
    }

    /** A direction may be the cursor's name, too, where nothing follows it. */
    private StatementKind fetch(boolean move) {
        Optional<Long> rows = Optional.of(1L);
        String direction = tokens.word();
        if (FETCH_DIRECTIONS.contains(direction)) {
            tokens.advance();
            if (tokens.at(TokenKind.END) && !direction.equals("all")) {
                return new FetchCursor(move, direction, rows);
            }
            rows = switch (direction) {
                case "all" -> Optional.of(Long.MAX_VALUE);
                case "next" -> rows;
                case "forward" -> forward();
                // The row that the cursor is on, whichever way.
                case "relative", "backward" -> forward().filter(count -> count == 0);
                default -> {
                    forward();
                    yield Optional.empty();
                }
            };
        } else if (!tokens.kind().isIdentifier()) {
            rows = forward();
        }
        if (!tokens.take("from")) {
            tokens.take("in");
        }
        return new FetchCursor(move, last(tokens.columnName()), rows);
    }

    /** A count of rows, if there is one; empty when it leads back. */
    private Optional<Long> forward() {
        if (tokens.take("all")) {
            return Optional.of(Long.MAX_VALUE);
        }
        boolean back = tokens.at(TokenKind.MINUS);
        if (back || tokens.at(TokenKind.PLUS)) {
            tokens.advance();
        } else if (!tokens.at(TokenKind.INTEGER)) {
            return Optional.of(1L);
        }
        if (!tokens.at(TokenKind.INTEGER)) {
            throw tokens.unexpected();
        }
        String digits = tokens.text();
        tokens.advance();
        if (!DECIMAL.matcher(digits).matches()) {
            return Optional.empty();
        }
        long count = Long.parseLong(digits);
        return back && count > 0 ? Optional.empty() : Optional.of(count);
    }

    private StatementKind copy() {
        if (tokens.at(TokenKind.LEFT_PAREN)) {
            int start = tokens.start() + 1;
            int end = tokens.skipParentheses();
            tokens.expect("to");
            return new CopyQuery(start, end, tokens.at("stdout") || tokens.at("stdin"));
        }
        tokens.take("binary");
        QualifiedName table = tokens.qualifiedName();
        if (tokens.at(TokenKind.LEFT_PAREN)) {
            tokens.skipParentheses();
        }
        boolean from = tokens.take("from");
        if (!from) {
            tokens.expect("to");
        }
        // The server takes STDIN and STDOUT for the same word.
        return new CopyTable(table, from, tokens.at("stdin") || tokens.at("stdout"));
    }

    private StatementKind explain() {
        boolean analyze = false;
        if (tokens.at(TokenKind.LEFT_PAREN)) {
            // A query in parentheses starts alike: (SELECT ..., (VALUES ..., ((, (WITH, (TABLE are no options.
            int open = tokens.start();
            tokens.advance();
            if (startsQuery()) {
                return new Explain(false, open);
            }
            analyze = explainOptions();
        } else {
            analyze = tokens.take("analyze") || tokens.take("analyse");
            tokens.take("verbose");
        }
        return new Explain(analyze, tokens.start());
    }

    private boolean startsQuery() {
        return tokens.at(TokenKind.LEFT_PAREN)
                || tokens.at("select")
                || tokens.at("values")
                || tokens.at("with")
                || tokens.at("table");
    }

    private boolean explainOptions() {
        boolean analyze = false;
        do {
            boolean named = tokens.at("analyze")
                    || tokens.at("analyse")
                    || tokens.text().equalsIgnoreCase("\"analyze\"");
            tokens.advance();
            boolean off = tokens.at("false")
                    || tokens.at("off")
                    || tokens.text().matches("(?i)0|'(0|off|false|f|no|n|of|fa|fal|fals)'");
            if (named) {
                analyze = !off;
            }
            while (!tokens.at(TokenKind.COMMA) && !tokens.at(TokenKind.RIGHT_PAREN)) {
                if (tokens.at(TokenKind.END)) {
                    throw tokens.unexpected();
                }
                tokens.advance();
            }
        } while (tokens.take(TokenKind.COMMA));
        tokens.advance();
        return analyze;
    }

    /** {@code [ONLY] name [*], ...}; what follows is for the server. */
    private List<QualifiedName> tables() {
        List<QualifiedName> tables = new ArrayList<>(1);
        do {
            boolean only = tokens.take("only");
            boolean wrapped = only && tokens.take(TokenKind.LEFT_PAREN);
            tables.add(tokens.qualifiedName());
            tokens.take(TokenKind.STAR);
            if (wrapped && !tokens.take(TokenKind.RIGHT_PAREN)) {
                throw tokens.unexpected();
            }
        } while (tokens.take(TokenKind.COMMA));
        return tables;
    }

    private StatementKind ddl(String verb) {
        boolean temporary = false;
        boolean defaults = false;
        while (true) {
            if (tokens.take("temp") || tokens.take("temporary")) {
                temporary = true;
            } else if (MODIFIERS.contains(tokens.word())) {
                defaults = tokens.at("default");
                tokens.advance();
            } else {
                break;
            }
        }
        String object = tokens.word();
        tokens.advance();
        if (object.equals("foreign") && tokens.take("data")) {
            return new Ddl(verb, "foreign data wrapper", temporary);
        }
        if (object.equals("text")) {
            tokens.take("search");
            return new Ddl(verb, "text search " + tokens.word(), temporary);
        }
        if (FIRST_OF_TWO.contains(object) && isSecond(tokens.word())) {
            object += " " + tokens.word();
        }
        return new Ddl(verb, defaults && object.equals("privileges") ? "default privileges" : object, temporary);
    }

    /** ASCII letters only, like PostgreSQL's own folding. */
    static String lowerCase(String name) {
        StringBuilder lower = new StringBuilder(name);
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c >= 'A' && c <= 'Z') {
                lower.setCharAt(i, (char) (c + 32));
            }
        }
        return lower.toString();
    }

    private static boolean isSecond(String word) {
        return switch (word) {
            case "view", "trigger", "table", "method", "mapping", "class", "family", "object", "language" -> true;
            default -> false;
        };
    }
}
