package io.ostraka.tx.raft;

import io.ostraka.tx.decision.Answer;
import io.ostraka.tx.decision.DecisionState;
import io.ostraka.tx.decision.LogEntry;
import io.ostraka.tx.decision.MalformedBytesException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.apache.ratis.io.MD5Hash;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftGroupMemberId;
import org.apache.ratis.protocol.RaftPeerId;
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
import org.apache.ratis.util.LifeCycle;
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
    private final SortedMap<Long, CompletableFuture<Void>> awaited = new TreeMap<>();
    private final ProposalsUnderWay proposals;
    private DecisionState state = new DecisionState();
    private final List<LogListener> listeners = new ArrayList<>();
    private boolean leading;
    /** When the log fails, not when it is closed. */
    private volatile Runnable whenFailed = () -> {};

    DecisionStateMachine(ProposalsUnderWay proposals) {
        this.proposals = proposals;
    }

    /** Completes when this node leads and has applied every entry that was committed before; fails when the log stops. */
    CompletableFuture<Void> ready() {
        return ready;
    }

    void whenFailed(Runnable what) {
        whenFailed = what;
    }

    /** Tells from now on; at once, if this node leads. */
    synchronized void tell(LogListener who) {
        listeners.add(who);
        if (leading) {
            who.leads(term());
        }
    }

    /** Completes when the entry at this index is applied here. */
    synchronized CompletableFuture<Void> applied(long index) {
        return state.appliedIndex() >= index
                ? CompletableFuture.completedFuture(null)
                : awaited.computeIfAbsent(index, unawaited -> new CompletableFuture<>());
    }

    private long term() {
        try {
            return getServer().join().getDivision(getGroupId()).getInfo().getCurrentTerm();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    synchronized <T> T read(Function<DecisionState, T> reading) {
        return reading.apply(state);
    }

    @Override
    public void initialize(RaftServer server, RaftGroupId groupId, RaftStorage raftStorage) throws IOException {
        super.initialize(server, groupId, raftStorage);
        getLifeCycle().transition(LifeCycle.State.STARTING);
        storage.init(raftStorage);
        SingleFileSnapshotInfo latest = storage.getLatestSnapshot();
        if (latest != null) {
            load(latest);
        }
        getLifeCycle().transition(LifeCycle.State.RUNNING);
    }

    /** The leader is about to send a snapshot: nothing is applied until {@link #reinitialize}. */
    @Override
    public void pause() {
        getLifeCycle().transition(LifeCycle.State.PAUSING);
        getLifeCycle().transition(LifeCycle.State.PAUSED);
    }

    /** The snapshot that the leader sent is the latest one in the storage. */
    @Override
    public void reinitialize() throws IOException {
        SingleFileSnapshotInfo latest = storage.loadLatestSnapshot();
        if (latest != null) {
            load(latest);
            synchronized (this) {
                completeAwaited();
                listeners.forEach(listener -> listener.jumped(state.appliedIndex()));
            }
        }
        if (getLifeCycleState() == LifeCycle.State.PAUSED) {
            getLifeCycle().transition(LifeCycle.State.STARTING);
            getLifeCycle().transition(LifeCycle.State.RUNNING);
        }
    }

    private void completeAwaited() {
        SortedMap<Long, CompletableFuture<Void>> reached = awaited.headMap(state.appliedIndex() + 1);
        List<CompletableFuture<Void>> now = List.copyOf(reached.values());
        reached.clear();
        now.forEach(waiting -> waiting.completeAsync(() -> null));
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
                completeAwaited();
                listeners.forEach(listener -> listener.applied(entry.getIndex(), decoded));
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
        synchronized (this) {
            leading = true;
            long term = term();
            listeners.forEach(listener -> listener.leads(term));
        }
        ready.complete(null);
    }

    @Override
    public void notifyLeaderChanged(RaftGroupMemberId self, RaftPeerId leader) {
        if (!self.getPeerId().equals(leader)) {
            leadsNoMore();
        }
    }

    @Override
    public void notifyNotLeader(Collection<TransactionContext> pending) {
        leadsNoMore();
    }

    private synchronized void leadsNoMore() {
        leading = false;
        listeners.forEach(LogListener::leadsNoMore);
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
            whenFailed.run();
        }
    }
}
