package io.ostraka.bench;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The least that a client needs who commits in two phases and must know after a crash what it had decided: a file to which decisions are
 * appended, each on disk before {@link #decide} returns. While one of those who decide waits for the disk, the others gather, and go
 * together next. Thread-safe.
 */
final class DecisionFile implements AutoCloseable {
    private final FileChannel file;
    private ByteArrayOutputStream gathered = new ByteArrayOutputStream();
    private long last;
    private long onDisk;
    private boolean flushing;

    DecisionFile(Path path) throws IOException {
        file = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    void decide(String gid) {
        long mine;
        synchronized (this) {
            gathered.writeBytes((gid + "\n").getBytes(StandardCharsets.US_ASCII));
            last++;
            mine = last;
        }
        while (true) {
            ByteArrayOutputStream batch;
            long upTo;
            synchronized (this) {
                awaitFlush(mine);
                if (onDisk >= mine) {
                    return;
                }
                flushing = true;
                batch = gathered;
                gathered = new ByteArrayOutputStream();
                upTo = last;
            }
            flush(batch.toByteArray());
            synchronized (this) {
                flushing = false;
                onDisk = upTo;
                notifyAll();
            }
        }
    }

    /** Until it is on disk, or nobody flushes. */
    private synchronized void awaitFlush(long number) {
        try {
            while (flushing && onDisk < number) {
                wait();
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void flush(byte[] bytes) {
        try {
            ByteBuffer left = ByteBuffer.wrap(bytes);
            while (left.hasRemaining()) {
                file.write(left);
            }
            file.force(false);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
