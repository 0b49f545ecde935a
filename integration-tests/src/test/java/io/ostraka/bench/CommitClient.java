package io.ostraka.bench;

import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.Endpoint;
import io.ostraka.it.harness.FrontendMessages;
import io.ostraka.it.harness.WireClient;
import java.util.List;

/** Who does one transaction, or read, after the other on one row of each of two shards. Used by one thread. */
interface CommitClient extends AutoCloseable {
    /** The rows' ids: the first shard has one, the second the other. Any error is an exception. */
    void transact(long first, long second);

    @Override
    void close();

    static String raise(long id) {
        return "UPDATE counters SET n = n + 1 WHERE id = " + id;
    }

    static void send(WireClient connection, String sql) {
        connection.send(FrontendMessages.query(sql));
    }

    /** The answer has this command tag. */
    static void receive(WireClient connection, String tag) {
        List<BackendMessage> answer = connection.untilReady();
        String got = answer.stream()
                .filter(message -> message.type() == 'C' || message.type() == 'E')
                .map(message -> message.type() == 'C' ? message.text() : message.toString())
                .findFirst()
                .orElse("nothing");
        if (!got.equals(tag)) {
            throw new IllegalStateException(got + " instead of " + tag);
        }
    }

    static void ask(WireClient connection, String sql, String tag) {
        send(connection, sql);
        receive(connection, tag);
    }

    /** A transaction that somebody else ends, on one connection: on the first row, or on both. */
    record OfOne(WireClient connection, boolean onBoth) implements CommitClient {
        @Override
        public void transact(long first, long second) {
            ask(connection, "BEGIN", "BEGIN");
            ask(connection, raise(first), "UPDATE 1");
            if (onBoth) {
                ask(connection, raise(second), "UPDATE 1");
            }
            ask(connection, "COMMIT", "COMMIT");
        }

        @Override
        public void close() {
            connection.close();
        }
    }

    /** A read of both rows in one statement. */
    record Reading(WireClient connection) implements CommitClient {
        @Override
        public void transact(long first, long second) {
            ask(connection, "SELECT n FROM counters WHERE id IN (" + first + ", " + second + ")", "SELECT 2");
        }

        @Override
        public void close() {
            connection.close();
        }
    }

    /** How {@link ByHand} ends its transactions. */
    enum Ending {
        /** COMMIT on both: a crash between leaves a half. */
        ONE_PHASE,
        /** PREPARE and COMMIT PREPARED: a crash between leaves what nobody can decide. */
        TWO_PHASES,
        /** The same, with the decision on disk between. */
        DECIDED
    }

    /** A connection to each server, both asked at once wherever that is possible. */
    final class ByHand implements CommitClient {
        private final WireClient one;
        private final WireClient other;
        private final Ending ending;
        private final DecisionFile decisions;
        private final String name;
        private long number;

        /** {@code name}: no other client has it; {@code decisions}: borrowed. */
        ByHand(Endpoint one, Endpoint other, Ending ending, DecisionFile decisions, String name) {
            this.one = WireClient.login(one);
            this.other = WireClient.login(other);
            this.ending = ending;
            this.decisions = decisions;
            this.name = name;
        }

        private void onBoth(String sql, String tag) {
            send(one, sql);
            send(other, sql);
            receive(one, tag);
            receive(other, tag);
        }

        @Override
        public void transact(long first, long second) {
            onBoth("BEGIN", "BEGIN");
            ask(one, raise(first), "UPDATE 1");
            ask(other, raise(second), "UPDATE 1");
            if (ending == Ending.ONE_PHASE) {
                onBoth("COMMIT", "COMMIT");
                return;
            }
            number++;
            String gid = name + "_" + number;
            onBoth("PREPARE TRANSACTION '" + gid + "'", "PREPARE TRANSACTION");
            if (ending == Ending.DECIDED) {
                decisions.decide(gid);
            }
            onBoth("COMMIT PREPARED '" + gid + "'", "COMMIT PREPARED");
        }

        @Override
        public void close() {
            one.close();
            other.close();
        }
    }

    /** A read of a row on each server, both asked at once. */
    record ReadingByHand(WireClient one, WireClient other) implements CommitClient {
        @Override
        public void transact(long first, long second) {
            send(one, "SELECT n FROM counters WHERE id = " + first);
            send(other, "SELECT n FROM counters WHERE id = " + second);
            receive(one, "SELECT 1");
            receive(other, "SELECT 1");
        }

        @Override
        public void close() {
            one.close();
            other.close();
        }
    }
}
