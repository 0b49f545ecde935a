package io.ostraka.rules.plan;

import io.ostraka.rules.sql.Lexer;
import io.ostraka.rules.sql.SourceSpan;
import io.ostraka.rules.sql.StatementTemplate;
import io.ostraka.rules.sql.TokenKind;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The expressions of a statement that are compared with a shard key, or stored in one, and whose values PostgreSQL must tell:
 * {@code 1 + 1}, {@code abs($1)}. Made from one text, it serves every statement of the same template. Immutable.
 */
public final class ServerValues {
    private final StatementTemplate made;
    private final List<SourceSpan> expressions;
    private final Set<Integer> ambiguous;
    private final ClockWords words;

    /** {@code ambiguous} are parameters that may be of another type in a question than they are in the statement. */
    ServerValues(StatementTemplate made, List<SourceSpan> expressions, Set<Integer> ambiguous, ClockWords words) {
        this.made = made;
        this.expressions = List.copyOf(expressions);
        this.ambiguous = Set.copyOf(ambiguous);
        this.words = words;
    }

    /** How many values the answer has: those that {@link StatementValues#computed} tells. */
    public int count() {
        return expressions.size();
    }

    /** The expressions as they are written, for people. */
    List<String> texts(PlannedStatement statement) {
        return expressions.stream()
                .map(span -> text(statement.template().orElseThrow(), span))
                .toList();
    }

    /**
     * What to ask a shard.
     *
     * @throws io.ostraka.rules.error.PgErrorException when the shard that is asked may read a string as another moment than
     *     the one that runs the statement
     */
    public Question question(PlannedStatement statement, StatementValues values) {
        StringBuilder sql = new StringBuilder("SELECT ");
        List<Integer> parameters = new ArrayList<>();
        for (int i = 0; i < expressions.size(); i++) {
            // A comment at the end of a line must not hide the parenthesis.
            sql.append(i == 0 ? "(" : ", (");
            append(text(statement.template().orElseThrow(), expressions.get(i)), parameters, sql);
            sql.append("\n)");
        }
        if (words.isIn(values) || parameters.stream().anyMatch(number -> isClockWord(number, values))) {
            throw Refusals.clockWord().toException();
        }
        return new Question(sql.toString(), parameters);
    }

    /** Also in a parameter of type text, which a cast may make a date. */
    private static boolean isClockWord(int number, StatementValues values) {
        return number <= values.parameterCount()
                && !values.parameterIsNull(number)
                && ClockWords.isOne(new String(values.parameter(number), StandardCharsets.UTF_8));
    }

    /** Whether each parameter means the same in a question as in the statement. */
    public boolean mayAsk(Question question, StatementValues values) {
        return question.parameters().stream()
                .allMatch(number -> number <= values.parameterCount()
                        && (values.parameterOid(number) == 0
                                ? !ambiguous.contains(number)
                                : values.parameterOid(number) > 0 && values.parameterOid(number) < FIRST_USER_OID));
    }

    /** Operators and functions of users' types are not known. */
    private static final int FIRST_USER_OID = 16_384;

    private String text(StatementTemplate statement, SourceSpan span) {
        return statement
                .sql()
                .substring(made.translate(span.start(), statement), made.translate(span.end(), statement));
    }

    /** The text with its parameters numbered anew: a number that is left out would have no type. */
    private static void append(String text, List<Integer> parameters, StringBuilder sql) {
        int at = 0;
        Lexer lexer = new Lexer(text, 0, text.length());
        for (TokenKind kind = lexer.next(); kind != TokenKind.END; kind = lexer.next()) {
            if (kind == TokenKind.PARAMETER) {
                Integer number = Integer.valueOf(text.substring(lexer.start() + 1, lexer.end()));
                if (!parameters.contains(number)) {
                    parameters.add(number);
                }
                sql.append(text, at, lexer.start() + 1).append(parameters.indexOf(number) + 1);
                at = lexer.end();
            }
        }
        sql.append(text, at, text.length());
    }
}
