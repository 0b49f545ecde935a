package io.ostraka.rules.plan;

/** The value of one column of the row at hand of one leaf. */
record Variable(Leaf leaf, int column) {

    /** The catalog's type name; empty when it is not known. */
    String type() {
        return leaf.type(column);
    }

    @Override
    public String toString() {
        return leaf + "." + leaf.columns().get(column);
    }
}
