package io.ostraka.rules.sql;

import io.ostraka.rules.sql.TemplateScan.Spans;
import java.util.List;

/**
 * One statement of a query string: where it stands, and its key, under which its analysis may be cached and used for
 * every statement of the same key.
 *
 * <p>The key is the statement's text from its first token to its last one, with plain literals replaced by a character
 * that tells their {@link LiteralKind} only, followed by its hints. Whitespace and comments stay, so that an offset in one
 * statement can be moved to another one of the same key by the lengths of the literals before it. Statements of equal
 * keys differ in nothing but the values of the lifted literals, and these stand where a value cannot change what kind of
 * plan is right, as long as the analysis treats them like parameters: known only when the statement runs.
 *
 * <p>Not lifted, because their value decides more than a value:
 *
 * <ul>
 *   <li>whatever stands in GROUP BY, ORDER BY, PARTITION BY (ordinals; expressions compared with those of the select
 *       list) and, in a statement that has such a clause or DISTINCT, in its select lists and HAVING;
 *   <li>what stands in FROM, but for the arguments of functions there: column definitions, samples, the paths of JSON_TABLE
 *       and XMLTABLE;
 *   <li>type modifiers, {@code varchar(10)}, {@code numeric(10,2)}, {@code interval second(3)};
 *   <li>B'', X'', N'', U&amp;'' and anything behind UESCAPE;
 *   <li>literals of statements other than queries, INSERT, UPDATE, DELETE and MERGE, and of SELECT INTO.
 * </ul>
 *
 * LIMIT and OFFSET are lifted: their value limits rows, and is looked at when rows are counted. Immutable.
 */
public final class StatementTemplate {
    /** Of a number that is read: Bind counts its values in 16 bits. */
    private static final int MOST_DIGITS = 9;

    private final String sql;
    private final int start;
    private final int end;
    private final String key;
    private final Spans literals;
    private final List<String> hints;

    StatementTemplate(String sql, int start, int end, Spans literals, List<String> hints, boolean stray) {
        this.sql = sql;
        this.start = start;
        this.end = end;
        this.literals = literals;
        this.hints = List.copyOf(hints);
        this.key = key(stray);
    }

    /**
     * The statements of a query string, empty ones left out. A semicolon ends a statement unless it stands in parentheses
     * or in the BEGIN ATOMIC body of an SQL function.
     *
     * @throws io.ostraka.rules.error.PgErrorException 42601 when the lexer finds fault with any of them: as for the
     *     server, one such fault spoils the whole string
     */
    public static List<StatementTemplate> of(String sql) {
        return new TemplateScan(sql).statements();
    }

    /** The whole query string. */
    public String sql() {
        return sql;
    }

    /** Where the statement's first token starts in the query string. */
    public int start() {
        return start;
    }

    /** Where its last token ends; the semicolon is not part of the statement. */
    public int end() {
        return end;
    }

    /** The statement's own text. */
    public String text() {
        return sql.substring(start, end);
    }

    /** The highest number of a parameter that the statement names, 0 if it names none. Reads it anew. */
    public int parameters() {
        int highest = 0;
        Lexer lexer = new Lexer(sql, start, end);
        for (TokenKind kind = lexer.next(); kind != TokenKind.END; kind = lexer.next()) {
            if (kind == TokenKind.PARAMETER) {
                String digits = lexer.text().substring(1);
                boolean isPossible = digits.length() <= MOST_DIGITS;
                highest = Math.max(highest, isPossible ? Integer.parseInt(digits) : Integer.MAX_VALUE);
            }
        }
        return highest;
    }

    public String key() {
        return key;
    }

    /** How many literals were lifted; they are numbered from 0 in the order of the text. */
    public int literals() {
        return literals.count();
    }

    public LiteralKind literalKind(int index) {
        return literals.kind(index);
    }

    /** Where a lifted literal starts in the query string. */
    public int literalStart(int index) {
        return literals.start(index);
    }

    public int literalEnd(int index) {
        return literals.end(index);
    }

    /** A lifted literal as it stands in the text, quotes and prefix included; for {@link TokenText}. */
    public String literal(int index) {
        return sql.substring(literalStart(index), literalEnd(index));
    }

    /** The number of the lifted literal that starts at this offset of the query string, -1 when none does. */
    public int literalAt(int offset) {
        int low = 0;
        int high = literals() - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int found = literalStart(middle);
            if (found == offset) {
                return middle;
            }
            if (found < offset) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return -1;
    }

    /**
     * The offset in {@code other}'s query string of what stands at {@code offset} in this one's. Both must have the same
     * key; the offset must not lie inside a lifted literal.
     */
    public int translate(int offset, StatementTemplate other) {
        int moved = offset - start + other.start;
        for (int i = 0; i < literals() && literalEnd(i) <= offset; i++) {
            moved += other.literalEnd(i) - other.literalStart(i) - (literalEnd(i) - literalStart(i));
        }
        return moved;
    }

    /** The same for offsets in ascending order, all in one pass over the literals. */
    public int[] translate(int[] ascending, StatementTemplate other) {
        int[] translated = new int[ascending.length];
        int moved = other.start - start;
        int literal = 0;
        for (int i = 0; i < ascending.length; i++) {
            while (literal < literals() && literalEnd(literal) <= ascending[i]) {
                moved += other.literalEnd(literal)
                        - other.literalStart(literal)
                        - (literalEnd(literal) - literalStart(literal));
                literal++;
            }
            translated[i] = ascending[i] + moved;
        }
        return translated;
    }

    /** What comments of the form {@code /* ostraka: ... *}{@code /} say, in or around the statement; part of the key. */
    public List<String> hints() {
        return hints;
    }

    private String key(boolean stray) {
        if (literals() == 0 && hints.isEmpty() && !stray) {
            return sql.substring(start, end);
        }
        int length = end - start + literals() + (stray ? 1 : 0);
        for (int i = 0; i < literals(); i++) {
            length -= literalEnd(i) - literalStart(i);
        }
        for (String hint : hints) {
            length += 1 + hint.length();
        }
        char[] text = new char[length];
        int at = 0;
        if (stray) {
            // No grammar accepts it, but its characters might be those of the placeholders.
            text[at++] = '\u0006';
        }
        int from = start;
        for (int i = 0; i < literals(); i++) {
            int until = literalStart(i);
            sql.getChars(from, until, text, at);
            at += until - from;
            text[at++] = literalKind(i).placeholder();
            from = literalEnd(i);
        }
        sql.getChars(from, end, text, at);
        at += end - from;
        for (String hint : hints) {
            text[at++] = '\u0005';
            hint.getChars(0, hint.length(), text, at);
            at += hint.length();
        }
        return new String(text);
    }
}
