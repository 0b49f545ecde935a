package io.ostraka.rules.plan;

import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.plan.Expression.Comparator;
import io.ostraka.rules.rule.KeyInterval;
import io.ostraka.rules.rule.KeyMatch;
import io.ostraka.rules.rule.KeyType;
import io.ostraka.rules.rule.KeyValue;
import io.ostraka.rules.rule.KeyedRule;
import io.ostraka.rules.rule.RangeRule;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A conjunction of facts about one table's shard key, ready to be evaluated: for each key column the restrictions
 * that hold together. Never leaves out a shard that may hold a row for which all of them are true. Immutable.
 */
final class KeyFilter {
    /** Composite keys are tried one by one up to this many; beyond it all shards are asked. */
    private static final int MAX_COMBINATIONS = 1_000;

    private final KeyedRule rule;
    private final ShardSet all;
    private final ShardSet.Space space;
    private final boolean never;
    private final List<List<Restriction>> byColumn;

    /** {@code type} is that of the column the fact speaks of: the key's or one equal to it. */
    record Restriction(KeyType type, Fact fact) {}

    KeyFilter(KeyedRule rule, ShardSet.Space space, boolean never, List<List<Restriction>> byColumn) {
        this.rule = rule;
        this.space = space;
        this.all = space.of(rule.shards());
        this.never = never;
        this.byColumn = byColumn.stream().map(List::copyOf).toList();
    }

    /** The shards of the table's rule. */
    ShardSet all() {
        return all;
    }

    /** Whether it says anything at all. */
    boolean restricts() {
        return never || byColumn.stream().anyMatch(restrictions -> !restrictions.isEmpty());
    }

    KeyedRule rule() {
        return rule;
    }

    /** Whether no row can satisfy it, whatever the values. */
    boolean isNever() {
        return never;
    }

    /** What it knows of the key, for people. */
    List<Fact> facts() {
        List<Fact> facts = new ArrayList<>();
        byColumn.forEach(restrictions -> restrictions.forEach(restriction -> facts.add(restriction.fact())));
        return facts;
    }

    ShardSet shards(StatementValues values, ValueReader reader) {
        if (never) {
            return space.none();
        }
        return byColumn.size() == 1 ? simple(byColumn.get(0), values, reader) : composite(values, reader);
    }

    private ShardSet simple(List<Restriction> restrictions, StatementValues values, ValueReader reader) {
        ShardSet found = all;
        for (Restriction restriction : restrictions) {
            found = restriction.fact() instanceof Fact.Bound bound
                    ? found.and(within(restriction.type(), bound, values, reader))
                    : keys(0, restriction, values, reader)
                            .map(this::owners)
                            .map(found::and)
                            .orElse(found);
        }
        return found;
    }

    private ShardSet owners(List<KeyValue> keys) {
        ShardSet owners = space.none();
        for (KeyValue key : keys) {
            // A key without an owner is no row's: the table holds none of it.
            Optional<ShardName> owner = rule.shardFor(List.of(key));
            if (owner.isPresent()) {
                owners = owners.plus(space.of(owner.get()));
            }
        }
        return owners;
    }

    private ShardSet composite(StatementValues values, ValueReader reader) {
        List<List<KeyValue>> perColumn = new ArrayList<>();
        long combinations = 1;
        boolean known = true;
        for (int i = 0; i < byColumn.size(); i++) {
            Optional<List<KeyValue>> keys = shortest(i, values, reader);
            if (keys.isPresent() && keys.get().isEmpty()) {
                return space.none();
            }
            known &= keys.isPresent();
            combinations = Math.min(
                    MAX_COMBINATIONS + 1L, combinations * keys.map(List::size).orElse(1));
            perColumn.add(keys.orElse(List.of()));
        }
        return known && combinations <= MAX_COMBINATIONS ? combine(perColumn, 0, new ArrayList<>()) : all;
    }

    private Optional<List<KeyValue>> shortest(int column, StatementValues values, ValueReader reader) {
        Optional<List<KeyValue>> best = Optional.empty();
        for (Restriction restriction : byColumn.get(column)) {
            Optional<List<KeyValue>> keys = keys(column, restriction, values, reader);
            if (keys.isPresent()
                    && (best.isEmpty() || keys.get().size() < best.get().size())) {
                best = keys;
            }
        }
        return best;
    }

