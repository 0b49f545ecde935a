package io.ostraka.it.clients;

import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.TestCluster;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a client's script printed directly on PostgreSQL and through Ostraka.
 *
 * @param differences lines as {@code diff} has them: {@code < directly}, {@code > through}; none when all was alike
 * @param lines how many were alike or should have been
 * @param skipped why the script did not try
 */
record Comparison(List<String> differences, int lines, Optional<String> skipped) {
    /** What a script ends with that has said why it cannot run here. */
    private static final String SKIPPED = "exit status 77";

    /** Runs the script on fresh databases. {@code mode}: {@code transaction} or {@code session}. */
    static Comparison of(Client client, String mode) throws IOException {
        ClusterSpec spec = client.ground().withDatabase("pool: { size: 20, mode: " + mode + " }");
        try (TestCluster cluster = TestCluster.start(spec)) {
            List<String> expected = client.run(cluster.reference());
            if (expected.size() > 1 && expected.get(expected.size() - 1).equals(SKIPPED)) {
                return new Comparison(List.of(), 0, Optional.of(expected.get(expected.size() - 2)));
            }
            List<String> actual = client.run(cluster.proxy());
            return new Comparison(difference(expected, actual), expected.size(), Optional.empty());
        }
    }

    /** By the longest common subsequence, with the line before each difference. */
    static List<String> difference(List<String> expected, List<String> actual) {
        int[][] common = new int[expected.size() + 1][actual.size() + 1];
        for (int i = expected.size() - 1; i >= 0; i--) {
            for (int j = actual.size() - 1; j >= 0; j--) {
                common[i][j] = expected.get(i).equals(actual.get(j))
                        ? common[i + 1][j + 1] + 1
                        : Math.max(common[i + 1][j], common[i][j + 1]);
            }
        }
        List<String> lines = new ArrayList<>();
        int i = 0;
        int j = 0;
        boolean alike = true;
        while (i < expected.size() || j < actual.size()) {
            if (i < expected.size() && j < actual.size() && expected.get(i).equals(actual.get(j))) {
                alike = true;
                i++;
                j++;
                continue;
            }
            if (alike && i > 0) {
                lines.add("  " + expected.get(i - 1));
            }
            alike = false;
            if (j == actual.size() || (i < expected.size() && common[i + 1][j] >= common[i][j + 1])) {
                lines.add("< " + expected.get(i++));
            } else {
                lines.add("> " + actual.get(j++));
            }
        }
        return lines;
    }
}
