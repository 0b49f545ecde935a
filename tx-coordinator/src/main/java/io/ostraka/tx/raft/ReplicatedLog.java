package io.ostraka.tx.raft;

import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import io.ostraka.tx.decision.Answer;
import io.ostraka.tx.decision.DecisionState;
import io.ostraka.tx.decision.LogEntry;
import io.ostraka.tx.decision.MalformedBytesException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.apache.ratis.RaftConfigKeys;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.SnapshotManagementRequest;
import org.apache.ratis.protocol.exceptions.LeaderNotReadyException;
import org.apache.ratis.protocol.exceptions.NotLeaderException;
import org.apache.ratis.protocol.exceptions.RaftException;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.server.RaftServerConfigKeys.Log.CorruptionPolicy;
import org.apache.ratis.server.storage.RaftStorage.StartupOption;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.util.SizeInBytes;
import org.apache.ratis.util.TimeDuration;

/**
 * The decision log, on Apache Ratis: proposals go in, are flushed to disk, applied, and answered. For now a group of
 * one, without any network.
 *
 * <p>An answer means that the entry is durable and applied. No answer in time means that nothing is known: the entry may
 * still be applied later, so the error is {@code 08007} and the proposer must ask again, not assume.
 *
 * <p>Thread-safe. Futures complete on Ratis's threads; callers hop home before doing anything that may block.
 */
final class ReplicatedLog implements AutoCloseable {
    /** How long an answer may take: far above a slow flush, short enough that a dead disk is noticed. */
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(30);

    /** A leader that steps down (the machine was suspended) is back within a few election timeouts of 20 to 40 ms. */
    private static final Duration RETRY_PAUSE = Duration.ofMillis(10);

    private final RaftServer server;
    private final RaftPeerId self;
    private final RaftGroupId group;
    private final DecisionStateMachine machine;
    private final ClientId client = ClientId.randomId();
    private final AtomicLong nextCall = new AtomicLong(1);
    private final ProposalsUnderWay proposals;

    private ReplicatedLog(
            RaftServer server, RaftGroupId group, DecisionStateMachine machine, ProposalsUnderWay proposals) {
        this.server = server;
        this.self = server.getId();
        this.group = group;
        this.machine = machine;
        this.proposals = proposals;
    }

    /**
     * Opens the log of a directory, returns when every earlier entry is applied and proposals are accepted. Fails as a
     * {@code PgErrorException} when the log is damaged or does not get there within {@code deadline}.
     */
    static ReplicatedLog start(DataDirectory directory, Duration deadline) throws IOException {
        ProposalsUnderWay proposals = new ProposalsUnderWay();
        DecisionStateMachine machine = new DecisionStateMachine(proposals);
        RaftGroupId group = RaftGroupId.valueOf(directory.log());
        RaftPeer self = RaftPeer.newBuilder().setId(directory.node()).build();
        RaftServer server = null;
        try {
            server = RaftServer.newBuilder()
                    .setServerId(self.getId())
                    .setGroup(RaftGroup.valueOf(group, self))
                    .setStateMachine(machine)
                    .setOption(directory.cluster().isPresent() ? StartupOption.RECOVER : StartupOption.FORMAT)
                    .setProperties(properties(directory))
                    .build();
            server.start();
            RaftServer.Division division = server.getDivision(group);
            long firstEntry = division.getRaftLog().getStartIndex();
            long snapshot = division.getInfo().getLastAppliedIndex();
            if (firstEntry > snapshot + 1) {
                throw directory.damaged("Entries " + (snapshot + 1) + " to " + (firstEntry - 1)
                        + " of its decision log are in no snapshot.");
            }
            machine.ready().get(deadline.toMillis(), TimeUnit.MILLISECONDS);
            return new ReplicatedLog(server, group, machine, proposals);
        } catch (PgErrorException e) {
            closeQuietly(server, proposals);
            throw e;
        } catch (InterruptedException e) {
            closeQuietly(server, proposals);
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the decision log was being opened", e);
        } catch (TimeoutException e) {
            closeQuietly(server, proposals);
            throw new PgError(
                            SqlState.CANNOT_CONNECT_NOW,
                            "the decision log was not ready within " + deadline.toSeconds() + " s",
                            "It is in \"" + directory.raft() + "\".",
                            "Look for an earlier error about it in the server's log, and at the disk.")
                    .toException();
        } catch (IOException | ExecutionException | CompletionException | IllegalStateException e) {
            closeQuietly(server, proposals);
            throw directory.damaged("Its decision log cannot be read: " + rootMessage(e) + ".");
        }
    }

    private static RaftProperties properties(DataDirectory directory) {
        RaftProperties properties = new RaftProperties();
        RaftConfigKeys.Rpc.setType(properties, new NoPeersRpc());
        RaftServerConfigKeys.setStorageDir(properties, List.of(directory.raft().toFile()));
        RaftServerConfigKeys.Log.setCorruptionPolicy(properties, CorruptionPolicy.EXCEPTION);

        // Nobody else can be leader: no reason to wait before standing for election.
        RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMin(properties, millis(1));
        RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMax(properties, millis(2));
        RaftServerConfigKeys.Rpc.setTimeoutMin(properties, millis(20));
        RaftServerConfigKeys.Rpc.setTimeoutMax(properties, millis(40));
        RaftServerConfigKeys.LeaderElection.setPreVote(properties, false);
        // By default a pause of the JVM (a suspended laptop) above five minutes closes the log for good.
        RaftServerConfigKeys.setCloseThreshold(properties, TimeDuration.valueOf(3650, TimeUnit.DAYS));

        // Entries are tens of bytes; a segment is read whole at start.
        RaftServerConfigKeys.Log.setSegmentSizeMax(properties, SizeInBytes.valueOf("4MB"));
        RaftServerConfigKeys.Log.setPreallocatedSize(properties, SizeInBytes.valueOf("256KB"));
        // Would write, and flush, a second entry after each one, to know the commit index after a restart sooner: a
        // group of one knows it as soon as it leads.
        RaftServerConfigKeys.Log.setLogMetadataEnabled(properties, false);
        RaftServerConfigKeys.Snapshot.setAutoTriggerEnabled(properties, true);
        RaftServerConfigKeys.Snapshot.setAutoTriggerThreshold(properties, 50_000);
        RaftServerConfigKeys.Snapshot.setRetentionFileNum(properties, 2);
        RaftServerConfigKeys.Log.setPurgeUptoSnapshotIndex(properties, true);
        RaftServerConfigKeys.Log.setPurgeGap(properties, 1);
        return properties;
    }

