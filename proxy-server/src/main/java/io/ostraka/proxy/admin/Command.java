package io.ostraka.proxy.admin;

import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.sql.Lexer;
import io.ostraka.rules.sql.TokenKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** A statement that the console understands. */
sealed interface Command {

    /** Of what it answers with, if that is rows. */
    Optional<Columns> columns();

    record Show(View view) implements Command {
        @Override
        public Optional<Columns> columns() {
            return Optional.of(view.columns());
        }
    }

    /** A restore point on all shards of a database. */
    record RestorePoint(String name, String database) implements Command {
        @Override
        public Optional<Columns> columns() {
            return Optional.of(Marks.RESTORE_POINT);
        }
    }

    /** A snapshot on all shards of a database, open as long as the connection is, or until the next one. */
    record Snapshot(String database) implements Command {
        @Override
        public Optional<Columns> columns() {
            return Optional.of(Marks.SNAPSHOT);
        }
    }

    /** SHOW of a setting that drivers ask for. */
    record ShowSetting(String name, String value) implements Command {
        @Override
        public Optional<Columns> columns() {
            return Optional.of(Columns.of(name));
        }
    }

    /** Drivers send it, and here it means nothing. */
    record Ignored(String tag) implements Command {
        @Override
        public Optional<Columns> columns() {
            return Optional.empty();
        }
    }

    /** The beginning or end of a transaction block, which drivers want; nothing here is in one. */
    record Block(String tag, boolean begins) implements Command {
        @Override
        public Optional<Columns> columns() {
            return Optional.empty();
        }
    }

    /** What the client is told at its start, and by SHOW. */
    Map<String, String> SETTINGS = Map.ofEntries(
            Map.entry("server_version", "18.0"),
            Map.entry("server_encoding", "UTF8"),
            Map.entry("client_encoding", "UTF8"),
            Map.entry("standard_conforming_strings", "on"),
            Map.entry("integer_datetimes", "on"),
            Map.entry("DateStyle", "ISO, MDY"),
            Map.entry("IntervalStyle", "postgres"),
            Map.entry("TimeZone", "UTC"),
            Map.entry("default_transaction_read_only", "off"),
            Map.entry("in_hot_standby", "off"),
            Map.entry("transaction_isolation", "read committed"),
            Map.entry("transaction_read_only", "off"));

    /** The statements of a query string. Throws {@link io.ostraka.rules.error.PgErrorException} for one it does not know. */
    static List<Command> read(String sql) {
        List<Command> commands = new ArrayList<>();
        List<String> words = new ArrayList<>();
        Lexer lexer = new Lexer(sql);
        while (true) {
            TokenKind kind = lexer.next();
            if (kind != TokenKind.END && kind != TokenKind.SEMICOLON) {
                words.add(lexer.text());
                continue;
            }
            if (!words.isEmpty()) {
                commands.add(of(words));
                words.clear();
            }
            if (kind == TokenKind.END) {
                return commands;
            }
        }
    }

    private static Command of(List<String> words) {
        List<String> lower =
                words.stream().map(word -> word.toLowerCase(Locale.ROOT)).toList();
        return switch (lower.get(0)) {
            case "show" -> show(String.join(" ", lower.subList(1, lower.size())));
            case "restore" -> restorePoint(words, lower);
            case "snapshot" -> snapshot(words);
            case "set", "reset" -> new Ignored(lower.get(0).toUpperCase(Locale.ROOT));
            case "deallocate" -> new Ignored(lower.contains("all") ? "DEALLOCATE ALL" : "DEALLOCATE");
            case "discard" -> new Ignored("DISCARD ALL");
            case "begin" -> new Block("BEGIN", true);
            case "start" -> new Block("START TRANSACTION", true);
            case "commit", "end" -> new Block("COMMIT", false);
            case "rollback", "abort" -> new Block("ROLLBACK", false);
            default ->
                throw new PgError(
                                SqlState.FEATURE_NOT_SUPPORTED,
                                "the console answers SHOW, and no queries",
                                "This is Ostraka's administration console, not a database.",
                                "SHOW HELP tells what there is.")
                        .toException();
        };
    }

    /** {@code RESTORE POINT name IN database}. */
    private static Command restorePoint(List<String> words, List<String> lower) {
        if (words.size() != 5 || !lower.get(1).equals("point") || !lower.get(3).equals("in")) {
            throw new PgError(SqlState.SYNTAX_ERROR, "syntax error", "", "RESTORE POINT 'name' IN database")
                    .toException();
        }
        return new RestorePoint(unquoted(words.get(2)), unquoted(words.get(4)));
    }

    private static Command snapshot(List<String> words) {
        if (words.size() != 2) {
            throw new PgError(SqlState.SYNTAX_ERROR, "syntax error", "", "SNAPSHOT database").toException();
        }
        return new Snapshot(unquoted(words.get(1)));
    }

    private static String unquoted(String word) {
        char quote = word.charAt(0);
        return quote == '\'' || quote == '"'
                ? word.substring(1, word.length() - 1).replace("" + quote + quote, String.valueOf(quote))
                : word.toLowerCase(Locale.ROOT);
    }

    private static Command show(String name) {
        String setting = name.equals("transaction isolation level") ? "transaction_isolation" : name;
        return View.of(name)
                .<Command>map(Show::new)
                .or(() -> SETTINGS.entrySet().stream()
                        .filter(known -> known.getKey().toLowerCase(Locale.ROOT).equals(setting))
                        .findFirst()
                        .map(known -> new ShowSetting(known.getKey(), known.getValue())))
                .orElseThrow(() -> new PgError(
                                SqlState.UNDEFINED_OBJECT,
                                "unrecognized configuration parameter \"" + name + "\"",
                                "",
                                "SHOW HELP tells what there is.")
                        .toException());
    }
}
