package io.ostraka.proxy.transaction;

import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.sql.Lexer;
import io.ostraka.rules.sql.TokenKind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The transaction block of one session: open from BEGIN to its end, over the shards that its statements reached. A shard
 * joins at its first statement, when all that was said to the transaction so far is said to it: BEGIN, savepoints, SET LOCAL.
 *
 * <pre>
 * NONE --begin--> OPEN --fail--> FAILED
 *   ^--------------+----end--------+      FAILED --rollbackTo--> OPEN
 * </pre>
 *
 * Confined to the session's event loop. A crash of the proxy ends the connections, and each shard rolls back.
 */
public final class SessionTransaction {
    /** Where a transaction block stands. */
    public enum State {
        /** No block: each statement is its own transaction. */
        NONE,
        OPEN,
        /** A statement has failed: nothing but the end, or a return to a savepoint, is accepted. */
        FAILED
    }

    private static final Pattern LEVEL = Pattern.compile(
            "serializable|repeatable\\s+read|read\\s+committed|read\\s+uncommitted", Pattern.CASE_INSENSITIVE);

    private static final Pattern NAMES_LEVEL = Pattern.compile("isolation", Pattern.CASE_INSENSITIVE);

    /** What says the level of later transactions: {@code default_transaction_isolation}, SET SESSION CHARACTERISTICS. */
    private static final Pattern FOR_LATER =
            Pattern.compile("default_transaction_isolation|\\bcharacteristics\\b", Pattern.CASE_INSENSITIVE);

    private static final Pattern SETS_MODE =
            Pattern.compile("^set\\s+((local|session)\\s+)?\"?transaction(?!\\s+snapshot)", Pattern.CASE_INSENSITIVE);

    private static final int SHORTEST_WITH_LEVEL = "begin isolation level".length();

    /** A statement of the script; savepoints are those that a later RELEASE takes out again. */
    private record Said(String statement, boolean isSavepoint) {}

    /** {@code scriptSize} is what of the script was said before and with it, {@code locks} the mark of the locks before it. */
    private record Savepoint(String name, int scriptSize, int locks, Object restore) {}

    private State state = State.NONE;
    private boolean implicit;
    private boolean changedSchema;
    private boolean changedTables;
    /** Whether a statement of the script may say the isolation level; false for nearly all, which are not looked through then. */
    private boolean mayNameLevel;

    private final List<Said> script = new ArrayList<>();
    private final Set<ShardName> joined = new LinkedHashSet<>();
    /** Those of them where nothing has taken a snapshot; immutable while there are none. */
    private Set<ShardName> unread = Set.of();

    private final Deque<Savepoint> savepoints = new ArrayDeque<>();
    private final Set<ShardName> writers = new LinkedHashSet<>();
    /** Those of them that have a transaction id, as far as is known. */
    private final Set<ShardName> changed = new HashSet<>();

    private final HeldLocks locks = new HeldLocks();

    public State state() {
        return state;
    }

    public boolean isOpen() {
        return state != State.NONE;
    }

    /** {@code text} is the client's own BEGIN, with the options it has. */
    public void begin(String text) {
        if (state != State.NONE) {
            throw new IllegalStateException("begin in state " + state);
        }
        state = State.OPEN;
        remember(text);
    }

    /** A block of the session's own around a statement that writes on several shards: it ends with the statement. */
    public void beginImplicit() {
        begin("BEGIN");
        implicit = true;
    }

    /** Whether the client does not know of the block. */
    public boolean isImplicit() {
        return implicit;
    }

    /** What it has done must be known before other statements are planned, when it is committed. */
    public void changesSchema() {
        changedSchema = true;
    }

    public boolean hasChangedSchema() {
        return changedSchema;
    }

    /** It has changed, emptied, dropped or locked tables: other connections see them as they were, and may wait for its end. */
    public void changesTables() {
        changedTables = true;
    }

    public boolean hasChangedTables() {
        return changedTables;
    }

    public void fail() {
        if (state == State.OPEN) {
            state = State.FAILED;
        }
    }

    public void end() {
        state = State.NONE;
        implicit = false;
        changedSchema = false;
        changedTables = false;
        mayNameLevel = false;
        script.clear();
        joined.clear();
        unread = Set.of();
        savepoints.clear();
        writers.clear();
        changed.clear();
        locks.clear();
    }

    /** The locks that keep it serializable, if that is how it is kept so. */
    public HeldLocks locks() {
        return locks;
    }

    /** Whether a return to the savepoint, which is there, gives no lock back that was taken since. */
    public boolean keepsLocks(String savepoint) {
        return savepoints.stream()
                .filter(kept -> kept.name().equals(savepoint))
                .findFirst()
                .filter(kept -> kept.locks() == locks.mark())
                .isPresent();
    }

    /** What a shard that joins now must run first. */
    public List<String> script() {
        return script.stream().map(Said::statement).toList();
    }

    /** The part of {@link #script} before the first savepoint. */
    public List<String> scriptToFirstSavepoint() {
        return script.stream()
                .takeWhile(said -> !said.isSavepoint())
                .map(Said::statement)
                .toList();
    }

