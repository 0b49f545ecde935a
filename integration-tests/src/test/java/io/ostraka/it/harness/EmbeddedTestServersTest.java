package io.ostraka.it.harness;

import java.io.IOException;
import java.util.List;

class EmbeddedTestServersTest extends TestServersContract {
    @Override
    TestServers start(List<String> names) throws IOException {
        return new EmbeddedTestServers(names);
    }
}
