package io.ostraka.proxy.transaction;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Places in a commit at which a test can kill the process, or stop it to kill something else. Off, and a comparison with an
 * empty word, unless the process was started with {@code -Dostraka.failpoint=<name>:<action>}: {@code halt} ends the process as
 * {@code kill -9} does, {@code stop} prints {@code failpoint <name>} and goes on when a line comes on standard input. With {@code
 * -Dostraka.failpoint=@<file>} a test writes that into a file while the process runs; it is gone when the place is reached.
 *
 * <p>Confined to the coordinator's queue, but for {@link Place#AFTER_APPLY}, which is the log's: nothing else is armed then.
 */
public final class Failpoints {
    /** The same status as after {@code kill -9}. */
    private static final int KILLED = 137;

    private static final Failpoints OFF = new Failpoints("");

    private final String setting;
    private boolean reached;

    /** In the order in which a commit passes them. */
    enum Place {
        BEFORE_PREPARE,
        AFTER_ONE_PREPARE,
        BEFORE_DECIDE,
        /** The log has been asked, and may or may not have the decision. */
        AFTER_PROPOSE,
        /** A majority has it, and whoever leads, perhaps another node, has not answered. */
        AFTER_APPLY,
        AFTER_DECIDE,
        BEFORE_COMMIT_PREPARED,
        BETWEEN_COMMIT_PREPARED,
        AFTER_ONE_COMMIT_PREPARED,
        BEFORE_ANSWER,
        BEFORE_DONE
    }

    private Failpoints(String setting) {
        this.setting = setting;
    }

    /** What {@code -Dostraka.failpoint} says. */
    public static Failpoints ofProcess() {
        String setting = System.getProperty("ostraka.failpoint", "");
        return setting.isEmpty() ? OFF : new Failpoints(setting);
    }

    /** Whether a place may make the thread wait that reaches it. */
    boolean mayStop() {
        return !setting.isEmpty() && !setting.endsWith(":halt");
    }

    /** The first time the armed place is reached, its action is taken. */
    void reach(Place place) {
        if (setting.isEmpty()) {
            return;
        }
        String name = place.name().toLowerCase(Locale.ROOT).replace('_', '-');
        try {
            if (setting.startsWith("@")) {
                Path file = Path.of(setting.substring(1));
                String armed = contentOf(file);
                // Who deletes it has reached it first.
                if (armed.startsWith(name + ":") && Files.deleteIfExists(file)) {
                    act(name, armed);
                }
            } else if (!reached && setting.startsWith(name + ":")) {
                reached = true;
                act(name, setting);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String contentOf(Path file) throws IOException {
        try {
            return Files.readString(file);
        } catch (NoSuchFileException nothingArmed) {
            return "";
        }
    }

    private static void act(String name, String armed) throws IOException {
        if (armed.endsWith(":halt")) {
            Runtime.getRuntime().halt(KILLED);
        }
        System.out.println("failpoint " + name);
        for (int next = System.in.read(); next >= 0 && next != '\n'; next = System.in.read()) {
            // The rest of the line says nothing.
        }
    }
}
