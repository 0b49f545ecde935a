package io.ostraka.rules.catalog;

import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/**
 * All overloads of one name in one schema, taken together: the planner sees calls before their argument types are
 * known, so each field says the worst of any overload. Source of one overload's row, to be joined by {@link #merge}:
 *
 * <pre>
 * SELECT n.nspname, p.proname, p.prokind, p.provolatile, p.proretset, l.lanname,
 *        CASE WHEN l.lanname IN ('internal', 'c') THEN ''
 *             ELSE coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) END AS body
 * FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
 * </pre>
 *
 * <p>{@code pg_catalog}'s own functions belong to it: this code has no built-in list of them. An aggregate's support
 * functions ({@code pg_aggregate.aggtransfn}, {@code aggfinalfn} ...) outside {@code pg_catalog} are given as
 * {@code calls}.
 *
 * @param kinds {@code prokind}
 * @param volatility the worst {@code provolatile}
 * @param returnsSet {@code proretset} of any
 * @param languages {@code lanname} of each
 * @param bodies the text of each overload in a language with text; the planner lexes them for names of tables
 * @param calls functions that it calls without saying so in a body
 */
public record Function(
        FunctionName name,
        Set<Kind> kinds,
        Volatility volatility,
        boolean returnsSet,
        Set<String> languages,
        List<String> bodies,
        Set<FunctionName> calls) {

    /** {@code pg_proc.prokind}. */
    public enum Kind {
        FUNCTION,
        AGGREGATE,
        WINDOW,
        PROCEDURE;

        /** The kind of {@code f}, {@code a}, {@code w} or {@code p}. */
        public static Kind of(char prokind) {
            return switch (prokind) {
                case 'f' -> FUNCTION;
                case 'a' -> AGGREGATE;
                case 'w' -> WINDOW;
                case 'p' -> PROCEDURE;
                default -> throw new IllegalArgumentException("prokind '" + prokind + "'");
            };
        }
    }

    /** {@code pg_proc.provolatile}, from best to worst. */
    public enum Volatility {
        IMMUTABLE,
        STABLE,
        VOLATILE;

        /** The volatility of {@code i}, {@code s} or {@code v}. */
        public static Volatility of(char provolatile) {
            return switch (provolatile) {
                case 'i' -> IMMUTABLE;
                case 's' -> STABLE;
                case 'v' -> VOLATILE;
                default -> throw new IllegalArgumentException("provolatile '" + provolatile + "'");
            };
        }
    }

    public Function {
        kinds = Set.copyOf(kinds);
        languages = Set.copyOf(languages);
        bodies = List.copyOf(bodies);
        calls = Set.copyOf(calls);
    }

    /** One overload, from one row of {@code pg_proc}; {@code body} is empty for {@code internal} and {@code c}. */
    public static Function overload(
            FunctionName name, Kind kind, Volatility volatility, boolean returnsSet, String language, String body) {
        return new Function(
                name,
                Set.of(kind),
                volatility,
                returnsSet,
                Set.of(language),
                body.isEmpty() ? List.of() : List.of(body),
                Set.of());
    }

    /** The same function, known to call {@code more} as well. */
    public Function calling(Set<FunctionName> more) {
        return new Function(name, kinds, volatility, returnsSet, languages, bodies, union(calls, more));
    }

    /** Both overloads in one. */
    public Function merge(Function other) {
        if (!Objects.equals(name, other.name)) {
            throw new IllegalArgumentException(name + " is not " + other.name);
        }
        return new Function(
                name,
                union(kinds, other.kinds),
                volatility.compareTo(other.volatility) >= 0 ? volatility : other.volatility,
                returnsSet || other.returnsSet,
                union(languages, other.languages),
                Stream.concat(bodies.stream(), other.bodies.stream()).toList(),
                union(calls, other.calls));
    }

    /** Whether a call of this name may be an aggregate's or a window function's. */
    public boolean mayAggregate() {
        return kinds.contains(Kind.AGGREGATE) || kinds.contains(Kind.WINDOW);
    }

    private static <T> Set<T> union(Set<T> a, Set<T> b) {
        if (b.isEmpty()) {
            return a;
        }
        Set<T> both = new HashSet<>(a);
        both.addAll(b);
        return both;
    }
}
