package io.ostraka.proxy.transaction;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Locale;

/**
 * Places in a commit at which a test can kill the process, or stop it to kill something else. Off, and a comparison with an
 * empty word, unless the process was started with {@code -Dostraka.failpoint=<name>:<action>}: {@code halt} ends the process as
 * {@code kill -9} does, {@code stop} prints {@code failpoint <name>} and goes on when a line comes on standard input.
 *
 * <p>Confined to the coordinator's thread.
 */
public final class Failpoints {
    /** The same status as after {@code kill -9}. */
    private static final int KILLED = 137;

    private final String armed;
    private final boolean halts;
    private boolean reached;

    /** In the order in which a commit passes them. */
    enum Place {
        BEFORE_PREPARE,
        AFTER_ONE_PREPARE,
        BEFORE_DECIDE,
        AFTER_DECIDE,
        BEFORE_COMMIT_PREPARED,
        BETWEEN_COMMIT_PREPARED,
        AFTER_ONE_COMMIT_PREPARED,
        BEFORE_ANSWER,
        BEFORE_DONE
    }

    private Failpoints(String armed, boolean halts) {
        this.armed = armed;
        this.halts = halts;
    }

    /** What {@code -Dostraka.failpoint} says. */
    public static Failpoints ofProcess() {
        String[] setting = System.getProperty("ostraka.failpoint", "").split(":", 2);
        return new Failpoints(setting[0], setting.length > 1 && setting[1].equals("halt"));
    }

    /** The first time the armed place is reached, its action is taken. */
    void reach(Place place) {
        if (armed.isEmpty() || reached || !armed.equals(nameOf(place))) {
            return;
        }
        reached = true;
        if (halts) {
            Runtime.getRuntime().halt(KILLED);
        }
        System.out.println("failpoint " + armed);
        try {
            for (int next = System.in.read(); next >= 0 && next != '\n'; next = System.in.read()) {
                // The rest of the line says nothing.
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String nameOf(Place place) {
        return place.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
