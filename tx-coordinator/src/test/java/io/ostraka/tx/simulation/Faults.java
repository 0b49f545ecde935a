package io.ostraka.tx.simulation;

import java.util.List;
import java.util.Optional;

/** What goes wrong, and when. Several things at a time; each is repaired after a while, and all of them in the end. */
final class Faults {
    private final World world;
    private final boolean calm;
    private boolean over;

    Faults(World world) {
        this.world = world;
        // Some runs have few faults: transactions get further in them. A node alone has nobody to go on without it.
        this.calm = world.nodes.size() == 1 || world.chance(30);
    }

    void begin() {
        // First let the nodes find each other.
        world.after(1_200_000, this::next);
    }

    private void next() {
        if (!over) {
            any();
            world.after(world.between(30_000, calm ? 1_500_000 : 400_000), this::next);
        }
    }

    private void any() {
        Node node = world.anyOf(world.nodes);
        SimShard shard = world.anyOf(world.shardList());
        switch (world.random.nextInt(13)) {
            case 0 -> crash(node);
            case 1 -> node.pause(world.between(10_000, 2_500_000));
            case 2 -> cut(node, world.anyOf(world.nodes));
            case 3, 4 -> cut(node, shard);
            case 5 -> {
                world.others(node).forEach(other -> cut(node, other));
                if (world.chance(50)) {
                    world.shardList().forEach(each -> cut(node, each));
                }
            }
            case 6 -> crash(shard);
            case 7 -> failOver(shard);
            case 8, 9 -> stallStandby(shard);
            case 10 -> {
                world.trace(() -> shard + ": waits are cancelled");
                shard.primary.cancelWaits();
            }
            case 11 -> {
                if (world.clocksJump) {
                    node.jumpClock(world.between(-3_000_000, 3_000_000));
                }
            }
            default -> {
                node.takeSnapshot();
                world.slowDown(true);
                world.after(world.between(100_000, 600_000), () -> world.slowDown(false));
            }
        }
    }

    private void crash(Node node) {
        if (node.isUp()) {
            node.crash();
            if (world.chance(50)) {
                node.takeSnapshot();
            }
            world.after(world.between(50_000, 2_000_000), () -> boot(node));
        }
    }

    private void boot(Node node) {
        if (!node.isUp()) {
            node.boot();
        }
    }

    private void cut(Object one, Object other) {
        if (one == other || !world.cuts.add(World.link(one, other))) {
            return;
        }
        world.trace(() -> one + " and " + other + " are cut off");
        world.after(
                world.between(1_000, 800_000),
                () -> world.breakConnections(connection -> world.isCut(connection.node, connection.server.shard)));
        world.after(world.between(50_000, 2_500_000), () -> {
            world.cuts.remove(World.link(one, other));
            world.trace(() -> one + " and " + other + " are joined");
        });
    }

    private void crash(SimShard shard) {
        Server server = shard.primary;
        if (server.up) {
            world.trace(() -> server.endpoint() + " crashes");
            stop(server);
            world.after(world.between(20_000, 1_500_000), () -> restart(server));
        }
    }

    private void stop(Server server) {
        server.crash();
        world.breakConnections(connection -> connection.server == server);
    }

    private void restart(Server server) {
        if (!server.up && server.shard.primary == server) {
            world.trace(() -> server.endpoint() + " is up again");
            server.restart();
        }
    }

    private void failOver(SimShard shard) {
        Server old = shard.primary;
        stop(old);
        boolean straggler = world.followsFailovers && world.chance(50);
        Server promoted = straggler ? old.promoteStraggler() : old.promoteStandby();
        shard.primary = promoted;
        world.trace(() -> promoted.endpoint() + " is promoted" + (straggler ? ", and may lack something" : ""));
        if (straggler) {
            lookIfItIsRefused(promoted);
        }
    }

    /** What an operator does when the log does not take it: the old one is started again. */
    private void lookIfItIsRefused(Server promoted) {
        SimShard shard = promoted.shard;
        if (shard.primary.ancestor(Optional.of(promoted.endpoint())) != promoted || !shard.primary.isUnknown()) {
            return;
        }
        Optional<Node> refusing = world.nodes.stream()
                .filter(node -> node.reach(shard.primary) < node.state().floorOf(shard.id))
                .findFirst();
        if (refusing.isPresent()) {
            Server back = shard.primary.ancestor(refusing.get().state().primaryOf(shard.id));
            world.trace(() -> shard.primary.endpoint() + " is refused, " + back.endpoint() + " comes back");
            stop(shard.primary);
            shard.primary = back;
            restart(back);
        } else {
            world.after(200_000, () -> lookIfItIsRefused(promoted));
        }
    }

    private void stallStandby(SimShard shard) {
        Server server = shard.primary;
        world.trace(() -> server.endpoint() + ": the standby stalls");
        server.stallStandby();
        world.after(world.between(20_000, 1_500_000), server::resumeStandby);
        if (world.chance(50)) {
            world.after(world.between(5_000, 400_000), server::cancelWaits);
        }
    }

    /** Everything is repaired. */
    void end() {
        over = true;
        world.cuts.clear();
        world.slowDown(false);
        world.nodes.forEach(node -> {
            node.endPause();
            boot(node);
        });
        for (SimShard shard : List.copyOf(world.shards.values())) {
            restart(shard.primary);
            shard.primary.resumeStandby();
        }
    }
}
