package io.ostraka.rules.plan;

import io.ostraka.rules.sql.SourceSpan;
import io.ostraka.rules.sql.StatementTemplate;
import java.util.ArrayList;
import java.util.List;

/**
 * A statement as the shards are to see it: the client's text with pieces put in or left out. Made from one text, it serves
 * every statement of the same template. Immutable.
 */
public final class ShardText {
    /** A part of the new text: one of the old one, or, where {@code added} is not empty, that. */
    private record Piece(SourceSpan kept, String added) {}

    private final StatementTemplate made;
    private final List<Piece> pieces;

    private ShardText(StatementTemplate made, List<Piece> pieces) {
        this.made = made;
        this.pieces = List.copyOf(pieces);
    }

    /** The text for a statement of the template that this was made from. */
    public String of(StatementTemplate statement) {
        return pieces(statement).text();
    }

    /** The same with the places that its pieces come from. */
    TextPieces pieces(StatementTemplate statement) {
        TextPieces text = new TextPieces(statement.sql());
        for (Piece piece : pieces) {
            if (piece.added().isEmpty()) {
                text.keep(
                        made.translate(piece.kept().start(), statement),
                        made.translate(piece.kept().end(), statement));
            } else {
                text.add(piece.added());
            }
        }
        return text;
    }

    /** Chars it holds on to, for those who count them. */
    int weight() {
        return made.sql().length();
    }

    /** Puts a text together from left to right. Confined to one thread. */
    static final class Builder {
        private final StatementTemplate template;
        private final List<Piece> pieces = new ArrayList<>();
        private int at;

        Builder(StatementTemplate template) {
            this.template = template;
            this.at = template.start();
        }

        /** Keeps the old text up to {@code offset}. */
        Builder keepTo(int offset) {
            if (offset < at) {
                throw new IllegalStateException("text is put together from left to right");
            }
            if (offset > at) {
                pieces.add(new Piece(new SourceSpan(at, offset), ""));
            }
            at = offset;
            return this;
        }

        /** Leaves the old text up to {@code offset} out. */
        Builder dropTo(int offset) {
            at = offset;
            return this;
        }

        Builder add(String text) {
            pieces.add(new Piece(new SourceSpan(0, 0), text));
            return this;
        }

        /** Adds what stands somewhere else in the old text. */
        Builder copy(SourceSpan span) {
            pieces.add(new Piece(span, ""));
            return this;
        }

        /** Puts these in, from left to right. */
        Builder apply(List<RelationSplices.Splice> splices) {
            for (RelationSplices.Splice splice : splices) {
                keepTo(splice.start()).dropTo(splice.end());
                if (!splice.text().isEmpty()) {
                    add(splice.text());
                }
            }
            return this;
        }

        ShardText build() {
            keepTo(template.end());
            return new ShardText(template, pieces);
        }
    }
}
