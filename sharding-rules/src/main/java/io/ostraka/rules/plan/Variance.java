package io.ostraka.rules.plan;

import java.util.Optional;

/**
 * A variance or standard deviation of all rows, from the shards' counts, sums and sums of squares. Immutable.
 *
 * <p>Of integers and numerics it is what PostgreSQL computes, digit by digit: its own last step takes nothing but these three, and
 * they are exact. Only {@code sqrt()} of a numeric, which gives digits of its own choice, must be rounded to those that the
 * variance has; the root is cut off first where it was rounded up, lest it be rounded twice.
 *
 * <p>Of floats a shard sends, for the squares, the sum of squared distances from its own mean. The distances of the shards' means from
 * the mean of all are added as such, and not as the difference of large numbers. PostgreSQL's result depends in its last digits
 * on the order of the rows, and so does this.
 *
 * <p>Source: PostgreSQL's {@code numeric_stddev_internal()}; Chan, Golub, LeVeque, Updating formulae and a pairwise algorithm.
 *
 * @param ofSample whether the divisor is one less than the number of rows
 * @param rooted whether the square root is wanted
 */
record Variance(boolean ofSample, boolean rooted) {
    /** The one that an aggregate of PostgreSQL's computes. */
    static Optional<Variance> named(String aggregate) {
        return switch (aggregate) {
            case "variance", "var_samp" -> Optional.of(new Variance(true, false));
            case "var_pop" -> Optional.of(new Variance(false, false));
            case "stddev", "stddev_samp" -> Optional.of(new Variance(true, true));
            case "stddev_pop" -> Optional.of(new Variance(false, true));
            default -> Optional.empty();
        };
    }

    /** Over columns with the shards' states: count, sum and sum of the squares in numeric. */
    String ofNumbers(String count, String sum, String squares) {
        String sums = "(SELECT pg_catalog.sum(" + count + ") AS n, pg_catalog.sum(" + sum + ") AS s, pg_catalog.sum("
                + squares + ") AS q) a";
        String difference = with(with("n", "*", "q"), "-", with("s", "*", "s"));
        String divisor = with("n", "*", ofSample ? with("n", "-", "1") : "n");
        String value = "(SELECT CASE WHEN " + with("n", "<", ofSample ? "2" : "1") + " THEN NULL WHEN "
                + with("d", "<=", "0") + " THEN 0 ELSE " + with("d", "/", divisor) + " END AS v FROM (SELECT n, "
                + difference + " AS d FROM " + sums + ") b)";
        if (!rooted) {
            return value;
        }
        String digits = "coalesce(pg_catalog.scale(v), 0)";
        String isRoundedUp = with("pg_catalog.scale(r)", ">", digits) + " AND " + with(with("r", "*", "r"), ">", "v");
        String lastDigit = "pg_catalog.power(10::pg_catalog.numeric, " + with("0", "-", "pg_catalog.scale(r)")
                + "::pg_catalog.numeric)";
        return "(SELECT pg_catalog.round(CASE WHEN " + isRoundedUp + " THEN " + with("r", "-", lastDigit)
                + " ELSE r END, " + digits + ") FROM (SELECT v, pg_catalog.sqrt(v) AS r FROM " + value + " c) d)";
    }

    /** Over columns with the shards' states: count, sum and sum of squared distances in float8. */
    String ofFloats(String count, String sum, String squares) {
        String sums = "(SELECT pg_catalog.sum(" + count + ")::pg_catalog.float8 AS n, pg_catalog.sum(" + sum
                + ") AS s, pg_catalog.array_agg(" + count + ") AS ns, pg_catalog.array_agg(" + sum
                + ") AS ss, pg_catalog.array_agg(" + squares + ") AS qs) a";
        String apart = with(with("p.s", "/", "p.n"), "-", with("a.s", "/", "a.n"));
        String distances = "pg_catalog.sum(" + with("p.q", "+", with("p.n", "*", with(apart, "*", apart))) + ")";
        String value = with(distances, "/", ofSample ? with("a.n", "-", "1") : "a.n");
        return "(SELECT CASE WHEN " + with("a.n", "<", ofSample ? "2" : "1") + " THEN NULL ELSE (SELECT "
                + (rooted ? "pg_catalog.sqrt" : "") + value
                + " FROM ROWS FROM (pg_catalog.unnest(a.ns), pg_catalog.unnest(a.ss), pg_catalog.unnest(a.qs)) p(n, s, q)"
                + " WHERE " + with("p.n", ">", "0") + ") END FROM " + sums + ")";
    }

    /** All operators that are named so bind alike: each has its own parentheses. */
    private static String with(String left, String operator, String right) {
        return "(" + left + " OPERATOR(pg_catalog." + operator + ") " + right + ")";
    }
}
