package io.ostraka.it.harness;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;

/** Skipped where no Docker runs. */
class ContainerTestServersTest extends TestServersContract {
    @BeforeAll
    static void docker() {
        assumeTrue(ContainerTestServers.dockerRuns(), "no Docker here");
    }

    @Override
    TestServers start(List<String> names) throws IOException {
        return new ContainerTestServers(names);
    }
}
