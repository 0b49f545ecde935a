package io.ostraka.rules.plan;

import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.sql.ExecuteArgument;
import io.ostraka.rules.sql.Lexer;
import io.ostraka.rules.sql.TokenKind;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What EXECUTE stands for: the text that was prepared, with the arguments in place of its parameters, each as a constant of the
 * parameter's type. Only literals are taken, so that it does not matter how often and where they are computed. A parameter has
 * no name as a column of a result, and what takes its place gets none either. Immutable.
 *
 * <p>Source: PostgreSQL manual, "EXECUTE"; {@code EvaluateParams} in its {@code prepare.c}: arguments are coerced as if assigned.
 */
public record ExecutedText(String name, List<ExecuteArgument> arguments) {
    /** What a number is assigned to without a cast. */
    private static final Set<String> FOR_NUMBERS =
            Set.of("int2", "int4", "int8", "numeric", "float4", "float8", "money", "text", "varchar", "bpchar");

    private static final Set<String> FOR_BOOLEANS = Set.of("bool", "text", "varchar", "bpchar");

    /** Behind these a plain number says more to the planner than a constant of a type. */
    private static final Set<String> BEFORE_COUNTS = Set.of("limit", "offset", "first", "next");

    private static final Set<String> BEGIN_ITEMS = Set.of("select", "returning");

    private static final Set<String> QUALIFY_ITEMS = Set.of("all", "distinct");

    private static final Set<String> END_ITEMS = Set.of(
            "from",
            "where",
            "group",
            "having",
            "window",
            "union",
            "intersect",
            "except",
            "order",
            "limit",
            "offset",
            "fetch",
            "for",
            "into");

    private static final String CATALOG = "pg_catalog.";

    public ExecutedText {
        arguments = List.copyOf(arguments);
    }

    /** Whether a shard has to compute some of the arguments. */
    public boolean hasExpressions() {
        return arguments.stream().anyMatch(argument -> argument.kind() == ExecuteArgument.Kind.EXPRESSION);
    }

    /** A query of the arguments, for who wants to know what they need. */
    public String query() {
        return arguments.stream().map(ExecuteArgument::text).collect(Collectors.joining("), (", "SELECT (", ")"));
    }

    /**
     * {@code types}: the parameters' types, written with their schemas as in {@code pg_catalog.int4}.
     *
     * @throws PgErrorException for arguments that are too many or too few, of another type, or no literals, and when the text would
     *     be longer than {@code longest}: a large argument may stand in it many times
     */
    public String of(String body, List<String> types, int longest) {
        if (arguments.size() != types.size()) {
            throw new PgError(
                            SqlState.SYNTAX_ERROR,
                            "wrong number of parameters for prepared statement \"" + name + "\"",
                            "Expected " + types.size() + " parameters but got " + arguments.size() + ".",
                            "")
                    .toException();
        }
        StringBuilder text = new StringBuilder(body.length() + 32 * types.size());
        Deque<Boolean> outer = new ArrayDeque<>();
        boolean inItems = false;
        boolean beginsItem = false;
        boolean counts = false;
        int copied = 0;
        Lexer lexer = new Lexer(body);
        TokenKind kind = lexer.next();
        while (kind != TokenKind.END) {
            String word = lexer.keyword();
            if (kind == TokenKind.PARAMETER) {
                int number = Integer.parseInt(lexer.text().substring(1));
                int after = lexer.end();
                text.append(body, copied, lexer.start()).append(value(number, types, counts));
                requireRoom(text.length(), longest);
                copied = after;
                kind = lexer.next();
                if (inItems && beginsItem && endsItem(kind, lexer.keyword())) {
                    text.append(" AS \"?column?\"");
                }
                beginsItem = false;
                counts = false;
                continue;
            }
            if (kind == TokenKind.LEFT_PAREN || kind == TokenKind.LEFT_BRACKET) {
                outer.push(inItems);
                inItems = false;
                beginsItem = false;
            } else if ((kind == TokenKind.RIGHT_PAREN || kind == TokenKind.RIGHT_BRACKET) && !outer.isEmpty()) {
                inItems = outer.pop();
                // That of DISTINCT ON, perhaps; nothing else is followed by a parameter.
                beginsItem = inItems;
            } else if (BEGIN_ITEMS.contains(word)) {
                inItems = true;
                beginsItem = true;
            } else if (!(beginsItem && QUALIFY_ITEMS.contains(word))) {
                inItems &= !END_ITEMS.contains(word);
                beginsItem = inItems && kind == TokenKind.COMMA;
            }
            counts = BEFORE_COUNTS.contains(word);
            kind = lexer.next();
        }
        return text.append(body, copied, body.length()).toString();
    }

    private static void requireRoom(int length, int longest) {
        if (length > longest) {
            throw new PgError(
                            SqlState.PROGRAM_LIMIT_EXCEEDED,
                            "the statement with its arguments is too long",
                            "Its parameters are replaced by their values, and limits.collected_message is " + longest
                                    + ".",
                            "Raise it, or give shorter values.")
                    .toException();
        }
    }

    private static boolean endsItem(TokenKind kind, String word) {
        return kind == TokenKind.COMMA
                || kind == TokenKind.RIGHT_PAREN
                || kind == TokenKind.END
                || END_ITEMS.contains(word);
    }

    private String value(int number, List<String> types, boolean counts) {
        ExecuteArgument argument = arguments.get(number - 1);
        String type = types.get(number - 1);
        switch (argument.kind()) {
            case EXPRESSION ->
                throw Refusals.unsupported(
                                "argument " + number + " of EXECUTE is no literal",
                                "In a database with several shards an expression might be computed more than once.",
                                "Write its value as a literal: a string is read as the parameter's type.")
                        .toException();
            case INTEGER -> {
                if (counts && Character.isDigit(argument.text().charAt(0))) {
                    return argument.text();
                }
                require(FOR_NUMBERS, number, type, isOfInt4(argument.text()) ? "integer" : "bigint");
            }
            case NUMERIC -> require(FOR_NUMBERS, number, type, "numeric");
            case BOOLEAN -> require(FOR_BOOLEANS, number, type, "boolean");
            default -> {
                // The type's own input function judges it.
            }
        }
        return "(CAST(" + argument.text() + " AS " + type + "))";
    }

    private static boolean isOfInt4(String integer) {
        return integer.length() < Integer.toString(Integer.MAX_VALUE).length();
    }

    private static void require(Set<String> assignable, int number, String type, String given) {
        String plain =
                type.startsWith(CATALOG) ? type.substring(CATALOG.length()).replace("\"", "") : "";
        if (!assignable.contains(plain)) {
            throw new PgError(
                            SqlState.DATATYPE_MISMATCH,
                            "parameter $" + number + " of type " + given + " cannot be coerced to the expected type "
                                    + (plain.isEmpty() ? type : plain),
                            "",
                            "You will need to rewrite or cast the expression.")
                    .toException();
        }
    }
}
