package io.ostraka.rules.plan;

import io.ostraka.rules.error.PgErrorException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The strings and parameters of a statement that the server may read as dates or times, among which {@code 'now'}, {@code
 * 'today'} and their kin stand for another value on each shard. Source: PostgreSQL manual, "Special Values". Immutable.
 */
record ClockWords(List<Value> candidates) {
    private static final Set<String> WORDS = Set.of("now", "today", "tomorrow", "yesterday");

    private static final Pattern LETTERS = Pattern.compile("[a-z]+");

    /** Other words than these and a time zone's make it no date. */
    private static final int MAX_WORDS = 3;

    /** Types whose input knows the words; a parameter of another declared type is of no interest. */
    private static final Set<Integer> OIDS = Set.of(0, 1082, 1083, 1114, 1184, 1266);

    ClockWords {
        candidates = List.copyOf(candidates);
    }

    /** {@code examined} are all literals and parameters; {@code others} those compared with what is no date or time. */
    static ClockWords of(List<Expression> examined, Set<Expression> others) {
        List<Value> candidates = new ArrayList<>();
        for (Expression expression : examined) {
            if (!others.contains(expression)) {
                Value.of(expression).ifPresent(candidates::add);
            }
        }
        return new ClockWords(candidates);
    }

    /** Whether one of them would mean another moment on each shard. */
    boolean isIn(StatementValues values) {
        for (Value value : candidates) {
            if (value.source() instanceof Value.Source.OfLiteral literal) {
                CharSequence text = literal.index() < 0 ? literal.text() : values.literal(literal.index());
                if (text.length() > 0 && !ValueReader.isNumber(text) && isOne(string(text))) {
                    return true;
                }
            } else if (value.source() instanceof Value.Source.OfParameter parameter && isOne(parameter, values)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isOne(Value.Source.OfParameter parameter, StatementValues values) {
        int number = parameter.number();
        return number <= values.parameterCount()
                && !values.parameterIsNull(number)
                && !values.parameterIsBinary(number)
                && OIDS.contains(values.parameterOid(number))
                && isOne(new String(values.parameter(number), StandardCharsets.UTF_8));
    }

    private static String string(CharSequence literal) {
        try {
            return ValueReader.string(literal).orElse("");
        } catch (PgErrorException notText) {
            return "";
        }
    }

    static boolean isOne(String text) {
        if (text.length() > 100) {
            return false;
        }
        int words = 0;
        boolean found = false;
        Matcher letters = LETTERS.matcher(text.toLowerCase(Locale.ROOT));
        while (letters.find()) {
            words++;
            found |= WORDS.contains(letters.group());
        }
        return found && words <= MAX_WORDS;
    }
}
