package io.ostraka.rules.plan;

import io.ostraka.rules.sql.StatementTemplate;
import java.util.Optional;

/**
 * One statement of a query string with its plan. {@code template} has the literals that the plan's router asks for;
 * it is absent when the string could not be cut into statements, and the plan a refusal. {@code queryText} is the whole string.
 * Immutable.
 */
public record PlannedStatement(StatementSpan span, Plan plan, Optional<StatementTemplate> template, String queryText) {

    static PlannedStatement of(StatementTemplate template, Plan plan) {
        return new PlannedStatement(
                new StatementSpan(template.start(), template.end()), plan, Optional.of(template), template.sql());
    }

    /** Its own text, without what stands around it; empty when the string could not be cut. */
    public String text() {
        return template.map(StatementTemplate::text).orElse("");
    }

    /** How many parameters its text names: the highest number of one. */
    public int parameters() {
        return template.map(StatementTemplate::parameters).orElse(0);
    }

    /** The same with what stands in front of it in the query string, for then its errors have their places there. */
    public String textInPlace() {
        return template.map(own -> own.sql().substring(0, own.end())).orElse("");
    }

    /** Blanks that stand for the query string up to this offset in the statement: what follows them has its place there. */
    public String blanksTo(int offset) {
        return template.map(own -> " ".repeat(own.sql().codePointCount(0, own.start() + offset)))
                .orElse("");
    }

    /** What the shards are sent in its place when their rows are to come in order. */
    public String shardText(Merge.Ordered merge) {
        return merge.text().of(template.orElseThrow());
    }

    /** Where the pieces of that come from, in the client's text. */
    public TextPieces shardPieces(Merge.Ordered merge) {
        return merge.text().pieces(template.orElseThrow());
    }

    /** What the combiner is sent in its place. */
    public String combinerText(ShardText text) {
        return text.of(template.orElseThrow());
    }

    /** A lifted literal of this statement's own text: the answer to {@link StatementValues#literal}. */
    public CharSequence literal(int index) {
        return template.orElseThrow().literal(index);
    }

    /** The values of a statement without parameters, as the simple protocol sends it. */
    public StatementValues values() {
        return new Literals(this);
    }

    private record Literals(PlannedStatement statement) implements StatementValues {
        @Override
        public CharSequence literal(int index) {
            return statement.literal(index);
        }

        @Override
        public int parameterCount() {
            return 0;
        }

        @Override
        public boolean parameterIsNull(int number) {
            throw noParameter(number);
        }

        @Override
        public int parameterOid(int number) {
            throw noParameter(number);
        }

        @Override
        public boolean parameterIsBinary(int number) {
            throw noParameter(number);
        }

        @Override
        public byte[] parameter(int number) {
            throw noParameter(number);
        }

        private static IllegalArgumentException noParameter(int number) {
            return new IllegalArgumentException("there is no parameter $" + number);
        }
    }
}
