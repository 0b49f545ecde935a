package io.ostraka.rules.plan;

import io.ostraka.rules.sql.Lexer;
import io.ostraka.rules.sql.StatementTemplate;
import io.ostraka.rules.sql.TokenKind;
import java.util.HashSet;
import java.util.Set;

/**
 * The names that a statement gives to temporary relations: what follows TEMP, TEMPORARY or {@code pg_temp.}, as far as it
 * can be a name. Stateless.
 */
final class TemporaryNames {
    private static final Set<String> MARKS = Set.of("temp", "temporary", "pg_temp");

    /** What may stand between the mark and the name. */
    private static final Set<String> BETWEEN =
            Set.of("table", "view", "sequence", "recursive", "unlogged", "if", "not", "exists");

    private TemporaryNames() {}

    static Set<String> of(StatementTemplate statement) {
        Set<String> names = new HashSet<>();
        Lexer lexer = new Lexer(statement.sql(), statement.start(), statement.end());
        boolean marked = false;
        for (TokenKind kind = lexer.next(); kind != TokenKind.END; kind = lexer.next()) {
            if (kind == TokenKind.DOT && marked) {
                continue;
            }
            boolean word = kind == TokenKind.IDENTIFIER;
            if (word && MARKS.contains(lexer.name())) {
                marked = true;
            } else if (marked && !(word && BETWEEN.contains(lexer.name()))) {
                if (kind == TokenKind.IDENTIFIER || kind == TokenKind.QUOTED_IDENTIFIER) {
                    names.add(lexer.name());
                }
                marked = false;
            }
        }
        return names;
    }
}