    /** The rest of it. */
    public List<String> scriptFromFirstSavepoint() {
        return script.stream()
                .dropWhile(said -> !said.isSavepoint())
                .map(Said::statement)
                .toList();
    }

    /** A statement all later participants must run too: SET LOCAL, SET TRANSACTION, SET CONSTRAINTS. */
    public void remember(String statement) {
        script.add(new Said(statement, false));
        mayNameLevel |= statement.length() >= SHORTEST_WITH_LEVEL;
    }

    /**
     * BEGIN of a block that is chained to this one, and what SET has changed of the modes since; none outside a block. One that has failed
     * has lost them.
     */
    public List<String> chained() {
        if (state == State.FAILED) {
            return List.of("BEGIN");
        }
        List<String> chained = new ArrayList<>(1);
        for (Said said : script) {
            if (chained.isEmpty()
                    || SETS_MODE.matcher(withoutComments(said.statement())).find()) {
                chained.add(said.statement());
            }
        }
        return chained;
    }

    /** The isolation level the client asked for last in this block, in lower case; empty when it is the session's default. */
    public Optional<String> isolationLevel() {
        if (!mayNameLevel) {
            return Optional.empty();
        }
        for (int i = script.size() - 1; i >= 0; i--) {
            String said = script.get(i).statement();
            String statement = NAMES_LEVEL.matcher(said).find() ? withoutComments(said) : "";
            if (NAMES_LEVEL.matcher(statement).find()
                    && !FOR_LATER.matcher(statement).find()) {
                return Optional.of(levelIn(statement));
            }
        }
        return Optional.empty();
    }

    /** The level that a SET or BEGIN names last; {@code serializable}, the strictest, when it cannot be made out. */
    public static String levelIn(String statement) {
        Matcher level = LEVEL.matcher(withoutComments(statement));
        String last = "serializable";
        while (level.find()) {
            last = level.group().toLowerCase(Locale.ROOT).replaceAll("\\s+", " ");
        }
        return last;
    }

    private static String withoutComments(String statement) {
        Lexer lexer = new Lexer(statement);
        StringBuilder text = new StringBuilder(statement.length());
        for (TokenKind kind = lexer.next(); kind != TokenKind.END; kind = lexer.next()) {
            text.append(lexer.text()).append(' ');
        }
        return text.toString();
    }

    public boolean hasJoined(ShardName shard) {
        return joined.contains(shard);
    }

    public void join(ShardName shard) {
        joined.add(shard);
    }

    /** The same for a setting, which takes no snapshot: another snapshot may still be imported there. */
    public void joinUnread(ShardName shard) {
        joined.add(shard);
        if (unread.isEmpty()) {
            unread = new HashSet<>();
        }
        unread.add(shard);
    }

    /** Whether nothing has taken a snapshot on this shard, which has joined. */
    public boolean isUnread(ShardName shard) {
        return unread.contains(shard);
    }

    /** A statement takes a snapshot there. */
    public void reads(ShardName shard) {
        if (isUnread(shard)) {
            unread.remove(shard);
        }
    }

    /** Whether a statement has taken a snapshot on any shard: then its time is known. */
    public boolean hasRead() {
        return joined.size() > unread.size();
    }

    /** The shards reached so far, in the order they were. */
    public Set<ShardName> participants() {
        return joined;
    }

    /** The shards that may have been written to, in the order they were. */
    public Set<ShardName> writers() {
        return writers;
    }

    public void wrote(ShardName shard) {
        writers.add(shard);
    }

    /** The shard has said that rows were changed there. A return to a savepoint does not take the transaction's id away. */
    public void changed(ShardName shard) {
        changed.add(shard);
    }

    /** Whether it is known to have written on this writer; otherwise the shard must be asked. */
    public boolean hasChanged(ShardName shard) {
        return changed.contains(shard);
    }

    /** {@code restore} is given back by {@link #rollbackTo}. */
    public void savepoint(String name, String statement, Object restore) {
        script.add(new Said(statement, true));
        savepoints.push(new Savepoint(name, script.size(), locks.mark(), restore));
    }

    /** How many savepoints there are. */
    public int savepoints() {
        return savepoints.size();
    }

    public boolean hasSavepoint(String name) {
        return savepoints.stream().anyMatch(savepoint -> savepoint.name().equals(name));
    }

    /**
     * Forgets the savepoint and those after it; what was done since stays. A shard that joins later need not hear of them: drivers
     * that set a savepoint before each statement would make the script long.
     */
    public void release(String name) {
        Savepoint released;
        do {
            released = savepoints.pop();
        } while (!released.name().equals(name));
        script.subList(released.scriptSize() - 1, script.size()).removeIf(Said::isSavepoint);
    }

    /** Returns to the savepoint, which stays; a shard that joins later has nothing to undo. */
    public Object rollbackTo(String name) {
        Iterator<Savepoint> later = savepoints.iterator();
        while (later.hasNext()) {
            Savepoint savepoint = later.next();
            if (savepoint.name().equals(name)) {
                script.subList(savepoint.scriptSize(), script.size()).clear();
                state = State.OPEN;
                return savepoint.restore();
            }
            later.remove();
        }
        throw new IllegalStateException("no savepoint of that name");
    }
}
