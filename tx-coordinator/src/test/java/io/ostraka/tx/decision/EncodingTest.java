package io.ostraka.tx.decision;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.rules.config.ShardName;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class EncodingTest {
    private static final PreparedBranches TRANSACTION = new PreparedBranches(
            new Gtid(new Epoch(5), 71),
            "shop",
            List.of(
                    new Branch(new ShardNumber(0), 0, "app", 745, Branch.NO_MARK),
                    new Branch(new ShardNumber(2), 1, "app", 300, 9)));
    private static final PreparedBranches LARGEST = new PreparedBranches(
            new Gtid(new Epoch(Long.MAX_VALUE), Long.MAX_VALUE),
            "",
            List.of(new Branch(new ShardNumber(ShardNumber.MAX), Long.MAX_VALUE, "é", Long.MAX_VALUE, Long.MAX_VALUE)));

    static Stream<LogEntry> entries() {
        return Stream.of(
                new LogEntry.CreateCluster(new ClusterNumber(0x7f3a12bc)),
                new LogEntry.CreateCluster(new ClusterNumber(-1)),
                new LogEntry.Register("n1", new UUID(0x0123456789abcdefL, -2)),
                new LogEntry.Register("ναός 🏛", new UUID(0, 0)),
                new LogEntry.Expel(new Epoch(Long.MAX_VALUE), 1),
                new LogEntry.NumberShard("shop", new ShardName("s0"), Optional.empty()),
                new LogEntry.NumberShard("shop", new ShardName("s0"), Optional.of(new ShardNumber(0))),
                new LogEntry.NumberShard("", new ShardName("x"), Optional.of(new ShardNumber(ShardNumber.MAX))),
                new TransactionEntry.Commit(List.of()),
                new TransactionEntry.Commit(List.of(TRANSACTION, LARGEST)),
                new TransactionEntry.Abort(new Gtid(new Epoch(3), 127)),
                new TransactionEntry.Done(List.of(new Gtid(new Epoch(3), 128), new Gtid(new Epoch(4), 0))),
                new TransactionEntry.Behind(TRANSACTION.gtid(), new TreeSet<>(Set.of(new ShardNumber(7)))),
                new TransactionEntry.Behind(TRANSACTION.gtid(), new TreeSet<>()),
                new TransactionEntry.ClientPrepared("their's", TRANSACTION, 7),
                new TransactionEntry.ClientDecided("their's", TRANSACTION.gtid(), true, new Epoch(9)),
                new ShardEntry.FenceShard(
                        new ShardId("shop", new ShardNumber(3)), 1, "db3b:5432", ShardEntry.FenceShard.SAME_SERVER),
                new ShardEntry.ForgetUpTo(new ShardId("shop", new ShardNumber(3)), 1, 300),
                new ShardEntry.AdmitShard(new ShardId("shop", new ShardNumber(3)), 1, "db3b:5432"));
    }

    static Stream<Answer> answers() {
        return Stream.of(
                new Answer.ClusterNumbered(new ClusterNumber(Integer.MIN_VALUE)),
                new Answer.Registered(new Epoch(3)),
                new Answer.Expelled(new Epoch(0)),
                new Answer.ShardNumbered(new ShardNumber(17)),
                new Answer.Rejected("shard \"é\" says no"),
                new Answer.Decided(List.of(true, false, true)),
                new Answer.Decided(List.of()),
                new Answer.Accepted(Long.MAX_VALUE));
    }

    @ParameterizedTest
    @MethodSource("entries")
    void entriesComeBackAsTheyWere(LogEntry entry) throws MalformedBytesException {
        assertEquals(entry, LogEntry.decode(entry.encode()));
    }

    @ParameterizedTest
    @MethodSource("answers")
    void answersComeBackAsTheyWere(Answer answer) throws MalformedBytesException {
        assertEquals(answer, Answer.decode(answer.encode()));
    }

    @ParameterizedTest
    @MethodSource("entries")
    void aPartOfAnEntryIsNoEntry(LogEntry entry) {
        byte[] whole = entry.encode();
        for (int length = 0; length < whole.length; length++) {
            byte[] part = Arrays.copyOf(whole, length);
            assertThrows(MalformedBytesException.class, () -> LogEntry.decode(part));
        }
        byte[] longer = Arrays.copyOf(whole, whole.length + 1);
        assertThrows(MalformedBytesException.class, () -> LogEntry.decode(longer));
    }

    /** These bytes are on disks: a change that reads them otherwise needs a new format. */
    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "create,   01 01 7f3a12bc",
        "register, 01 02 0002 6e31 0000000000000001 0000000000000002",
        "expel,    01 0d 0000000000000007 0000000000000002",
        "dealt,    01 04 0004 73686f70 0002 7330 ffffffff",
        "given,    01 04 0004 73686f70 0002 7330 00000005",
        "commit,   01 05 01 05 47 0004 73686f70 02 00 00 0003 617070 e905 02 01 0003 617070 ac02 09",
        "abort,    01 06 05 47",
        "done,     01 07 01 05 47",
        "behind,   01 08 05 47 01 02",
        "named,    01 09 0001 78 05 47 0004 73686f70 02 00 00 0003 617070 e905 02 01 0003 617070 ac02 09 0000000000000007",
        "decided,  01 0a 0001 78 05 47 01 09",
        "fence,    01 0b 0004 73686f70 03 01 0001 68 ac02",
        "floor,    01 0e 0004 73686f70 03 01 ac02",
        "admit,    01 0c 0004 73686f70 03 01 0001 68",
    })
    void theFormatOnDiskDoesNotDrift(String name, String hex) throws MalformedBytesException {
        LogEntry entry =
                switch (name) {
                    case "create" -> new LogEntry.CreateCluster(new ClusterNumber(0x7f3a12bc));
                    case "register" -> new LogEntry.Register("n1", new UUID(1, 2));
                    case "expel" -> new LogEntry.Expel(new Epoch(7), 2);
                    case "dealt" -> new LogEntry.NumberShard("shop", new ShardName("s0"), Optional.empty());
                    case "given" ->
                        new LogEntry.NumberShard("shop", new ShardName("s0"), Optional.of(new ShardNumber(5)));
                    case "commit" -> new TransactionEntry.Commit(List.of(TRANSACTION));
                    case "abort" -> new TransactionEntry.Abort(TRANSACTION.gtid());
                    case "done" -> new TransactionEntry.Done(List.of(TRANSACTION.gtid()));
                    case "behind" ->
                        new TransactionEntry.Behind(TRANSACTION.gtid(), new TreeSet<>(Set.of(new ShardNumber(2))));
                    case "named" -> new TransactionEntry.ClientPrepared("x", TRANSACTION, 7);
                    case "decided" -> new TransactionEntry.ClientDecided("x", TRANSACTION.gtid(), true, new Epoch(9));
                    case "fence" -> new ShardEntry.FenceShard(new ShardId("shop", new ShardNumber(3)), 1, "h", 300);
                    case "floor" -> new ShardEntry.ForgetUpTo(new ShardId("shop", new ShardNumber(3)), 1, 300);
                    default -> new ShardEntry.AdmitShard(new ShardId("shop", new ShardNumber(3)), 1, "h");
                };
        byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
        assertArrayEquals(bytes, entry.encode());
        assertEquals(entry, LogEntry.decode(bytes));
    }

    @Test
    void whatANewerVersionWroteIsNamed() {
        MalformedBytesException format =
                assertThrows(MalformedBytesException.class, () -> LogEntry.decode(new byte[] {2, 1, 0, 0, 0, 0}));
        assertEquals("log entry has format 2, this version reads format 1", format.getMessage());
        MalformedBytesException kind =
                assertThrows(MalformedBytesException.class, () -> LogEntry.decode(new byte[] {1, 99}));
        assertEquals("log entry is of unknown kind 99", kind.getMessage());
    }

    @Test
    void fieldsOutOfRangeAreMalformedAndNoDefect() {
        byte[] negativeEpoch = HexFormat.of().parseHex("010dffffffffffffffff0000000000000001");
        MalformedBytesException e = assertThrows(MalformedBytesException.class, () -> LogEntry.decode(negativeEpoch));
        assertTrue(e.getMessage().contains("epoch -1 is negative"), e.getMessage());
    }

    @Test
    void aClusterNumberIsEightHexDigits() {
        assertEquals("0000002a", new ClusterNumber(42).toString());
        assertEquals(new ClusterNumber(0xfedcba98), ClusterNumber.parse("fedcba98"));
        assertThrows(IllegalArgumentException.class, () -> ClusterNumber.parse("FEDCBA98"));
        assertThrows(IllegalArgumentException.class, () -> ClusterNumber.parse("2a"));
    }
}
