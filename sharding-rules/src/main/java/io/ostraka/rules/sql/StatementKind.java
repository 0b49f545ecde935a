package io.ostraka.rules.sql;

import java.util.List;
import java.util.Optional;

/**
 * What a statement is, told by its first tokens. What Ostraka carries out itself (transactions, settings, prepared
 * statements) is read to its last token, and is a syntax error when it is not what PostgreSQL reads; of the rest only as
 * much is read as the record holds. Names are folded as PostgreSQL folds them. Offsets count chars of the query string.
 */
public sealed interface StatementKind {

    /** For the grammar. {@code verb} is select, values, table, with, insert, update, delete or merge. */
    record Query(String verb) implements StatementKind {}

    /** BEGIN or START TRANSACTION; {@code modes} is the rest as it is written. */
    record Begin(String modes) implements StatementKind {}

    /** COMMIT or END. */
    record Commit(boolean chain) implements StatementKind {}

    /** ROLLBACK or ABORT. */
    record Rollback(boolean chain) implements StatementKind {}

    record Savepoint(String name) implements StatementKind {}

    record ReleaseSavepoint(String name) implements StatementKind {}

    record RollbackToSavepoint(String name) implements StatementKind {}

    record PrepareTransaction(String id) implements StatementKind {}

    record CommitPrepared(String id) implements StatementKind {}

    record RollbackPrepared(String id) implements StatementKind {}

    /**
     * SET of a setting. The forms with words of their own have their setting's name: {@code timezone} (TIME ZONE), {@code
     * client_encoding} (NAMES), {@code search_path} (SCHEMA), {@code role}, {@code session_authorization}, {@code seed},
     * {@code xmloption}. {@code values} are unquoted, and empty for DEFAULT.
     */
    record Set(String name, boolean local, List<String> values) implements StatementKind {
        public Set {
            values = List.copyOf(values);
        }
    }

    /** SET TRANSACTION, or SET SESSION CHARACTERISTICS when {@code session}. */
    record SetTransaction(boolean session) implements StatementKind {}

    record SetConstraints() implements StatementKind {}

    /** RESET; {@code name} is {@code all} for RESET ALL. */
    record Reset(String name) implements StatementKind {}

    /** SHOW; {@code name} is {@code all} for SHOW ALL. */
    record Show(String name) implements StatementKind {}

    /** DISCARD; {@code what} is {@code all}, {@code plans}, {@code sequences} or {@code temporary}. */
    record Discard(String what) implements StatementKind {}

    /** DEALLOCATE; {@code name} is empty for ALL. */
    record Deallocate(String name) implements StatementKind {}

    /** PREPARE name(types) AS: the statement prepared starts at {@code bodyStart}; the types as they are written. */
    record Prepare(String name, List<String> types, int bodyStart) implements StatementKind {
        public Prepare {
            types = List.copyOf(types);
        }
    }

    /** EXECUTE name(arguments). */
    record Execute(String name, List<ExecuteArgument> arguments) implements StatementKind {
        public Execute {
            arguments = List.copyOf(arguments);
        }
    }

    /** DECLARE name CURSOR FOR: the query starts at {@code bodyStart}. {@code scroll} when SCROLL is asked for. */
    record DeclareCursor(String name, boolean hold, boolean scroll, boolean binary, int bodyStart)
            implements StatementKind {}

    /** FETCH or MOVE: {@code forward} is how many rows, {@link Long#MAX_VALUE} for all; 0 for the row that the cursor is on; empty for what is not simply forward. */
    record FetchCursor(boolean move, String name, Optional<Long> forward) implements StatementKind {}

    /** CLOSE; {@code name} is empty for ALL. */
    record CloseCursor(String name) implements StatementKind {}

    record Listen(String channel) implements StatementKind {}

    /** UNLISTEN; {@code channel} is empty for all of them. */
    record Unlisten(String channel) implements StatementKind {}

    record Notify(String channel) implements StatementKind {}

    /** COPY of a table. {@code client} when the data passes through the client: STDIN or STDOUT. */
    record CopyTable(QualifiedName table, boolean from, boolean client) implements StatementKind {}

    /** COPY (query) TO; the query is the characters {@code [queryStart, queryEnd)}. */
    record CopyQuery(int queryStart, int queryEnd, boolean client) implements StatementKind {}

    /** EXPLAIN; the statement explained starts at {@code bodyStart}. With {@code analyze} it is also carried out. */
    record Explain(boolean analyze, int bodyStart) implements StatementKind {}

    record LockTable(List<QualifiedName> tables) implements StatementKind {
        public LockTable {
            tables = List.copyOf(tables);
        }
    }

    record Truncate(List<QualifiedName> tables) implements StatementKind {
        public Truncate {
            tables = List.copyOf(tables);
        }
    }

    /**
     * CREATE, ALTER, DROP and their kin. {@code object} is what it is about, in lower case and as few words as tell it
     * ({@code table}, {@code index}, {@code materialized view}, {@code foreign data wrapper}); {@code temporary} when
     * TEMP or TEMPORARY is said.
     */
    record Ddl(String verb, String object, boolean temporary) implements StatementKind {}

    /** VACUUM, ANALYZE, CLUSTER, REINDEX, CHECKPOINT, REFRESH MATERIALIZED VIEW, LOAD. */
    record Maintenance(String verb) implements StatementKind {}

    record Call(QualifiedName procedure) implements StatementKind {}

    /** DO: an anonymous code block. */
    record DoBlock() implements StatementKind {}

    record Grant(boolean revoke) implements StatementKind {}

    /** COMMENT ON and SECURITY LABEL. */
    record Comment() implements StatementKind {}

    /** Whatever else; perhaps no SQL at all. {@code word} is its first word, in lower case, or its first token. */
    record Other(String word) implements StatementKind {}
}