    private ShardSet combine(List<List<KeyValue>> perColumn, int column, List<KeyValue> chosen) {
        if (column == perColumn.size()) {
            return rule.shardFor(List.copyOf(chosen)).map(space::of).orElse(space.none());
        }
        ShardSet found = space.none();
        for (KeyValue value : perColumn.get(column)) {
            chosen.add(value);
            found = found.plus(combine(perColumn, column + 1, chosen));
            chosen.remove(chosen.size() - 1);
        }
        return found;
    }

    /** The only values that the key column can have; empty when they are not known. */
    private Optional<List<KeyValue>> keys(
            int column, Restriction restriction, StatementValues values, ValueReader reader) {
        KeyType key = rule.keyTypes().get(column);
        if (restriction.fact() instanceof Fact.IsNull) {
            return Optional.of(List.of());
        }
        if (restriction.fact() instanceof Fact.OneOf one) {
            return listed(key, restriction.type(), one.values(), values, reader);
        }
        if (restriction.fact() instanceof Fact.ElementOf element) {
            return ArrayReader.read(element.array(), restriction.type(), values, reader)
                    .flatMap(elements -> matches(key, restriction.type(), elements));
        }
        return Optional.empty();
    }

    private static Optional<List<KeyValue>> listed(
            KeyType key, KeyType column, List<Value> listed, StatementValues values, ValueReader reader) {
        if (listed.size() == 1) {
            KeyMatch match = reader.compared(listed.get(0), column, values);
            return match == KeyMatch.UNKNOWN ? Optional.empty() : carried(key, match);
        }
        List<KeyValue> keys = new ArrayList<>(listed.size());
        boolean inferred = false;
        boolean foreign = false;
        for (Value value : listed) {
            ValueReader.Read read = reader.read(value, column, values);
            if (read instanceof ValueReader.NullValue) {
                continue;
            }
            if (!(read instanceof ValueReader.OfType known)) {
                return Optional.empty();
            }
            inferred |= ValueReader.isInferred(value, values);
            foreign |= known.value().type().family() != column.family();
            Optional<List<KeyValue>> match = carried(key, column.compared(known.value()));
            if (match.isEmpty()) {
                return Optional.empty();
            }
            keys.addAll(match.get());
        }
        // Members without a type take the one common to all, which is then not the column's.
        return inferred && foreign ? Optional.empty() : Optional.of(keys);
    }

    private static Optional<List<KeyValue>> matches(KeyType key, KeyType column, List<KeyValue> elements) {
        List<KeyValue> keys = new ArrayList<>(elements.size());
        for (KeyValue element : elements) {
            Optional<List<KeyValue>> match = carried(key, column.compared(element));
            if (match.isEmpty()) {
                return Optional.empty();
            }
            keys.addAll(match.get());
        }
        return Optional.of(keys);
    }

    /** From the column compared to the key equal to it. */
    private static Optional<List<KeyValue>> carried(KeyType key, KeyMatch match) {
        KeyMatch carried = match instanceof KeyMatch.Key found ? key.compared(found.value()) : match;
        if (carried instanceof KeyMatch.Key found) {
            return Optional.of(List.of(found.value()));
        }
        return carried == KeyMatch.UNKNOWN ? Optional.empty() : Optional.of(List.of());
    }

    private ShardSet within(KeyType column, Fact.Bound bound, StatementValues values, ValueReader reader) {
        ValueReader.Read read = reader.read(bound.value(), column, values);
        if (read instanceof ValueReader.NullValue) {
            return space.none();
        }
        if (!(rule instanceof RangeRule range)
                || !(read instanceof ValueReader.OfType known)
                || known.value().type().family() != rule.keyTypes().get(0).family()) {
            return all;
        }
        return space.of(range.shardsWithin(interval(bound.comparator(), known.value())));
    }

    private static KeyInterval interval(Comparator comparator, KeyValue value) {
        Optional<KeyValue> at = Optional.of(value);
        return switch (comparator) {
            case EQUAL -> new KeyInterval(at, true, at, true);
            case LESS -> new KeyInterval(Optional.empty(), false, at, false);
            case LESS_OR_EQUAL -> new KeyInterval(Optional.empty(), false, at, true);
            case GREATER -> new KeyInterval(at, false, Optional.empty(), false);
            case GREATER_OR_EQUAL -> new KeyInterval(at, true, Optional.empty(), false);
        };
    }
}
