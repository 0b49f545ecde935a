package io.ostraka.rules.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One query level whose names are resolved. First declared, from the inside out; then {@link #settle settled} from
 * the outside in, when it is known what holds of the rows around it.
 */
interface Block {

    /** A column it puts out. {@code variable} is the column of its FROM that is passed on unchanged. */
    record Output(String name, String type, Optional<Variable> variable) {}

    List<Output> outputs();

    /** Whether there may be outputs that are not listed. */
    boolean open();

    /** Whether outputs are missing from the list, so that the places of those in it mean nothing. */
    boolean hasGaps();

    /** Facts true of every row it puts out, as seen from outside: none when it may put out a row for no row. */
    List<Fact> guaranteed();

    /**
     * Which column of {@code as} carries which of its own, to be used inwards: only where a condition on the output
     * may as well be applied to the rows it is made of.
     */
    List<Fact> links(Leaf as);

    /** Which column of {@code as} carries which of its own, to be used outwards. */
    List<Fact> carries(Leaf as);

    /** Records every occurrence in it, of whose rows {@code context} holds. */
    void settle(List<Fact> context);

    /** The same for a source of rows: {@code context} may speak of the columns of {@code as}, which are its outputs. */
    default void settleAs(Leaf as, List<Fact> context) {
        settle(JoinTree.joined(context, links(as)));
    }

    /** What it is, once it is settled. */
    Level level();

    /**
     * Calls in it that may be aggregates of a level around it, for an aggregate belongs to the level of its
     * arguments.
     */
    List<Expression.Call> callsForOuterLevels();

    /** The outputs as columns of a leaf. */
    static Leaf leaf(Block block, FromItem.Alias alias, String fallback) {
        List<String> names = new ArrayList<>();
        List<String> types = new ArrayList<>();
        List<Output> outputs = block.outputs();
        if (block.hasGaps() && !alias.columns().isEmpty()) {
            // Which output an alias names is not known.
            return Analyser.unknownLeaf(alias, fallback);
        }
        for (int i = 0; i < outputs.size(); i++) {
            names.add(
                    i < alias.columns().size()
                            ? alias.columns().get(i)
                            : outputs.get(i).name());
            types.add(outputs.get(i).type());
        }
        return new Leaf(alias.name().orElse(fallback), names, types, block.open());
    }

    /** {@link Fact.Same} for each output that passes a column on. */
    static List<Fact> same(List<Output> outputs, Leaf as) {
        List<Fact> links = new ArrayList<>();
        for (int i = 0; i < outputs.size() && i < as.columns().size(); i++) {
            Variable outer = as.variable(i);
            outputs.get(i).variable().ifPresent(inner -> links.add(new Fact.Same(outer, inner)));
        }
        return links;
    }
}
