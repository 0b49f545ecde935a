package io.ostraka.proxy.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.ImmediateEventExecutor;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayDeque;
import java.util.Queue;
import org.junit.jupiter.api.Test;

class HostNamesTest {
    private final Queue<Runnable> lookups = new ArrayDeque<>();
    private final HostNames names = new HostNames(lookups::add, host -> {
        if (!host.equals("shard.example")) {
            throw new UnknownHostException(host);
        }
        return new InetAddress[] {InetAddress.getByAddress(host, new byte[] {10, 0, 0, 7})};
    });

    private Future<InetSocketAddress> resolve(String host) {
        return names.getResolver(ImmediateEventExecutor.INSTANCE)
                .resolve(InetSocketAddress.createUnresolved(host, 5432));
    }

    @Test
    void aNameIsLookedUpElsewhere() {
        Future<InetSocketAddress> found = resolve("shard.example");
        Future<InetSocketAddress> missing = resolve("nowhere.example");
        assertFalse(found.isDone());
        lookups.forEach(Runnable::run);
        assertEquals("10.0.0.7", found.getNow().getAddress().getHostAddress());
        assertEquals(5432, found.getNow().getPort());
        assertInstanceOf(UnknownHostException.class, missing.cause());
    }

    @Test
    void anAddressNeedsNoLookup() {
        for (String address : new String[] {"127.0.0.1", "::1"}) {
            Future<InetSocketAddress> found = resolve(address);
            assertTrue(found.isSuccess(), address);
            assertTrue(found.getNow().getAddress().isLoopbackAddress(), address);
        }
        assertTrue(lookups.isEmpty());
    }
}
