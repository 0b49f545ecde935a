package io.ostraka.it.harness;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.LoggerFactory;

/**
 * What the proxies of this JVM log between {@link #start} and {@link #close}, each event as {@code LEVEL message}. Thread-safe.
 */
public final class LogCapture extends AppenderBase<ILoggingEvent> implements AutoCloseable {
    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final Logger logger = (Logger) LoggerFactory.getLogger("io.ostraka");
    private final Level levelBefore = logger.getLevel();

    private LogCapture() {}

    /** Events of {@code level} and above. */
    public static LogCapture start(org.slf4j.event.Level level) {
        LogCapture capture = new LogCapture();
        capture.start();
        capture.logger.setLevel(Level.convertAnSLF4JLevel(level));
        capture.logger.addAppender(capture);
        return capture;
    }

    /** So far, oldest first. */
    public List<String> lines() {
        return List.copyOf(lines);
    }

    @Override
    protected void append(ILoggingEvent event) {
        lines.add(event.getLevel() + " " + event.getFormattedMessage());
    }

    @Override
    public void close() {
        logger.detachAppender(this);
        logger.setLevel(levelBefore);
        stop();
    }
}
