package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.wire.ClientEncoding;

/** Where answers go: one client's socket. Confined to the session's event loop. */
public interface ClientOutput {
    /** Queues bytes behind those already written. Takes ownership. */
    void write(ByteBuf owned);

    /** Sends what is queued. */
    void flush();

    /** Whether it takes more without letting it pile up. */
    boolean isWritable();

    /** A buffer for a message of the proxy's own, to be written or released by the caller. */
    ByteBuf buffer();

    /** How texts for the client are encoded. */
    ClientEncoding encoding();
}
