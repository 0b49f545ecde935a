package io.ostraka.it.clients;

import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bin/ostraka-clients}: a script for each client that is installed, directly and through Ostraka. */
@Command(
        name = "ostraka-clients",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Runs a script of each client against a PostgreSQL server and against Ostraka in front of one, and"
                        + " prints where the outcomes differ.",
        footer = "Exit status: 0 all alike, 1 something differs, 2 used wrongly.")
final class ClientScripts implements Callable<Integer> {
    @Option(
            names = "--modes",
            split = ",",
            defaultValue = "transaction,session",
            description = "Pool modes to run through (default: ${DEFAULT-VALUE}).")
    private List<String> modes = List.of();

    @Option(
            names = "--clients",
            defaultValue = ".*",
            description = "Only clients whose name matches this regular expression.")
    private String clients = ".*";

    @Option(
            names = "--postgresql",
            paramLabel = "DIRECTORY",
            description =
                    "An installed PostgreSQL whose bin/ has the servers' programs, in place of the one of the build."
                            + " pg_dump dumps no server that is newer than itself.")
    private Optional<String> postgresql = Optional.empty();

    private final PrintStream out;

    ClientScripts(PrintStream out) {
        this.out = out;
    }

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new ClientScripts(System.out))
                .setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8))
                .execute(arguments));
    }

    @Override
    public Integer call() throws IOException {
        postgresql.ifPresent(directory -> System.setProperty("ostraka.postgresql", directory));
        Pattern wanted = Pattern.compile(clients);
        boolean clean = true;
        for (Client client : Clients.all()) {
            if (wanted.matcher(client.name()).matches()) {
                clean &= run(client);
            }
        }
        return clean ? 0 : 1;
    }

    private boolean run(Client client) throws IOException {
        Optional<String> version = client.version();
        if (version.isEmpty()) {
            out.println(client.name() + ": not installed, skipped; " + client.install());
            return true;
        }
        boolean clean = true;
        for (String mode : modes) {
            Comparison comparison = Comparison.of(client, mode);
            if (comparison.skipped().isPresent()) {
                out.println(client.name() + " (" + version.get() + "): skipped; "
                        + comparison.skipped().get());
                return true;
            }
            boolean alike = comparison.differences().isEmpty();
            out.println(client.name() + " (" + version.get() + "), pooled by " + mode + ": "
                    + (alike ? comparison.lines() + " lines, all alike" : "DIFFERS"));
            comparison.differences().forEach(line -> out.println("    " + line));
            clean &= alike;
        }
        return clean;
    }
}
