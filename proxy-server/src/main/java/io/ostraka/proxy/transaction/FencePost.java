package io.ostraka.proxy.transaction;

import io.ostraka.proxy.transaction.FenceMessage.Node;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How messages about fences go from this node to others, and to itself, through the coordinator's queue. One may be lost, or come twice,
 * late, or before an earlier one.
 *
 * <p>To be used on the coordinator's queue, and brings everything there. A crash leaves nothing.
 */
final class FencePost {
    private static final Logger LOG = LoggerFactory.getLogger(FencePost.class);

    private final CoordinatorQueue queue;
    private final Node self;
    private final Carrier carrier;
    private final Consumer<FenceMessage> reader;

    /** Brings bytes to another member; fails when it cannot be known whether they have come. */
    interface Carrier {
        CompletableFuture<Void> bring(String member, byte[] message);
    }

    FencePost(CoordinatorQueue queue, Node self, Carrier carrier, Consumer<FenceMessage> reader) {
        this.queue = queue;
        this.self = self;
        this.carrier = carrier;
        this.reader = reader;
    }

    /** Something has come, on any thread. Throws for what no node sends. */
    void arrived(byte[] bytes) throws IOException {
        FenceMessage message = FenceMessage.decode(bytes);
        tell(() -> reader.accept(message));
    }

    Node self() {
        return self;
    }

    void send(String member, FenceMessage message) {
        send(member, message, () -> LOG.debug("{} was not told: {}", member, message));
    }

    /** {@code lost} runs when it cannot be known whether it has come. */
    void send(String member, FenceMessage message, Runnable lost) {
        if (member.equals(self.member())) {
            tell(() -> reader.accept(message));
            return;
        }
        carrier.bring(member, message.encode()).whenComplete((sent, failure) -> {
            if (failure != null) {
                tell(lost);
            }
        });
    }

    void later(Duration after, Runnable what) {
        queue.schedule(what, after.plusMillis(1));
    }

    /** Does it on the coordinator's queue, in its turn. */
    void tell(Runnable what) {
        queue.execute(what);
    }
}
