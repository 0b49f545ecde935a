package io.ostraka.proxy.execute;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.proxy.wire.ClientEncoding;
import org.junit.jupiter.api.Test;

class HeldRowsTest {
    /** Notes the tags of what it gets. */
    private static final class Client implements ClientOutput {
        private final StringBuilder tags = new StringBuilder();

        @Override
        public void write(ByteBuf owned) {
            while (owned.isReadable()) {
                tags.append((char) owned.readByte());
                owned.skipBytes(owned.getInt(owned.readerIndex()));
            }
            owned.release();
        }

        @Override
        public void flush() {}

        @Override
        public boolean isWritable() {
            return true;
        }

        @Override
        public ByteBuf buffer() {
            return Unpooled.buffer();
        }

        @Override
        public ClientEncoding encoding() {
            return ClientEncoding.UTF8;
        }
    }

    private final Client client = new Client();
    private final HeldRows rows = new HeldRows(client);

    private static ByteBuf frames(int bytes, byte... tags) {
        ByteBuf out = Unpooled.buffer();
        for (byte tag : tags) {
            out.writeByte(tag).writeInt(Integer.BYTES + bytes).writeZero(bytes);
        }
        return out;
    }

    @Test
    void rowsWaitForTheEndAndNoticesDoNot() {
        rows.hold();
        rows.write(frames(0, BackendTag.ROW_DESCRIPTION));
        rows.write(frames(10, BackendTag.DATA_ROW, BackendTag.NOTICE_RESPONSE, BackendTag.DATA_ROW));
        rows.write(frames(10, BackendTag.NOTICE_RESPONSE));
        assertEquals("NN", client.tags.toString());
        rows.release();
        assertEquals("NNTDD", client.tags.toString());
        rows.write(frames(10, BackendTag.DATA_ROW));
        assertEquals("NNTDDD", client.tags.toString());
    }

    @Test
    void nobodyGetsWhatIsDropped() {
        ByteBuf row = frames(10, BackendTag.DATA_ROW);
        rows.hold();
        rows.write(row);
        rows.drop();
        assertEquals(0, row.refCnt());
        rows.hold();
        rows.release();
        assertEquals("", client.tags.toString());
    }

    @Test
    void tooManyBytesAreNotKept() {
        rows.hold();
        rows.write(frames(HeldRows.MOST_BYTES / 2, BackendTag.DATA_ROW));
        assertEquals("", client.tags.toString());
        rows.write(frames(HeldRows.MOST_BYTES / 2, BackendTag.DATA_ROW));
        assertEquals("DD", client.tags.toString());
        rows.write(frames(10, BackendTag.DATA_ROW));
        assertEquals("DDD", client.tags.toString());
    }

    @Test
    void whatMovesPassesNoticesOnly() {
        rows.hold();
        rows.writeNotices(frames(10, BackendTag.DATA_ROW, BackendTag.NOTICE_RESPONSE));
        rows.release();
        assertEquals("N", client.tags.toString());
    }
}
