package io.ostraka.proxy.server;

import io.ostraka.rules.config.ClusterConfig;
import io.ostraka.rules.config.ConfigReader;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.tx.peers.PeerSecret;
import io.ostraka.tx.raft.Member;
import io.ostraka.tx.raft.Operator;
import io.ostraka.tx.raft.PeerStatus;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ostraka peers}: who is in the group, and changes of that while it runs. */
@Command(
        name = "peers",
        description = "Shows the proxies of a group, adds one that waits to be added, or removes one for good.")
final class PeersCommand implements Callable<Integer> {

    /** What is to be done with a node. */
    enum Change {
        add,
        remove
    }

    @Parameters(index = "0", paramLabel = "FILE", description = "The configuration file of any of them.")
    private Path file;

    @Parameters(index = "1", arity = "0..1", paramLabel = "add|remove", description = "Left out: shows them.")
    private Optional<Change> change = Optional.empty();

    @Parameters(index = "2", arity = "0..1", paramLabel = "NODE", description = "A name of \"peers\" in the file.")
    private Optional<String> node = Optional.empty();

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        Main.logOnly("ERROR");
        ClusterConfig config = ConfigReader.read(file);
        PrintWriter out = spec.commandLine().getOut();
        String secret = config.peerSecret().orElseThrow(() -> new PgError(
                        SqlState.CONFIG_FILE_ERROR,
                        "the file has no \"peer_secret\": this proxy has no peers",
                        "",
                        "See docs/operations.md about a group of several proxies.")
                .toException());
        try (Operator operator = new Operator(new PeerSecret(secret), config.peers())) {
            if (change.isPresent()) {
                String name = node.orElseThrow(
                        () -> new IOException("which node? ostraka peers " + file + " " + change.get() + " NODE"));
                out.println(
                        switch (change.get()) {
                            case add -> operator.add(name);
                            case remove -> operator.remove(name);
                        });
            } else {
                show(operator.statuses(), config, out);
            }
        }
        out.flush();
        return 0;
    }

    private static void show(Map<String, Optional<PeerStatus>> statuses, ClusterConfig config, PrintWriter out) {
        statuses.forEach(
                (name, status) -> out.println(name + "  " + config.peers().get(name) + "  "
                        + status.map(PeersCommand::worded).orElse("no answer")));
        statuses.values().stream()
                .flatMap(Optional::stream)
                .flatMap(status -> status.members().stream())
                .map(Member::name)
                .distinct()
                .filter(name -> !statuses.containsKey(name))
                .sorted()
                .forEach(name -> out.println(name + "  a member that the file does not name"));
    }

    private static String worded(PeerStatus status) {
        if (status.log().isEmpty()) {
            return "looks for its group";
        }
        if (!status.isMember()) {
            return "waits to be added";
        }
        if (status.leader().isEmpty()) {
            return "knows no leader: is there a majority?";
        }
        return (status.leader().get().equals(status.id()) ? "leads" : "follows") + ", term " + status.term()
                + ", has applied entry " + status.applied();
    }
}
