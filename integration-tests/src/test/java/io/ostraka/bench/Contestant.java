package io.ostraka.bench;

import java.util.Optional;

/** One of the servers that are compared. Closing it stops what it started. */
interface Contestant extends AutoCloseable {
    /** As the command line and the table call it. */
    String name();

    /** Where clients connect for this one of its databases. */
    Target target(Door door);

    /** The process between client and PostgreSQL; none when there is nothing between. */
    Optional<ChildProcess> process();

    @Override
    void close();
}
