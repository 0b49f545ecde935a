package io.ostraka.rules.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.Node;

/** Collects what is wrong in one file, up to a bound that no honest file reaches. Confined to the call that reads it. */
final class Problems {
    private static final int MAX_PROBLEMS = 200;

    private final String file;
    private final List<ConfigProblem> found = new ArrayList<>();

    Problems(String file) {
        this.file = file;
    }

    void add(Node at, String path, String message) {
        add(at.getStartMark().orElseThrow(), path, message);
    }

    void add(Mark at, String path, String message) {
        if (found.size() == MAX_PROBLEMS) {
            return;
        }
        found.add(new ConfigProblem(file, at.getLine() + 1, at.getColumn() + 1, path, message));
    }

    void addForWholeFile(String message) {
        found.add(new ConfigProblem(file, 0, 0, "", message));
    }

    boolean isEmpty() {
        return found.isEmpty();
    }

    void throwIfAny() {
        if (!found.isEmpty()) {
            List<ConfigProblem> sorted = new ArrayList<>(found);
            sorted.sort(Comparator.comparingInt(ConfigProblem::line).thenComparingInt(ConfigProblem::column));
            throw new ConfigException(sorted);
        }
    }
}
