package io.ostraka.tx.commit;

import io.ostraka.tx.decision.Branch;
import io.ostraka.tx.decision.Gid;
import io.ostraka.tx.decision.WalPosition;
import java.util.ArrayList;
import java.util.List;

/**
 * What is said to shards, word for word. Gids hold nothing that needs escaping. Functions are named with their schema,
 * because {@code search_path} is the client's.
 */
final class CommitSql {
    static final String COMMIT = "COMMIT";
    static final String ROLLBACK = "ROLLBACK";

    /** Null, hence no value, for a transaction that has written nothing and locked no row. */
    static final String HAS_WRITTEN = "SELECT pg_catalog.pg_current_xact_id_if_assigned()";

    /**
     * Writes WAL and commits: with {@code synchronous_commit = on} its success means that the standbys have flushed
     * everything up to it.
     */
    static final String BARRIER = "SELECT pg_catalog.pg_logical_emit_message(true, 'ostraka', '')";

    private static final String TRANSACTION_ID = "SELECT pg_catalog.pg_current_xact_id()";

    /** Puts the transaction's id into the WAL, too, and tells where: the mark of the {@link Branch}, behind a blank. */
    private static final String TRANSACTION_ID_AND_MARK =
            "SELECT pg_catalog.concat(pg_catalog.pg_current_xact_id(), ' ',"
                    + " pg_catalog.pg_logical_emit_message(true, 'ostraka', ''))";

    static final String PREPARED_TAG = "PREPARE TRANSACTION";
    static final String COMMITTED_TAG = "COMMIT PREPARED";

    private CommitSql() {}

    static List<String> prepare(Gid gid, Participant participant) {
        List<String> commands = new ArrayList<>();
        commands.add(participant.shardEpoch() == 0 ? TRANSACTION_ID : TRANSACTION_ID_AND_MARK);
        if (!participant.waitsForStandby()) {
            commands.add("SET LOCAL synchronous_commit TO on");
        }
        if (participant.roleWasSet()) {
            // Deferred triggers run as the client's role, the branch belongs to the one that recovery can be.
            commands.add("SET CONSTRAINTS ALL IMMEDIATE");
            commands.add("RESET ROLE");
        }
        commands.add("PREPARE TRANSACTION '" + gid + "'");
        return commands;
    }

    /** The branch that a writer has prepared, by the value that the first of these commands gave. */
    static Branch branch(Participant writer, String value) {
        int blank = value.indexOf(' ');
        boolean marked = blank > 0;
        return new Branch(
                writer.shard(),
                writer.shardEpoch(),
                writer.owner(),
                Long.parseLong(marked ? value.substring(0, blank) : value),
                marked ? WalPosition.parse(value.substring(blank + 1)) : Branch.NO_MARK);
    }

    /** The session's own settings are restored by the session afterwards. */
    static List<String> commitPrepared(Gid gid, Participant participant) {
        return participant.waitsForStandby()
                ? List.of(commitPrepared(gid))
                : List.of("SET synchronous_commit TO on", commitPrepared(gid));
    }

    static String commitPrepared(Gid gid) {
        return "COMMIT PREPARED '" + gid + "'";
    }

    static String rollbackPrepared(Gid gid) {
        return "ROLLBACK PREPARED '" + gid + "'";
    }

    static String statusOf(long transactionId) {
        return "SELECT pg_catalog.pg_xact_status('" + transactionId + "'::pg_catalog.xid8)";
    }
}
