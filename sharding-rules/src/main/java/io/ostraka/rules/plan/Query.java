package io.ostraka.rules.plan;

import java.util.List;
import java.util.Optional;
import java.util.Set;

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

    record Merge(
            With with,
            FromItem.Relation target,
            FromItem source,
            Expression on,
            List<When> whens,
            List<Item> returning,
            int at)
            implements Query {
        public Merge {
            whens = List.copyOf(whens);
            returning = List.copyOf(returning);
        }

        enum Match {
            BOTH,
            NOT_BY_SOURCE,
            NOT_BY_TARGET
        }

        enum Action {
            INSERT,
            UPDATE,
            DELETE,
            NOTHING
        }

        /** {@code columns} is empty when INSERT lists none, {@code values} for DEFAULT VALUES and other actions. */
        record When(
                Match match,
                Optional<Expression> condition,
                Action action,
                List<Assignment> assignments,
                List<String> columns,
                boolean overridingUser,
                List<Expression> values) {
            public When {
                assignments = List.copyOf(assignments);
                columns = List.copyOf(columns);
                values = List.copyOf(values);
            }
        }

        /** How the target, on the left, and the source are joined: what a WHEN needs without a partner is kept. */
        FromItem.Join.Kind kind() {
            boolean target = keeps(Match.NOT_BY_SOURCE);
            boolean others = keeps(Match.NOT_BY_TARGET);
            if (target) {
                return others ? FromItem.Join.Kind.FULL : FromItem.Join.Kind.LEFT;
            }
            return others ? FromItem.Join.Kind.RIGHT : FromItem.Join.Kind.INNER;
        }

        private boolean keeps(Match match) {
            return whens.stream().anyMatch(when -> when.match() == match && when.action() != Action.NOTHING);
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

    /**
     * ORDER BY, LIMIT with OFFSET and FETCH, FOR UPDATE and its kin. {@code lockedOnly}: the names behind OF; empty when a clause
     * has none and locks rows of everything in FROM.
     */
    record Tail(List<Expression> orderBy, List<Expression> limits, boolean locks, Set<String> lockedOnly) {
        static final Tail NONE = new Tail(List.of(), List.of(), false, Set.of());

        public Tail {
            orderBy = List.copyOf(orderBy);
            limits = List.copyOf(limits);
            lockedOnly = Set.copyOf(lockedOnly);
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

    /** {@code added} are the columns that SEARCH and CYCLE add behind the query's own. */
    record CommonTable(String name, List<String> columns, List<String> added, Query query, int at) {
        public CommonTable {
            columns = List.copyOf(columns);
            added = List.copyOf(added);
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
