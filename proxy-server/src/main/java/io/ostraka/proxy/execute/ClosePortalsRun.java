package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.wire.BackendMessages;
import io.ostraka.proxy.wire.ErrorFields;
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
    public void onBytes(Backend backend, ByteBuf owned) {
        client().write(owned);
    }

    @Override
    void stop(Backend backend) {}

    @Override
    ByteBuf told(Backend backend, ByteBuf borrowed, int frame) {
        ByteBuf out = client().buffer();
        ErrorFields.copyWithoutPosition(out, borrowed, frame);
        return out;
    }

    @Override
    void complete(long counted) {
        ByteBuf out = client().buffer();
        BackendMessages.commandComplete(out, tag);
        client().write(out);
    }
}
