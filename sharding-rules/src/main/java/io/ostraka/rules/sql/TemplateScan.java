package io.ostraka.rules.sql;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * The one pass over a query string that splits it and finds the literals to lift. It knows no grammar: it follows the
 * clauses by their keywords, for each depth of parentheses, and where it cannot be sure a literal is kept.
 */
final class TemplateScan {
    /** Literals found in the order of the text. Immutable once handed out. */
    static final class Spans {
        private static final int WIDTH = 3;
        private int[] data = new int[4 * WIDTH];
        private int size;

        void add(int start, int end, int flags) {
            if (size == data.length) {
                data = Arrays.copyOf(data, size * 2);
            }
            data[size] = start;
            data[size + 1] = end;
            data[size + 2] = flags;
            size += WIDTH;
        }

        int count() {
            return size / WIDTH;
        }

        int start(int index) {
            return data[index * WIDTH];
        }

        int end(int index) {
            return data[index * WIDTH + 1];
        }

        LiteralKind kind(int index) {
            return LiteralKind.of(data[index * WIDTH + 2] & ~TENTATIVE);
        }

        void dropTentative() {
            int kept = 0;
            for (int i = 0; i < size; i += WIDTH) {
                if ((data[i + 2] & TENTATIVE) == 0) {
                    System.arraycopy(data, i, data, kept, WIDTH);
                    kept += WIDTH;
                }
            }
            size = kept;
        }
    }

    private static final Spans NO_SPANS = new Spans();

    /** Marks a literal that stays in the key when its statement turns out to compare expressions. */
    private static final int TENTATIVE = 8;

    // What a clause does with its literals.
    private static final byte KEEP = 0;
    /** A select list: lifted unless the statement compares expressions (GROUP BY, ORDER BY, DISTINCT). */
    private static final byte LIST = 1;

    private static final byte LIFT = 2;
    /** A join condition: lifted, but behind a comma on its level stands the next table. */
    private static final byte JOIN_CONDITION = 3;
    /** FROM: kept, but for the arguments of functions that stand in it. */
    private static final byte TABLES = 4;

    // What a keyword does to the scan, besides the clauses it opens.
    /** Beside an outer clause: its depth may have FROM yet. */
    private static final byte TABLES_MAY_FOLLOW = 64;

    private static final byte OPENS_KEEP = 1;
    private static final byte OPENS_LIST = 2;
    private static final byte OPENS_LIFT = 3;
    private static final byte COMPARES = 5;
    private static final byte DISTINCT = 6;
    private static final byte FROM = 7;
    private static final byte ON = 8;
    private static final byte TYPE_FOLLOWS = 9;
    private static final byte RETURNING = 10;
    private static final byte UPDATE = 11;
    private static final byte SET = 12;
    private static final byte WHERE = 13;
    private static final byte JOIN = 14;
    private static final byte SELECT = 15;
    private static final byte DELETE = 16;

    private static final byte[] ROLES = new byte[Keywords.count()];
    /** Keywords that end a type's name. */
    private static final boolean[] ENDS_TYPE = new boolean[Keywords.count()];
    /** Keywords behind which parentheses hold a type's modifiers, for they can name no function. */
    private static final boolean[] TAKES_MODIFIERS = new boolean[Keywords.count()];

    private static final int AS = Keywords.find("as");
    private static final int IS = Keywords.find("is");
    private static final int NOT = Keywords.find("not");
    private static final int IS_DISTINCT = Keywords.find("distinct");
    private static final int UESCAPE = Keywords.find("uescape");
    private static final int VALUES = Keywords.find("values");
    private static final int BEGIN = Keywords.find("begin");
    private static final int ATOMIC = Keywords.find("atomic");
    private static final int CASE = Keywords.find("case");
    private static final int END = Keywords.find("end");
    private static final int FROM_WORD = Keywords.find("from");
    private static final int JOIN_WORD = Keywords.find("join");
    private static final int LATERAL_WORD = Keywords.find("lateral");
    private static final int INTO_WORD = Keywords.find("into");
    private static final int INSERT_WORD = Keywords.find("insert");
    private static final int MERGE_WORD = Keywords.find("merge");
    private static final int OTHER_WORD = -2;
    private static final int NO_WORD = -3;

    private static final Set<String> LIFTING =
            Set.of("select", "insert", "update", "delete", "merge", "values", "with", "table");

