package io.ostraka.rules.plan;

import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.sql.StatementTemplate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The plans of one {@link Planner}, by statement template and search path. A hit costs a lex and a lookup.
 * Thread-safe; two threads that miss together both plan.
 *
 * <p>Bounded by the bytes of its keys and an estimate of its plans. When they are over, the eighth of the entries
 * that was longest unused goes; a statement that alone is larger than a sixteenth of the bound is planned each time.
 *
 * <p>Each length of an IN list or of the rows of an INSERT is a template of its own. Lest lists that are of another length
 * each time push out what is used again, a statement with more than {@link #FEW_LITERALS} literals is kept from its second
 * appearance on only: what a batch of fixed size repeats is found, what comes once is forgotten. EXECUTE has its arguments in its
 * template and is planned by a look at its tokens: it is never kept.
 */
public final class PlanCache {
    /** What a plan weighs, roughly: a few filters with their lists, a router, an error. */
    private static final int PLAN_BYTES = 2_048;

    /** What one more literal adds to a plan and its template: a value to look at, its place in a list and in the text. */
    private static final int LITERAL_BYTES = 96;

    /** Up to here the lengths of a list are few enough to be kept at once. */
    private static final int FEW_LITERALS = 32;

    /** How many one-time keys are remembered; a power of two. Of each only a hash, so that a collision keeps one too soon. */
    private static final int SEEN_ONCE = 4_096;

    private final AtomicIntegerArray seenOnce = new AtomicIntegerArray(SEEN_ONCE);
    private final Planner planner;
    private final long maxBytes;
    private final Map<Key, Entry> entries = new ConcurrentHashMap<>();
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicLong clock = new AtomicLong();

    private record Key(String template, List<String> searchPath) {
        int bytes() {
            return 2 * template.length();
        }
    }

    /** {@code template} is there when the plan has positions in its text. */
    private static final class Entry {
        private final Plan plan;
        private final Optional<StatementTemplate> template;
        private final long bytes;
        private volatile long used;

        Entry(Plan plan, Optional<StatementTemplate> template, long bytes) {
            this.plan = plan;
            this.template = template;
            this.bytes = bytes;
        }
    }

    public PlanCache(Planner planner, long maxBytes) {
        this.planner = planner;
        this.maxBytes = maxBytes;
    }

    public Planner planner() {
        return planner;
    }

    /** What its entries weigh, by estimate. */
    public long bytes() {
        return bytes.get();
    }

    /** The same as {@link Planner#plan(String, List)}. */
    public List<PlannedStatement> plan(String queryText, List<String> searchPath) {
        List<StatementTemplate> templates;
        try {
            templates = StatementTemplate.of(queryText);
        } catch (PgErrorException lexical) {
            return planner.plan(queryText, searchPath);
        }
        if (templates.size() == 1) {
            return List.of(PlannedStatement.of(templates.get(0), plan(templates.get(0), searchPath)));
        }
        List<PlannedStatement> planned = new ArrayList<>(templates.size());
        for (StatementTemplate template : templates) {
            Plan plan = plan(template, searchPath);
            if (plan instanceof Plan.Refusal refusal && refusal.error().state() == SqlState.SYNTAX_ERROR) {
                return List.of(PlannedStatement.of(template, plan));
            }
            planned.add(PlannedStatement.of(template, plan));
        }
        return planned;
    }

    private Plan plan(StatementTemplate template, List<String> searchPath) {
        Key key = new Key(template.key(), searchPath);
        Entry known = entries.get(key);
        if (known == null) {
            Plan plan = planner.plan(template, searchPath);
            if (!(plan instanceof Plan.Execute) && !isOfValues(plan, template)) {
                add(key, plan, template);
            }
            return plan;
        }
        // A plain write: that many threads use an entry at about the same time is all it has to say.
        known.used = clock.get();
        return known.template.isEmpty() ? known.plan : moved(known.plan, known.template.get(), template);
    }

    /** A malformed escape in a string is the fault of that string, not of all statements of its key. */
    private static boolean isOfValues(Plan plan, StatementTemplate template) {
        return plan instanceof Plan.Refusal refusal && refusal.isUnread() && hasEscapes(template);
    }

    private static boolean hasEscapes(StatementTemplate template) {
        for (int i = 0; i < template.literals(); i++) {
            if (Character.toLowerCase(template.sql().charAt(template.literalStart(i))) == 'e') {
                return true;
            }
        }
        return false;
    }

    private void add(Key key, Plan plan, StatementTemplate template) {
        boolean positioned = position(plan) > 0
                || plan instanceof Plan.Combine
                || splits(plan)
                || plan instanceof Plan.Asking
                || plan instanceof Plan.Clocked
                || plan instanceof Plan.Listed
                || plan instanceof Plan.Valued
                || (plan instanceof Plan.Scatter scatter && scatter.merge() instanceof Merge.Ordered);
        long weight = PLAN_BYTES
                + key.bytes()
                + (long) LITERAL_BYTES * template.literals()
                + (positioned ? 2L * template.sql().length() : 0);
        if (weight > maxBytes / 16 || (template.literals() > FEW_LITERALS && isNew(key))) {
            return;
        }
        Key copy = new Key(key.template(), List.copyOf(key.searchPath()));
        Entry entry = new Entry(plan, positioned ? Optional.of(template) : Optional.empty(), weight);
        entry.used = clock.incrementAndGet();
        if (entries.putIfAbsent(copy, entry) == null && bytes.addAndGet(weight) > maxBytes) {
            evict();
        }
    }

    private static boolean splits(Plan plan) {
        return plan instanceof Plan.Forward forward
                && forward.spread().flatMap(Plan.Spread::split).isPresent();
    }

    /** Whether a key was not seen lately; it is from now on. */
    private boolean isNew(Key key) {
        int hash = key.hashCode();
        int slot = (hash ^ (hash >>> 16)) & (SEEN_ONCE - 1);
        return seenOnce.getAndSet(slot, hash) != hash;
    }

    private synchronized void evict() {
        if (bytes.get() <= maxBytes) {
            return;
        }
        // Uses go on while this sorts: the stamps are read once.
        record Stamped(Key key, long used) {}
        List<Stamped> oldest = entries.entrySet().stream()
                .map(entry -> new Stamped(entry.getKey(), entry.getValue().used))
                .sorted(Comparator.comparingLong(Stamped::used))
                .toList();
        for (Stamped victim : oldest.subList(0, Math.max(1, oldest.size() / 8))) {
            Entry removed = entries.remove(victim.key());
            if (removed != null) {
                bytes.addAndGet(-removed.bytes);
            }
        }
    }

    private static int position(Plan plan) {
        if (plan instanceof Plan.Forward forward) {
            return forward.whenMany().position();
        }
        if (plan instanceof Plan.Asking asking) {
            return position(asking.then());
        }
        if (plan instanceof Plan.Clocked clocked) {
            return position(clocked.asWritten());
        }
        if (plan instanceof Plan.Listed listed) {
            return position(listed.asWritten());
        }
        if (plan instanceof Plan.Valued valued) {
            return position(valued.asWritten());
        }
        return plan instanceof Plan.Refusal refusal ? refusal.error().position() : 0;
    }

    /** The plan with its position in a text whose literals have other lengths. */
    private static Plan moved(Plan plan, StatementTemplate from, StatementTemplate to) {
        if (plan instanceof Plan.Combine combine && combine.forward().whenMany().position() > 0) {
            return new Plan.Combine((Plan.Forward) moved(combine.forward(), from, to), combine.combination());
        }
        if (plan instanceof Plan.Forward forward) {
            if (forward.whenMany().position() == 0) {
                return plan;
            }
            return new Plan.Forward(
                    forward.router(),
                    forward.access(),
                    forward.pins(),
                    moved(forward.whenMany(), from, to),
                    forward.spread(),
                    forward.change(),
                    forward.kept());
        }
        if (plan instanceof Plan.Asking asking) {
            return new Plan.Asking(asking.values(), moved(asking.then(), from, to));
        }
        if (plan instanceof Plan.Clocked clocked) {
            return new Plan.Clocked(clocked.clock(), moved(clocked.asWritten(), from, to));
        }
        if (plan instanceof Plan.Listed listed) {
            return new Plan.Listed(moved(listed.asWritten(), from, to));
        }
        if (plan instanceof Plan.Valued valued) {
            return new Plan.Valued(moved(valued.asWritten(), from, to));
        }
        return plan instanceof Plan.Refusal refusal
                ? new Plan.Refusal(moved(refusal.error(), from, to), refusal.isUnread())
                : plan;
    }

    private static PgError moved(PgError error, StatementTemplate from, StatementTemplate to) {
        return error.position() == 0 ? error : error.at(from.translate(error.position() - 1, to) + 1);
    }
}
