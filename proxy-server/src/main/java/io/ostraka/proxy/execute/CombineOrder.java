package io.ostraka.proxy.execute;

import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.StatementKey;
import io.ostraka.proxy.wire.BindView;
import io.ostraka.rules.plan.Fragment;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a {@link CombineRun} is to do, with the backends for it. Immutable.
 *
 * @param combiner the combiner's backend, outside of any transaction
 * @param copies what is copied, from where; the combiner itself may be among the sources
 * @param inOneSnapshot sources outside of a transaction that are asked more than once, or at the time of others
 * @param imports what is said first in a transaction of this run, so that all read at one time; empty where each has its own
 * @param atOneMoment whether sources are in a READ COMMITTED transaction already, and all snapshots are to be taken in one {@link Moment}
 * @param toSync backends with messages of the extended protocol that no Sync has ended yet
 * @param localSettings statements for the combiner's transaction before all else
 * @param original the client's statement
 * @param rewritten what the combiner runs
 * @param bind the client's Bind; without one the statement has no parameters and its result is text
 * @param describes whether the columns of the result are asked for, to be told to the client
 * @param isCopy whether the statement is a COPY to the client
 * @param keeps when the rows are only put together: the combiner's transaction stays open for who has ordered it
 * @param report what EXPLAIN ANALYZE shows in the place of the result
 * @param maxBytes how much may be copied
 */
public record CombineOrder(
        Backend combiner,
        List<Copy> copies,
        Set<Backend> inOneSnapshot,
        Map<Backend, String> imports,
        boolean atOneMoment,
        Set<Backend> toSync,
        List<String> localSettings,
        StatementKey original,
        StatementKey rewritten,
        Optional<BindView> bind,
        boolean describes,
        boolean isCopy,
        Optional<Keeping> keeps,
        Optional<CombineReport> report,
        long maxBytes) {

    /** One fragment, what its shards are asked for, and the backends of those that have rows of it. */
    public record Copy(Fragment fragment, String select, List<Backend> sources) {
        public Copy {
            sources = List.copyOf(sources);
        }
    }

    /** {@code query} is what the client is to be told the columns of, if {@link #original} is not, in binary or as text. */
    public record Keeping(Optional<StatementKey> query, boolean isBinary) {}

    public CombineOrder {
        copies = List.copyOf(copies);
        inOneSnapshot = Set.copyOf(inOneSnapshot);
        imports = Map.copyOf(imports);
        toSync = Set.copyOf(toSync);
        localSettings = List.copyOf(localSettings);
    }

    /** All backends that take part. */
    Set<Backend> participants() {
        Set<Backend> all = new LinkedHashSet<>();
        all.add(combiner);
        copies.forEach(copy -> all.addAll(copy.sources()));
        all.addAll(toSync);
        return all;
    }
}
