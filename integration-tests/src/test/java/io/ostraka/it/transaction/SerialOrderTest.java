package io.ostraka.it.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.FrontendMessages;
import io.ostraka.it.harness.Protocol;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import io.ostraka.it.session.NoLeaks;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Random SERIALIZABLE transactions, three at a time, on four rows of two shards that may be there or not. Those that are committed must
 * have seen and left what one of their orders, one after the other, sees and leaves. A failure names its seed.
 */
@ExtendWith(NoLeaks.class)
class SerialOrderTest {
    private static final int ROUNDS = 25;
    private static final long FIRST_SEED = 1;

    private final TestCluster cluster =
            TestCluster.of(Counters.spec(2).withDatabase("serializable_across_shards: lock"));

    /** A statement, and what it answers and does where nobody else is. */
    private enum Operation {
        READ("SELECT n FROM counter WHERE id = %1$d") {
            @Override
            String apply(Map<Integer, Integer> rows, int id, int value) {
                return rows.containsKey(id) ? "[" + rows.get(id) + "] SELECT 1" : "SELECT 0";
            }
        },
        SUM("SELECT sum(n), count(*) FROM counter WHERE id IN (%3$s)") {
            @Override
            String apply(Map<Integer, Integer> rows, int id, int value) {
                String sum = rows.isEmpty()
                        ? "null"
                        : Integer.toString(
                                rows.values().stream().mapToInt(n -> n).sum());
                return "[" + sum + ", " + rows.size() + "] SELECT 1";
            }
        },
        SET("UPDATE counter SET n = %2$d WHERE id = %1$d") {
            @Override
            String apply(Map<Integer, Integer> rows, int id, int value) {
                return "UPDATE " + (rows.replace(id, value) == null ? 0 : 1);
            }
        },
        RAISE("UPDATE counter SET n = n + 1 WHERE id IN (%3$s)") {
            @Override
            String apply(Map<Integer, Integer> rows, int id, int value) {
                rows.replaceAll((key, n) -> n + 1);
                return "UPDATE " + rows.size();
            }
        },
        ADD("INSERT INTO counter VALUES (%1$d, %2$d)") {
            @Override
            String apply(Map<Integer, Integer> rows, int id, int value) {
                return rows.putIfAbsent(id, value) == null ? "INSERT 0 1" : "23505";
            }
        },
        ADD_IF_ABSENT("INSERT INTO counter VALUES (%1$d, %2$d) ON CONFLICT (id) DO NOTHING") {
            @Override
            String apply(Map<Integer, Integer> rows, int id, int value) {
                return "INSERT 0 " + (rows.putIfAbsent(id, value) == null ? 1 : 0);
            }
        },
        REMOVE("DELETE FROM counter WHERE id = %1$d") {
            @Override
            String apply(Map<Integer, Integer> rows, int id, int value) {
                return "DELETE " + (rows.remove(id) == null ? 0 : 1);
            }
        };

        private final String sql;

        Operation(String sql) {
            this.sql = sql;
        }

        abstract String apply(Map<Integer, Integer> rows, int id, int value);
    }

    private record Step(Operation operation, int id, int value) {
        String sql(List<Integer> ids) {
            String all = ids.stream().map(Object::toString).collect(Collectors.joining(", "));
            return String.format(operation.sql, id, value, all);
        }
    }

    /** What a transaction that was committed had for answers. */
    private record Done(List<Step> steps, List<String> answers) {}

    @Test
    void whatIsCommittedCouldHaveBeenDoneOneAfterTheOther() throws SQLException {
        List<Integer> ids;
        try (WireClient setup = WireClient.login(cluster.proxy())) {
            Counters counters = Counters.filled(cluster, setup);
            ids = List.of(
                    Integer.parseInt(counters.ask("s0", "SELECT min(id) FROM counter")),
                    Integer.parseInt(counters.ask("s1", "SELECT min(id) FROM counter")),
                    Integer.parseInt(counters.ask("s0", "SELECT max(id) FROM counter")),
                    Integer.parseInt(counters.ask("s1", "SELECT max(id) FROM counter")));
        }
        int committed = 0;
        int rounds = 0;
        for (long seed = FIRST_SEED; seed < FIRST_SEED + ROUNDS; seed++) {
            committed += round(seed, ids);
            rounds++;
        }
        assertTrue(committed > rounds, committed + " were committed in " + rounds + " rounds");
    }

