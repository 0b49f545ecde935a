package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.transaction.SessionTransaction;
import io.ostraka.proxy.wire.ErrorFields;
import io.ostraka.rules.config.TableName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.Plan;
import io.ostraka.rules.plan.SessionCommand;
import io.ostraka.rules.plan.TableLocks;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * SERIALIZABLE in a database of several shards that is configured with {@code serializable_across_shards: lock}: on the shards its
 * transactions run in READ COMMITTED, and in front of each statement the tables that it reads are locked there, until the end.
 * Nobody changes what a transaction has read, so that all of them could have run one after the other, in the order in which each
 * had its last lock.
 *
 * <p>No transaction of such a database is left to PostgreSQL's own SERIALIZABLE, not even on one shard: that watches only those which
 * are under it. A statement outside a block has one of the session's own.
 *
 * <pre>
 * client:  BEGIN ISOLATION LEVEL SERIALIZABLE             SELECT ... FROM t
 * shard:   BEGIN ...; SET TRANSACTION ... READ COMMITTED; LOCK TABLE t IN SHARE MODE; SELECT ... FROM t
 * </pre>
 *
 * <p>Confined to the session's event loop.
 */
final class SerializableLocks {
    static final String SETTING = "transaction_isolation";
    static final String LEVEL = "serializable";

    /** READ COMMITTED has a snapshot for each statement, which is taken when the locks are there. */
    private static final String UNDERNEATH = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED";

    private static final Pattern ACCESS_MODE =
            Pattern.compile("\\b(only|write|deferrable)\\b", Pattern.CASE_INSENSITIVE);

    private final Session session;
    /** Whether the configuration asks for it. */
    private final boolean isOn;
    /** Those of the statement that backends are sent next; empty for what is none, or reads no rows. */
    private Optional<TableLocks> next = Optional.empty();
    /** Those of statements that are bound, for backends that they meet when they are executed. */
    private final Map<String, TableLocks> bound;

    SerializableLocks(Session session) {
        this.session = session;
        this.isOn = session.database().locksForSerializable();
        this.bound = isOn ? new HashMap<>() : Map.of();
    }

    /** Whether the session's transaction, or what it would begin now, is SERIALIZABLE by locks. */
    boolean isOn() {
        return isOn && session.shards().level().equals(LEVEL);
    }

    /** Whether the open transaction is. */
    boolean holdTransaction() {
        return isOn && session.transaction().isOpen() && isOn();
    }

    // ---- before a statement --------------------------------------------------------------------------------------

    /** What comes next reads no rows. */
    void expectNothing() {
        next = Optional.empty();
    }

    /** What comes next is this statement. Throws when it may read what cannot be locked. */
    void expect(Planned.Statement statement) {
        next = isOn() ? Optional.of(of(statement)) : Optional.empty();
        if (holdTransaction() && next.filter(TableLocks::asksForLevel).isPresent()) {
            next = Optional.empty();
            throw unsupported(
                    "asking a server for the isolation level",
                    "Underneath, the transaction runs in READ COMMITTED.",
                    "Use SHOW transaction_isolation.");
        }
    }

    private TableLocks of(Planned.Statement statement) {
        TableLocks locks = session.database()
                .plans()
                .locks(statement.planned(), session.settings().searchPath());
        if (session.shards().forcedShard().isPresent() && !(statement.plan() instanceof Plan.Session)) {
            throw unsupported("a statement with ostraka.shard set", "It may read what nobody has locked.", "");
        }
        return locks;
    }

    private static RuntimeException unsupported(String what, String detail, String hint) {
        return new PgError(
                        SqlState.FEATURE_NOT_SUPPORTED,
                        what + " is not supported in a SERIALIZABLE transaction over several shards",
                        detail,
                        hint.isEmpty() ? "Use READ COMMITTED or REPEATABLE READ." : hint)
                .toException();
    }

    /** Whether the statement, outside a block, must have one of the session's own. */
    boolean needBlock(Planned.Statement statement) {
        return isOn
                && !session.transaction().isOpen()
                && !(statement.plan() instanceof Plan.Session)
                && isOn()
                && of(statement).touchesRows();
    }

