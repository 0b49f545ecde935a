package io.ostraka.proxy.server;

import io.ostraka.proxy.demo.DemoShop;
import io.ostraka.rules.config.ConfigReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ostraka demo}: shards, sample data and a proxy on this machine, until Ctrl-C. */
@Command(
        name = "demo",
        description = "Starts a whole sharded cluster on this machine, with sample data. Ctrl-C stops it.")
final class DemoCommand implements Callable<Integer> {
    private static final String HOST = "127.0.0.1";
    private static final int MAX_SHARDS = 16;

    @Option(
            names = "--shards",
            paramLabel = "N",
            defaultValue = "2",
            description = "PostgreSQL servers to start (default: 2).")
    private int shards;

    @Option(
            names = "--port",
            paramLabel = "PORT",
            defaultValue = "6432",
            description = "The proxy's port (default: 6432); 0: any free one.")
    private int port;

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            description = "Keeps the data in DIR, where the next start goes on with it. Without, it is temporary.")
    private Optional<Path> directory = Optional.empty();

    @Option(names = "--nodes", paramLabel = "N", defaultValue = "1", description = "Proxies to start; only 1 so far.")
    private int nodes;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        checkOptions();
        Main.logOnly("WARN");
        checkPortIsFree();
        StopSignal stop = new StopSignal();
        PrintWriter out = spec.commandLine().getOut();
        out.println("Starting " + shards + " PostgreSQL server" + (shards == 1 ? "" : "s") + " and a proxy ...");
        out.flush();
        try (DemoShop shop = DemoShop.open(shards, directory, port)) {
            if (stop.isRequested()) {
                return 0;
            }
            try (OstrakaServer server = OstrakaServer.start(ConfigReader.read(shop.configFile()))) {
                InetSocketAddress address = server.addresses().get(0);
                shop.loadRows(address.getPort());
                if (!stop.isRequested()) {
                    out.print(welcome(shop, address.getPort()));
                    out.flush();
                }
                stop.await();
            }
        }
        out.println("Stopped.");
        out.flush();
        return 0;
    }

    private void checkOptions() {
        if (nodes != 1) {
            throw wrong("--nodes " + nodes + ": several proxies in one Raft group are not supported yet; use 1");
        }
        if (shards < 1 || shards > MAX_SHARDS) {
            throw wrong("--shards " + shards + ": must be 1 to " + MAX_SHARDS);
        }
        if (port < 0 || port > 65_535) {
            throw wrong("--port " + port + ": must be 0 to 65535");
        }
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    /** A look before the servers start: they would be started in vain. */
    private void checkPortIsFree() throws IOException {
        InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
        try {
            new ServerSocket(port, 1, loopback).close();
        } catch (IOException e) {
            throw new IOException(
                    "cannot listen on " + HOST + ":" + port + ": " + e.getMessage() + " (choose another with --port)",
                    e);
        }
    }

    private String welcome(DemoShop shop, int actualPort) {
        String shardList = shop.shards().stream()
                .map(shard -> shard.name() + " on port " + shard.port())
                .collect(Collectors.joining(", "));
        String query = DemoShop.DATABASE + "?user=" + DemoShop.USER + "&password=" + DemoShop.PASSWORD;
        return """
                Ready. Shards: %s. Configuration: %s

                  PGPASSWORD=%s psql -h %s -p %d -U %s %s
                  jdbc:postgresql://%s:%d/%s
                  jdbc:ostraka://%s:%d/%s

                  SELECT * FROM orders WHERE customer_id = 7;   -- goes to the shard that owns customer 7
                  SELECT * FROM customers;                      -- goes to all shards
                  \\connect ostraka                              -- the console: SHOW SHARDS; SHOW HELP;

                %s
                """.formatted(
                        shardList,
                        shop.configFile(),
                        DemoShop.PASSWORD,
                        HOST,
                        actualPort,
                        DemoShop.USER,
                        DemoShop.DATABASE,
                        HOST,
                        actualPort,
                        query,
                        HOST,
                        actualPort,
                        query,
                        directory
                                .map(path -> "Ctrl-C stops everything; the data stays in " + path + ".")
                                .orElse("Ctrl-C stops everything and removes the data."));
    }
}
