package io.ostraka.tx.decision;

import java.util.HexFormat;
import java.util.random.RandomGenerator;

/**
 * What tells this cluster's prepared transactions from all others: 32 bits drawn when the cluster is created, part of
 * every gid from then on. Written as eight hex digits.
 */
public record ClusterNumber(int value) {

    /** A number nobody is likely to have drawn before. */
    public static ClusterNumber draw(RandomGenerator random) {
        return new ClusterNumber(random.nextInt());
    }

    /** Reads what {@link #toString} wrote; {@link IllegalArgumentException} for anything else. */
    public static ClusterNumber parse(String hex) {
        if (!hex.matches("[0-9a-f]{8}")) {
            throw new IllegalArgumentException("\"" + hex + "\" is not eight hex digits");
        }
        return new ClusterNumber(Integer.parseUnsignedInt(hex, 16));
    }

    @Override
    public String toString() {
        return HexFormat.of().toHexDigits(value);
    }
}
