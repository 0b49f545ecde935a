package io.ostraka.tx.raft;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import io.ostraka.tx.decision.Answer;
import io.ostraka.tx.decision.ClusterNumber;
import io.ostraka.tx.decision.DecisionState;
import io.ostraka.tx.decision.Epoch;
import io.ostraka.tx.decision.LogEntry;
import io.ostraka.tx.decision.ShardNumber;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReplicatedLogTest {
    private static final Duration DEADLINE = Duration.ofSeconds(30);

    @TempDir
    private Path dataDir;

    private DataDirectory directory;
    private ReplicatedLog log;

    @BeforeEach
    void open() throws IOException {
        directory = DataDirectory.claim(dataDir, "n1", false);
        log = ReplicatedLog.start(directory, Optional.empty(), DEADLINE);
        if (directory.cluster().isEmpty()) {
            log.propose(new LogEntry.CreateCluster(new ClusterNumber(7))).join();
            directory.belongsTo(new ClusterNumber(7));
        }
    }

    @AfterEach
    void close() throws IOException {
        log.close();
        directory.close();
    }

    private void reopen() throws IOException {
        close();
        open();
    }

    private CompletableFuture<Answer> number(int shard) {
        return log.propose(new LogEntry.NumberShard("shop", new ShardName("s" + shard), Optional.empty()));
    }

    @Test
    void theAnswerIsWhatTheAppliedEntryDecided() {
        assertEquals(
                new Answer.Rejected("epoch 999999 does not exist"),
                log.propose(new LogEntry.Expel(new Epoch(999_999), 1)).join());
        assertEquals(new Answer.ShardNumbered(new ShardNumber(0)), number(1).join());
        assertEquals(Optional.of(new ShardNumber(0)), log.read(state -> state.numberOf("shop", new ShardName("s1"))));
    }

    @Test
    void proposalsUnderWayTogetherAreAllAnsweredInOneOrder() {
        List<CompletableFuture<Answer>> answers = new ArrayList<>();
        for (int shard = 0; shard < 500; shard++) {
            answers.add(number(shard));
        }
        Set<Answer> numbers = new HashSet<>();
        answers.forEach(answer -> numbers.add(answer.join()));
        assertEquals(500, numbers.size(), "every shard has a number of its own");
        numbers.forEach(answer -> assertInstanceOf(Answer.ShardNumbered.class, answer));
    }

    @Test
    void aSnapshotStandsForTheEntriesBeforeItAndLetsThemGo() throws IOException {
        for (int shard = 0; shard < 50; shard++) {
            number(shard).join();
        }
        long index = log.takeSnapshot();
        assertTrue(index >= 50, "snapshot at " + index);
        for (int shard = 50; shard < 60; shard++) {
            number(shard).join();
        }
        byte[] before = log.read(DecisionState::snapshot);
        reopen();
        assertArrayEquals(before, log.read(DecisionState::snapshot));
        assertEquals(new Answer.ShardNumbered(new ShardNumber(60)), number(60).join());
        reopen();
        // Every clean stop snapshots; the segments below are deleted, so the first ones are gone by now.
        List<String> segments = TestDirectories.files(dataDir, "log_").stream()
                .map(file -> file.getFileName().toString())
                .toList();
        assertTrue(segments.stream().noneMatch(name -> name.matches("log_(inprogress_)?0(-.*)?")), segments.toString());
        assertEquals(Optional.of(new ShardNumber(60)), log.read(state -> state.numberOf("shop", new ShardName("s60"))));
    }

    @Test
    void aClosedLogTakesNoProposals() throws IOException {
        log.close();
        CompletionException failure =
                assertThrows(CompletionException.class, () -> number(1).join());
        PgErrorException refused = assertInstanceOf(PgErrorException.class, failure.getCause());
        assertEquals(SqlState.CANNOT_CONNECT_NOW, refused.error().state());
        assertEquals("the decision log has stopped", refused.error().message());
    }
}
