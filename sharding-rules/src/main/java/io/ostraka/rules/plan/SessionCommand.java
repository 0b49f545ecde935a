package io.ostraka.rules.plan;

import java.util.List;
import java.util.Optional;

/**
 * Statements that change the session or its transaction rather than rows. Names are folded as PostgreSQL folds them.
 */
public sealed interface SessionCommand {

    /**
     * BEGIN or START TRANSACTION; the text is replayed on each shard at its first use. {@code modes} is what SET TRANSACTION may say too,
     * as it is written.
     */
    record Begin(String modes) implements SessionCommand {
        /** What it does in a block that is open: the block gets these modes. Empty for none. */
        public Optional<String> setTransaction() {
            return modes.isEmpty() ? Optional.empty() : Optional.of("SET TRANSACTION " + modes);
        }
    }

    /** COMMIT or END. */
    record Commit(boolean chain) implements SessionCommand {}

    /** ROLLBACK or ABORT. */
    record Rollback(boolean chain) implements SessionCommand {}

    /** PREPARE TRANSACTION: ends the block, whose fate a client decides later. */
    record PrepareTransaction(String id) implements SessionCommand {}

    /** COMMIT PREPARED or ROLLBACK PREPARED. */
    record FinishPrepared(String id, boolean commits) implements SessionCommand {
        /** As it is written, and as its tag says. */
        public String words() {
            return commits ? "COMMIT PREPARED" : "ROLLBACK PREPARED";
        }
    }

    record Savepoint(String name) implements SessionCommand {}

    record ReleaseSavepoint(String name) implements SessionCommand {}

    record RollbackToSavepoint(String name) implements SessionCommand {}

    /**
     * SET in all its forms, SET LOCAL when {@code local}. {@code name} is the setting's lower-case name;
     * {@code TIME ZONE}, {@code NAMES}, {@code ROLE}, {@code SESSION AUTHORIZATION} have the names of their settings.
     * {@code values} are the unquoted values for names that start with {@code ostraka.}; empty means DEFAULT.
     */
    record Set(String name, boolean local, List<String> values) implements SessionCommand {
        public Set {
            values = List.copyOf(values);
        }
    }

    /** SET TRANSACTION, and SET SESSION CHARACTERISTICS when {@code session}. */
    record SetTransaction(boolean session) implements SessionCommand {}

    /** SET CONSTRAINTS. */
    record SetConstraints() implements SessionCommand {}

    /** RESET; {@code name} is {@code all} for RESET ALL. */
    record Reset(String name) implements SessionCommand {}

    record Show(String name) implements SessionCommand {}

    /** DISCARD; {@code what} is {@code all}, {@code plans}, {@code sequences} or {@code temporary}. */
    record Discard(String what) implements SessionCommand {}

    /** DEALLOCATE; {@code name} is empty for ALL. */
    record Deallocate(String name) implements SessionCommand {}

    /** PREPARE: a server judges it, and keeps it under this name. */
    record Prepare(String name) implements SessionCommand {}

    /** EXECUTE of what PREPARE or the protocol has prepared. */
    record Execute(String name) implements SessionCommand {}
}