    private int round(long seed, List<Integer> ids) {
        Random random = new Random(seed);
        Map<Integer, Integer> before = rows(ids);
        List<CompletableFuture<Optional<Done>>> running = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            List<Step> steps = steps(random, ids, (int) seed * 100 + i * 10);
            Protocol protocol = random.nextBoolean() ? Protocol.SIMPLE : Protocol.EXTENDED;
            running.add(CompletableFuture.supplyAsync(() -> run(steps, ids, protocol)));
        }
        List<Done> done = running.stream()
                .map(CompletableFuture::join)
                .flatMap(Optional::stream)
                .toList();
        Map<Integer, Integer> after = rows(ids);
        boolean isSerial = orders(done.size()).stream().anyMatch(order -> {
            Map<Integer, Integer> state = new TreeMap<>(before);
            return order.stream().allMatch(which -> isAnsweredSo(done.get(which), state)) && state.equals(after);
        });
        assertTrue(isSerial, () -> "seed " + seed + ": from " + before + " by " + done + " to " + after);
        return done.size();
    }

    private static boolean isAnsweredSo(Done transaction, Map<Integer, Integer> state) {
        List<String> answers = new ArrayList<>();
        for (Step step : transaction.steps()) {
            answers.add(step.operation().apply(state, step.id(), step.value()));
        }
        return answers.equals(transaction.answers());
    }

    private static List<Step> steps(Random random, List<Integer> ids, int unique) {
        Operation[] all = Operation.values();
        int count = 1 + random.nextInt(4);
        return IntStream.range(0, count)
                .mapToObj(i -> new Step(
                        // Reads come first more often than not, for that is where trouble begins.
                        i == 0 && random.nextInt(3) > 0 ? Operation.READ : all[random.nextInt(all.length)],
                        ids.get(random.nextInt(ids.size())),
                        unique + i))
                .toList();
    }

    private static List<List<Integer>> orders(int count) {
        if (count == 0) {
            return List.of(List.of());
        }
        List<List<Integer>> orders = new ArrayList<>();
        for (List<Integer> shorter : orders(count - 1)) {
            for (int at = 0; at < count; at++) {
                List<Integer> order = new ArrayList<>(shorter);
                order.add(at, count - 1);
                orders.add(order);
            }
        }
        return orders;
    }

    /** One statement alone in autocommit, others in a block; empty when it was not committed. */
    private Optional<Done> run(List<Step> steps, List<Integer> ids, Protocol protocol) {
        try (WireClient client =
                WireClient.login(cluster.proxy(), Map.of("options", "-c default_transaction_isolation=serializable"))) {
            boolean isBlock = steps.size() > 1;
            if (isBlock) {
                assertEquals("BEGIN", ask(client, "BEGIN", protocol));
            }
            List<String> answers = new ArrayList<>();
            for (Step step : steps) {
                String answer = ask(client, step.sql(ids), protocol);
                if (answer.matches("[0-9A-Z]{5}")) {
                    assertTrue(List.of("40P01", "40001", "23505").contains(answer), answer);
                    return Optional.empty();
                }
                answers.add(answer);
            }
            return isBlock && !ask(client, "COMMIT", protocol).equals("COMMIT")
                    ? Optional.empty()
                    : Optional.of(new Done(steps, answers));
        }
    }

    /** Its row and tag, or its SQLSTATE. */
    private static String ask(WireClient client, String sql, Protocol protocol) {
        List<BackendMessage> answer;
        if (protocol == Protocol.SIMPLE) {
            answer = client.query(sql);
        } else {
            client.send(
                    FrontendMessages.parse("", sql),
                    FrontendMessages.bind("", ""),
                    FrontendMessages.execute("", 0),
                    FrontendMessages.sync());
            answer = client.untilReady();
        }
        StringBuilder words = new StringBuilder();
        for (BackendMessage message : answer) {
            if (message.type() == 'E') {
                return message.sqlState();
            } else if (message.type() == 'D') {
                words.append(message.values().stream()
                        .map(value -> value.map(bytes -> new String(bytes, StandardCharsets.US_ASCII))
                                .orElse("null"))
                        .toList());
                words.append(' ');
            } else if (message.type() == 'C') {
                words.append(message.text());
            }
        }
        return words.toString();
    }

    /** As they are when nobody is at work. */
    private Map<Integer, Integer> rows(List<Integer> ids) {
        Map<Integer, Integer> rows = new TreeMap<>();
        String all = ids.stream().map(Object::toString).collect(Collectors.joining(", "));
        try (WireClient client = WireClient.login(cluster.proxy())) {
            for (BackendMessage message : client.query("SELECT id, n FROM counter WHERE id IN (" + all + ")")) {
                if (message.type() == 'D') {
                    List<Integer> row = message.values().stream()
                            .map(value -> Integer.parseInt(new String(value.orElseThrow(), StandardCharsets.US_ASCII)))
                            .toList();
                    rows.put(row.get(0), row.get(1));
                }
            }
        }
        return rows;
    }
}
