package io.ostraka.rules.plan;

import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.sql.Lexer;
import io.ostraka.rules.sql.StatementTemplate;
import io.ostraka.rules.sql.TokenKind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Cuts an INSERT of listed rows into one for each shard: the client's text with those rows only that the shard owns, its
 * parameters numbered anew. Made from one text, it serves every statement of the same template. Immutable.
 *
 * <p>The text falls into pieces: what stands before the rows, each row, and what stands behind them. All that follows works on
 * their places as ascending offsets, so that a thousand rows take one pass.
 */
public final class RowSplit {
    /** What one shard is sent. Its {@code $1} and on have the values of these parameters of the client's. */
    public record Part(TextPieces pieces, List<Integer> parameters) {
        public Part {
            parameters = List.copyOf(parameters);
        }

        public String sql() {
            return pieces.text();
        }
    }

    private final StatementTemplate made;
    private final StatementRouter.Inserted rows;
    /** Where each row starts and ends, parentheses included. */
    private final int[] bounds;
    /** Where each parameter starts and ends. */
    private final int[] places;
    /** Their numbers. */
    private final int[] numbers;
    /** Parameters that stand in several pieces: which of them would tell an undeclared type depends on the rows. */
    private final Set<Integer> spanning;

    private RowSplit(StatementTemplate made, StatementRouter.Inserted rows, int[] bounds, int[] places, int[] numbers) {
        this.made = made;
        this.rows = rows;
        this.bounds = bounds;
        this.places = places;
        this.numbers = numbers;
        this.spanning = Set.copyOf(spanning());
    }

    /** {@code at}: where VALUES stands in the template's text. Empty when the text is not as its tree says. */
    static Optional<RowSplit> of(StatementTemplate template, int at, StatementRouter.Inserted rows) {
        List<Integer> bounds = new ArrayList<>();
        List<Integer> places = new ArrayList<>();
        List<Integer> numbers = new ArrayList<>();
        int expected = rows.count();
        int depth = 0;
        Lexer lexer = new Lexer(template.sql(), template.start(), template.end());
        for (TokenKind kind = lexer.next(); kind != TokenKind.END; kind = lexer.next()) {
            if (kind == TokenKind.PARAMETER) {
                if (lexer.end() - lexer.start() > 6) {
                    return Optional.empty();
                }
                places.add(lexer.start());
                places.add(lexer.end());
                numbers.add(Integer.parseInt(template.sql(), lexer.start() + 1, lexer.end(), 10));
            }
            boolean isInRows = lexer.start() > at && bounds.size() < 2 * expected;
            if (kind == TokenKind.LEFT_PAREN && isInRows && depth++ == 0) {
                bounds.add(lexer.start());
            } else if (kind == TokenKind.RIGHT_PAREN && isInRows && --depth == 0) {
                bounds.add(lexer.end());
            }
        }
        return bounds.size() == 2 * expected
                ? Optional.of(new RowSplit(template, rows, ints(bounds), ints(places), ints(numbers)))
                : Optional.empty();
    }

    private static int[] ints(List<Integer> values) {
        return values.stream().mapToInt(Integer::intValue).toArray();
    }

    private Set<Integer> spanning() {
        Map<Integer, Integer> pieceOf = new HashMap<>();
        Set<Integer> found = new HashSet<>();
        int row = 0;
        for (int i = 0; i < numbers.length; i++) {
            while (2 * row < bounds.length && bounds[2 * row + 1] <= places[2 * i]) {
                row++;
            }
            int piece = places[2 * i] < bounds[0] ? -1 : row;
            Integer before = pieceOf.putIfAbsent(numbers[i], piece);
            if (before != null && before != piece) {
                found.add(numbers[i]);
            }
        }
        return found;
    }

    /** Whether all parameters are there, and each keeps its type. */
    boolean isPossible(StatementValues values) {
        if (Arrays.stream(numbers).anyMatch(number -> number > values.parameterCount())) {
            return false;
        }
        for (int number : spanning) {
            if (values.parameterOid(number) == 0) {
                return false;
            }
        }
        return true;
    }

    /**
     * The parts of a statement of the template that this was made from.
     *
     * @throws io.ostraka.rules.error.PgErrorException when a row belongs nowhere
     */
    public Map<ShardName, Part> of(PlannedStatement statement, StatementValues values) {
        StatementTemplate template = statement.template().orElseThrow();
        int[] owned = made.translate(bounds, template);
        int[] parameters = made.translate(places, template);
        Map<ShardName, Writer> writers = new TreeMap<>();
        int from = 0;
        for (int row = 0; 2 * row < owned.length; row++) {
            int start = owned[2 * row];
            int end = owned[2 * row + 1];
            while (from < numbers.length && parameters[2 * from] < start) {
                from++;
            }
            Writer writer = writers.computeIfAbsent(rows.owner(row, values), shard -> new Writer(template, parameters));
            if (writer.isEmpty()) {
                writer.append(template.start(), owned[0], 0);
            } else {
                writer.text.add(", ");
            }
            writer.append(start, end, from);
        }
        while (from < numbers.length && parameters[2 * from] < owned[owned.length - 1]) {
            from++;
        }
        Map<ShardName, Part> parts = new TreeMap<>();
        for (Map.Entry<ShardName, Writer> writer : writers.entrySet()) {
            writer.getValue().append(owned[owned.length - 1], template.end(), from);
            parts.put(writer.getKey(), writer.getValue().part());
        }
        return parts;
    }

    /**
     * The shard of each row, in their order.
     *
     * @throws io.ostraka.rules.error.PgErrorException when a row belongs nowhere
     */
    public List<ShardName> owners(StatementValues values) {
        List<ShardName> owners = new ArrayList<>(rows.count());
        for (int row = 0; row < rows.count(); row++) {
            owners.add(rows.owner(row, values));
        }
        return owners;
    }

    /** One part as it grows. */
    private final class Writer {
        private final int[] parameters;
        private final TextPieces text;
        private final List<Integer> used = new ArrayList<>();
        /** The new number of each parameter, 0 for those that are not used yet. */
        private int[] renumbered = new int[8];

        Writer(StatementTemplate template, int[] parameters) {
            this.text = new TextPieces(template.sql());
            this.parameters = parameters;
        }

        boolean isEmpty() {
            return text.isEmpty();
        }

        /** Adds a piece of the text; {@code parameter}: the first one in it or behind it. */
        void append(int start, int end, int parameter) {
            int at = start;
            for (int i = parameter; i < numbers.length && parameters[2 * i] < end; i++) {
                text.keep(at, parameters[2 * i]).add("$" + number(numbers[i]));
                at = parameters[2 * i + 1];
            }
            text.keep(at, end);
        }

        private int number(int old) {
            if (old >= renumbered.length) {
                renumbered = Arrays.copyOf(renumbered, Math.max(old + 1, 2 * renumbered.length));
            }
            if (renumbered[old] == 0) {
                used.add(old);
                renumbered[old] = used.size();
            }
            return renumbered[old];
        }

        Part part() {
            return new Part(text, used);
        }
    }
}
