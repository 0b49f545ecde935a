package io.ostraka.proxy.session;

import io.netty.channel.ChannelHandler;

/** Who serves the clients of the console's database, once they are logged in and may use it. Thread-safe. */
public interface ConsoleDoor {
    /** The connection is this handler's from now on: it begins where AuthenticationOk has been sent. */
    ChannelHandler open();
}
