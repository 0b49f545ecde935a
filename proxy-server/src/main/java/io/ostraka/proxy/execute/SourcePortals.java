package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.rules.plan.Fragment;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The portals on the shards whose rows a {@link CombineRun} copies: the unnamed one, bound when the rows are asked for, or one for
 * each fragment, all bound in one {@link Moment} and executed later. Rows come in binary.
 *
 * <p>Each Bind takes a snapshot of its own, and a transaction on that shard alone may be committed between two of them, because no gate
 * holds it up. So a shard that binds several is asked before the first and after the last what it sees: when both are the same, so is all
 * between. Confined to the session's event loop.
 */
final class SourcePortals {
    private static final short[] ALL_BINARY = {1};

    private static final String SEES = "SELECT pg_catalog.pg_current_snapshot()::pg_catalog.text";

    private final CombineOrder order;
    /** The different answers to that. */
    private final Map<Backend, Set<ByteBuf>> seen = new HashMap<>();

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
        seen.clear();
        Set<Backend> several = bindingSeveral();
        several.forEach(this::ask);
        for (int i = 0; i < copies.size(); i++) {
            for (Backend source : copies.get(i).sources()) {
                bind(source, copies.get(i), portal(i));
            }
        }
        several.forEach(this::ask);
        sync();
    }

    private Set<Backend> bindingSeveral() {
        Set<Backend> once = new HashSet<>();
        Set<Backend> several = new LinkedHashSet<>();
        order.copies().forEach(copy -> copy.sources().stream()
                .filter(source -> !once.add(source))
                .forEach(several::add));
        return several;
    }

    private void ask(Backend backend) {
        byte[] name = backend.prepare(order.original().withoutParameters(SEES), false, Visibility.ROWS);
        backend.sendBind(name, ALL_BINARY, Visibility.ROWS);
        backend.sendExecute("", 0, Visibility.ROWS);
    }

    /** What a backend has answered to that. Takes ownership. */
    void read(Backend backend, ByteBuf owned) {
        int at = owned.readerIndex();
        while (at < owned.writerIndex()) {
            int next = at + 1 + owned.getInt(at + 1);
            if (owned.getByte(at) == BackendTag.DATA_ROW) {
                seen.computeIfAbsent(backend, first -> new HashSet<>())
                        .add(Unpooled.copiedBuffer(owned.slice(at, next - at)));
            }
            at = next;
        }
        owned.release();
    }

    /** Whether each shard has bound all it was to bind at one time; once all is answered. */
    boolean areOfOneTime() {
        return seen.values().stream().allMatch(answers -> answers.size() == 1);
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