    static {
        for (String word : List.of("using", "into", "window", "conflict")) {
            ROLES[Keywords.find(word)] = OPENS_KEEP;
        }
        ROLES[Keywords.find("having")] = OPENS_LIST;
        ROLES[Keywords.find("select")] = SELECT;
        ROLES[Keywords.find("delete")] = DELETE;
        ROLES[Keywords.find("join")] = JOIN;
        ROLES[Keywords.find("where")] = WHERE;
        for (String word : List.of("limit", "offset", "fetch")) {
            ROLES[Keywords.find(word)] = OPENS_LIFT;
        }
        ROLES[Keywords.find("by")] = COMPARES;
        ROLES[Keywords.find("distinct")] = DISTINCT;
        ROLES[Keywords.find("from")] = FROM;
        ROLES[Keywords.find("on")] = ON;
        ROLES[Keywords.find("as")] = TYPE_FOLLOWS;
        ROLES[Keywords.find("returning")] = RETURNING;
        ROLES[Keywords.find("update")] = UPDATE;
        ROLES[Keywords.find("set")] = SET;
        for (int word = 0; word < ENDS_TYPE.length; word++) {
            ENDS_TYPE[word] = Keywords.category(word) == Keywords.Category.RESERVED
                    || Keywords.category(word) == Keywords.Category.TYPE_OR_FUNCTION;
        }
        for (String type : List.of(
                "bit",
                "char",
                "character",
                "dec",
                "decimal",
                "float",
                "interval",
                "nchar",
                "numeric",
                "time",
                "timestamp",
                "varchar",
                "varying")) {
            TAKES_MODIFIERS[Keywords.find(type)] = true;
        }
        ENDS_TYPE[Keywords.find("between")] = true;
        ENDS_TYPE[VALUES] = true;
        ENDS_TYPE[Keywords.find("to")] = false;
    }

    private final String sql;
    private final Lexer lexer;

    // Of the statement at hand.
    private Spans spans = NO_SPANS;
    private boolean lifting;
    private boolean compares;
    /** Whether it is SELECT ... INTO. */
    private boolean makesTable;

    private boolean stray;
    private byte clause;
    private byte[] outerClauses = new byte[8];
    private int depth;
    /** Parentheses open inside a type's name, -1 outside of such names. */
    private int typeDepth;

    private boolean updateTarget;
    private int beforePrevious;
    private int previous;
    private TokenKind previousKind = TokenKind.END;
    private TokenKind beforePreviousKind = TokenKind.END;
    /** Whether a query, UPDATE or DELETE began on this depth, so that FROM on it brings tables. */
    private boolean tablesMayFollow;

    // Of a CREATE FUNCTION's body in SQL.
    private int words;
    private boolean createsHead;
    private boolean createsRoutine;
    private int bodyDepth;

    TemplateScan(String sql) {
        this.sql = sql;
        this.lexer = new Lexer(sql);
    }

    List<StatementTemplate> statements() {
        StatementTemplate first = null;
        List<StatementTemplate> all = List.of();
        while (true) {
            TokenKind kind = lexer.next();
            List<String> hints = lexer.takeHints();
            if (kind == TokenKind.END) {
                break;
            }
            if (kind == TokenKind.SEMICOLON) {
                continue;
            }
            StatementTemplate statement = statement(kind, hints);
            if (first == null) {
                first = statement;
            } else {
                if (all.isEmpty()) {
                    all = new ArrayList<>();
                    all.add(first);
                }
                all.add(statement);
            }
        }
        if (first == null) {
            return List.of();
        }
        return all.isEmpty() ? List.of(first) : List.copyOf(all);
    }

    private StatementTemplate statement(TokenKind firstKind, List<String> leadingHints) {
        reset();
        int start = lexer.start();
        int end = start;
        TokenKind kind = firstKind;
        lifting = kind == TokenKind.LEFT_PAREN || LIFTING.contains(lexer.keyword());
        spans = lifting ? new Spans() : NO_SPANS;
        while (kind != TokenKind.END && !(kind == TokenKind.SEMICOLON && depth <= 0 && bodyDepth == 0)) {
            token(kind);
            end = lexer.end();
            kind = lexer.next();
        }
        List<String> hints = lexer.takeHints();
        if (!leadingHints.isEmpty()) {
            List<String> both = new ArrayList<>(leadingHints);
            both.addAll(hints);
            hints = both;
        }
        if (!lifting || makesTable) {
            spans = NO_SPANS;
        } else if (compares) {
            spans.dropTentative();
        }
        return new StatementTemplate(sql, start, end, spans, hints, stray);
    }

