package io.ostraka.tx.simulation;

import io.ostraka.tx.commit.ShardReply;
import io.ostraka.tx.commit.Step;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** A connection and the transaction block that is open at its far end. Reads the commands as the server would. */
final class Session {
    final Connection connection;
    private final Optional<Transaction> transaction;
    private final World world;
    private boolean open;
    private boolean wrote;
    private long xid;

    Session(Connection connection, Optional<Transaction> transaction, World world) {
        this.connection = connection;
        this.transaction = transaction;
        this.world = world;
    }

    /** BEGIN, the reads, and the writes if there are any. */
    void begin(Consumer<ShardReply> reply) {
        Transaction whole = transaction.orElseThrow();
        connection.request(
                (server, answer) -> {
                    open = true;
                    whole.saw.put(server.shard.id, server.visible());
                    wrote = whole.writers.contains(server.shard.id);
                    xid = wrote ? server.newXid() : 0;
                    answer.accept(new ShardReply.Completed("UPDATE 1", false, Optional.empty(), server.epoch));
                },
                reply);
    }

    void run(Step step, List<String> commands, Consumer<ShardReply> reply) {
        String last = commands.get(commands.size() - 1);
        connection.request(
                (server, answer) -> {
                    switch (step) {
                        case ASK ->
                            answer.accept(new ShardReply.Completed(
                                    "SELECT 1",
                                    false,
                                    wrote ? Optional.of(Long.toString(xid)) : Optional.empty(),
                                    server.epoch));
                        case ROLLBACK -> {
                            open = false;
                            answer.accept(new ShardReply.Completed("ROLLBACK", false, Optional.empty(), server.epoch));
                        }
                        case COMMIT -> commit(server, answer);
                        case PREPARE -> prepare(server, quoted(last), answer);
                        case COMMIT_PREPARED -> server.commitPrepared(quoted(last), answer);
                        case ROLLBACK_PREPARED -> server.rollbackPrepared(quoted(last), answer);
                        case LOOK -> answer.accept(server.xactStatus(Long.parseLong(quoted(last))));
                        case BARRIER -> server.barrier(answer);
                    }
                },
                reply);
    }

    private void commit(Server server, Consumer<ShardReply> answer) {
        if (open && wrote && world.chance(2)) {
            open = false;
            answer.accept(server.failed("23505", "a deferred constraint"));
        } else if (open && wrote) {
            open = false;
            server.commit(transaction.orElseThrow().number, xid, answer);
        } else {
            open = false;
            answer.accept(new ShardReply.Completed("COMMIT", false, Optional.empty(), server.epoch));
        }
    }

    private void prepare(Server server, String gid, Consumer<ShardReply> answer) {
        int luck = world.random.nextInt(100);
        if (!open || luck < 2) {
            open = false;
            answer.accept(new ShardReply.Completed("ROLLBACK", false, Optional.empty(), server.epoch));
        } else if (luck < 5) {
            open = false;
            answer.accept(server.failed("53200", "max_prepared_transactions"));
        } else {
            open = false;
            server.prepare(transaction.orElseThrow().number, gid, xid, answer);
        }
    }

    private static String quoted(String command) {
        int from = command.indexOf('\'') + 1;
        return command.substring(from, command.indexOf('\'', from));
    }
}
