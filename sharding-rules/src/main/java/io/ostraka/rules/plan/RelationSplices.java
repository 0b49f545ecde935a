package io.ostraka.rules.plan;

import io.ostraka.rules.sql.Lexer;
import io.ostraka.rules.sql.TokenKind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Puts something else in the place of relations that a text names in FROM, so that all other names in it mean what they did:
 * each keeps its alias, or gets its name as one. Confined to one statement.
 */
final class RelationSplices {
    /** Characters {@code [start, end)} of the text and what stands there afterwards. */
    record Splice(int start, int end, String text) {}

    /** What takes a relation's place; empty when it stays. */
    interface Replacement {
        Optional<String> of(Analysis.Named relation);
    }

    private record Token(TokenKind kind, String word, String text, int start, int end) {
        boolean is(TokenKind wanted) {
            return kind == wanted;
        }

        boolean isWord(String wanted) {
            return word.equals(wanted);
        }
    }

    private final List<Token> tokens = new ArrayList<>();

    private RelationSplices(String sql, int start, int end) {
        Lexer lexer = new Lexer(sql, start, end);
        for (TokenKind kind = lexer.next(); kind != TokenKind.END; kind = lexer.next()) {
            tokens.add(new Token(kind, lexer.keyword(), lexer.text(), lexer.start(), lexer.end()));
        }
    }

    /** From left to right. {@code analysis} is that of the text. */
    static List<Splice> of(String sql, int start, int end, Analysis analysis, Replacement replacement) {
        RelationSplices text = new RelationSplices(sql, start, end);
        List<Splice> splices = new ArrayList<>();
        for (Analysis.Named relation : analysis.named()) {
            replacement.of(relation).ifPresent(other -> splices.add(text.relation(relation, other)));
        }
        if (!splices.isEmpty()) {
            analysis.qualified().forEach(at -> splices.add(text.withoutSchema(at)));
        }
        splices.sort(Comparator.comparingInt(Splice::start));
        return splices;
    }

    /** A text after its splices. */
    static String applied(String sql, int start, int end, List<Splice> splices) {
        StringBuilder text = new StringBuilder();
        int at = start;
        for (Splice splice : splices) {
            text.append(sql, at, splice.start()).append(splice.text());
            at = splice.end();
        }
        return text.append(sql, at, end).toString();
    }

    private Splice relation(Analysis.Named named, String other) {
        int first = tokenAt(named.relation().at());
        int last = lastOfName(first);
        if (atWord(last + 1, "uescape")) {
            throw new IllegalStateException("a name with UESCAPE");
        }
        int start = first;
        int end = last;
        boolean isEnclosed = at(first - 1, TokenKind.LEFT_PAREN) && atWord(first - 2, "only");
        if (isEnclosed) {
            start = first - 2;
            end = last + 1;
        } else if (atWord(first - 1, "only")) {
            start = first - 1;
        }
        if (end + 1 < tokens.size() && tokens.get(end + 1).text().equals("*")) {
            // The old way to say what is meant anyway: with the tables that inherit.
            end++;
        }
        boolean hasAlias = named.relation().alias().name().isPresent();
        String alias = hasAlias ? "" : " AS " + Fragment.quoted(named.relation().last());
        if (atWord(start - 1, "table")) {
            return new Splice(tokens.get(start - 1).start(), tokens.get(end).end(), "SELECT * FROM " + other + alias);
        }
        return new Splice(tokens.get(start).start(), tokens.get(end).end(), other + alias);
    }

    /** {@code schema.table.column} is left as {@code table.column}. */
    private Splice withoutSchema(int at) {
        int first = tokenAt(at);
        int last = lastOfName(first);
        boolean isStar = last + 2 < tokens.size()
                && at(last + 1, TokenKind.DOT)
                && tokens.get(last + 2).text().equals("*");
        int kept = isStar ? last : last - 2;
        return new Splice(tokens.get(first).start(), tokens.get(kept).start(), "");
    }

    private int tokenAt(int offset) {
        for (int i = 0; i < tokens.size(); i++) {
            if (tokens.get(i).start() == offset) {
                return i;
            }
        }
        throw new IllegalStateException("no name at character " + offset);
    }

    private int lastOfName(int first) {
        int last = first;
        while (at(last + 1, TokenKind.DOT)
                && last + 2 < tokens.size()
                && tokens.get(last + 2).kind().isIdentifier()) {
            last += 2;
        }
        return last;
    }

    private boolean at(int index, TokenKind kind) {
        return index >= 0 && index < tokens.size() && tokens.get(index).is(kind);
    }

    private boolean atWord(int index, String word) {
        return index >= 0 && index < tokens.size() && tokens.get(index).isWord(word);
    }
}