    /** The same for a statement of the extended protocol: begins the block, which its Sync ends. */
    void beginFor(Planned.Statement statement) {
        if (!needBlock(statement)) {
            return;
        }
        if (session.extended().pipeline().hasExecuted()) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "a SERIALIZABLE statement is not supported behind others of its pipeline",
                            "Statements were executed before it outside a transaction block, and no Sync was sent.",
                            "Send BEGIN first, or a Sync after each statement.")
                    .toException();
        }
        session.transaction().beginImplicit();
    }

    /** Whether statements of a query string must be run one by one: what is told of the isolation level must be heard between them. */
    boolean concern(Planned planned) {
        return isOn
                && (isOn()
                        || planned.statements().stream()
                                .flatMap(statement -> Portal.commandOf(statement).stream())
                                .anyMatch(SerializableLocks::mayChangeLevel));
    }

    private static boolean mayChangeLevel(SessionCommand command) {
        return command instanceof SessionCommand.Begin
                || command instanceof SessionCommand.Set
                || command instanceof SessionCommand.Reset
                || command instanceof SessionCommand.SetTransaction;
    }

    /** What comes next was bound as this portal. One of that name may be there still, when this one is refused. */
    void bound(String portal) {
        if (!isOn) {
            return;
        }
        if (next.isEmpty()) {
            bound.remove(portal);
        } else if (portal.isEmpty()) {
            bound.put(portal, next.get());
        } else {
            bound.merge(portal, next.get(), TableLocks::and);
        }
    }

    /** What comes next is the execution of the portal. */
    void executes(String portal) {
        next = isOn ? Optional.ofNullable(bound.get(portal)) : Optional.empty();
    }

    void onTransactionEnd() {
        if (isOn) {
            bound.clear();
        }
    }

    /** A function by its number may read anything. */
    void requireNoCall() {
        if (isOn()) {
            throw unsupported("a function call by OID", "It may read what nobody has locked.", "");
        }
    }

    /** In front of what the backend is sent; it has joined the transaction. */
    void takeOn(Backend backend) {
        boolean mayRun = session.transaction().state() == SessionTransaction.State.OPEN;
        if (next.isEmpty() || !mayRun || !isOn()) {
            return;
        }
        List<TableName> missing = session.transaction().locks().missing(backend.shard(), next.get());
        if (!missing.isEmpty()) {
            String tables = missing.stream().map(SerializableLocks::quoted).collect(Collectors.joining(", "));
            backend.sendHidden(
                    "LOCK TABLE " + tables + " IN " + next.get().mode().words() + " MODE");
        }
    }

    private static String quoted(TableName table) {
        return quoted(table.schema()) + '.' + quoted(table.name());
    }

    private static String quoted(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    // ---- the transaction -----------------------------------------------------------------------------------------

    /** What a shard is told behind the BEGIN of the transaction, and in front of its first savepoint. */
    List<String> afterBegin() {
        return holdTransaction() ? List.of(UNDERNEATH) : List.of();
    }

    /** Whether the session answers a SHOW of it. */
    boolean answers(SessionCommand.Show show) {
        return isOn && show.name().equals(SETTING) && holdTransaction();
    }

    /** Refuses to show all settings, of which servers have one otherwise. */
    void requireSupported(SessionCommand command) {
        if (command instanceof SessionCommand.Show show && show.name().equals("all") && holdTransaction()) {
            throw unsupported("SHOW ALL", "Underneath, the transaction runs in READ COMMITTED.", "Name the setting.");
        }
    }

    /** Whether the command may set the level of the block, so that the session must tell all of its shards. */
    boolean concerns(SessionCommand command) {
        return isOn && session.transaction().isOpen() && mayNameLevel(command);
    }

    private static boolean mayNameLevel(SessionCommand command) {
        return (command instanceof SessionCommand.SetTransaction set && !set.session())
                || (command instanceof SessionCommand.Set named && named.name().equals(SETTING));
    }

    /** What shards are told in place of the command. Throws where PostgreSQL would not let the level be changed any more. */
    String told(SessionCommand command, String text) {
        boolean namesLevel =
                mayNameLevel(command) && text.toLowerCase(Locale.ROOT).contains("isolation");
        if (!isOn || !session.transaction().isOpen() || !namesLevel) {
            return text;
        }
        if (command instanceof SessionCommand.Set set && set.values().isEmpty()) {
            throw unsupported("SET " + SETTING + " TO DEFAULT", "", "Name the level.");
        }
        String wanted = SessionTransaction.levelIn(text);
        if (isOn() && !wanted.equals(LEVEL)) {
            requireFirst();
        } else if (isOn() && !ACCESS_MODE.matcher(text).find()) {
            // At no time an error, where the level is that already.
            return UNDERNEATH;
        }
        return wanted.equals(LEVEL) ? text + "\n;" + UNDERNEATH : text;
    }

    /** The shards have another level than the client knows of, and would not mind. */
    private void requireFirst() {
        if (session.transaction().savepoints() > 0) {
            throw new PgError(
                            SqlState.ACTIVE_SQL_TRANSACTION,
                            "SET TRANSACTION ISOLATION LEVEL must not be called in a subtransaction")
                    .toException();
        }
        if (session.transaction().locks().hasBegun()) {
            throw new PgError(
                            SqlState.ACTIVE_SQL_TRANSACTION,
                            "SET TRANSACTION ISOLATION LEVEL must be called before any query")
                    .toException();
        }
    }

    /** A return to the savepoint would give back locks on what the client has seen. */
    void requireKept(String savepoint) {
        if (holdTransaction() && !session.transaction().keepsLocks(savepoint)) {
            throw unsupported(
                    "ROLLBACK TO SAVEPOINT behind statements that have read",
                    "Tables were locked since the savepoint, and others could change what was read.",
                    "Roll the transaction back, or read the tables before the savepoint.");
        }
    }

    /** What is told instead of a shard's error, if that is about a lock. */
    Optional<PgError> refused(ErrorFields error) {
        return holdTransaction() && error.sqlState().equals(SqlState.INSUFFICIENT_PRIVILEGE.code())
                ? Optional.of(new PgError(
                        SqlState.INSUFFICIENT_PRIVILEGE,
                        error.message(),
                        "A SERIALIZABLE transaction over several shards locks the tables that it reads, which takes the right to"
                                + " UPDATE, DELETE or TRUNCATE them.",
                        "Grant it, or use REPEATABLE READ."))
                : Optional.empty();
    }
}
