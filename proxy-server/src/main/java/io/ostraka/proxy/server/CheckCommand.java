package io.ostraka.proxy.server;

import io.ostraka.proxy.schema.Finding;
import io.ostraka.proxy.schema.ShardCheck;
import io.ostraka.rules.config.ClusterConfig;
import io.ostraka.rules.config.ConfigReader;
import io.ostraka.rules.config.DatabaseConfig;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ostraka check}: what is wrong in a configuration file, all of it, and then with the shards. */
@Command(
        name = "check",
        description = "Reads a configuration file and reports every error in it, with line and column.")
final class CheckCommand implements Callable<Integer> {
    @Parameters(paramLabel = "FILE", description = "The configuration file.")
    private Path file;

    @Option(
            names = "--connect",
            description = "Looks at the shards as well: reachable, able, alike, and as the rules want them.")
    private boolean connect;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        Main.logOnly("ERROR");
        ClusterConfig config = ConfigReader.read(file);
        PrintWriter out = spec.commandLine().getOut();
        out.println(file + ": correct");
        for (DatabaseConfig database : config.databases().values()) {
            out.println("  database " + database.name() + ": "
                    + counted(database.shards().size(), "shard") + ", rules for "
                    + counted(database.tables().size(), "table") + " and "
                    + counted(database.schemas().size(), "schema"));
        }
        boolean wrong = false;
        if (connect) {
            for (Finding finding : ShardCheck.check(config)) {
                out.println(finding);
                wrong |= finding.severity() == Finding.Severity.ERROR;
            }
            out.println(wrong ? "the shards have errors" : "the shards are ready");
        }
        out.flush();
        return wrong ? 1 : 0;
    }

    private static String counted(int count, String noun) {
        return count + " " + noun + (count == 1 ? "" : "s");
    }
}
