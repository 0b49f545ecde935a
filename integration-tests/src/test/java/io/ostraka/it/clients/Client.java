package io.ostraka.it.clients;

import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.Endpoint;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * Something that people use PostgreSQL with, and a script for it: what it prints on a fresh database depends on nothing but the
 * answers it gets.
 */
interface Client {
    String name();

    /** Empty when it is not installed. */
    Optional<String> version();

    /** The command to install it with. */
    String install();

    /** What it stands on: one shard, unless it is about several. */
    default ClusterSpec ground() {
        return ClusterSpec.shards(1);
    }

    /** Runs the script; what it printed, its errors included. The database must be fresh. */
    List<String> run(Endpoint endpoint) throws IOException;
}
