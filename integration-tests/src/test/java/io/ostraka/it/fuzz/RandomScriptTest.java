package io.ostraka.it.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.session.NoLeaks;
import io.ostraka.it.session.Twins;
import java.io.UncheckedIOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random scripts of messages, to a proxy over one shard and to PostgreSQL: the answers are the same, message for message. A
 * script that fails is made shorter as long as it fails, and printed. Each build takes the same few; {@code
 * -Dostraka.scripts=1000} runs so many, {@code -Dostraka.seed=42} from that seed on.
 */
@ExtendWith(NoLeaks.class)
class RandomScriptTest {
    private static final int SCRIPTS = Integer.getInteger("ostraka.scripts", 60);
    private static final int LENGTH = 40;
    private static final int MOST_FAILURES = Integer.getInteger("ostraka.failures", 3);

    @ParameterizedTest
    @ValueSource(strings = {"transaction", "session"})
    void answersAreThoseOfPostgres(String mode) {
        TestCluster cluster = TestCluster.of(ClusterSpec.shards(1)
                .withDdl(ScriptGenerator.DDL)
                .withDatabase("pool: { size: 3, mode: " + mode + " }"));
        long first = Long.getLong("ostraka.seed", 1);
        List<String> failures = new ArrayList<>();
        for (long seed = first; seed < first + SCRIPTS && failures.size() < MOST_FAILURES; seed++) {
            Random random = new Random(seed);
            boolean pipelined = random.nextBoolean();
            List<Step> script = new ScriptGenerator(random).script(1 + random.nextInt(LENGTH));
            if (difference(cluster, script, pipelined).isPresent()) {
                List<Step> shorter = shortened(cluster, script, pipelined);
                failures.add("seed " + seed + (pipelined ? ", pipelined, " : ", ") + shorter.size() + " steps:\n  "
                        + String.join(
                                "\n  ", shorter.stream().map(Step::toString).toList()) + "\n"
                        + difference(cluster, shorter, pipelined).orElse("not again"));
            }
        }
        assertEquals("", String.join("\n", failures));
    }

    /** Sent one by one, each when the one before is answered, or all at once. */
    private static Optional<String> difference(TestCluster cluster, List<Step> script, boolean pipelined) {
        try (Twins twins = new Twins(cluster)) {
            cluster.everywhere(ScriptGenerator.DDL);
            int unanswered = 0;
            for (Step step : ScriptGenerator.synced(script)) {
                twins.send(step.bytes());
                unanswered += step.readies();
                while (unanswered > 0 && !pipelined) {
                    twins.same();
                    unanswered--;
                }
            }
            for (; unanswered > 0; unanswered--) {
                twins.same();
            }
            return Optional.empty();
        } catch (UncheckedIOException | AssertionError e) {
            return Optional.of(e.toString());
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Steps are left out, many at a time and then one by one, while a difference remains. */
    private static List<Step> shortened(TestCluster cluster, List<Step> script, boolean pipelined) {
        List<Step> shortest = script;
        for (int size = script.size() / 2; size >= 1; size /= 2) {
            for (int from = 0; from + size <= shortest.size(); ) {
                List<Step> shorter = new ArrayList<>(shortest);
                shorter.subList(from, from + size).clear();
                if (difference(cluster, shorter, pipelined).isPresent()) {
                    shortest = shorter;
                } else {
                    from += size;
                }
            }
        }
        return shortest;
    }
}
