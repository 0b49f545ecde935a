package io.ostraka.proxy.execute;

import java.util.ArrayDeque;
import java.util.OptionalLong;

/**
 * Which line of the client's data each line that a shard was sent had been. A server tells of errors some rows late, so only the
 * latest lines are kept, a byte or two for each. Confined to the session's event loop.
 */
final class LineNumbers {
    private static final int BLOCK_BYTES = 32 << 10;
    /** As many lines as the sockets between here and the server can hold, however short they are. */
    private static final int MOST_BLOCKS = 256;

    /** Lines that follow each other: for each how many further the client's was than the one before. */
    private static final class Block {
        private final long firstLine;
        private final long clientLine;
        private final byte[] steps = new byte[BLOCK_BYTES];
        private int used;

        Block(long firstLine, long clientLine) {
            this.firstLine = firstLine;
            this.clientLine = clientLine;
        }
    }

    private final ArrayDeque<Block> blocks = new ArrayDeque<>();
    private long lines;
    private long clientLine;

    /** The shard gets one more row, of as many {@code lines}, of which the last is {@code now} in the client's data. */
    void add(int more, long now) {
        // The lines within a row end where it ends.
        long first = now - more + 1;
        for (int i = 0; i < more; i++) {
            add(first + i);
        }
    }

    private void add(long now) {
        long step = now - clientLine;
        Block last = blocks.peekLast();
        if (last == null || last.used + 5 > BLOCK_BYTES) {
            last = new Block(lines, clientLine);
            blocks.add(last);
            if (blocks.size() > MOST_BLOCKS) {
                blocks.remove();
            }
        }
        while (step > 0x7F) {
            last.steps[last.used++] = (byte) ((step & 0x7F) | 0x80);
            step >>>= 7;
        }
        last.steps[last.used++] = (byte) step;
        lines++;
        clientLine = now;
    }

    /** The client's number of the shard's line {@code wanted}, counted from 1; empty when it is not known any more. */
    OptionalLong of(long wanted) {
        for (Block block : blocks) {
            long line = block.firstLine;
            long ofClient = block.clientLine;
            int at = 0;
            while (at < block.used && line < wanted) {
                long step = 0;
                for (int shift = 0; ; shift += 7) {
                    byte part = block.steps[at++];
                    step |= (long) (part & 0x7F) << shift;
                    if (part >= 0) {
                        break;
                    }
                }
                ofClient += step;
                line++;
                if (line == wanted) {
                    return OptionalLong.of(ofClient);
                }
            }
        }
        return OptionalLong.empty();
    }
}
