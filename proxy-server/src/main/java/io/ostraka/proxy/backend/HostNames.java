package io.ostraka.proxy.backend;

import io.netty.resolver.AddressResolver;
import io.netty.resolver.AddressResolverGroup;
import io.netty.resolver.InetNameResolver;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Promise;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.Executor;

/**
 * Addresses of hosts by name, as the machine resolves them, which may take seconds: on a thread of its own, so that no event loop
 * waits. What is an address already is not looked up. Thread-safe.
 */
final class HostNames extends AddressResolverGroup<InetSocketAddress> {
    /** The machine's own resolver, or a test's. Blocking. */
    interface Lookup {
        InetAddress[] addresses(String host) throws UnknownHostException;
    }

    private final Executor blocking;
    private final Lookup lookup;

    HostNames(Executor blocking, Lookup lookup) {
        this.blocking = blocking;
        this.lookup = lookup;
    }

    @Override
    protected AddressResolver<InetSocketAddress> newResolver(EventExecutor executor) {
        return new Resolver(executor).asAddressResolver();
    }

    private final class Resolver extends InetNameResolver {
        Resolver(EventExecutor executor) {
            super(executor);
        }

        @Override
        protected void doResolve(String host, Promise<InetAddress> promise) {
            InetAddress address = NetUtil.createInetAddressFromIpAddressString(host);
            if (address != null) {
                promise.setSuccess(address);
                return;
            }
            blocking.execute(() -> {
                try {
                    promise.trySuccess(lookup.addresses(host)[0]);
                } catch (UnknownHostException e) {
                    promise.tryFailure(e);
                }
            });
        }

        @Override
        protected void doResolveAll(String host, Promise<List<InetAddress>> promise) {
            blocking.execute(() -> {
                try {
                    promise.trySuccess(List.of(lookup.addresses(host)));
                } catch (UnknownHostException e) {
                    promise.tryFailure(e);
                }
            });
        }
    }
}
