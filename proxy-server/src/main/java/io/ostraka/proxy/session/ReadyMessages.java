package io.ostraka.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.ostraka.proxy.wire.BackendMessages;
import io.ostraka.proxy.wire.TransactionStatus;
import java.util.EnumMap;
import java.util.Map;

/** ReadyForQuery, made once for each status: it goes out with every query. Thread-safe. */
final class ReadyMessages {
    private static final Map<TransactionStatus, ByteBuf> BY_STATUS = new EnumMap<>(TransactionStatus.class);

    static {
        for (TransactionStatus status : TransactionStatus.values()) {
            ByteBuf message = Unpooled.directBuffer(6);
            BackendMessages.readyForQuery(message, status);
            BY_STATUS.put(status, Unpooled.unreleasableBuffer(message.asReadOnly()));
        }
    }

    private ReadyMessages() {}

    /** To be written; releasing it does nothing. */
    static ByteBuf of(TransactionStatus status) {
        return BY_STATUS.get(status).duplicate();
    }
}
