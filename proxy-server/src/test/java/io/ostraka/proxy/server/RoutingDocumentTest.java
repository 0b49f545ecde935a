package io.ostraka.proxy.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.proxy.schema.SchemaService;
import io.ostraka.proxy.schema.SchemaState;
import io.ostraka.rules.config.ClusterConfig;
import io.ostraka.rules.config.ConfigReader;
import io.ostraka.rules.config.DatabaseConfig;
import io.ostraka.rules.plan.Explanation;
import io.ostraka.rules.plan.Planner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What docs/routing.md shows is what explain says. */
class RoutingDocumentTest {
    private static final Path REPOSITORY = Path.of("").toAbsolutePath().getParent();

    /** The statement, its arguments, and the answer up to the end of the block. */
    private static final Pattern EXAMPLE = Pattern.compile(
            "\\$ bin/ostraka explain examples/routing\\.yaml \"((?:[^\"\\\\]|\\\\.)*)\"([^\\n]*)\\n(.*?)```",
            Pattern.DOTALL);

    @Test
    void everyExampleOfTheRoutingDocumentIsTrue() throws IOException {
        Path document = REPOSITORY.resolve("docs/routing.md");
        String written = Files.readString(document);
        Explanation explanation = new Explanation(planner());
        Matcher examples = EXAMPLE.matcher(written);
        String shown = examples.replaceAll(example -> Matcher.quoteReplacement(explained(explanation, example)));
        assertEquals(shown, written);
        assertTrue(EXAMPLE.matcher(written).results().count() >= 20);
    }

    private static String explained(Explanation explanation, MatchResult example) {
        String sql = example.group(1).replace("\\\"", "\"").replace("\\$", "$");
        String arguments = example.group(2).strip();
        String answer = explanation.explain(
                sql, List.of("public"), arguments.isEmpty() ? List.of() : List.of(arguments.split(" ")));
        String all = example.group();
        return all.substring(0, all.indexOf('\n') + 1) + answer + "```";
    }

    private static Planner planner() throws IOException {
        ClusterConfig config = ConfigReader.read(REPOSITORY.resolve("examples/routing.yaml"));
        DatabaseConfig database = config.databases().get("shop");
        try (SchemaFile schema = SchemaFile.load(database.schema().orElseThrow(), config, database);
                SchemaService reader = SchemaService.of(
                                schema.config(), schema.database(), Duration.ofDays(1), state -> {})
                        .orElseThrow()) {
            SchemaState state = reader.start().join();
            assertEquals(List.of(), state.rules().problems());
            return new Planner(database, state.rules(), state.catalog());
        }
    }
}
