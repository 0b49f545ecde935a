package io.ostraka.tx.simulation;

/** An invariant does not hold. */
final class Broken extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Broken(String invariant, String what) {
        super(invariant + ": " + what);
    }
}
