package io.ostraka.proxy.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.ostraka.proxy.wire.BackendMessages;
import io.ostraka.proxy.wire.BackendMessages.Severity;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.proxy.wire.ClientEncoding;
import io.ostraka.proxy.wire.FrontendTag;
import io.ostraka.proxy.wire.RowShape;
import io.ostraka.proxy.wire.TransactionStatus;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Replies matched to what was sent, however the bytes are cut. */
class BackendTest {
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final Backend backend = new Backend(
            new ShardName("s0"),
            channel,
            new BackendPid(7),
            new byte[] {1, 2, 3, 4},
            Map.of(),
            Map.of(Backend.SEARCH_PATH, "public", Backend.DEFAULT_ISOLATION, "read committed"));
    private final Heard heard = new Heard();

    {
        channel.pipeline().addLast(backend);
        backend.attach(heard);
    }

    @AfterEach
    void nothingLeaks() {
        channel.finishAndReleaseAll();
    }

    @Test
    void rowsForTheClientPassAndReadyForQueryBecomesAnEvent() {
        backend.sendQuery("SELECT 1", Visibility.ALL);
        receive(row("a"), row("b"), complete("SELECT 2"), ready(TransactionStatus.IDLE));
        assertEquals("DDC", heard.tags());
        assertEquals(List.of("end ALL", "ready ALL IDLE"), heard.events);
        assertFalse(backend.hasOutstandingReplies());
    }

    @Test
    void whatTheProxySendsOnItsOwnAccountIsNotSeen() {
        backend.sendHidden("BEGIN");
        backend.sendQuery("SELECT 1", Visibility.ALL);
        receive(
                empty(BackendTag.PARSE_COMPLETE),
                empty(BackendTag.BIND_COMPLETE),
                complete("BEGIN"),
                row("a"),
                complete("SELECT 1"),
                ready(TransactionStatus.IN_TRANSACTION));
        assertEquals("DC", heard.tags());
        assertEquals(List.of("end NONE", "end ALL", "ready ALL IN_TRANSACTION"), heard.events);
    }

    @Test
    void aShardThatIsAheadIsNotReadWhenTheClientTakesMore() {
        backend.setAhead(true);
        backend.setReading(false);
        backend.setReading(true);
        assertFalse(channel.config().isAutoRead());
        backend.setAhead(false);
        assertTrue(channel.config().isAutoRead());
    }

    @Test
    void aShardThatIsNoLongerAheadIsNotReadBeforeTheClientTakesMore() {
        backend.setAhead(true);
        backend.setReading(false);
        backend.setAhead(false);
        assertFalse(channel.config().isAutoRead());
        backend.setReading(true);
        assertTrue(channel.config().isAutoRead());
    }

    @Test
    void theNextBorrowerReadsWhateverTheLastOneHeldBack() {
        backend.setAhead(true);
        backend.setReading(false);
        backend.detach();
        assertTrue(channel.config().isAutoRead());
        backend.attach(heard);
        assertTrue(channel.config().isAutoRead());
    }

    @Test
    void anErrorInFrontOfAQueryIsFollowedByASyncOfOurOwn() {
        backend.sendHidden("BEGIN");
        backend.sendQuery("SELECT 1", Visibility.ALL);
        backend.flush();
        channel.releaseOutbound();
        receive(empty(BackendTag.PARSE_COMPLETE), empty(BackendTag.BIND_COMPLETE), error(Severity.ERROR));
        assertEquals(List.of("error NONE"), heard.events);
        ByteBuf sent = channel.readOutbound();
        assertEquals(FrontendTag.SYNC, sent.readByte());
        sent.release();
        receive(ready(TransactionStatus.IDLE));
        assertEquals(List.of("error NONE", "ready ALL IDLE"), heard.events);
    }

    @Test
    void afterAnErrorTheRepliesUpToSyncAreNotExpectedAnyMore() {
        StatementKey statement = new StatementKey("SELECT 1", List.of(), List.of(), 0);
        backend.prepare(statement, true, Visibility.ALL);
        backend.sendExecute("", 0, Visibility.ALL);
        backend.sendSync(Visibility.ALL);
        receive(error(Severity.ERROR), ready(TransactionStatus.IDLE));
        assertEquals("E", heard.tags());
        assertEquals(List.of("not parsed: SELECT 1", "error ALL", "ready ALL IDLE"), heard.events);
        channel.releaseOutbound();
        backend.prepare(statement, true, Visibility.ALL);
        backend.flush();
        ByteBuf sent = channel.readOutbound();
        assertEquals(FrontendTag.PARSE, sent.readByte(), "what was not prepared is prepared again");
        sent.release();
    }

    @Test
    void oneThatHasClosedHoldsNobodyUp() {
        channel.close();
        assertFalse(channel.isWritable(), "what Netty says of a closed channel");
        assertTrue(backend.isWritable(), "a session that waits for room at it would wait for ever");
    }

