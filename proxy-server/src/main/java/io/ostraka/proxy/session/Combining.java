package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.StatementKey;
import io.ostraka.proxy.execute.CombineOrder;
import io.ostraka.proxy.execute.CombineReport;
import io.ostraka.proxy.execute.CombineRun;
import io.ostraka.proxy.execute.RollbackRun;
import io.ostraka.proxy.wire.BindView;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.Access;
import io.ostraka.rules.plan.Combination;
import io.ostraka.rules.plan.CursorCommand;
import io.ostraka.rules.plan.Fragment;
import io.ostraka.rules.plan.Plan;
import io.ostraka.rules.plan.PlannedStatement;
import io.ostraka.rules.plan.StatementValues;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Has statements answered by the combiner. Outside of a transaction block the session's backends take part, one for each
 * shard; within one, rows are read by the transaction's own backends, which see what it has written, while the combiner is on
 * a connection beside it: a transaction with temporary tables could not be prepared. Confined to the session's event loop.
 */
final class Combining {
    static final String STATEMENT_MEMORY = "ostraka.statement_memory";
    private static final String DEFAULT_MEMORY = "1GB";
    private static final Pattern SIZE = Pattern.compile("\\s*([0-9]{1,9})\\s*(B|kB|KiB|MB|MiB|GB|GiB)\\s*");

    private static final Pattern LOCAL = Pattern.compile("\\bset\\s+local\\b", Pattern.CASE_INSENSITIVE);
    private static final Pattern OF_TRANSACTION = Pattern.compile("transaction", Pattern.CASE_INSENSITIVE);

    private final Session session;
    private final HeldBackends apart;
    /** Those that cursors and portals have, each for itself. */
    private final Set<Backend> kept = new LinkedHashSet<>();

    /** Rows that are put together to stay with the combiner; {@code then} goes on with the statement for it. */
    private record Keep(CombineOrder.Keeping what, boolean isHeld, BiConsumer<CombinerCursor, StatementKey> then) {}

    /** What is asked, and how the combiner's text stands in what it is sent. */
    private record Question(
            Combination combination,
            Planned.Statement statement,
            StatementValues values,
            StatementKey original,
            UnaryOperator<String> around,
            Optional<BindView> bind,
            boolean isSimple) {}

    Combining(Session session, HeldBackends apart) {
        this.session = session;
        this.apart = apart;
    }

    HeldBackends apart() {
        return apart;
    }

    /** All backends beside the session's transaction. */
    Collection<Backend> all() {
        List<Backend> all = new ArrayList<>(apart.all());
        all.addAll(kept);
        return all;
    }

    /** Whether the backend is one beside the session's transaction. */
    boolean isHolding(Backend backend) {
        return kept.contains(backend)
                || apart.isPending(backend)
                || apart.find(backend.shard()).filter(held -> held == backend).isPresent();
    }

    /** A Query; false while backends are on their way. */
    boolean start(Combination combination, Planned.Statement statement) {
        return start(
                new Question(
                        combination,
                        statement,
                        statement.values(),
                        key(statement.textInPlace()),
                        UnaryOperator.identity(),
                        Optional.empty(),
                        true),
                false,
                Optional.empty());
    }

    /** EXPLAIN ANALYZE, in a Query, if {@code isSimple}, or an Execute; false while backends are on their way. */
    boolean start(Plan.Explain explain, Planned.Statement statement, boolean isSimple) {
        PlannedStatement query = explain.combined().orElseThrow();
        return start(
                new Question(
                        ((Plan.Combine) query.plan()).combination(),
                        new Planned.Statement(query),
                        query.values(),
                        key(statement.planned().blanksTo(0) + explain.before() + query.text()),
                        combined -> explain.before() + combined,
                        Optional.empty(),
                        isSimple),
                false,
                Optional.empty(),
                Optional.of(new CombineReport(explain, isSimple, System::nanoTime)));
    }

