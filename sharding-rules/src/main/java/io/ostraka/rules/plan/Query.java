package io.ostraka.rules.plan;

import java.util.List;
import java.util.Optional;

/**
 * A statement of rows: SELECT, VALUES, set operations, and the writing ones, which may stand in a WITH. The grammar's
 * tree is brought into this form by {@link SyntaxReader}, which refuses what has none. Immutable.
 */
sealed interface Query {
    With with();

    int at();

    /** {@code tail} belongs to the whole query, after set operations. */
    record Select(
            With with,
            Distinct distinct,
            List<Item> items,
            List<FromItem> from,
            Optional<Expression> where,
            Grouping grouping,
            Optional<Expression> having,
            List<Expression> windows,
            Tail tail,
            int at)
            implements Query {
        public Select {
            items = List.copyOf(items);
            from = List.copyOf(from);
            windows = List.copyOf(windows);
        }
    }

    record SetOperation(With with, Operator operator, boolean all, List<Query> branches, Tail tail, int at)
            implements Query {
        enum Operator {
            UNION,
            INTERSECT,
            EXCEPT
        }

        public SetOperation {
            branches = List.copyOf(branches);
        }
    }

    record Values(With with, List<List<Expression>> rows, Tail tail, int at) implements Query {
        public Values {
            rows = List.copyOf(rows);
        }
    }

    /**
     * {@code columns} is empty when none are listed; {@code source} is empty for DEFAULT VALUES. {@code overridingUser}:
     * identity columns ignore the values that are given.
     */
    record Insert(
            With with,
            FromItem.Relation target,
            List<String> columns,
            boolean overridingUser,
            Optional<Query> source,
            Optional<OnConflict> onConflict,
            List<Item> returning,
            int at)
            implements Query {
        public Insert {
            columns = List.copyOf(columns);
            returning = List.copyOf(returning);
        }
    }

    record Update(
            With with,
            FromItem.Relation target,
            List<Assignment> assignments,
            List<FromItem> from,
            Optional<Expression> where,
            List<Item> returning,
            int at)
            implements Query {
        public Update {
            assignments = List.copyOf(assignments);
            from = List.copyOf(from);
            returning = List.copyOf(returning);
        }
    }

    record Delete(
            With with,
            FromItem.Relation target,
            List<FromItem> using,
            Optional<Expression> where,
            List<Item> returning,
            int at)
            implements Query {
        public Delete {
            using = List.copyOf(using);
            returning = List.copyOf(returning);
        }
    }

    /** An item of a select list or of RETURNING. */
    record Item(Expression value, Optional<String> alias) {}

    record Distinct(boolean present, List<Expression> on) {
        static final Distinct NO = new Distinct(false, List.of());

        public Distinct {
            on = List.copyOf(on);
        }
    }

    /** {@code sets} when ROLLUP, CUBE, GROUPING SETS or {@code ()} occur. */
    record Grouping(boolean present, List<Expression> keys, boolean sets) {
        static final Grouping NO = new Grouping(false, List.of(), false);

        public Grouping {
            keys = List.copyOf(keys);
        }
    }

    /** ORDER BY, LIMIT with OFFSET and FETCH, FOR UPDATE and its kin. */
    record Tail(List<Expression> orderBy, List<Expression> limits, boolean locks) {
        static final Tail NONE = new Tail(List.of(), List.of(), false);

        public Tail {
            orderBy = List.copyOf(orderBy);
            limits = List.copyOf(limits);
        }

        boolean isEmpty() {
            return orderBy.isEmpty() && limits.isEmpty() && !locks;
        }
    }

    record With(boolean recursive, List<CommonTable> tables) {
        static final With NONE = new With(false, List.of());

        public With {
            tables = List.copyOf(tables);
        }
    }

    record CommonTable(String name, List<String> columns, Query query, int at) {
        public CommonTable {
            columns = List.copyOf(columns);
        }
    }

    /** {@code SET (a, b) = ...} has several columns. */
    record Assignment(List<String> columns, Expression value) {
        public Assignment {
            columns = List.copyOf(columns);
        }
    }

    /**
     * {@code target} holds the expressions of the conflict target and its predicate; {@code set} is empty for DO
     * NOTHING.
     */
    record OnConflict(List<Expression> target, List<Assignment> set, Optional<Expression> where) {
        public OnConflict {
            target = List.copyOf(target);
            set = List.copyOf(set);
        }
    }
}
