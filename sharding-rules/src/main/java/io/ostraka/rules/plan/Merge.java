package io.ostraka.rules.plan;

import java.util.List;

/** How the rows of several shards become one result. Immutable. */
public sealed interface Merge {

    /** One shard's rows after the other's; the shards are sent the client's own words. */
    record Concatenate() implements Merge {}

    /**
     * The shards put their rows in order, and these are merged. They are sent {@code text}, whose select list has behind its
     * {@code columns} columns one more for each of {@code keys}, which the client does not see. Without keys the rows come
     * in any order, and only {@code limit} is left to be done.
     */
    record Ordered(ShardText text, int columns, List<SortKey> keys, RowLimit limit) implements Merge {
        public Ordered {
            keys = List.copyOf(keys);
        }
    }
}
