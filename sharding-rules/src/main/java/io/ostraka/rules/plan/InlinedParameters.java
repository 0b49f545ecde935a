package io.ostraka.rules.plan;

import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.sql.ExecuteArgument;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * The parameters of a statement that several shards can only be sent without any ({@link Plan.Valued}): a shard writes their values as
 * literals, in whatever format they come, and these take their places. Immutable.
 *
 * @param oids their types, as the shard has them; 0 where these are known by name
 * @param types their types by name, written with their schemas, if they are known so; else none
 */
public record InlinedParameters(List<Integer> oids, List<String> types) {
    private static final Set<String> INTEGERS = Set.of("pg_catalog.int2", "pg_catalog.int4", "pg_catalog.int8");

    /** Written so that it is read as the same, whatever the settings. */
    private static final Set<String> PLAIN = Set.of(
            "pg_catalog.int2",
            "pg_catalog.int4",
            "pg_catalog.int8",
            "pg_catalog.numeric",
            "pg_catalog.bool",
            "pg_catalog.text",
            "pg_catalog.varchar",
            "pg_catalog.bpchar",
            "pg_catalog.bytea",
            "pg_catalog.uuid");

    /**
     * With these settings so is everything else. Source: {@code pg_dump}, which makes them for that reason: floats lose digits, times have
     * zones that stand for several, and signs of intervals are unclear otherwise.
     */
    private static final String FAITHFUL =
            "CASE WHEN pg_catalog.current_setting('extra_float_digits')::pg_catalog.int4 OPERATOR(pg_catalog.>=) 1"
                    + " AND pg_catalog.starts_with(pg_catalog.current_setting('DateStyle'), 'ISO')"
                    + " AND pg_catalog.current_setting('IntervalStyle') OPERATOR(pg_catalog.=) 'postgres' THEN 'yes' END";

    public InlinedParameters {
        oids = List.copyOf(oids);
        types = List.copyOf(types);
    }

    public InlinedParameters(List<Integer> oids) {
        this(oids, List.of());
    }

    /** Those of types that are known by name. */
    public static InlinedParameters named(List<String> types) {
        return new InlinedParameters(Collections.nCopies(types.size(), 0), types);
    }

    /**
     * What to ask the shard: for each its type by name, none for one that no value can be cast to, and its value as a literal; at last
     * whether the session's settings are such that any value is written in full.
     */
    public Question question() {
        List<String> asked = new ArrayList<>();
        for (int i = 0; i < types.size(); i++) {
            asked.add("'" + types.get(i).replace("'", "''") + "'");
            asked.add("pg_catalog.format('%L', $" + (i + 1) + "::" + types.get(i) + ")");
        }
        for (int i = types.size(); i < oids.size(); i++) {
            asked.add("(SELECT pg_catalog.quote_ident(n.nspname) OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||)"
                    + " pg_catalog.quote_ident(t.typname) FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n"
                    + " ON n.oid OPERATOR(pg_catalog.=) t.typnamespace WHERE t.oid OPERATOR(pg_catalog.=) "
                    + Integer.toUnsignedString(oids.get(i)) + " AND t.typtype OPERATOR(pg_catalog.<>) 'p')");
            asked.add("pg_catalog.format('%L', $" + (i + 1) + ")");
        }
        asked.add(FAITHFUL);
        return new Question(
                "SELECT " + String.join(", ", asked),
                IntStream.rangeClosed(1, oids.size()).boxed().toList());
    }

    /**
     * The statement with the values in it.
     *
     * @param answers to the question
     * @param longest what the text may grow to
     * @throws PgErrorException when a value would not be the same as a literal, or the text would be too long
     */
    public String with(String text, List<Optional<String>> answers, int longest) {
        List<String> names = new ArrayList<>();
        List<ExecuteArgument> values = new ArrayList<>();
        boolean isFaithful = answers.get(answers.size() - 1).isPresent();
        for (int i = 0; i < oids.size(); i++) {
            int number = i + 1;
            String type = answers.get(2 * i).orElseThrow(() -> notInlined(number, "It is of a pseudo-type."));
            if (!isFaithful && !PLAIN.contains(type)) {
                throw notInlined(
                        number,
                        "Its type is " + type
                                + ", and with other settings than extra_float_digits = 1, DateStyle = ISO and IntervalStyle ="
                                + " postgres its value might change when it is written.");
            }
            names.add(type);
            values.add(value(type, answers.get(2 * i + 1).orElseThrow()));
        }
        return new ExecutedText("", values).of(text, names, longest);
    }

    private static ExecuteArgument value(String type, String literal) {
        return INTEGERS.contains(type) && literal.startsWith("'")
                ? new ExecuteArgument(ExecuteArgument.Kind.INTEGER, literal.substring(1, literal.length() - 1))
                : new ExecuteArgument(ExecuteArgument.Kind.STRING, literal);
    }

    private static PgErrorException notInlined(int number, String detail) {
        return Refusals.unsupported(
                        "parameter $" + number + " cannot be given to several shards in this statement",
                        detail,
                        "Give the value in the text.")
                .toException();
    }
}
