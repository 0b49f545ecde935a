package io.ostraka.proxy.server;

import io.ostraka.proxy.schema.SchemaService;
import io.ostraka.proxy.schema.SchemaState;
import io.ostraka.rules.catalog.Catalog;
import io.ostraka.rules.config.ClusterConfig;
import io.ostraka.rules.config.ConfigReader;
import io.ostraka.rules.config.DatabaseConfig;
import io.ostraka.rules.plan.Explanation;
import io.ostraka.rules.plan.Planner;
import io.ostraka.rules.rule.RuleSet;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ostraka explain}: what would be done with a statement. Reads the catalog, and runs nothing on the shards. */
@Command(
        name = "explain",
        description = {
            "Tells what would be done with a statement, without doing it.",
            "Needs no shard when the file names a schema (a DDL file); else it reads the shards' catalog."
        })
final class ExplainCommand implements Callable<Integer> {
    /** Longer than anybody waits: the catalog is read once. */
    private static final Duration NEVER_AGAIN = Duration.ofDays(1);

    @Parameters(index = "0", paramLabel = "FILE", description = "The configuration file.")
    private Path file;

    @Parameters(index = "1", paramLabel = "SQL", description = "One or more statements.")
    private String sql;

    @Parameters(index = "2..*", paramLabel = "ARG", description = "Values of the parameters $1 and on.")
    private List<String> arguments = new ArrayList<>();

    @Option(names = "--database", paramLabel = "NAME", description = "The database, when the file has more than one.")
    private Optional<String> databaseName = Optional.empty();

    @Option(
            names = "--search-path",
            paramLabel = "SCHEMA",
            split = ",",
            defaultValue = "public",
            description = "Where tables without a schema are looked for (default: public).")
    private List<String> searchPath = new ArrayList<>();

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        Main.logOnly("ERROR");
        ClusterConfig config = ConfigReader.read(file);
        Planner planner = planner(config, database(config));
        PrintWriter out = spec.commandLine().getOut();
        out.print(new Explanation(planner).explain(sql, searchPath, arguments));
        out.flush();
        return 0;
    }

    private DatabaseConfig database(ClusterConfig config) {
        if (databaseName.isEmpty() && config.databases().size() > 1) {
            throw new ParameterException(
                    spec.commandLine(),
                    "the file has several databases, choose one with --database: "
                            + config.databases().keySet());
        }
        DatabaseConfig found = databaseName
                .map(config.databases()::get)
                .orElseGet(() -> config.databases().values().iterator().next());
        if (found == null) {
            throw new ParameterException(
                    spec.commandLine(),
                    "there is no database \"" + databaseName.orElseThrow() + "\" in the file, only "
                            + config.databases().keySet());
        }
        return found;
    }

    private Planner planner(ClusterConfig config, DatabaseConfig database) throws IOException {
        if (database.schema().isPresent()) {
            try (SchemaFile schema = SchemaFile.load(database.schema().get(), config, database)) {
                return planner(schema.config(), schema.database(), database);
            }
        }
        return planner(config, database, database);
    }

    /** The catalog is read where {@code source} says, the plans are those of {@code database}. */
    private Planner planner(ClusterConfig config, DatabaseConfig source, DatabaseConfig database) throws IOException {
        Optional<SchemaService> service = SchemaService.of(config, source, NEVER_AGAIN, state -> {});
        if (service.isEmpty()) { // one shard, which gets everything
            return new Planner(
                    database,
                    RuleSet.resolve(database, table -> Optional.empty()),
                    Catalog.builder(0).build());
        }
        try (SchemaService reader = service.get()) {
            SchemaState state = reader.start().join();
            if (state.unread().size() == source.shards().size()) {
                throw new IOException(
                        "no shard can be read (with a DDL file as \"schema\" none need be): " + state.unread());
            }
            report(state);
            return new Planner(database, state.rules(), state.catalog());
        }
    }

    /** What limits the answer goes to standard error, so that the answer itself can be compared. */
    private void report(SchemaState state) {
        PrintWriter err = spec.commandLine().getErr();
        state.unread().forEach((shard, reason) -> err.println("warning: shard " + shard + " was not read: " + reason));
        state.differences().forEach(difference -> err.println("warning: " + difference.text()));
        state.rules().problems().forEach(problem -> err.println("warning: " + problem));
        err.flush();
    }
}