    @Test
    void aStatementPreparedBeforeIsAnsweredInItsPlace() {
        StatementKey statement = new StatementKey("SELECT 1", List.of(), List.of(), 0);
        backend.prepare(statement, true, Visibility.ALL);
        backend.sendSync(Visibility.ALL);
        receive(empty(BackendTag.PARSE_COMPLETE), ready(TransactionStatus.IDLE));
        backend.sendExecute("", 0, Visibility.ALL);
        backend.prepare(statement, true, Visibility.ALL);
        backend.sendSync(Visibility.ALL);
        assertEquals("1", heard.tags());
        receive(row("a"), complete("SELECT 1"), ready(TransactionStatus.IDLE));
        assertEquals("1DC1", heard.tags());
    }

    @Test
    void anErrorTellsWhatWasNotParsedOfWhatIsPreparedAlready() {
        StatementKey statement = new StatementKey("SELECT 1", List.of(), List.of(), 0);
        backend.prepare(statement, true, Visibility.ALL);
        backend.sendSync(Visibility.ALL);
        receive(empty(BackendTag.PARSE_COMPLETE), ready(TransactionStatus.IDLE));
        heard.events.clear();
        backend.sendExecute("", 0, Visibility.ALL);
        backend.prepare(statement, true, Visibility.ALL);
        backend.sendSync(Visibility.ALL);
        receive(error(Severity.ERROR), ready(TransactionStatus.IDLE));
        assertEquals(List.of("not parsed: SELECT 1", "error ALL", "ready ALL IDLE"), heard.events);
        backend.prepare(statement, true, Visibility.NONE);
        assertFalse(backend.hasOutstandingReplies(), "it is still prepared on the server");
    }

    @Test
    void aSyncBehindACopyIsNotAwaited() {
        backend.sendExecute("", 0, Visibility.ALL);
        backend.sendSync(Visibility.ALL);
        receive(empty(BackendTag.COPY_IN_RESPONSE));
        assertEquals(List.of("copy in, without sync"), heard.events);
        backend.sendSync(Visibility.ALL);
        receive(complete("COPY 0"), ready(TransactionStatus.IDLE));
        assertEquals(List.of("copy in, without sync", "end ALL", "ready ALL IDLE"), heard.events);
    }

    @Test
    void aBackendRestsOnlyWhenItsTransactionHasEnded() {
        assertTrue(backend.isAtRest());
        backend.sendExecute("", 0, Visibility.ALL);
        assertFalse(backend.isAtRest());
        receive(complete("INSERT 0 1"));
        assertFalse(backend.isAtRest(), "no Sync has committed it");
        backend.sendSync(Visibility.ALL);
        receive(ready(TransactionStatus.IN_TRANSACTION));
        assertFalse(backend.isAtRest());
        backend.sendQuery("COMMIT", Visibility.NONE);
        receive(complete("COMMIT"), ready(TransactionStatus.IDLE));
        assertTrue(backend.isAtRest());
    }

    @Test
    void onlyTheRowsOfAScatterPass() {
        backend.sendQuery("SELECT 1", Visibility.ROWS);
        receive(description(), row("a"), complete("SELECT 1"), ready(TransactionStatus.IDLE));
        assertEquals("D", heard.tags());
        assertEquals(List.of("description", "end ROWS", "ready ROWS IDLE"), heard.events);
    }

    @Test
    void theEndOfTheServersProcessIsNotTheClients() {
        backend.sendQuery("SELECT 1", Visibility.ALL);
        receive(error(Severity.FATAL));
        assertEquals("", heard.tags());
        assertTrue(backend.hasOutstandingReplies());
        channel.close();
        assertEquals(List.of("closed"), heard.events);
    }

    @Test
    void notificationsComeThroughBetweenAndWithoutReplies() {
        receive(notification());
        backend.sendQuery("SELECT 1", Visibility.NONE);
        receive(notification(), complete("SELECT 1"), ready(TransactionStatus.IDLE));
        assertEquals("AA", heard.tags());
    }

    @Test
    void aReplyNobodyAskedForClosesTheConnection() {
        receive(complete("SELECT 1"));
        assertFalse(channel.isOpen());
    }

