package io.ostraka.proxy.execute;

import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.rules.plan.Fragment;
import java.util.List;

/**
 * The portals on the shards whose rows a {@link CombineRun} copies: the unnamed one, bound when the rows are asked for, or one for
 * each fragment, all bound in one {@link Moment} and executed later. Rows come in binary. Confined to the session's event loop.
 */
final class SourcePortals {
    private static final short[] ALL_BINARY = {1};

    private final CombineOrder order;

    SourcePortals(CombineOrder order) {
        this.order = order;
    }

    private static String portal(int copy) {
        return "ostraka: rows " + copy;
    }

    /** Has each shard parse what it will be asked for, which takes the locks. */
    void parse() {
        for (CombineOrder.Copy copy : order.copies()) {
            copy.sources().forEach(source -> parse(source, copy));
        }
        sync();
    }

    /** Fixes what is seen. */
    void bind() {
        List<CombineOrder.Copy> copies = order.copies();
        for (int i = 0; i < copies.size(); i++) {
            for (Backend source : copies.get(i).sources()) {
                bind(source, copies.get(i), portal(i));
            }
        }
        sync();
    }

    /** Drops what {@link #bind} has made. */
    void close() {
        for (int i = 0; i < order.copies().size(); i++) {
            for (Backend source : order.copies().get(i).sources()) {
                source.sendClosePortal(portal(i), Visibility.NONE);
            }
        }
    }

    private void sync() {
        order.copies().stream()
                .flatMap(copy -> copy.sources().stream())
                .distinct()
                .forEach(source -> source.sendSync(Visibility.NONE));
    }

    /** Asks for the rows; {@code isBound}: by {@link #bind}. */
    void request(Backend source, CombineOrder.Copy copy, boolean isBound) {
        String portal = isBound ? portal(order.copies().indexOf(copy)) : "";
        if (!isBound) {
            bind(source, copy, portal);
        }
        source.sendExecute(portal, 0, Visibility.ROWS);
        if (isBound) {
            source.sendClosePortal(portal, Visibility.NONE);
        }
        source.sendSync(Visibility.ROWS);
        source.flush();
    }

    private boolean takesParameters(Fragment fragment) {
        return order.bind().isPresent() && fragment.takesParameters();
    }

    private byte[] parse(Backend source, CombineOrder.Copy copy) {
        return source.prepare(
                takesParameters(copy.fragment())
                        ? order.original().withSql(copy.select())
                        : order.original().withoutParameters(copy.select()),
                false,
                Visibility.ROWS);
    }

    private void bind(Backend source, CombineOrder.Copy copy, String portal) {
        byte[] name = parse(source, copy);
        if (takesParameters(copy.fragment())) {
            source.sendBindFor(portal, order.bind().get(), name, ALL_BINARY, Visibility.ROWS);
        } else {
            source.sendBind(name, portal, List.of(), ALL_BINARY, Visibility.ROWS);
        }
    }
}
