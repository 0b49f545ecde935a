package io.ostraka.proxy.server;

import io.netty.util.ResourceLeakDetector;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command line. Exit status: 0 done, 1 failed and said why, 2 used wrongly. */
@Command(
        name = "ostraka",
        description = "A sharded SQL proxy for PostgreSQL.",
        subcommands = {
            DemoCommand.class,
            ServeCommand.class,
            CheckCommand.class,
            ExplainCommand.class,
            PeersCommand.class,
            BackupCommand.class
        })
public final class Main implements Runnable {
    private static final String LEAK_DETECTION = "io.netty.leakDetection.level";

    @Spec
    private CommandSpec spec;

    private Main() {}

    public static void main(String[] args) {
        if (System.getProperty(LEAK_DETECTION) == null) {
            // The tests run with it at its strictest; here it would take the stack of one buffer in a hundred.
            ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
        }
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        CommandLine commandLine = new CommandLine(new Main());
        addHelp(commandLine.getCommandSpec());
        commandLine.getSubcommands().values().forEach(command -> addHelp(command.getCommandSpec()));
        return commandLine.setExecutionExceptionHandler(new Complaint());
    }

    /** For commands that talk to their user: of the proxy's log only {@code level} and above. Call before anything logs. */
    static void logOnly(String level) {
        if (System.getProperty("ostraka.log") == null) {
            System.setProperty("ostraka.log", level);
        }
    }

    private static void addHelp(CommandSpec command) {
        command.addOption(OptionSpec.builder("-h", "--help")
                .usageHelp(true)
                .description("Shows this help and ends.")
                .build());
    }

    /** Without a command. */
    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }
}
