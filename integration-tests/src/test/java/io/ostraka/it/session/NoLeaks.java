package io.ostraka.it.session;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import java.util.List;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;

/** Fails a test class after which Netty's leak detector has found a buffer that nobody released. */
public final class NoLeaks implements BeforeAllCallback, AfterAllCallback {
    private final Logger logger = (Logger) LoggerFactory.getLogger(ResourceLeakDetector.class);
    private final ListAppender<ILoggingEvent> found = new ListAppender<>();

    @Override
    public void beforeAll(ExtensionContext context) {
        found.start();
        logger.addAppender(found);
    }

    @Override
    public void afterAll(ExtensionContext context) {
        // A leak is noticed when a buffer is made after the leaked one was collected.
        for (int i = 0; i < 3; i++) {
            System.gc();
            System.runFinalization();
            PooledByteBufAllocator.DEFAULT.buffer().release();
        }
        logger.detachAppender(found);
        List<String> leaks =
                found.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
        assertEquals(List.of(), leaks);
    }
}
