package io.ostraka.rules.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** "Did you mean": the known word nearest to one that is not known, if it is near enough to be a slip. Pure. */
final class Likeness {
    private Likeness() {}

    /** {@code ; did you mean "size"?}, or nothing. */
    static String hint(String word, Collection<String> known) {
        Optional<String> nearest = known.stream()
                .filter(candidate -> distance(word, candidate) <= Math.max(1, candidate.length() / 3))
                .min(Comparator.comparingInt(candidate -> distance(word, candidate)));
        return nearest.map(found -> "; did you mean \"" + found + "\"?").orElse("");
    }

    /** Levenshtein's, with hyphens and capitals for free. */
    private static int distance(String a, String b) {
        String from = a.toLowerCase(Locale.ROOT).replace('-', '_');
        String to = b.toLowerCase(Locale.ROOT);
        if (from.length() > 2 * to.length() + 2) {
            return from.length();
        }
        int[] row = new int[to.length() + 1];
        for (int j = 0; j <= to.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int change = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(change, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[to.length()];
    }
}
