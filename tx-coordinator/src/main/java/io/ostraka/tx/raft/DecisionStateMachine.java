package io.ostraka.tx.raft;

import io.ostraka.tx.decision.Answer;
import io.ostraka.tx.decision.DecisionState;
import io.ostraka.tx.decision.LogEntry;
import io.ostraka.tx.decision.MalformedBytesException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.apache.ratis.io.MD5Hash;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.storage.FileInfo;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.StateMachineStorage;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.statemachine.impl.SimpleStateMachineStorage;
import org.apache.ratis.statemachine.impl.SingleFileSnapshotInfo;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.util.MD5FileUtil;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts {@link DecisionState} under Ratis: decodes committed entries, applies them, writes and reads snapshots.
 *
 * <p>Entries are applied by Ratis's updater thread, reads come from any; the state is guarded by {@code this}. An entry
 * that cannot be decoded (written by a newer version) stops the log: skipping it would make this node's state differ.
 */
final class DecisionStateMachine extends BaseStateMachine {
    private static final Logger log = LoggerFactory.getLogger(DecisionStateMachine.class);

    private final SimpleStateMachineStorage storage = new SimpleStateMachineStorage();
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private final ProposalsUnderWay proposals;
    private DecisionState state = new DecisionState();

    DecisionStateMachine(ProposalsUnderWay proposals) {
        this.proposals = proposals;
    }

    /** Completes when this node leads and has applied every entry that was committed before; fails when the log stops. */
    CompletableFuture<Void> ready() {
        return ready;
    }

    synchronized <T> T read(Function<DecisionState, T> reading) {
        return reading.apply(state);
    }

    @Override
    public void initialize(RaftServer server, RaftGroupId groupId, RaftStorage raftStorage) throws IOException {
        super.initialize(server, groupId, raftStorage);
        storage.init(raftStorage);
        SingleFileSnapshotInfo latest = storage.getLatestSnapshot();
        if (latest != null) {
            load(latest);
        }
    }

    private synchronized void load(SingleFileSnapshotInfo snapshot) throws IOException {
        Path file = snapshot.getFile().getPath();
        MD5Hash digest = snapshot.getFile().getFileDigest();
        if (digest == null) {
            throw new MalformedBytesException("snapshot " + file.getFileName() + " has no digest");
        }
        MD5FileUtil.verifySavedMD5(file.toFile(), digest);
        state = DecisionState.restore(Files.readAllBytes(file));
        setLastAppliedTermIndex(snapshot.getTermIndex());
    }

    /**
     * Writes the state as of the last applied entry. The file is durable, under its final name, before this returns:
     * Ratis then deletes the entries it stands for.
     */
    @Override
    public long takeSnapshot() throws IOException {
        TermIndex last;
        byte[] bytes;
        synchronized (this) {
            last = getLastAppliedTermIndex();
            bytes = state.snapshot();
        }
        Path file = storage.getSnapshotFile(last.getTerm(), last.getIndex()).toPath();
        DurableFiles.replace(file, bytes);
        MD5Hash digest = MD5FileUtil.computeAndSaveMd5ForFile(file.toFile());
        DurableFiles.syncDirectory(file.getParent());
        storage.updateLatestSnapshot(new SingleFileSnapshotInfo(new FileInfo(file, digest), last));
        return last.getIndex();
    }

    @Override
    public StateMachineStorage getStateMachineStorage() {
        return storage;
    }

    @Override
    public CompletableFuture<Message> applyTransaction(TransactionContext transaction) {
        LogEntryProto entry = transaction.getLogEntry();
        try {
            LogEntry decoded =
                    LogEntry.decode(entry.getStateMachineLogEntry().getLogData().toByteArray());
            Answer answer;
            synchronized (this) {
                answer = state.apply(entry.getTerm(), entry.getIndex(), decoded);
                updateLastAppliedTermIndex(entry.getTerm(), entry.getIndex());
            }
            return CompletableFuture.completedFuture(Message.valueOf(ByteString.copyFrom(answer.encode())));
        } catch (MalformedBytesException e) {
            ready.completeExceptionally(e);
            stop(e);
            throw new IllegalStateException("entry " + entry.getIndex() + " of the decision log", e);
        }
    }

    @Override
    public void notifyLeaderReady() {
        ready.complete(null);
    }

    @Override
    public void notifyLogFailed(Throwable cause, LogEntryProto failedEntry) {
        stop(cause);
    }

    /** Ratis calls this whenever it gives up, too. */
    @Override
    public void close() {
        stop(new IOException("the log was closed"));
    }

    private void stop(Throwable cause) {
        if (proposals.stop(cause)) {
            log.error("decision log: stopped, it takes no decisions until this node is restarted", cause);
        }
    }
}