    private void reset() {
        compares = false;
        makesTable = false;
        stray = false;
        clause = KEEP;
        tablesMayFollow = false;
        depth = 0;
        typeDepth = -1;
        updateTarget = false;
        beforePrevious = NO_WORD;
        previous = NO_WORD;
        previousKind = TokenKind.END;
        beforePreviousKind = TokenKind.END;
        words = 0;
        createsHead = false;
        createsRoutine = false;
        bodyDepth = 0;
    }

    private void token(TokenKind kind) {
        int word = NO_WORD;
        switch (kind) {
            case IDENTIFIER -> {
                word = Keywords.find(sql, lexer.start(), lexer.end());
                if (!lifting) {
                    followRoutineBody(word);
                }
                word(word);
                word = word == Keywords.NONE ? OTHER_WORD : word;
            }
            case QUOTED_IDENTIFIER, UNICODE_IDENTIFIER -> {
                word = OTHER_WORD;
                words++;
                followLiteral();
            }
            case LEFT_PAREN, LEFT_BRACKET -> open(kind);
            case RIGHT_PAREN, RIGHT_BRACKET -> close();
            case COMMA -> comma();
            case INTEGER -> literal(integerKind());
            case NUMERIC -> literal(LiteralKind.NUMERIC);
            case STRING, ESCAPE_STRING, DOLLAR_STRING -> text();
            case TYPECAST -> typeDepth = 0;
            case DOT -> {}
            case STAR -> typeDepth = -1;
            case STRAY -> {
                stray = true;
                lifting = false;
            }
            default -> {
                typeDepth = -1;
                updateTarget = false;
            }
        }
        beforePrevious = previous;
        beforePreviousKind = previousKind;
        previous = word;
        previousKind = kind;
    }

    private void word(int word) {
        words++;
        followLiteral();
        if (!lifting || word == Keywords.NONE || previousKind == TokenKind.DOT) {
            return;
        }
        if (previous == AS) {
            // A label, whatever it spells, unless a query or a type follows: "AS (SELECT", "AS varchar(10)".
            return;
        }
        if (ENDS_TYPE[word]) {
            typeDepth = -1;
        }
        role(word);
    }

    private void role(int word) {
        switch (ROLES[word]) {
            case OPENS_KEEP -> {
                clause = KEEP;
                makesTable |= word == INTO_WORD && depth == 0 && previous != INSERT_WORD && previous != MERGE_WORD;
            }
            case OPENS_LIST -> clause = LIST;
            case OPENS_LIFT -> clause = LIFT;
            case SELECT -> {
                clause = LIST;
                tablesMayFollow = true;
            }
            case DELETE -> tablesMayFollow = true;
            case JOIN -> clause = TABLES;
            case WHERE -> {
                // FILTER (WHERE ...) belongs to the expression it stands in.
                if (previousKind != TokenKind.LEFT_PAREN) {
                    clause = LIFT;
                }
            }
            case COMPARES -> {
                compares = true;
                clause = KEEP;
            }
            case DISTINCT -> {
                if (previous != IS && previous != NOT) {
                    compares = true;
                }
            }
            case FROM -> {
                boolean comparison = previous == IS_DISTINCT && (beforePrevious == IS || beforePrevious == NOT);
                if (!comparison) {
                    // Else a function's: extract(year FROM ...).
                    clause = tablesMayFollow ? TABLES : KEEP;
                }
            }
            case ON -> {
                // DISTINCT ON, and NULL ON ERROR in JSON functions, are none.
                if (previous != IS_DISTINCT && clause != LIST && clause != LIFT) {
                    clause = JOIN_CONDITION;
                }
            }
            case TYPE_FOLLOWS -> typeDepth = 0;
            case RETURNING -> {
                clause = LIST;
                typeDepth = 0;
            }
            case UPDATE -> {
                updateTarget = true;
                tablesMayFollow = true;
            }
            case SET -> {
                // Elsewhere it may be a column's name.
                if (updateTarget) {
                    clause = LIFT;
                    updateTarget = false;
                }
            }
            default -> {}
        }
    }

    /** Behind a string a word may be an interval's fields, with a precision: {@code interval '1' second(3)}. */
    private void followLiteral() {
        if (previousKind.isText() && typeDepth < 0) {
            typeDepth = 0;
        }
    }

