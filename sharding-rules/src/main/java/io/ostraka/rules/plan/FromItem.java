package io.ostraka.rules.plan;

import java.util.List;
import java.util.Optional;

/** What FROM, USING and UPDATE's FROM list. Names are folded; {@code at} as in {@link Expression}. Immutable. */
sealed interface FromItem {
    int at();

    /** {@code name} has one or two parts, three when the database is written. */
    record Relation(List<String> name, Alias alias, boolean only, boolean sampled, int at) implements FromItem {
        public Relation {
            name = List.copyOf(name);
        }

        String last() {
            return name.get(name.size() - 1);
        }
    }

    record Derived(Query query, Alias alias, boolean lateral, int at) implements FromItem {}

    /** Functions, ROWS FROM, UNNEST and other things whose rows come out of expressions; all of them may be lateral. */
    record Function(List<Expression> calls, Alias alias, int at) implements FromItem {
        public Function {
            calls = List.copyOf(calls);
        }
    }

    record Join(Kind kind, FromItem left, FromItem right, Condition condition, Alias alias, int at)
            implements FromItem {
        enum Kind {
            /** CROSS too. */
            INNER,
            LEFT,
            RIGHT,
            FULL
        }
    }

    /** What joins rows. */
    sealed interface Condition {
        record None() implements Condition {}

        record On(Expression expression) implements Condition {}

        /** {@code alias} names the merged columns alone. */
        record Using(List<String> columns, Optional<String> alias) implements Condition {
            public Using {
                columns = List.copyOf(columns);
            }
        }

        record Natural() implements Condition {}
    }

    /** {@code AS name (columns)}; columns may be fewer than there are. */
    record Alias(Optional<String> name, List<String> columns) {
        static final Alias NONE = new Alias(Optional.empty(), List.of());

        public Alias {
            columns = List.copyOf(columns);
        }
    }
}
