package io.ostraka.rules.plan;

import io.ostraka.rules.catalog.Catalog;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.sql.Lexer;
import io.ostraka.rules.sql.StatementKind;
import io.ostraka.rules.sql.StatementNames;
import io.ostraka.rules.sql.StatementTemplate;
import io.ostraka.rules.sql.TokenKind;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * {@code pg_prepared_xacts} in a database of several shards: what clients have prepared, under their names. The shards have
 * it under Ostraka's names, each its own part, beside Ostraka's own. So a query gets a WITH query of that name in front, which
 * hides the catalog's view; the database's own name is asked of the server that runs it.
 */
public final class PreparedList {
    private static final String VIEW = "pg_prepared_xacts";
    private static final String FUNCTION = "pg_prepared_xact";

    /** A transaction that a client has prepared. {@code isOfThisDatabase}: where the statement runs. */
    public record Row(
            String name,
            long transactionId,
            Instant prepared,
            String owner,
            String database,
            boolean isOfThisDatabase) {}

    private PreparedList() {}

    /** The plan, if the statement does not name the view. */
    static Plan around(Plan plan, StatementTemplate template, StatementKind kind) {
        if (plan instanceof Plan.Refusal || plan instanceof Plan.Session || !maybe(template)) {
            return plan;
        }
        Set<String> names = StatementNames.of(template).identifiers();
        if (names.contains(FUNCTION) || (names.contains(VIEW) && !(kind instanceof StatementKind.Query))) {
            return new Plan.Refusal(new PgError(
                    SqlState.FEATURE_NOT_SUPPORTED,
                    "what is prepared on several shards can only be read by a query of " + VIEW,
                    "Each shard has a part of it, under names of Ostraka's own.",
                    "SELECT from " + VIEW + ", or SET ostraka.shard to one of the shards."));
        }
        return names.contains(VIEW) ? new Plan.Listed(plan) : plan;
    }

    /** At a glance: long statements shall not be read once more for it. Escapes in names are looked into. */
    private static boolean maybe(StatementTemplate template) {
        String lower = template.text().toLowerCase(Locale.ROOT);
        return lower.contains(FUNCTION) || lower.contains("u&\"");
    }

    /** The statement with these rows in the place of the view. */
    public static String with(String statement, List<Row> rows) {
        StringBuilder text = new StringBuilder();
        Lexer lexer = new Lexer(statement);
        lexer.next();
        int at = 0;
        String list = VIEW + " (transaction, gid, prepared, owner, database) AS (" + rows(rows) + ")";
        if (lexer.keyword().equals("with")) {
            text.append(statement, 0, lexer.end());
            at = lexer.end();
            lexer.next();
            if (lexer.keyword().equals("recursive")) {
                text.append(statement, at, lexer.end());
                at = lexer.end();
                lexer.next();
            }
            text.append(' ').append(list).append(", ");
        } else {
            text.append("WITH ").append(list).append(' ');
        }
        while (lexer.kind() != TokenKind.END) {
            int start = lexer.start();
            boolean isSchema = lexer.kind().isIdentifier() && lexer.name().equals(Catalog.PG_CATALOG);
            lexer.next();
            if (isSchema && lexer.kind() == TokenKind.DOT) {
                lexer.next();
                if (lexer.kind().isIdentifier() && lexer.name().equals(VIEW)) {
                    text.append(statement, at, start);
                    at = lexer.start();
                }
            }
        }
        return text.append(statement, at, statement.length()).toString();
    }

    private static String rows(List<Row> rows) {
        return rows.stream()
                        .map(row -> row(
                                        Long.toString(row.transactionId() & 0xFFFF_FFFFL),
                                        row.name(),
                                        row.prepared().toString(),
                                        row.owner(),
                                        row.isOfThisDatabase()
                                                ? "pg_catalog.current_database()"
                                                : quoted(row.database()))
                                + " UNION ALL ")
                        .collect(Collectors.joining())
                + row("0", "", Instant.EPOCH.toString(), "", "''") + " WHERE false";
    }

    private static String row(String id, String name, String prepared, String owner, String database) {
        return String.format(
                Locale.ROOT,
                "SELECT %s::pg_catalog.xid, %s::pg_catalog.text, %s::pg_catalog.timestamptz, %s::pg_catalog.name,"
                        + " %s::pg_catalog.name",
                quoted(id),
                quoted(name),
                quoted(prepared),
                quoted(owner),
                database);
    }

    private static String quoted(String text) {
        return '\'' + text.replace("'", "''") + '\'';
    }
}
