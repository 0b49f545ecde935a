package io.ostraka.tx.simulation;

import io.ostraka.tx.commit.ShardReply;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * A connection from a node to a server: requests arrive in order, once or never, and each has one reply, or is lost. What
 * was sent before the connection broke may still arrive, and take effect, afterwards.
 */
final class Connection {
    private final World world;
    final Node node;
    final long nodeLife;
    final Server server;
    private final int serverLife;
    private final List<Request> underWay = new ArrayList<>();
    private long lastArrival;
    private boolean broken;

    private static final class Request {
        private final Consumer<ShardReply> reply;
        private boolean settled;

        Request(Consumer<ShardReply> reply) {
            this.reply = reply;
        }

        void settle(ShardReply with) {
            if (!settled) {
                settled = true;
                reply.accept(with);
            }
        }
    }

    Connection(World world, Node node, Server server) {
        this.world = world;
        this.node = node;
        this.nodeLife = node.life();
        this.server = server;
        this.serverLife = server.life;
        world.connections.add(this);
    }

    /** Runs {@code work} on the server when the request arrives; it answers through what it is given. */
    void request(BiConsumer<Server, Consumer<ShardReply>> work, Consumer<ShardReply> reply) {
        Request request = new Request(reply);
        if (broken) {
            lose(request);
            return;
        }
        underWay.add(request);
        lastArrival = Math.max(lastArrival, world.now() + world.latency());
        world.after(lastArrival - world.now(), () -> {
            boolean serverHears = server.up && server.life == serverLife;
            if (!serverHears) {
                breakNow();
            } else if (!broken || world.chance(50)) {
                work.accept(
                        server,
                        answer -> world.after(world.latency(), () -> {
                            underWay.remove(request);
                            if (!broken) {
                                node.run(nodeLife, () -> request.settle(answer));
                            }
                        }));
            }
        });
        // A connection that says nothing for so long is given up.
        world.after(World.KEEPALIVE, () -> {
            if (!request.settled) {
                breakNow();
            }
        });
    }

    /** Both ends notice. */
    void breakNow() {
        if (!broken) {
            broken = true;
            world.connections.remove(this);
            underWay.forEach(this::lose);
            underWay.clear();
        }
    }

    private void lose(Request request) {
        world.after(world.between(100, 3_000), () -> node.run(nodeLife, () -> request.settle(new ShardReply.Lost())));
    }

    boolean isUsable() {
        return !broken;
    }
}
