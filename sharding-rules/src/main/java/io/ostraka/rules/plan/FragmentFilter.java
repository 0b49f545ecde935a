package io.ostraka.rules.plan;

import io.ostraka.rules.catalog.Column;
import io.ostraka.rules.catalog.Table;
import io.ostraka.rules.rule.KeyType;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which of a table's rows are copied to the combiner: those that may matter to some place of the statement, as far as that is
 * said by comparisons of columns with values. It is made of the same {@link Fact}s that find the shards, so a row that it
 * leaves out changes nothing; the statement itself, with all its conditions, runs over what is left. Immutable.
 */
public final class FragmentFilter {
    /** A longer list of values costs more to send and compare than it spares. */
    private static final int MAX_VALUES = 1_000;

    private static final Set<String> TEXTS = Set.of("text", "varchar", "bpchar");
    private static final Map<Integer, String> TYPES = Map.ofEntries(
            Map.entry(0, ""),
            Map.entry(16, "bool"),
            Map.entry(20, "int8"),
            Map.entry(21, "int2"),
            Map.entry(23, "int4"),
            Map.entry(25, "text"),
            Map.entry(1043, "varchar"),
            Map.entry(1082, "date"),
            Map.entry(1114, "timestamp"),
            Map.entry(1184, "timestamptz"),
            Map.entry(1700, "numeric"),
            Map.entry(2950, "uuid"));

    private final List<Place> places;
    private final Set<Integer> ambiguous;

    /** One occurrence of the table: what holds of the rows that matter there, and which columns are equal to its own. */
    private record Place(List<Fact> facts, Map<Variable, Column> columns) {}

    private FragmentFilter(List<Place> places, Set<Integer> ambiguous) {
        this.places = List.copyOf(places);
        this.ambiguous = Set.copyOf(ambiguous);
    }

    /** {@code ambiguous} are parameters whose type may be another than that of the column they are compared with. */
    static FragmentFilter of(Table table, List<Occurrence> occurrences, Set<Integer> ambiguous) {
        return new FragmentFilter(
                occurrences.stream()
                        .map(occurrence -> new Place(occurrence.facts(), columns(table, occurrence)))
                        .toList(),
                ambiguous);
    }

    private static Map<Variable, Column> columns(Table table, Occurrence occurrence) {
        Map<Variable, List<Variable>> equal = OccurrenceShards.equalities(occurrence.facts());
        Map<Variable, Column> columns = new HashMap<>();
        int count = Math.min(occurrence.leaf().columns().size(), table.columns().size());
        for (int i = 0; i < count; i++) {
            Variable own = occurrence.leaf().variable(i);
            Column column = table.columns().get(i);
            boolean isKnown =
                    KeyType.named(own.type()).isPresent() && !own.type().equals("bpchar");
            if (isKnown) {
                OccurrenceShards.reach(own, equal).stream()
                        .filter(same -> same.type().equals(own.type()))
                        .forEach(same -> columns.putIfAbsent(same, column));
            }
        }
        return columns;
    }

    /** A WHERE with a blank before it; empty when all rows may matter. */
    String where(StatementValues values) {
        Set<String> conditions = new LinkedHashSet<>();
        for (Place place : places) {
            String condition = all(place.facts(), place, values);
            if (condition.isEmpty()) {
                return "";
            }
            conditions.add(condition);
        }
        return conditions.isEmpty() ? "" : " WHERE " + String.join(" OR ", conditions);
    }

    /** The facts that can be said, all of them together; empty when none can. */
    private String all(List<Fact> facts, Place place, StatementValues values) {
        Set<String> said = new LinkedHashSet<>();
        facts.forEach(fact -> one(fact, place, values).ifPresent(said::add));
        return said.isEmpty() ? "" : "(" + String.join(" AND ", said) + ")";
    }

    private Optional<String> one(Fact fact, Place place, StatementValues values) {
        if (fact instanceof Fact.Never) {
            return Optional.of("false");
        }
        if (fact instanceof Fact.IsNull isNull) {
            return column(isNull.column(), place).map(column -> column + " IS NULL");
        }
        if (fact instanceof Fact.OneOf one) {
            return oneOf(one, place, values);
        }
        if (fact instanceof Fact.Bound bound) {
            boolean isText = TEXTS.contains(bound.column().type());
            Optional<String> value = isText ? Optional.empty() : value(bound.value(), values);
            return value.flatMap(
                    text -> column(bound.column(), place).map(column -> column + symbol(bound.comparator()) + text));
        }
        return fact instanceof Fact.Either either ? either(either, place, values) : Optional.empty();
    }

