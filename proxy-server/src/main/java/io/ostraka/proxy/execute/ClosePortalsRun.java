package io.ostraka.proxy.execute;

import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.Visibility;
import java.util.List;
import java.util.Map;

/** CLOSE: closes portals, which cursors are, where they are. Confined to the session's event loop. */
public final class ClosePortalsRun extends SharedRun {
    private final Map<Backend, List<String>> portals;
    private final String tag;

    public ClosePortalsRun(Host host, Map<Backend, List<String>> portals, String tag) {
        super(host, List.copyOf(portals.keySet()));
        this.portals = Map.copyOf(portals);
        this.tag = tag;
    }

    @Override
    public void start() {
        portals.forEach((backend, names) -> {
            names.forEach(name -> backend.sendClosePortal(name, Visibility.NONE));
            backend.sendSync(Visibility.ROWS);
            backend.flush();
        });
    }

    @Override
    int commands() {
        return 0;
    }

    @Override
    void complete(long counted) {
        finish(tag);
    }
}