    /** A COPY, whose whole text is {@code text}; false while backends are on their way. */
    boolean start(Plan.CombinedCopy copy, String text, boolean isSimple) {
        Planned.Statement query = new Planned.Statement(copy.query());
        return start(
                new Question(
                        copy.combination(), query, query.values(), key(text), copy::text, Optional.empty(), isSimple),
                true,
                Optional.empty());
    }

    private StatementKey key(String text) {
        return new StatementKey(
                text,
                List.of(),
                session.settings().searchPath(),
                session.database().schemaAge());
    }

    /** An Execute of all rows; false while backends are on their way. */
    boolean start(Portal.Combined portal) {
        return start(question(portal), false, Optional.empty());
    }

    /** An Execute of some rows, which {@code then} fetches with the statement for the combiner; false while backends are on their way. */
    boolean open(Portal.Combined portal, BiConsumer<CombinerCursor, StatementKey> then) {
        return start(
                question(portal),
                false,
                Optional.of(new Keep(new CombineOrder.Keeping(Optional.empty(), false), false, then)));
    }

    private Question question(Portal.Combined portal) {
        session.extended().pipeline().endOneTime();
        BoundValues values = new BoundValues(portal.bind());
        values.use(portal.statement().values(), portal.key().parameterOids(), session.encoding());
        return new Question(
                portal.combination(),
                portal.statement(),
                values,
                portal.key(),
                UnaryOperator.identity(),
                Optional.of(portal.bind()),
                false);
    }

    /**
     * A DECLARE, which {@code then} sends to the combiner; {@code blanks} stand for what is in front of it in the client's text. False
     * while backends are on their way.
     */
    boolean open(
            CursorCommand.Declare declare,
            Combination combination,
            String blanks,
            boolean isSimple,
            BiConsumer<CombinerCursor, StatementKey> then) {
        Planned.Statement query = new Planned.Statement(declare.query());
        String before = declare.before();
        String inPlace = blanks + " ".repeat(before.codePointCount(0, before.length())) + query.text();
        Question question = new Question(
                combination,
                query,
                query.values(),
                key(blanks + before + query.text()),
                combined -> before + combined,
                Optional.empty(),
                isSimple);
        CombineOrder.Keeping what = new CombineOrder.Keeping(Optional.of(key(inPlace)), declare.isBinary());
        return start(question, false, Optional.of(new Keep(what, declare.isHeld(), then)));
    }

    /**
     * The rows of a query that are read in another way, by {@code then}, which must close the cursor; {@code blanks} stand for what is in
     * front of its statement in the client's text. False while backends are on their way.
     */
    boolean open(
            PlannedStatement planned,
            Combination combination,
            String blanks,
            boolean isSimple,
            BiConsumer<CombinerCursor, StatementKey> then) {
        Planned.Statement query = new Planned.Statement(planned);
        return start(
                new Question(
                        combination,
                        query,
                        query.values(),
                        key(blanks + planned.textInPlace()),
                        UnaryOperator.identity(),
                        Optional.empty(),
                        isSimple),
                false,
                Optional.of(new Keep(new CombineOrder.Keeping(Optional.empty(), false), false, then)));
    }

    /** A connection beside the transaction until {@link #endKept}; empty while it is on its way. */
    Optional<Backend> lendApart(ShardName shard) {
        Optional<Backend> ready = apart.ready(shard);
        ready.ifPresent(backend -> {
            apart.lend(List.of(backend));
            kept.add(backend);
        });
        return ready;
    }

    private boolean start(Question question, boolean isCopy, Optional<Keep> keep) {
        return start(question, isCopy, keep, Optional.empty());
    }

