package io.ostraka.rules.plan;

import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.rule.KeyMatch;
import io.ostraka.rules.rule.KeyType;
import io.ostraka.rules.rule.KeyValue;
import io.ostraka.rules.rule.KeyedRule;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Where a statement goes: to every shard that any of its parts needs. All parts agree on one shard exactly when
 * together they need no second one. Immutable.
 */
final class StatementRouter implements Router {
    private final ShardSet fixed;
    private final List<Part> parts;
    private final ShardSet whenFree;

    /** Something in the statement that needs shards, depending on its values. */
    interface Part {
        /**
         * The shards that it needs for these values.
         *
         * @throws PgErrorException when the values cannot be routed
         */
        ShardSet shards(StatementValues values);

        /** All shards that it may ever need: those that have the table. */
        ShardSet candidates();
    }

    /** {@code fixed} is needed whatever the values; {@code whenFree} when nothing else is. */
    StatementRouter(ShardSet fixed, List<Part> parts, ShardSet whenFree) {
        this.fixed = fixed;
        this.parts = List.copyOf(parts);
        this.whenFree = whenFree;
    }

    @Override
    public Route route(StatementValues values) {
        ShardSet needed = fixed;
        try {
            for (Part part : parts) {
                needed = needed.plus(part.shards(values));
            }
        } catch (PgErrorException unroutable) {
            return new Route.Refused(unroutable.error());
        }
        return (needed.isEmpty() ? whenFree : needed).route();
    }

    @Override
    public Optional<ShardName> home() {
        if (!fixed.isEmpty()) {
            return fixed.first();
        }
        Optional<ShardSet> common =
                parts.stream().map(Part::candidates).reduce(ShardSet::and).filter(shards -> !shards.isEmpty());
        return common.flatMap(ShardSet::first);
    }

    /** The rows that the statement inserts, if it inserts listed ones. */
    Optional<Inserted> inserted() {
        return parts.stream()
                .filter(Inserted.class::isInstance)
                .map(Inserted.class::cast)
                .findFirst();
    }

    /** An occurrence of a table with a shard key. */
    record Read(OccurrenceShards occurrence, ValueReader reader, ShardSet.Space space) implements Part {
        @Override
        public ShardSet shards(StatementValues values) {
            return occurrence.shards(values, reader, space);
        }

        @Override
        public ShardSet candidates() {
            return occurrence.always().all();
        }
    }

    /** The rows of an INSERT. */
    record Inserted(Analysis.InsertedRows rows, ValueReader reader, ShardSet.Space space) implements Part {
        @Override
        public ShardSet shards(StatementValues values) {
            ShardSet needed = space.none();
            for (int row = 0; row < count(); row++) {
                needed = needed.plus(space.of(owner(row, values)));
            }
            return needed;
        }

        int count() {
            return rows.keys().size();
        }

        /** The shard of the row with this number, from 0. */
        ShardName owner(int row, StatementValues values) {
            return owner(rows.keys().get(row), values);
        }

        @Override
        public ShardSet candidates() {
            return space.of(rows.rule().shards());
        }

        private ShardName owner(List<Value> row, StatementValues values) {
            KeyedRule rule = rows.rule();
            if (row.size() == 1) {
                return owner(List.of(key(0, row.get(0), values)));
            }
            List<KeyValue> key = new ArrayList<>(row.size());
            for (int i = 0; i < row.size(); i++) {
                key.add(key(i, row.get(i), values));
            }
            assert key.size() == rule.keyColumns().size();
            return owner(key);
        }

        private ShardName owner(List<KeyValue> key) {
            Optional<ShardName> owner = rows.rule().shardFor(key);
            if (owner.isEmpty()) {
                String shown =
                        String.join(", ", key.stream().map(KeyValue::toString).toList());
                throw Refusals.keyFitsNowhere(rows.table(), rows.rule().keyColumns(), shown)
                        .toException();
            }
            return owner.get();
        }

        private KeyValue key(int column, Value value, StatementValues values) {
            KeyType type = rows.rule().keyTypes().get(column);
            ValueReader.Read read = reader.read(value, type, values);
            String name = rows.rule().keyColumns().get(column);
            if (read instanceof ValueReader.NullValue) {
                throw Refusals.keyNull(rows.table(), name).toException();
            }
            if (read instanceof ValueReader.OfType known
                    && type.stored(known.value(), rows.modifiers().get(column)) instanceof KeyMatch.Key key) {
                return key.value();
            }
            throw Refusals.keyNotUnderstood(rows.table(), name).toException();
        }
    }
}
