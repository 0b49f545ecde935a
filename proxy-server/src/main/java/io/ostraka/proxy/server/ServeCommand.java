package io.ostraka.proxy.server;

import io.ostraka.rules.config.ClusterConfig;
import io.ostraka.rules.config.ConfigReader;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code ostraka serve}: the proxy, until SIGTERM or SIGINT. */
@Command(name = "serve", description = "Runs the proxy. SIGTERM tells the clients, waits briefly for them, and stops.")
final class ServeCommand implements Callable<Integer> {
    private static final Logger log = LoggerFactory.getLogger(ServeCommand.class);

    @Parameters(paramLabel = "FILE", description = "The configuration file.")
    private Path file;

    @Override
    public Integer call() throws Exception {
        ClusterConfig config = ConfigReader.read(file);
        StopSignal stop = new StopSignal();
        // Java's own answer to a hang-up is to end.
        StopSignal.on(
                "HUP", () -> log.warn("reload: not supported yet, the configuration read at the start stays in force"));
        while (!stop.isRequested()) {
            try (OstrakaServer server = start(config, stop)) {
                for (InetSocketAddress address : server.addresses()) {
                    log.info("listening on {}:{}", address.getHostString(), address.getPort());
                }
                CompletableFuture<Void> expelled = server.expelled();
                CompletableFuture.anyOf(stop.requested(), expelled).join();
                if (stop.isRequested()) {
                    log.info("stopping");
                } else {
                    log.warn("the group has given this node up, because it did not answer for a while: starting anew");
                    server.dropClients();
                }
            } catch (ExecutionException failed) {
                // What was interrupted by the signal is no failure.
                if (!stop.isRequested()) {
                    throw failed.getCause() instanceof Exception cause ? cause : failed;
                }
            }
        }
        log.info("stopped");
        return 0;
    }

    /** A group may be long in coming together: a signal ends the wait for it. */
    private static OstrakaServer start(ClusterConfig config, StopSignal stop)
            throws ExecutionException, InterruptedException {
        FutureTask<OstrakaServer> starting = new FutureTask<>(() -> OstrakaServer.start(config));
        Thread thread = new Thread(starting, "start");
        thread.start();
        stop.requested().thenRun(thread::interrupt);
        return starting.get();
    }
}
