package io.ostraka.rules.plan;

import io.ostraka.rules.config.ShardName;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Some shards of one database. Immutable; sets of none and of one are shared. */
final class ShardSet {
    private final Space space;
    private final BitSet bits;
    private final int size;

    private ShardSet(Space space, BitSet owned) {
        this.space = space;
        this.bits = owned;
        this.size = owned.cardinality();
    }

    /** The shards of one database, in the order of their names, with the routes to them ready made. Immutable. */
    static final class Space {
        private final List<ShardName> names;
        private final Map<ShardName, ShardSet> singles = new HashMap<>();
        private final List<ShardSet> byIndex = new ArrayList<>();
        private final List<Route> routes = new ArrayList<>();
        private final ShardSet none;
        private final Route any = new Route.Any();

        Space(Collection<ShardName> shards) {
            names = shards.stream().sorted().toList();
            for (int i = 0; i < names.size(); i++) {
                BitSet only = new BitSet(names.size());
                only.set(i);
                ShardSet single = new ShardSet(this, only);
                singles.put(names.get(i), single);
                byIndex.add(single);
                routes.add(new Route.One(names.get(i)));
            }
            none = new ShardSet(this, new BitSet());
        }

        ShardSet none() {
            return none;
        }

        ShardSet of(ShardName shard) {
            return singles.get(shard);
        }

        ShardSet of(Collection<ShardName> shards) {
            ShardSet all = none;
            for (ShardName shard : shards) {
                all = all.plus(of(shard));
            }
            return all;
        }

        private ShardSet shared(BitSet owned) {
            int count = owned.cardinality();
            if (count == 0) {
                return none;
            }
            return count == 1 ? byIndex.get(owned.nextSetBit(0)) : new ShardSet(this, owned);
        }
    }

    int size() {
        return size;
    }

    /** The first by name. */
    Optional<ShardName> first() {
        return isEmpty() ? Optional.empty() : Optional.of(space.names.get(bits.nextSetBit(0)));
    }

    boolean isEmpty() {
        return size == 0;
    }

    ShardSet plus(ShardSet other) {
        if (other == this || other.isEmpty()) {
            return this;
        }
        if (isEmpty()) {
            return other;
        }
        BitSet both = (BitSet) bits.clone();
        both.or(other.bits);
        return space.shared(both);
    }

    ShardSet and(ShardSet other) {
        if (other == this) {
            return this;
        }
        BitSet both = (BitSet) bits.clone();
        both.and(other.bits);
        return space.shared(both);
    }

    /** Where a statement goes that needs rows of exactly these shards. */
    Route route() {
        return switch (size) {
            case 0 -> space.any;
            case 1 -> space.routes.get(bits.nextSetBit(0));
            default -> new Route.Many(names());
        };
    }

    Set<ShardName> nameSet() {
        return Set.copyOf(names());
    }

    List<ShardName> names() {
        return bits.stream().mapToObj(space.names::get).toList();
    }

    @Override
    public String toString() {
        return names().toString();
    }
}
