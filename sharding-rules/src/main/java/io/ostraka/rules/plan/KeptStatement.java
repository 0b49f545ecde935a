package io.ostraka.rules.plan;

import io.ostraka.rules.sql.LiteralKind;
import io.ostraka.rules.sql.StatementTemplate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A statement that a server may keep prepared, with parameters where it has literals, and that answers the same then: parsing and
 * planning it cost the server more than its row does. Found by {@link PointRead} and {@link PointWrite}.
 *
 * <p>{@code text} has parameters in place of the lifted literals, {@code oids} their types, 0 for what is unknown yet as a string
 * constant is. Immutable but for a count of its uses; shared by all sessions.
 */
public final class KeptStatement {
    /** What comes more rarely is not worth a place among a connection's prepared statements. */
    private static final int FEW_USES = 5;

    /** Longer values are not worth a look at each character. */
    private static final int MOST_CHARACTERS = 200;

    private final String text;
    private final List<Integer> oids;
    private final Access access;
    private final boolean hasParameters;
    /** Threads count on each other's toes: it only matters that it grows. */
    private int uses;

    private KeptStatement(String text, List<Integer> oids, Access access, boolean hasParameters) {
        this.text = text;
        this.oids = List.copyOf(oids);
        this.access = access;
        this.hasParameters = hasParameters;
    }

    /** One whose lifted literals, all of them, become parameters of these types; empty when a parameter would not end where they do. */
    static Optional<KeptStatement> lifting(StatementTemplate template, List<Integer> oids, Access access) {
        StringBuilder text = new StringBuilder();
        int from = template.start();
        for (int i = 0; i < template.literals(); i++) {
            if (isOfWord(template, template.literalStart(i) - 1) || isOfWord(template, template.literalEnd(i))) {
                return Optional.empty();
            }
            text.append(template.sql(), from, template.literalStart(i)).append(parameter(i));
            from = template.literalEnd(i);
        }
        text.append(template.sql(), from, template.end());
        return Optional.of(new KeptStatement(text.toString(), oids, access, false));
    }

    /** {@code 'x'WHERE} is two tokens, {@code $1WHERE} is none. */
    private static boolean isOfWord(StatementTemplate template, int at) {
        return at >= template.start()
                && at < template.end()
                && Character.isJavaIdentifierPart(template.sql().charAt(at));
    }

    /** One that has no lifted literals, but parameters of the client's. */
    static KeptStatement asWritten(StatementTemplate template, Access access) {
        return new KeptStatement(template.text(), List.of(), access, true);
    }

    private static String parameter(int literal) {
        return "$" + (literal + 1);
    }

    public String text() {
        return text;
    }

    public List<Integer> oids() {
        return oids;
    }

    public boolean writes() {
        return access == Access.WRITE;
    }

    /** Whether the client's own text has parameters, and no literals then. */
    public boolean hasParameters() {
        return hasParameters;
    }

    /** Whether it comes often; counts this use. */
    public boolean isFrequent() {
        return uses >= FEW_USES || ++uses >= FEW_USES;
    }

    /**
     * The values of its parameters, in text, in a statement with this plan; empty when one is not written in the way that a
     * parameter's value is, but for its quotes.
     */
    public Optional<List<byte[]>> values(PlannedStatement statement) {
        StatementTemplate template = statement.template().orElseThrow();
        List<byte[]> values = new ArrayList<>(template.literals());
        for (int i = 0; i < template.literals(); i++) {
            boolean isText = template.literalKind(i) == LiteralKind.TEXT;
            int quotes = isText ? 1 : 0;
            int start = template.literalStart(i) + quotes;
            int end = template.literalEnd(i) - quotes;
            if (end - start > MOST_CHARACTERS || (isText && template.sql().charAt(start - 1) != '\'')) {
                return Optional.empty();
            }
            byte[] value = new byte[end - start];
            for (int at = start; at < end; at++) {
                char c = template.sql().charAt(at);
                boolean isItself = isText ? c >= ' ' && c < 0x7F && c != '\'' : c >= '0' && c <= '9';
                if (!isItself) {
                    return Optional.empty();
                }
                value[at - start] = (byte) c;
            }
            values.add(value);
        }
        return Optional.of(values);
    }

    /**
     * The place in the client's query string of what stands at {@code position} in the text, for a statement with this plan; that of a
     * literal for its parameter's. Both count characters, and from 1, as PostgreSQL does.
     */
    public OptionalInt inClients(PlannedStatement statement, int position) {
        if (position < 1 || position > text.codePointCount(0, text.length())) {
            return OptionalInt.empty();
        }
        StatementTemplate template = statement.template().orElseThrow();
        int left = text.offsetByCodePoints(0, position - 1);
        int at = template.start();
        for (int i = 0; i < template.literals() && left >= template.literalStart(i) - at; i++) {
            left -= template.literalStart(i) - at;
            if (left < parameter(i).length()) {
                return OptionalInt.of(place(template, template.literalStart(i)));
            }
            left -= parameter(i).length();
            at = template.literalEnd(i);
        }
        return OptionalInt.of(place(template, at + left));
    }

    private static int place(StatementTemplate template, int offset) {
        return template.sql().codePointCount(0, offset) + 1;
    }
}