    private void open(TokenKind kind) {
        if (previous == VALUES && kind == TokenKind.LEFT_PAREN) {
            clause = LIFT;
        }
        if (depth == outerClauses.length) {
            outerClauses = Arrays.copyOf(outerClauses, depth * 2);
        }
        outerClauses[depth] = tablesMayFollow ? (byte) (clause | TABLES_MAY_FOLLOW) : clause;
        depth++;
        tablesMayFollow = false;
        if (clause == JOIN_CONDITION || (clause == TABLES && kind == TokenKind.LEFT_PAREN && callsTableFunction())) {
            clause = LIFT;
        }
        if (previous >= 0 && TAKES_MODIFIERS[previous] && kind == TokenKind.LEFT_PAREN) {
            typeDepth = 0;
        }
        if (typeDepth >= 0) {
            typeDepth++;
        }
        updateTarget = false;
    }

    /** Whether what was just opened are a function's arguments: in {@code FROM f(1) AS a(b)} the first, not the second. */
    private boolean callsTableFunction() {
        boolean named = previous == OTHER_WORD
                || (previous >= 0
                        && (Keywords.category(previous) == Keywords.Category.UNRESERVED
                                || Keywords.category(previous) == Keywords.Category.TYPE_OR_FUNCTION));
        return named
                && (beforePreviousKind == TokenKind.COMMA
                        || beforePreviousKind == TokenKind.DOT
                        || beforePreviousKind == TokenKind.LEFT_PAREN
                        || beforePrevious == FROM_WORD
                        || beforePrevious == JOIN_WORD
                        || beforePrevious == LATERAL_WORD);
    }

    private void close() {
        depth--;
        if (depth >= 0) {
            clause = (byte) (outerClauses[depth] & ~TABLES_MAY_FOLLOW);
            tablesMayFollow = (outerClauses[depth] & TABLES_MAY_FOLLOW) != 0;
        } else {
            // More closed than opened: the server will say so.
            lifting = false;
            depth = 0;
        }
        if (typeDepth >= 0) {
            typeDepth--;
        }
    }

    private void comma() {
        if (typeDepth == 0) {
            typeDepth = -1;
        }
        if (clause == JOIN_CONDITION) {
            clause = TABLES;
        }
        updateTarget = false;
    }

    private void text() {
        if (previousKind == TokenKind.RIGHT_PAREN) {
            // numeric(10,2) '1.5': what looked like arguments was a type's modifier, and may have been lifted.
            lifting = false;
        }
        if (previous == UESCAPE) {
            return;
        }
        literal(LiteralKind.TEXT);
    }

    private void literal(LiteralKind of) {
        boolean inType = typeDepth >= 0;
        typeDepth = inType && typeDepth > 0 ? typeDepth : -1;
        if (!lifting || inType || clause == KEEP || clause == TABLES) {
            return;
        }
        spans.add(lexer.start(), lexer.end(), of.placeholder() | (clause == LIST ? TENTATIVE : 0));
    }

    private LiteralKind integerKind() {
        int length = lexer.end() - lexer.start();
        if (length <= 9) {
            // Also in another radix: nine characters hold at most 28 bits.
            return LiteralKind.INT4;
        }
        if (length > 100) {
            // Not worth its arithmetic. It is numeric, unless it is a smaller number behind zeros, which nobody writes.
            lifting = false;
            return LiteralKind.NUMERIC;
        }
        BigInteger value = TokenText.number(lexer.text()).toBigInteger();
        return value.bitLength() < 32
                ? LiteralKind.INT4
                : value.bitLength() < 64 ? LiteralKind.INT8 : LiteralKind.NUMERIC;
    }

    /** Counts BEGIN ATOMIC, CASE and END in the body of a function or procedure written in SQL. */
    private void followRoutineBody(int word) {
        if (words <= 3 && word != Keywords.NONE) {
            followHead(Keywords.word(word));
        }
        if (!createsRoutine || depth > 0) {
            return;
        }
        if (bodyDepth == 0) {
            bodyDepth = word == ATOMIC && previous == BEGIN ? 1 : 0;
        } else if (previous != AS && previousKind != TokenKind.DOT) {
            bodyDepth += word == CASE ? 1 : word == END ? -1 : 0;
        }
    }

    // CREATE [OR REPLACE] FUNCTION or PROCEDURE, by how many words came before this one.
    private void followHead(String word) {
        boolean routine = word.equals("function") || word.equals("procedure");
        switch (words) {
            case 0 -> createsHead = word.equals("create");
            case 1 -> {
                createsRoutine = createsHead && routine;
                createsHead &= word.equals("or");
            }
            case 2 -> createsHead &= word.equals("replace");
            default -> createsRoutine |= createsHead && routine;
        }
    }
}
