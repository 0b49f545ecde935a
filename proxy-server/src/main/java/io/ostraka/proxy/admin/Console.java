package io.ostraka.proxy.admin;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.ostraka.proxy.session.ConsoleDoor;
import io.ostraka.proxy.session.ServedDatabases;
import io.ostraka.proxy.session.Sessions;
import io.ostraka.proxy.transaction.Commits;
import io.ostraka.tx.raft.ClusterMembership;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/** The administration console: all its connections. Thread-safe. */
public final class Console implements ConsoleDoor, AutoCloseable {
    private static final Duration LAST_WORDS = Duration.ofSeconds(1);

    private final Views views;
    private final Marks marks;
    private final ChannelGroup open = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final AtomicInteger lastNumber = new AtomicInteger();

    public Console(Sessions sessions, ServedDatabases databases, Commits commits, ClusterMembership membership) {
        this.views = new Views(sessions, databases, commits, membership);
        this.marks = new Marks(databases);
    }

    @Override
    public ChannelHandler open() {
        return new ConsoleConnection(this, views, marks, lastNumber.incrementAndGet());
    }

    void opened(Channel channel) {
        open.add(channel);
    }

    /** Tells those who are there that the server stops. Blocks until they have been told, if they listen. */
    @Override
    public void close() {
        open.forEach(channel -> {
            ChannelHandlerContext ctx = channel.pipeline().context(ConsoleConnection.class);
            if (ctx != null) {
                channel.eventLoop().execute(() -> ((ConsoleConnection) ctx.handler()).shutDown(ctx));
            }
        });
        // A loop that stops closes its channels before it does what it was told last.
        open.newCloseFuture().awaitUninterruptibly(LAST_WORDS.toMillis());
    }
}