    private Optional<String> oneOf(Fact.OneOf one, Place place, StatementValues values) {
        Optional<String> column = column(one.column(), place);
        if (column.isEmpty() || one.values().isEmpty() || one.values().size() > MAX_VALUES) {
            return Optional.empty();
        }
        List<String> list = new ArrayList<>();
        for (Value value : one.values()) {
            Optional<String> text = value(value, values);
            if (text.isEmpty()) {
                return Optional.empty();
            }
            list.add(text.get());
        }
        return Optional.of(
                list.size() == 1
                        ? column.get() + " = " + list.get(0)
                        : column.get() + " IN (" + String.join(", ", list) + ")");
    }

    private Optional<String> either(Fact.Either either, Place place, StatementValues values) {
        Set<String> branches = new LinkedHashSet<>();
        for (List<Fact> branch : either.branches()) {
            String said = all(branch, place, values);
            if (said.isEmpty() || branches.size() > MAX_VALUES) {
                return Optional.empty();
            }
            branches.add(said);
        }
        return Optional.of("(" + String.join(" OR ", branches) + ")");
    }

    private static Optional<String> column(Variable variable, Place place) {
        return Optional.ofNullable(place.columns().get(variable)).map(column -> Fragment.quoted(column.name()));
    }

    private static String symbol(Expression.Comparator comparator) {
        return switch (comparator) {
            case EQUAL -> " = ";
            case LESS -> " < ";
            case LESS_OR_EQUAL -> " <= ";
            case GREATER -> " > ";
            case GREATER_OR_EQUAL -> " >= ";
        };
    }

    /** The value as it is written, or as a string; empty when it is not certain to mean the same there. */
    private Optional<String> value(Value value, StatementValues values) {
        if (value.type().filter(type -> KeyType.named(type).isEmpty()).isPresent()) {
            return Optional.empty();
        }
        String cast = value.type().map(type -> "::pg_catalog." + type).orElse("");
        if (value.isNull()) {
            return Optional.of("NULL" + cast);
        }
        if (value.source() instanceof Value.Source.OfLiteral literal) {
            String text = (literal.index() < 0 ? literal.text() : values.literal(literal.index())).toString();
            boolean isNumber = ValueReader.isNumber(text);
            if (isNumber) {
                return Optional.of((value.negative() ? "(-" + text + ")" : text) + cast);
            }
            return ValueReader.string(text)
                    .filter(string -> text.startsWith("'") && !ClockWords.isOne(string))
                    .map(string -> text + cast);
        }
        return value.source() instanceof Value.Source.OfParameter parameter
                ? parameter(parameter.number(), values).map(text -> text + cast)
                : Optional.empty();
    }

    private Optional<String> parameter(int number, StatementValues values) {
        if (number > values.parameterCount()) {
            return Optional.empty();
        }
        int oid = values.parameterOid(number);
        String type = TYPES.get(oid);
        if (type == null || (oid == 0 && ambiguous.contains(number))) {
            return Optional.empty();
        }
        String cast = type.isEmpty() ? "" : "::pg_catalog." + type;
        if (values.parameterIsNull(number)) {
            return Optional.of("NULL" + cast);
        }
        byte[] bytes = values.parameter(number);
        if (!values.parameterIsBinary(number)) {
            String text = new String(values.inUtf8(bytes), StandardCharsets.UTF_8);
            return ClockWords.isOne(text) ? Optional.empty() : Optional.of("'" + text.replace("'", "''") + "'" + cast);
        }
        return switch (oid) {
            case 20 ->
                bytes.length == Long.BYTES
                        ? Optional.of("'" + ByteBuffer.wrap(bytes).getLong() + "'" + cast)
                        : Optional.empty();
            case 23 ->
                bytes.length == Integer.BYTES
                        ? Optional.of("'" + ByteBuffer.wrap(bytes).getInt() + "'" + cast)
                        : Optional.empty();
            case 21 ->
                bytes.length == Short.BYTES
                        ? Optional.of("'" + ByteBuffer.wrap(bytes).getShort() + "'" + cast)
                        : Optional.empty();
            default -> Optional.empty();
        };
    }
}