    private static TimeDuration millis(long millis) {
        return TimeDuration.valueOf(millis, TimeUnit.MILLISECONDS);
    }

    /**
     * Proposes an entry. The future completes with what the applied entry decided, {@link Answer.Rejected} included, or
     * fails with a {@code PgErrorException}: {@code 08007}, it may or may not be applied; {@code 57P03}, it will not.
     */
    CompletableFuture<Answer> propose(LogEntry entry) {
        Optional<Throwable> stopped = proposals.stopped();
        if (stopped.isPresent()) {
            return CompletableFuture.failedFuture(new PgError(
                            SqlState.CANNOT_CONNECT_NOW,
                            "the decision log has stopped",
                            rootMessage(stopped.get()) + ".",
                            "Look at the server's log and at its disk, then restart this node.")
                    .toException());
        }
        RaftClientRequest request = RaftClientRequest.newBuilder()
                .setClientId(client)
                .setServerId(self)
                .setGroupId(group)
                .setCallId(nextCall.getAndIncrement())
                .setMessage(Message.valueOf(ByteString.copyFrom(entry.encode())))
                .setType(RaftClientRequest.writeRequestType())
                .build();
        CompletableFuture<Answer> answer = submit(request, System.nanoTime() + ANSWER_TIMEOUT.toNanos())
                .orTimeout(ANSWER_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        proposals.add(request.getCallId(), answer);
        return answer.whenComplete((decided, failure) -> proposals.remove(request.getCallId()))
                .exceptionallyCompose(failure -> CompletableFuture.failedFuture(unknown(failure)));
    }

    /** The same request again is the same entry: Ratis knows it by client and call, and answers from its cache. */
    private CompletableFuture<Answer> submit(RaftClientRequest request, long giveUpNanos) {
        try {
            return server.submitClientRequestAsync(request).thenCompose(reply -> answered(request, reply, giveUpNanos));
        } catch (IOException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private CompletableFuture<Answer> answered(RaftClientRequest request, RaftClientReply reply, long giveUpNanos) {
        if (reply.isSuccess()) {
            try {
                return CompletableFuture.completedFuture(
                        Answer.decode(reply.getMessage().getContent().toByteArray()));
            } catch (MalformedBytesException e) {
                return CompletableFuture.failedFuture(e);
            }
        }
        if (isBetweenLeaders(reply.getException()) && System.nanoTime() - giveUpNanos < 0) {
            return new CompletableFuture<Void>()
                    .completeOnTimeout(null, RETRY_PAUSE.toMillis(), TimeUnit.MILLISECONDS)
                    .thenCompose(pause -> submit(request, giveUpNanos));
        }
        return CompletableFuture.failedFuture(reply.getException());
    }

    private static boolean isBetweenLeaders(RaftException refusal) {
        return refusal instanceof NotLeaderException || refusal instanceof LeaderNotReadyException;
    }

    private static PgErrorException unknown(Throwable failure) {
        return new PgError(
                        SqlState.TRANSACTION_RESOLUTION_UNKNOWN,
                        "the decision log did not answer",
                        failure instanceof TimeoutException
                                ? "Waited " + ANSWER_TIMEOUT.toSeconds() + " s."
                                : rootMessage(failure) + ".",
                        "The proposal may or may not take effect; look at the server's log and at its disk.")
                .toException();
    }

    /** Reads the applied state. The function runs under the state's lock: short, and nothing of the state escapes. */
    <T> T read(Function<DecisionState, T> reading) {
        return machine.read(reading);
    }

    /** Writes a snapshot now; earlier entries are then deleted as whole segments. Returns the index it stands for. */
    long takeSnapshot() throws IOException {
        RaftClientReply reply = server.snapshotManagement(SnapshotManagementRequest.newCreate(
                client, self, group, nextCall.getAndIncrement(), ANSWER_TIMEOUT.toMillis(), 1));
        if (!reply.isSuccess()) {
            throw new IOException("no snapshot of the decision log could be taken", reply.getException());
        }
        return reply.getLogIndex();
    }

    /** Proposals under way fail, their fate unknown; what was answered is on disk already. */
    @Override
    public void close() throws IOException {
        proposals.stop(new IOException("this node is shutting down"));
        server.close();
    }

    private static void closeQuietly(RaftServer server, ProposalsUnderWay proposals) {
        proposals.stop(new IOException("the log was never opened"));
        if (server == null) {
            return;
        }
        try {
            server.close();
        } catch (IOException | RuntimeException e) {
            // The error that made us close it is the one to be told.
        }
    }

    private static String rootMessage(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String message = root.getMessage();
        return message == null ? root.getClass().getSimpleName() : message;
    }
}