    @Test
    void aLengthThatCannotBeClosesTheConnection() {
        for (int length : new int[] {3, 0, -1, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            BackendTest other = new BackendTest();
            other.backend.sendQuery("SELECT 1", Visibility.ALL);
            other.channel.writeInbound(
                    Unpooled.buffer().writeByte('D').writeInt(length).writeInt(0));
            assertFalse(other.channel.isOpen(), "length " + length);
            other.nothingLeaks();
        }
    }

    @Test
    void howTheBytesAreCutMakesNoDifference() {
        long seed = Long.getLong("ostraka.seed", 1);
        Random random = new Random(seed);
        for (int round = 0; round < 200; round++) {
            BackendTest cut = new BackendTest();
            cut.backend.sendHidden("BEGIN");
            cut.backend.sendQuery("SELECT 1", Visibility.ALL);
            ByteBuf all = concatenated(
                    empty(BackendTag.PARSE_COMPLETE),
                    empty(BackendTag.BIND_COMPLETE),
                    complete("BEGIN"),
                    description(),
                    row("a".repeat(random.nextInt(300))),
                    notification(),
                    row("b"),
                    complete("SELECT 2"),
                    ready(TransactionStatus.IDLE));
            while (all.isReadable()) {
                int bytes = Math.min(all.readableBytes(), 1 + random.nextInt(40));
                cut.channel.writeInbound(all.readBytes(bytes));
            }
            all.release();
            assertEquals("TDADC", cut.heard.tags(), "seed " + seed);
            assertEquals(List.of("end NONE", "end ALL", "ready ALL IDLE"), cut.heard.events, "seed " + seed);
            cut.nothingLeaks();
        }
    }

    private void receive(ByteBuf... messages) {
        channel.writeInbound(concatenated(messages));
    }

    private static ByteBuf concatenated(ByteBuf... messages) {
        ByteBuf all = Unpooled.buffer();
        for (ByteBuf message : messages) {
            all.writeBytes(message);
            message.release();
        }
        return all;
    }

    private static ByteBuf message(Consumer<ByteBuf> writer) {
        ByteBuf out = Unpooled.buffer();
        writer.accept(out);
        return out;
    }

    private static ByteBuf row(String value) {
        return message(out -> BackendMessages.textRow(out, value, ClientEncoding.UTF8));
    }

    private static ByteBuf description() {
        return message(out -> BackendMessages.textColumn(out, "a", 0));
    }

    private static ByteBuf complete(String tag) {
        return message(out -> BackendMessages.commandComplete(out, tag));
    }

    private static ByteBuf empty(byte tag) {
        return message(out -> BackendMessages.empty(out, tag));
    }

    private static ByteBuf ready(TransactionStatus status) {
        return message(out -> BackendMessages.readyForQuery(out, status));
    }

    private static ByteBuf error(Severity severity) {
        return message(out -> BackendMessages.error(out, severity, new PgError(SqlState.INTERNAL_ERROR, "broken")));
    }

    private static ByteBuf notification() {
        byte[] body = "\0\0\0\7channel\0payload\0".getBytes(StandardCharsets.US_ASCII);
        return Unpooled.buffer()
                .writeByte(BackendTag.NOTIFICATION_RESPONSE)
                .writeInt(Integer.BYTES + body.length)
                .writeBytes(body);
    }

    /** Notes what it is told. */
    private static final class Heard implements BackendListener {
        private final ByteBuf bytes = Unpooled.buffer();
        private final List<String> events = new ArrayList<>();

        /** The tags of the messages that passed, which must be whole ones together. */
        String tags() {
            StringBuilder tags = new StringBuilder();
            ByteBuf in = bytes.duplicate();
            while (in.isReadable()) {
                tags.append((char) in.readByte());
                in.skipBytes(in.readInt() - Integer.BYTES);
            }
            return tags.toString();
        }

        @Override
        public void onBytes(Backend from, ByteBuf owned) {
            bytes.writeBytes(owned);
            owned.release();
        }

        @Override
        public void onRowDescription(Backend from, ByteBuf borrowed, int frame) {
            events.add("description");
        }

        @Override
        public void onParameterDescription(Backend from, ByteBuf borrowed, int frame) {
            events.add("parameters");
        }

        @Override
        public void onDescribed(Backend from, StatementKey statement, Visibility visibility, RowShape result) {
            events.add("described " + visibility);
        }

        @Override
        public void onStepComplete(Backend from, byte tag) {
            events.add("step " + (char) tag);
        }

        @Override
        public void onCommandEnd(Backend from, Visibility visibility, ByteBuf borrowed, int frame) {
            events.add("end " + visibility);
        }

        @Override
        public void onError(Backend from, Visibility visibility, ByteBuf borrowed, int frame) {
            events.add("error " + visibility);
        }

        @Override
        public Optional<String> nameOf(StatementKey statement) {
            return Optional.empty();
        }

        @Override
        public void onParseSkipped(Backend from, StatementKey statement, boolean isRefused) {
            events.add("not parsed: " + statement.sql());
        }

        @Override
        public void onCopyIn(Backend from, ByteBuf borrowed, int frame, boolean syncIgnored) {
            events.add(syncIgnored ? "copy in, without sync" : "copy in");
        }

        @Override
        public void onCopyOut(Backend from, ByteBuf borrowed, int frame) {
            events.add("copy out");
        }

        @Override
        public void onReady(Backend from, Visibility visibility, TransactionStatus status) {
            events.add("ready " + visibility + " " + status);
        }

        @Override
        public void onParameterStatus(Backend from, String name, String value) {
            events.add(name + "=" + value);
        }

        @Override
        public void onAsyncMessage(Backend from, ByteBuf owned) {
            onBytes(from, owned);
        }

        @Override
        public void onReadComplete(Backend from) {
            // Nothing to flush.
        }

        @Override
        public void onWritable(Backend from) {
            events.add("writable");
        }

        @Override
        public void onClosed(Backend from) {
            events.add("closed");
        }
    }
}
