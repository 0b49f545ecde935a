package io.ostraka.rules.config;

import java.util.Optional;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionEndEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.DocumentStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * YAML text to its tree of nodes, plain data only: one document of mappings, lists and scalars. Tags could name classes,
 * aliases can make a small file mean a huge one, and deep nesting exhausts the stack; so the events are looked through
 * first, which takes constant memory, and a tree is only built when there is nothing of the kind. Pure.
 */
final class YamlText {
    /** Far above any real file, of which a thousand tables take a tenth. */
    static final int MAX_CHARACTERS = 1 << 20;

    /** The deepest key of the format is at 7. */
    private static final int MAX_DEPTH = 20;

    private YamlText() {}

    /** The document's root; empty when there is none, or when problems were reported. */
    static Optional<Node> parse(String text, Problems problems) {
        if (text.length() > MAX_CHARACTERS) {
            problems.addForWholeFile("must have at most " + MAX_CHARACTERS + " characters, has " + text.length());
            return Optional.empty();
        }
        LoadSettings settings = LoadSettings.builder()
                .setAllowDuplicateKeys(true) // reported with their places by Value
                .setAllowNonScalarKeys(true) // likewise
                .setCodePointLimit(MAX_CHARACTERS)
                .build();
        try {
            lookThrough(new Parse(settings).parseString(text), problems);
            return problems.isEmpty() ? new Compose(settings).composeString(text) : Optional.empty();
        } catch (MarkedYamlEngineException e) {
            // The exception's message quotes the file, where a secret may stand; its problem does not.
            Mark at = e.getProblemMark().or(e::getContextMark).orElseThrow();
            problems.add(at, "", "is not YAML: " + e.getProblem());
        } catch (YamlEngineException e) {
            problems.addForWholeFile("is not YAML");
        }
        return Optional.empty();
    }

    /** Stops where the nesting gets too deep. */
    private static void lookThrough(Iterable<Event> events, Problems problems) {
        int depth = 0;
        int documents = 0;
        for (Event event : events) {
            Mark at = event.getStartMark().orElseThrow();
            if (event instanceof AliasEvent) {
                problems.add(at, "", "aliases are not read; write the value out");
            } else if (event instanceof ScalarEvent scalar && scalar.getTag().isPresent()) {
                problems.add(at, "", "tags are not read");
            } else if (event instanceof DocumentStartEvent && ++documents > 1) {
                problems.add(at, "", "there must be one document only");
            } else if (event instanceof CollectionEndEvent) {
                depth--;
            } else if (event instanceof CollectionStartEvent start) {
                if (start.getTag().isPresent()) {
                    problems.add(at, "", "tags are not read");
                }
                if (++depth > MAX_DEPTH) {
                    problems.add(at, "", "is nested more than " + MAX_DEPTH + " deep");
                    return;
                }
            }
        }
    }
}
