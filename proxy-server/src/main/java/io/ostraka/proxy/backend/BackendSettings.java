package io.ostraka.proxy.backend;

import io.ostraka.proxy.wire.ClientEncoding;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Settings made on a connection: name to the statement that makes it, in the order they were made. Immutable; compared
 * by identity and by their text first, because a backend mostly serves sessions of one application, which all start alike.
 */
public final class BackendSettings {
    /** Whose value decides how string constants are read. */
    public static final String STRING_SYNTAX = "standard_conforming_strings";

    private static final String BACKSLASHES_ESCAPE = "SET " + STRING_SYNTAX + " TO off";

    public static final BackendSettings NONE = new BackendSettings(Map.of(), ClientEncoding.UTF8);

    private final Map<String, String> statements;
    private final String text;
    private final ClientEncoding encoding;
    private final boolean backslashesEscape;

    private BackendSettings(Map<String, String> statements, ClientEncoding encoding) {
        this.statements = statements;
        this.encoding = encoding;
        text = String.join(";", statements.values());
        backslashesEscape = BACKSLASHES_ESCAPE.equals(statements.get(STRING_SYNTAX));
    }

    /** How texts are encoded on a connection with these settings, in both directions. */
    public ClientEncoding encoding() {
        return encoding;
    }

    /** Whether a connection with these settings reads a backslash in {@code '...'} as an escape. */
    public boolean backslashesEscape() {
        return backslashesEscape;
    }

    /** These settings with {@link #STRING_SYNTAX} off, or on. */
    public BackendSettings withBackslashEscapes(boolean escape) {
        return with(STRING_SYNTAX, escape ? BACKSLASHES_ESCAPE : "SET " + STRING_SYNTAX + " TO on");
    }

    /** These settings and one more, or one changed, which is not the encoding. */
    public BackendSettings with(String name, String statement) {
        return with(name, statement, encoding);
    }

    /** These settings with another encoding. */
    public BackendSettings with(ClientEncoding other) {
        return with(ClientEncoding.SETTING, "SET client_encoding TO '" + other.name() + "'", other);
    }

    private BackendSettings with(String name, String statement, ClientEncoding made) {
        Map<String, String> changed = new LinkedHashMap<>(statements);
        changed.remove(name);
        changed.put(name, statement);
        return new BackendSettings(changed, made);
    }

    /** These settings with {@code name} as {@code other} has it. */
    public BackendSettings with(String name, BackendSettings other) {
        return other.statement(name)
                .map(statement ->
                        with(name, statement, name.equals(ClientEncoding.SETTING) ? other.encoding : encoding))
                .orElseGet(() -> without(name));
    }

    public BackendSettings without(String name) {
        if (!statements.containsKey(name)) {
            return this;
        }
        Map<String, String> changed = new LinkedHashMap<>(statements);
        changed.remove(name);
        return new BackendSettings(changed, name.equals(ClientEncoding.SETTING) ? ClientEncoding.UTF8 : encoding);
    }

    /** The statement that makes {@code name}; absent when it is the server's default. */
    public Optional<String> statement(String name) {
        return Optional.ofNullable(statements.get(name));
    }

    /** Those that make all of them, in their order. */
    public Collection<String> statements() {
        return statements.values();
    }

    /** The statement that returns to the server's default. */
    public static String reset(String name) {
        return "RESET \"" + name.replace("\"", "\"\"") + '"';
    }

    public boolean same(BackendSettings other) {
        return this == other || text.equals(other.text) || statements.equals(other.statements);
    }

    /** The statements that turn a connection with {@code this} into one with {@code wanted}, separated by semicolons. */
    public String changeTo(BackendSettings wanted) {
        StringBuilder sql = new StringBuilder();
        for (String name : statements.keySet()) {
            if (!wanted.statements.containsKey(name)) {
                sql.append(reset(name)).append(';');
            }
        }
        wanted.statements.forEach((name, statement) -> {
            if (!statement.equals(statements.get(name))) {
                sql.append(statement).append(';');
            }
        });
        return sql.toString();
    }
}