    private boolean start(Question question, boolean isCopy, Optional<Keep> keep, Optional<CombineReport> report) {
        session.encodingState().requireUtf8("a statement that needs rows of several shards together");
        if (!session.isQuiet()) {
            return false;
        }
        Combination combination = question.combination().of(question.values());
        boolean isInBlock = session.transaction().isOpen();
        if (session.shards().writesImplicitly()) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "rows of several shards cannot be put together in a pipeline that has written",
                            "Statements of the same pipeline wrote before it, outside a transaction block.",
                            "Send a Sync before it.")
                    .toException();
        }
        if (isInBlock && session.transaction().hasChangedTables()) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "rows of several shards cannot be put together in a transaction that has changed or locked tables",
                            "Another connection puts them together. It would see the tables as they were, or wait for the end of the"
                                    + " transaction.",
                            "Commit before it.")
                    .toException();
        }
        // What the transaction has written, or locked, only its own connections read rightly.
        boolean copiesAll = isInBlock
                && (!session.transaction().writers().isEmpty()
                        || session.locks().holdTransaction()
                        || mixesSnapshots(combination, question));
        Map<Fragment, List<ShardName>> sources = new LinkedHashMap<>();
        Set<ShardName> read = new LinkedHashSet<>();
        boolean isReader = !isInBlock && !combination.isApart();
        if (isReader) {
            read.add(combination.combiner());
        }
        for (Fragment fragment : combination.fragments()) {
            if (copiesAll || !fragment.isOwn()) {
                sources.put(fragment, fragment.shards(question.values()));
                read.addAll(sources.get(fragment));
            }
        }
        boolean isApart = isInBlock || keep.isPresent() || combination.isApart();
        List<ShardName> needed = new ArrayList<>(read);
        if (isReader && isApart) {
            needed.remove(combination.combiner());
        }
        Optional<List<Backend>> backends = SimpleQuery.allReady(session, needed);
        Optional<Backend> combiner =
                isApart ? apart.ready(combination.combiner()) : session.held().find(combination.combiner());
        if (backends.isEmpty() || combiner.isEmpty()) {
            return false;
        }
        boolean atOneTime = session.shards().readsAtOneTime(read.size());
        if (atOneTime && !session.extended().pipeline().isTimeReady(read)) {
            return false;
        }
        if (isInBlock) {
            session.shards().requireOneSnapshot(backends.get());
            backends.get().forEach(backend -> session.shards().enlist(backend, Access.READ));
        }
        Map<ShardName, Backend> byShard = new LinkedHashMap<>();
        if (isReader) {
            byShard.put(combination.combiner(), combiner.get());
        }
        backends.get().forEach(backend -> byShard.put(backend.shard(), backend));
        List<CombineOrder.Copy> copies = new ArrayList<>();
        sources.forEach((fragment, shards) -> copies.add(new CombineOrder.Copy(
                fragment,
                fragment.select(question.statement().planned(), question.values()),
                shards.stream().map(byShard::get).toList())));
        if (atOneTime) {
            session.extended().pipeline().usesTime();
        }
        String combined =
                question.statement().combinerText(copiesAll ? combination.textOfCopies() : combination.text());
        CombineOrder order = new CombineOrder(
                combiner.get(),
                copies,
                isInBlock ? Set.of() : atOneTime ? sources(copies, combiner.get()) : askedAgain(copies, combiner.get()),
                imports(atOneTime ? byShard.values() : combination.isApart() ? List.of() : List.of(combiner.get())),
                isInBlock && session.shards().readsTogether(needed.size() + (combination.isApart() ? 0 : 1)),
                isInBlock ? Set.of() : session.extended().pipeline().unsynced(),
                localSettings(),
                question.original(),
                question.original().withSql(question.around().apply(combined)),
                question.bind(),
                question.bind().isEmpty() || keep.isPresent(),
                isCopy,
                keep.map(Keep::what),
                report,
                bytes(session.settings().own(STATEMENT_MEMORY).orElse(DEFAULT_MEMORY)));
        if (isInBlock) {
            session.victim().worksBeside(combiner.get());
        }
        CombineRun run = new CombineRun(session.runs(), order);
        session.runs().start(run, failed -> {
            boolean isKept = keep.isPresent() && !failed;
            if (isInBlock && !isKept) {
                session.victim().noLongerBeside(order.combiner());
            }
            if (isKept) {
                apart.lend(List.of(order.combiner()));
                kept.add(order.combiner());
            }
            ended(!isInBlock);
            if (isKept) {
                CombinerCursor cursor = new CombinerCursor(
                        session,
                        order.combiner(),
                        order.localSettings(),
                        run.columns(),
                        keep.get().isHeld());
                keep.get().then().accept(cursor, order.rewritten());
            } else {
                session.runs().end(failed, question.isSimple());
            }
        });
        return true;
    }

    /**
     * Whether the combiner, if it read its own tables itself, would do so at another time than the block's backend gives other rows of
     * the same shard.
     */
    private boolean mixesSnapshots(Combination combination, Question question) {
        return !session.snapshot().isHeld()
                && combination.fragments().stream().anyMatch(Fragment::isOwn)
                && combination.fragments().stream()
                        .filter(fragment -> !fragment.isOwn())
                        .anyMatch(fragment -> fragment.shards(question.values()).contains(combination.combiner()));
    }

    /** What brings backends to the session's one point in time, if it has one. */
    private Map<Backend, String> imports(Collection<Backend> backends) {
        Map<Backend, String> imports = new LinkedHashMap<>();
        if (session.snapshot().isHeld()) {
            backends.forEach(backend -> imports.put(backend, session.snapshot().importOn(backend.shard())));
        }
        return imports;
    }

    private static Set<Backend> sources(List<CombineOrder.Copy> copies, Backend combiner) {
        Set<Backend> sources = new HashSet<>();
        copies.forEach(copy -> sources.addAll(copy.sources()));
        sources.remove(combiner);
        return sources;
    }

    /** Those that have rows of more than one table. */
    private static Set<Backend> askedAgain(List<CombineOrder.Copy> copies, Backend combiner) {
        Set<Backend> once = new HashSet<>();
        Set<Backend> again = new HashSet<>();
        copies.forEach(copy -> copy.sources().stream()
                .filter(source -> source != combiner && !once.add(source))
                .forEach(again::add));
        return again;
    }

    /** What the transaction alone has set, for its connection beside it. */
    List<String> localSettings() {
        return session.transaction().isOpen()
                ? session.transaction().script().stream()
                        .filter(said -> LOCAL.matcher(said).find()
                                && !OF_TRANSACTION.matcher(said).find())
                        .toList()
                : List.of();
    }

    private void ended(boolean ownsTransactions) {
        apart.releaseIdle();
        if (ownsTransactions) {
            session.extended().onCombined();
        }
    }

    /** The cursor or portal on this connection is closed. */
    void endKept(Backend backend) {
        session.victim().noLongerBeside(backend);
        if (!session.isClosed() && kept.remove(backend) && backend.isOpen()) {
            RollbackRun.start(backend, apart::giveBack);
        }
    }

    /** The client is gone. */
    void close() {
        apart.close();
        kept.forEach(apart::discard);
        kept.clear();
    }

    // ---- the limit -----------------------------------------------------------------------------------------------

    static String defaultOf(String setting) {
        return setting.equals(STATEMENT_MEMORY) ? DEFAULT_MEMORY : "";
    }

    /** A size with its unit. */
    static long bytes(String size) {
        Matcher read = SIZE.matcher(size);
        if (!read.matches()) {
            throw new PgError(
                            SqlState.INVALID_PARAMETER_VALUE,
                            "invalid value for parameter \"" + STATEMENT_MEMORY + "\": \"" + size + "\"",
                            "",
                            "Give a number with a unit: B, kB, MB or GB.")
                    .toException();
        }
        int shift =
                switch (Character.toUpperCase(read.group(2).charAt(0))) {
                    case 'K' -> 10;
                    case 'M' -> 20;
                    case 'G' -> 30;
                    default -> 0;
                };
        return Long.parseLong(read.group(1)) << shift;
    }
}
