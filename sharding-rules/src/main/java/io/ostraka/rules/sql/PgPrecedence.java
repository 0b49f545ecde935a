package io.ostraka.rules.sql;

import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;

/** How tightly PostgreSQL's operators bind, from the loosest to the tightest. Source: gram.y's precedence declarations. */
final class PgPrecedence implements PgGrammarConstants {
    static final int NONE = 0;
    static final int OR = 1;
    static final int AND = 2;
    static final int NOT = 3;
    static final int IS = 4;
    static final int COMPARISON = 5;
    static final int LIKE = 6;
    static final int OPERATOR = 7;
    static final int ADDITION = 8;
    static final int MULTIPLICATION = 9;
    static final int POWER = 10;
    static final int AT = 11;
    static final int COLLATE = 12;
    static final int SIGN = 13;
    static final int CAST = 14;

    private PgPrecedence() {}

    /**
     * The precedence of the infix or postfix operator that {@code token} starts, {@link #NONE} when it starts none. In a
     * restricted expression (b_expr) there are fewer of them.
     */
    static int of(Token token, Token next, boolean restricted) {
        return switch (token.kind) {
            case PG_OPERATOR -> OPERATOR;
            case PgGrammarConstants.OPERATOR -> next.kind == LPAREN ? OPERATOR : NONE;
            case LT, GT, EQ, LE, GE, NE -> COMPARISON;
            case PLUS, MINUS -> ADDITION;
            case STAR, SLASH, PERCENT_REMAINDER -> MULTIPLICATION;
            case CARET -> POWER;
            case PG_TYPECAST -> CAST;
            case PgGrammarConstants.IS -> IS;
            default -> restricted ? NONE : word(token, next);
        };
    }

    private static int word(Token token, Token next) {
        return switch (token.kind) {
            case PgGrammarConstants.OR -> OR;
            case PgGrammarConstants.AND -> AND;
            case ISNULL, NOTNULL -> IS;
            case BETWEEN, IN, PgGrammarConstants.LIKE, ILIKE -> LIKE;
            // SUBSTRING(a SIMILAR b ESCAPE c) has the word without TO.
            case SIMILAR -> next.kind == TO ? LIKE : NONE;
            case PgGrammarConstants.NOT -> isNegatable(next.kind) ? LIKE : NONE;
            case PgGrammarConstants.AT -> next.kind == TIME || next.kind == LOCAL ? AT : NONE;
            case PgGrammarConstants.COLLATE -> COLLATE;
            default -> NONE;
        };
    }

    private static boolean isNegatable(int kind) {
        return kind == BETWEEN || kind == IN || kind == PgGrammarConstants.LIKE || kind == ILIKE || kind == SIMILAR;
    }

    /**
     * Whether after {@code read}, an operator of this level, no other one of the same level may follow: {@code a < b < c}
     * has no meaning. Those that end in parentheses or in a word of their own do not count.
     */
    static boolean refusesAnother(int level, SqlNode read) {
        return switch (level) {
            case COMPARISON -> !(read instanceof PgQuantified);
            case LIKE ->
                !(read instanceof PgQuantified) && read.getKind() != SqlKind.IN && read.getKind() != SqlKind.NOT_IN;
            case IS -> read.getKind() == SqlKind.IS_DISTINCT_FROM || read.getKind() == SqlKind.IS_NOT_DISTINCT_FROM;
            default -> false;
        };
    }
}
