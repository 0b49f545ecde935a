package io.ostraka.rules.plan;

import io.ostraka.rules.catalog.Function;
import io.ostraka.rules.catalog.WriteEffects.RowTrigger;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.sql.Lexer;
import io.ostraka.rules.sql.TokenKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Whether a BEFORE trigger may change a row's shard key, after the row's shard was chosen by the key that the statement
 * gave. A PL/pgSQL body is read token by token for what can assign to {@code NEW}; whatever is not certain to leave the key
 * alone may change it. Source: PostgreSQL manual, "PL/pgSQL: Basic Statements". Confined to one thread.
 */
final class TriggerBody {
    /** Triggers of PostgreSQL's own that leave the row, or write a text search vector, which is no key. */
    private static final Set<String> HARMLESS =
            Set.of("suppress_redundant_updates_trigger", "tsvector_update_trigger", "tsvector_update_trigger_column");

    /** Contrib modules' triggers that write the columns named by their arguments. */
    private static final Set<String> BY_ARGUMENT = Set.of("moddatetime", "autoinc", "insert_username");

    private static final Set<String> STATEMENT_STARTS = Set.of("begin", "then", "else", "loop");

    /** Words behind which a body can assign in ways that are not followed here. */
    private static final Set<String> NOT_FOLLOWED = Set.of("alias", "call", "diagnostics", "foreach");

    private static final Token NONE = new Token(TokenKind.END, "");

    private final List<Token> tokens;
    private final List<String> keys;

    /** {@code text} is an identifier as PostgreSQL stores it, else as written. */
    private record Token(TokenKind kind, String text) {
        boolean is(String word) {
            return kind == TokenKind.IDENTIFIER && text.equals(word);
        }
    }

    private TriggerBody(List<Token> tokens, List<String> keys) {
        this.tokens = tokens;
        this.keys = keys;
    }

    static boolean mayChange(List<String> keys, RowTrigger trigger, Function function) {
        String name = function.name().name();
        if (function.languages().equals(Set.of("internal")) && HARMLESS.contains(name)) {
            return false;
        }
        if (function.languages().equals(Set.of("c")) && BY_ARGUMENT.contains(name)) {
            return trigger.arguments().stream().anyMatch(keys::contains);
        }
        if (!function.languages().equals(Set.of("plpgsql"))) {
            return true;
        }
        return function.bodies().stream().anyMatch(body -> mayChange(keys, body));
    }

    private static boolean mayChange(List<String> keys, String body) {
        try {
            List<Token> tokens = new ArrayList<>();
            Lexer lexer = new Lexer(body);
            for (TokenKind kind = lexer.next(); kind != TokenKind.END; kind = lexer.next()) {
                if (kind == TokenKind.UNICODE_IDENTIFIER) {
                    return true;
                }
                tokens.add(new Token(kind, kind.isIdentifier() ? lexer.name() : lexer.text()));
            }
            return new TriggerBody(tokens, keys).assigns();
        } catch (PgErrorException notRead) {
            return true;
        }
    }

    private boolean assigns() {
        for (int i = 0; i < tokens.size(); i++) {
            Token token = tokens.get(i);
            boolean assigns = (token.kind() == TokenKind.IDENTIFIER && NOT_FOLLOWED.contains(token.text()))
                    || (token.is("return") && !returnsRow(i + 1))
                    || (token.is("into") && targetsKey(i + 1))
                    || (token.is("for") && isKeyOrRow(i + 1))
                    || (isKeyOrRow(i) && isAssigned(i));
            if (assigns) {
                return true;
            }
        }
        return false;
    }

    private Token at(int place) {
        return place >= 0 && place < tokens.size() ? tokens.get(place) : NONE;
    }

    /** {@code RETURN NEW}, {@code OLD} or {@code NULL}, and nothing made of them. */
    private boolean returnsRow(int place) {
        Token returned = at(place);
        TokenKind after = at(place + 1).kind();
        return (returned.is("new") || returned.is("old") || returned.is("null"))
                && (after == TokenKind.SEMICOLON || after == TokenKind.END);
    }

    /** {@code NEW} as a whole, or its column of the key. */
    private boolean isKeyOrRow(int place) {
        if (!at(place).is("new") || at(place - 1).kind() == TokenKind.DOT) {
            return false;
        }
        return at(place + 1).kind() != TokenKind.DOT
                || keys.contains(at(place + 2).text());
    }

    private boolean isAssigned(int place) {
        int end = at(place + 1).kind() == TokenKind.DOT ? place + 3 : place + 1;
        TokenKind after = at(end).kind();
        if (after == TokenKind.COLON_EQUALS || after == TokenKind.LEFT_BRACKET || after == TokenKind.DOT) {
            return true;
        }
        Token before = at(place - 1);
        boolean startsStatement = before.kind() == TokenKind.SEMICOLON
                || before.kind() == TokenKind.END
                || (before.kind() == TokenKind.IDENTIFIER && STATEMENT_STARTS.contains(before.text()))
                || before.text().equals(">>");
        return after == TokenKind.EQUALS && startsStatement;
    }

    /** {@code INTO [STRICT] a, b.c, ...}. */
    private boolean targetsKey(int start) {
        int place = at(start).is("strict") ? start + 1 : start;
        while (at(place).kind().isIdentifier()) {
            if (isKeyOrRow(place)) {
                return true;
            }
            place++;
            while (at(place).kind() == TokenKind.DOT) {
                place += 2;
            }
            if (at(place).kind() != TokenKind.COMMA) {
                return false;
            }
            place++;
        }
        return false;
    }
}
