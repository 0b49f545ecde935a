package io.ostraka.rules.sql;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * A statement that changes tables and is the same for each of their shards, as far as its tokens tell: plain CREATE TABLE, DROP TABLE, ALTER
 * TABLE, TRUNCATE and CREATE INDEX. Source: PostgreSQL manual, "SQL Commands". Immutable.
 *
 * @param altered columns whose values or type it touches
 * @param added columns that the rows which are there get
 * @param obstacle what of it the shards of one table cannot do each for itself, if there is such a thing
 */
public record TableChange(
        List<QualifiedName> tables, Kind kind, Set<String> altered, Set<String> added, Optional<String> obstacle) {
    /** What becomes of the tables. */
    public enum Kind {
        CREATES,
        DROPS,
        KEEPS
    }

    private static final Set<String> MODIFIERS = Set.of("global", "local", "unlogged", "temp", "temporary");

    /** What looks at other tables, or promises what no shard can see to. */
    private static final Set<String> OF_OTHERS =
            Set.of("references", "foreign", "inherits", "partition", "exclude", "inherit", "attach", "detach");

    /** What a default makes of each shard's own. */
    private static final Set<String> OWN_VALUES = Set.of(
            "serial",
            "serial4",
            "serial8",
            "serial2",
            "bigserial",
            "smallserial",
            "identity",
            "unique",
            "primary",
            "current_date",
            "current_time",
            "current_catalog",
            "current_timestamp",
            "localtime",
            "localtimestamp");

    /** Words of what date and time types read as a time that passes. */
    private static final Set<String> CLOCK_TEXTS = Set.of("now", "today", "tomorrow", "yesterday");

    public TableChange {
        tables = List.copyOf(tables);
        altered = Set.copyOf(altered);
        added = Set.copyOf(added);
    }

    /** Empty when it is no such statement. */
    public static Optional<TableChange> of(String sql) {
        StatementTokens tokens = new StatementTokens(sql, 0, sql.length());
        String verb = tokens.word();
        tokens.advance();
        return switch (verb) {
            case "create" -> create(tokens);
            case "drop" -> tokens.take("table") ? Optional.of(drop(tokens)) : Optional.empty();
            case "truncate" -> Optional.of(truncate(tokens));
            case "alter" -> tokens.take("table") ? Optional.of(alter(tokens)) : Optional.empty();
            default -> Optional.empty();
        };
    }

    private static void ifExists(StatementTokens tokens) {
        if (tokens.take("if")) {
            tokens.take("not");
            tokens.expect("exists");
        }
    }

    private static Optional<TableChange> create(StatementTokens tokens) {
        boolean temporary = false;
        boolean unique = false;
        while (MODIFIERS.contains(tokens.word()) || tokens.at("unique")) {
            temporary |= tokens.at("temp") || tokens.at("temporary");
            unique |= tokens.at("unique");
            tokens.advance();
        }
        if (tokens.take("table")) {
            ifExists(tokens);
            QualifiedName name = tokens.qualifiedName();
            Optional<String> obstacle = temporary ? Optional.of("a temporary table") : word(tokens, OF_OTHERS);
            return Optional.of(new TableChange(List.of(name), Kind.CREATES, Set.of(), Set.of(), obstacle));
        }
        if (!tokens.take("index")) {
            return Optional.empty();
        }
        boolean concurrently = tokens.take("concurrently");
        ifExists(tokens);
        if (!tokens.at("on")) {
            tokens.qualifiedName();
        }
        tokens.expect("on");
        tokens.take("only");
        QualifiedName name = tokens.qualifiedName();
        return Optional.of(new TableChange(
                List.of(name),
                Kind.KEEPS,
                Set.of(),
                Set.of(),
                unique ? Optional.of("UNIQUE") : concurrently ? Optional.of("CONCURRENTLY") : Optional.empty()));
    }

    private static TableChange drop(StatementTokens tokens) {
        ifExists(tokens);
        return new TableChange(names(tokens), Kind.DROPS, Set.of(), Set.of(), word(tokens, Set.of("cascade")));
    }

    private static TableChange truncate(StatementTokens tokens) {
        tokens.take("table");
        return new TableChange(names(tokens), Kind.KEEPS, Set.of(), Set.of(), word(tokens, Set.of("cascade")));
    }

    private static List<QualifiedName> names(StatementTokens tokens) {
        List<QualifiedName> names = new ArrayList<>(1);
        do {
            tokens.take("only");
            names.add(tokens.qualifiedName());
            tokens.take(TokenKind.STAR);
        } while (tokens.take(TokenKind.COMMA));
        return names;
    }

    /** The first of these words that follows, in capitals. */
    private static Optional<String> word(StatementTokens tokens, Set<String> words) {
        Optional<String> found = Optional.empty();
        while (!tokens.at(TokenKind.END)) {
            if (found.isEmpty() && words.contains(tokens.word())) {
                found = Optional.of(tokens.text().toUpperCase(Locale.ROOT));
            }
            tokens.advance();
        }
        return found;
    }

    // ---- ALTER TABLE ---------------------------------------------------------------------------------------------

    private static TableChange alter(StatementTokens tokens) {
        ifExists(tokens);
        tokens.take("only");
        QualifiedName name = tokens.qualifiedName();
        tokens.take(TokenKind.STAR);
        Set<String> altered = new HashSet<>();
        Set<String> added = new HashSet<>();
        Optional<String> obstacle = Optional.empty();
        do {
            Optional<String> found = action(tokens, altered, added);
            obstacle = obstacle.or(() -> found);
        } while (tokens.take(TokenKind.COMMA));
        return new TableChange(List.of(name), Kind.KEEPS, altered, added, obstacle);
    }

    /** One action, up to the comma behind it. */
    private static Optional<String> action(StatementTokens tokens, Set<String> altered, Set<String> added) {
        if (tokens.at(TokenKind.END)) {
            throw tokens.unexpected();
        }
        String verb = tokens.word();
        tokens.advance();
        boolean isColumn = tokens.take("column");
        Optional<String> obstacle =
                switch (verb) {
                    case "add" ->
                        isColumn || !startsConstraint(tokens) ? added(tokens, added) : Optional.of("ADD CONSTRAINT");
                    case "drop" -> tokens.at("constraint") ? Optional.of("DROP CONSTRAINT") : dropped(tokens, altered);
                    case "alter" ->
                        tokens.at("constraint") ? Optional.of("ALTER CONSTRAINT") : changed(tokens, altered);
                    default -> Optional.of(verb.toUpperCase(Locale.ROOT));
                };
        for (int depth = 0; depth > 0 || !tokens.at(TokenKind.COMMA); tokens.advance()) {
            if (tokens.at(TokenKind.END)) {
                break;
            }
            depth += tokens.at(TokenKind.LEFT_PAREN) ? 1 : tokens.at(TokenKind.RIGHT_PAREN) ? -1 : 0;
        }
        return obstacle;
    }

    private static boolean startsConstraint(StatementTokens tokens) {
        return Set.of("constraint", "check", "unique", "primary", "exclude", "foreign", "not")
                .contains(tokens.word());
    }

    /** A column that the rows which are there get: it must be the same wherever they are. */
    private static Optional<String> added(StatementTokens tokens, Set<String> added) {
        ifExists(tokens);
        added.add(tokens.columnName());
        return ofEachShard(tokens, "ADD COLUMN", false);
    }

    /** What of a column's definition, or of its default alone, would be another value on each shard. */
    private static Optional<String> ofEachShard(StatementTokens tokens, String action, boolean isDefault) {
        boolean hasDefault = isDefault;
        Optional<String> obstacle = Optional.empty();
        for (int depth = 0; depth > 0 || !tokens.at(TokenKind.COMMA); ) {
            if (tokens.at(TokenKind.END)) {
                break;
            }
            String word = tokens.at(TokenKind.IDENTIFIER) ? tokens.text().toLowerCase(Locale.ROOT) : "";
            hasDefault |= word.equals("default");
            boolean isOpen = tokens.at(TokenKind.LEFT_PAREN);
            depth += isOpen ? 1 : tokens.at(TokenKind.RIGHT_PAREN) ? -1 : 0;
            boolean isOwn = OWN_VALUES.contains(word) || OF_OTHERS.contains(word) || (hasDefault && isOpen);
            if (tokens.kind().isText()) {
                String text = tokens.anyString().toLowerCase(Locale.ROOT);
                isOwn |= CLOCK_TEXTS.stream().anyMatch(text::contains);
            } else {
                tokens.advance();
            }
            if (isOwn && obstacle.isEmpty()) {
                obstacle = Optional.of(
                        action + " with " + (word.isEmpty() ? "a computed default" : word.toUpperCase(Locale.ROOT)));
            }
        }
        return obstacle;
    }

    private static Optional<String> dropped(StatementTokens tokens, Set<String> altered) {
        ifExists(tokens);
        altered.add(tokens.columnName());
        return tokens.at("cascade") ? Optional.of("CASCADE") : Optional.empty();
    }

    private static Optional<String> changed(StatementTokens tokens, Set<String> altered) {
        altered.add(tokens.columnName());
        boolean isSet = tokens.at("set") || tokens.at("drop");
        tokens.advance();
        if (isSet && tokens.at("default")) {
            return ofEachShard(tokens, "ALTER COLUMN", true);
        }
        boolean isPlain = isSet && (tokens.at("not") || tokens.at("statistics"));
        return isPlain ? Optional.empty() : Optional.of("ALTER COLUMN but for SET and DROP of DEFAULT and NOT NULL");
    }
}
