package io.ostraka.it.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.WireClient;
import io.ostraka.it.transaction.History.Append;
import io.ostraka.it.transaction.History.Outcome;
import io.ostraka.it.transaction.History.Read;
import io.ostraka.it.transaction.History.Step;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Clients that append to lists on all shards and read them, in REPEATABLE READ transactions, and note it for {@link History}. Thread-safe. */
final class ListClients {
    private static final int LISTS = 10;
    private static final int MOST_STEPS = 5;

    private final History history = new History();
    private final AtomicInteger transactions = new AtomicInteger();
    private final AtomicInteger values = new AtomicInteger();

    /** The server's answer to a statement; {@link FaultsWorkload.Refused} when it is an error. */
    interface Asking {
        List<BackendMessage> ask(String sql);
    }

    void fill(WireClient client) {
        String rows =
                IntStream.rangeClosed(1, LISTS).mapToObj(id -> "(" + id + ")").collect(Collectors.joining(", "));
        assertEquals("INSERT 0 " + LISTS, Counters.outcome(client.query("INSERT INTO list (id) VALUES " + rows)));
    }

    /** One transaction. */
    void transact(Asking asking, Random random) {
        String name = "T" + transactions.incrementAndGet();
        List<Step> steps = new ArrayList<>();
        Outcome outcome = Outcome.FAILED;
        try {
            asking.ask("BEGIN ISOLATION LEVEL REPEATABLE READ");
            for (int left = 1 + random.nextInt(MOST_STEPS); left > 0; left--) {
                int key = 1 + random.nextInt(LISTS);
                if (random.nextInt(3) > 0) {
                    int value = values.incrementAndGet();
                    steps.add(new Append(key, value));
                    asking.ask("UPDATE list SET items = items || " + value + " WHERE id = " + key);
                } else if (random.nextInt(3) > 0) {
                    steps.addAll(read(asking, " = " + key));
                } else {
                    steps.addAll(read(asking, " IN (" + key + ", " + (key % LISTS + 1) + ")"));
                }
            }
            outcome = Outcome.UNKNOWN;
            assertEquals("COMMIT", Counters.outcome(asking.ask("COMMIT")));
            outcome = Outcome.COMMITTED;
        } catch (FaultsWorkload.Refused refused) {
            if (!refused.isUnknown()) {
                outcome = Outcome.FAILED;
            }
            throw refused;
        } finally {
            history.add(new History.Transaction(name, outcome, steps));
        }
    }

    private static List<Step> read(Asking asking, String which) {
        List<Step> reads = new ArrayList<>();
        for (BackendMessage message : asking.ask("SELECT id, items FROM list WHERE id" + which)) {
            if (message.type() == 'D') {
                reads.add(new Read(Integer.parseInt(value(message, 0)), History.list(value(message, 1))));
            }
        }
        return reads;
    }

    private static String value(BackendMessage row, int column) {
        return new String(row.values().get(column).orElseThrow(), StandardCharsets.US_ASCII);
    }

    String summary() {
        return history.committed() + " of " + transactions + " transactions on lists committed";
    }

    /** With nothing prepared any more. */
    void check(Counters there, int shards) throws SQLException {
        Map<Integer, List<Integer>> lists = new TreeMap<>();
        for (int shard = 0; shard < shards; shard++) {
            String rows = there.ask("s" + shard, "SELECT string_agg(id || '=' || items::text, ';') FROM list");
            if (rows != null) {
                for (String row : rows.split(";", -1)) {
                    String[] list = row.split("=", -1);
                    lists.put(Integer.parseInt(list[0]), History.list(list[1]));
                }
            }
        }
        assertEquals(LISTS, lists.size());
        assertEquals(List.of(), history.anomalies(lists));
        assertTrue(history.committed() > 0, this::summary);
    }
}
