package io.ostraka.rules.plan;

import io.ostraka.rules.plan.Analyser.Place;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The queries of one WITH. Each sees those before it; under RECURSIVE also itself and those after it. A writing one
 * runs once, whether it is referred to or not, and what it returns tells nothing of where. Confined to one statement.
 */
final class CommonTables {
    private final List<Item> items;
    private final Place place;

    private CommonTables(List<Item> items, Place place) {
        this.items = items;
        this.place = place;
    }

    static CommonTables declare(Analyser analyser, Query.With with, Scope outer, Place around) {
        List<Item> items = new ArrayList<>();
        Place place = around;
        for (Query.CommonTable table : with.tables()) {
            Item item = isWrite(table.query())
                    ? new Write(analyser, table, outer, place)
                    : with.recursive()
                            ? new Recursive(
                                    analyser,
                                    table,
                                    outer,
                                    place,
                                    with.tables()
                                            .subList(items.size(), with.tables().size()))
                            : new Plain(analyser, table, outer, place);
            items.add(item);
            place = place.seeing(table.name(), item);
        }
        return new CommonTables(items, place);
    }

    boolean isEmpty() {
        return items.isEmpty();
    }

    /** What the query behind the WITH sees. */
    Place place() {
        return place;
    }

    /** The block of the query behind the WITH, which settles the WITH's own as well. */
    Block around(Block body) {
        return new Block() {
            @Override
            public List<Output> outputs() {
                return body.outputs();
            }

            @Override
            public boolean open() {
                return body.open();
            }

            @Override
            public boolean hasGaps() {
                return body.hasGaps();
            }

            @Override
            public List<Fact> guaranteed() {
                return body.guaranteed();
            }

            @Override
            public List<Fact> links(Leaf as) {
                return body.links(as);
            }

            @Override
            public List<Fact> carries(Leaf as) {
                return body.carries(as);
            }

            @Override
            public List<Expression.Call> callsForOuterLevels() {
                return body.callsForOuterLevels();
            }

            @Override
            public void settle(List<Fact> context) {
                body.settle(context);
                items.forEach(Item::settleUnreferenced);
            }

            @Override
            public void settleAs(Leaf as, List<Fact> context) {
                body.settleAs(as, context);
                items.forEach(Item::settleUnreferenced);
            }

            @Override
            public Level level() {
                return items.stream()
                        .filter(Item::runsByItself)
                        .findFirst()
                        .<Level>map(item -> new Level.With(body.level(), item.at()))
                        .orElseGet(body::level);
            }
        };
    }

    private static boolean isWrite(Query query) {
        return query instanceof Query.Insert
                || query instanceof Query.Update
                || query instanceof Query.Delete
                || query instanceof Query.Merge;
    }

    private interface Item extends Analyser.CommonTableUse {
        /** Settles what no reference settles. */
        void settleUnreferenced();

        /** Whether it is more than a name for a query in FROM. */
        boolean runsByItself();

        int at();
    }

    private static Block renamed(Block block, List<String> columns) {
        return columns.isEmpty() ? block : new RenamedBlock(block, columns);
    }

    /** Made anew for every reference. Without a reference it is still looked at, since it may be refused. */
    private static final class Plain implements Item {
        private final Analyser analyser;
        private final Query.CommonTable table;
        private final Scope outer;
        private final Place place;
        private boolean referenced;

        Plain(Analyser analyser, Query.CommonTable table, Scope outer, Place place) {
            this.analyser = analyser;
            this.table = table;
            this.outer = outer;
            this.place = place;
        }

        @Override
        public Block reference() {
            referenced = true;
            return renamed(analyser.declare(table.query(), outer, place), table.columns());
        }

        @Override
        public void settleUnreferenced() {
            if (!referenced) {
                reference().settle(List.of());
            }
        }

        @Override
        public boolean runsByItself() {
            return false;
        }

        @Override
        public int at() {
            return table.at();
        }
    }

    /** Settled once, with nothing known from outside: its rows depend on all of its other rows. */
    private static final class Recursive implements Item {
        private final Analyser analyser;
        private final Query.CommonTable table;
        private final Scope outer;
        private final Place place;
        private boolean refersToItself;
        private boolean referenced;
        private Optional<Block> body = Optional.empty();

        /** {@code notYetKnown} are the query itself and those after it. */
        Recursive(
                Analyser analyser,
                Query.CommonTable table,
                Scope outer,
                Place around,
                List<Query.CommonTable> notYetKnown) {
            this.analyser = analyser;
            this.table = table;
            this.outer = outer;
            Place seen = around;
            // A query may come before the one it refers to. Nothing is known of such a reference but that it is no
            // table.
            for (Query.CommonTable other : notYetKnown) {
                seen = seen.seeing(other.name(), () -> laterRows(other.columns()));
            }
            this.place = seen;
        }

        private Block laterRows(List<String> columns) {
            refersToItself = true;
            return new OpaqueBlock(columns);
        }

        @Override
        public Block reference() {
            Block declared = analyser.declare(table.query(), outer, place);
            referenced = true;
            if (!refersToItself) {
                // RECURSIVE is said of the whole WITH; this query is a plain one.
                return renamed(declared, table.columns());
            }
            if (body.isEmpty()) {
                body = Optional.of(declared);
            }
            List<String> names = new ArrayList<>(table.columns());
            for (int i = names.size(); i < declared.outputs().size(); i++) {
                names.add(declared.outputs().get(i).name());
            }
            names.addAll(table.added());
            return new OpaqueBlock(names);
        }

        @Override
        public boolean runsByItself() {
            return refersToItself;
        }

        @Override
        public int at() {
            return table.at();
        }

        @Override
        public void settleUnreferenced() {
            if (!referenced || refersToItself) {
                body.orElseGet(() -> analyser.declare(table.query(), outer, place))
                        .settle(List.of());
            }
        }
    }

    private static final class Write implements Item {
        private final Block block;
        private final int at;

        Write(Analyser analyser, Query.CommonTable table, Scope outer, Place place) {
            block = analyser.declare(table.query(), outer, place);
            at = table.at();
        }

        @Override
        public boolean runsByItself() {
            return true;
        }

        @Override
        public int at() {
            return at;
        }

        @Override
        public Block reference() {
            return new OpaqueBlock(List.of());
        }

        @Override
        public void settleUnreferenced() {
            block.settle(List.of());
        }
    }
}
