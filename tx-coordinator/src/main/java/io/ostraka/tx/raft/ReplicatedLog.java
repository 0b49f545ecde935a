package io.ostraka.tx.raft;

import io.ostraka.rules.config.HostPort;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import io.ostraka.tx.decision.Answer;
import io.ostraka.tx.decision.DecisionState;
import io.ostraka.tx.decision.LogEntry;
import io.ostraka.tx.decision.MalformedBytesException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientAsynchronousProtocol;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.SetConfigurationRequest;
import org.apache.ratis.protocol.SnapshotManagementRequest;
import org.apache.ratis.protocol.exceptions.LeaderNotReadyException;
import org.apache.ratis.protocol.exceptions.LeaderSteppingDownException;
import org.apache.ratis.protocol.exceptions.NotLeaderException;
import org.apache.ratis.protocol.exceptions.ServerNotReadyException;
import org.apache.ratis.server.RaftConfiguration;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.storage.RaftStorage.StartupOption;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The decision log, on Apache Ratis: proposals go in, are flushed to disk, applied, and answered. A group of
 * one has no network; in a larger one whoever does not lead sends its proposals to the leader, and again when there is a new one.
 *
 * <p>An answer means that the entry is durable and applied. No answer in time means that nothing is known: the entry may
 * still be applied later, so the error is {@code 08007} and the proposer must ask again, not assume.
 *
 * <p>Thread-safe. Futures complete on Ratis's threads; callers hop home before doing anything that may block.
 */
final class ReplicatedLog implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ReplicatedLog.class);

    /** How long an answer may take: far above a slow flush, short enough that a dead disk is noticed. */
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(30);

    /** A leader that steps down (the machine was suspended) is back within a few election timeouts of 20 to 40 ms. */
    private static final Duration RETRY_PAUSE = Duration.ofMillis(10);

    private final RaftServer server;
    private final RaftServer.Division division;
    private final RaftClientAsynchronousProtocol submitter;
    private final RaftPeerId self;
    private final RaftGroupId group;
    private final Optional<PeerGroup> peers;
    private final DecisionStateMachine machine;
    private final ClientId client = ClientId.randomId();
    private final AtomicLong nextCall = new AtomicLong(1);
    private final ProposalsUnderWay proposals;

    private ReplicatedLog(
            RaftServer server,
            RaftServer.Division division,
            Optional<PeerGroup> peers,
            DecisionStateMachine machine,
            ProposalsUnderWay proposals) {
        this.server = server;
        this.division = division;
        this.submitter = submitter(server, division);
        this.self = server.getId();
        this.group = division.getMemberId().getGroupId();
        this.peers = peers;
        this.machine = machine;
        this.proposals = proposals;
        if (peers.isPresent()) {
            machine.whenFailed(this::leave);
        }
    }

    /**
     * A member that cannot write is none: the others would wait for it to apply what it never will, and send it the same entry again
     * without a pause.
     */
    private void leave() {
        Thread leaving = new Thread(
                () -> {
                    try {
                        server.close();
                    } catch (IOException | RuntimeException e) {
                        LOG.warn("decision log: {}", e.toString());
                    }
                },
                "log-failed");
        leaving.setDaemon(true);
        leaving.start();
    }

    /** Whether it has failed, or was closed: nothing more is applied here. */
    boolean hasStopped() {
        return proposals.stopped().isPresent();
    }

    /**
     * A server has a thread of its own take each request in, and the caller wait for that thread. What is behind it takes the request
     * from any thread, and waits for nothing.
     */
    private static RaftClientAsynchronousProtocol submitter(RaftServer server, RaftServer.Division division) {
        return division instanceof RaftClientAsynchronousProtocol direct ? direct : server;
    }

    /**
     * Opens the log of a directory. Alone it returns when every earlier entry is applied and proposals are accepted, and fails as
     * a {@code PgErrorException} when it does not get there within {@code deadline}; in a group it returns at once, because the
     * others may not be there yet. Fails as a {@code PgErrorException} when the log is damaged.
     */
    static ReplicatedLog start(DataDirectory directory, Optional<PeerGroup> peers, Duration deadline)
            throws IOException {
        ProposalsUnderWay proposals = new ProposalsUnderWay();
        DecisionStateMachine machine = new DecisionStateMachine(proposals);
        RaftGroupId group = RaftGroupId.valueOf(directory.log());
        Marker marker = directory.marker();
        RaftServer server = null;
        try {
            server = RaftServer.newBuilder()
                    .setServerId(RaftPeerId.valueOf(marker.id()))
                    .setGroup(RaftGroup.valueOf(group, firstPeers(marker, peers)))
                    .setStateMachine(machine)
                    .setOption(
                            marker.cluster().isPresent() || directory.hasBegun()
                                    ? StartupOption.RECOVER
                                    : StartupOption.FORMAT)
                    .setProperties(
                            peers.isPresent() ? LogProperties.inGroup(directory) : LogProperties.alone(directory))
                    .setParameters(peers.map(PeersRpc::parameters).orElseGet(Parameters::new))
                    .build();
            server.start();
            RaftServer.Division division = server.getDivision(group);
            long firstEntry = division.getRaftLog().getStartIndex();
            long snapshot = division.getInfo().getLastAppliedIndex();
            if (firstEntry > snapshot + 1) {
                throw directory.damaged("Entries " + (snapshot + 1) + " to " + (firstEntry - 1)
                        + " of its decision log are in no snapshot.");
            }
            if (peers.isEmpty()) {
                machine.ready().get(deadline.toMillis(), TimeUnit.MILLISECONDS);
            }
            return new ReplicatedLog(server, division, peers, machine, proposals);
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
        long call = nextCall.getAndIncrement();
        Message message = Message.valueOf(ByteString.copyFrom(entry.encode()));
        long giveUpNanos = System.nanoTime() + ANSWER_TIMEOUT.toNanos();
        CompletableFuture<Answer> answer = submit(call, message, giveUpNanos);
        proposals.add(call, answer, giveUpNanos);
        return answer.whenComplete((decided, failure) -> proposals.remove(call))
                .exceptionallyCompose(failure -> CompletableFuture.failedFuture(unknown(failure)));
    }

    /** For an entry that only this node as the leader may propose: sent nowhere else, and not again. Completes, however it ends. */
    CompletableFuture<Void> proposeHere(LogEntry entry) {
        RaftClientRequest request =
                writing(self, nextCall.getAndIncrement(), Message.valueOf(ByteString.copyFrom(entry.encode())));
        try {
            return submitter.submitClientRequestAsync(request).handle((reply, failure) -> null);
        } catch (IOException e) {
            LOG.debug("decision log: {} was not taken: {}", entry, e.getMessage());
            return CompletableFuture.completedFuture(null);
        }
    }

    private RaftClientRequest writing(RaftPeerId leader, long call, Message message) {
        return RaftClientRequest.newBuilder()
                .setClientId(client)
                .setServerId(leader)
                .setGroupId(group)
                .setCallId(call)
                .setMessage(message)
                .setType(RaftClientRequest.writeRequestType())
                .build();
    }

    /** The same request again is the same entry: Ratis knows it by client and call, and answers from its cache. */
    private CompletableFuture<Answer> submit(long call, Message message, long giveUpNanos) {
        RaftPeerId leader = leaderId().orElse(self);
        return send(leader, writing(leader, call, message))
                .handle((reply, failure) -> answered(call, message, reply, failure, giveUpNanos))
                .thenCompose(Function.identity());
    }

    private CompletableFuture<RaftClientReply> send(RaftPeerId leader, RaftClientRequest request) {
        if (!leader.equals(self) && peers.isPresent()) {
            return peers.get()
                    .request(leader.toString(), request)
                    .exceptionallyCompose(failure -> CompletableFuture.failedFuture(new AwayException(failure)));
        }
        try {
            return submitter.submitClientRequestAsync(request);
        } catch (IOException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** The node that was taken for the leader did not answer: whether it got the proposal is not known, and does not matter. */
    private static final class AwayException extends IOException {
        private static final long serialVersionUID = 1L;

        AwayException(Throwable cause) {
            super("the leader did not answer", cause);
        }
    }

    private CompletableFuture<Answer> answered(
            long call, Message message, RaftClientReply reply, Throwable failure, long giveUpNanos) {
        if (failure == null && reply.isSuccess()) {
            try {
                return CompletableFuture.completedFuture(
                        Answer.decode(reply.getMessage().getContent().toByteArray()));
            } catch (MalformedBytesException e) {
                return CompletableFuture.failedFuture(e);
            }
        }
        Throwable why = failure == null ? reply.getException() : failure;
        if (why instanceof CompletionException && why.getCause() != null) {
            why = why.getCause();
        }
        boolean again = isBetweenLeaders(why) && proposals.stopped().isEmpty() && System.nanoTime() - giveUpNanos < 0;
        if (!again) {
            return CompletableFuture.failedFuture(why);
        }
        return new CompletableFuture<Void>()
                .completeOnTimeout(null, RETRY_PAUSE.toMillis(), TimeUnit.MILLISECONDS)
                .thenCompose(pause -> submit(call, message, giveUpNanos));
    }

    private static boolean isBetweenLeaders(Throwable refusal) {
        return refusal instanceof NotLeaderException
                || refusal instanceof LeaderNotReadyException
                || refusal instanceof LeaderSteppingDownException
                || refusal instanceof ServerNotReadyException
                || refusal instanceof AwayException;
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

    /** Completes when the entry at this index is applied on this node. */
    CompletableFuture<Void> applied(long index) {
        return machine.applied(index);
    }

    void tell(LogListener listener) {
        machine.tell(listener);
    }

    /**
     * Asks a majority, after this call, whether this node leads still. True when it does, and has applied all that was committed
     * before the call.
     *
     * <p>Whoever is in this node's term has voted for no later one, so a later leader is elected after it said so. (Ratis's own
     * reads would do, were it not that they ask nobody while the log has not grown since the last one.)
     */
    CompletableFuture<Boolean> confirmLeadership() {
        if (!division.getInfo().isLeaderReady()) {
            return CompletableFuture.completedFuture(false);
        }
        long term = term();
        long committed = division.getRaftLog().getLastCommittedIndex();
        return majorityIsIn(term)
                .thenCompose(yes -> yes && division.getInfo().isLeaderReady() && term() == term
                        ? appliedUpTo(committed)
                        : CompletableFuture.completedFuture(false));
    }

    private CompletableFuture<Boolean> majorityIsIn(long term) {
        RaftConfiguration members = division.getRaftConf();
        Set<RaftPeerId> asked = ids(members.getCurrentPeers());
        asked.addAll(ids(members.getPreviousPeers()));
        asked.remove(self);
        Set<RaftPeerId> agreeing = new HashSet<>(Set.of(self));
        CompletableFuture<Boolean> majority = new CompletableFuture<>();
        if (isMajority(agreeing, members)) {
            majority.complete(true);
        }
        List<CompletableFuture<Void>> answers = new ArrayList<>();
        for (RaftPeerId peer : asked) {
            answers.add(peers.orElseThrow()
                    .callAsync(peer.toString(), PeerCall.TERM, new byte[0])
                    .thenAccept(answer -> {
                        synchronized (agreeing) {
                            if (ByteBuffer.wrap(answer).getLong() == term
                                    && agreeing.add(peer)
                                    && isMajority(agreeing, members)) {
                                majority.complete(true);
                            }
                        }
                    })
                    .exceptionally(away -> null));
        }
        CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new)).thenRun(() -> majority.complete(false));
        return majority;
    }

    /** Of the group, and while it changes also of what it was. */
    private static boolean isMajority(Set<RaftPeerId> some, RaftConfiguration members) {
        return isMajority(some, ids(members.getCurrentPeers()))
                && (members.getPreviousPeers().isEmpty() || isMajority(some, ids(members.getPreviousPeers())));
    }

    private static boolean isMajority(Set<RaftPeerId> some, Set<RaftPeerId> all) {
        return all.stream().filter(some::contains).count() > all.size() / 2;
    }

    private static Set<RaftPeerId> ids(Collection<RaftPeer> members) {
        return members.stream().map(RaftPeer::getId).collect(Collectors.toCollection(HashSet::new));
    }

    /** False when the log has stopped applying. */
    private CompletableFuture<Boolean> appliedUpTo(long index) {
        if (division.getInfo().getLastAppliedIndex() >= index) {
            return CompletableFuture.completedFuture(true);
        }
        if (proposals.stopped().isPresent()) {
            return CompletableFuture.completedFuture(false);
        }
        return new CompletableFuture<Boolean>()
                .completeOnTimeout(true, RETRY_PAUSE.toMillis(), TimeUnit.MILLISECONDS)
                .thenCompose(pause -> appliedUpTo(index));
    }

    // The group

    private Optional<RaftPeerId> leaderId() {
        return Optional.ofNullable(division.getInfo().getLeaderId());
    }

    /** The member that leads, if this one knows. */
    Optional<String> leader() {
        return leaderId().map(RaftPeerId::toString);
    }

    long term() {
        return division.getInfo().getCurrentTerm();
    }

    long appliedIndex() {
        return machine.read(DecisionState::appliedIndex);
    }

    /** As the log has them, as far as this node knows it. */
    List<Member> members() {
        return division.getRaftConf().getCurrentPeers().stream()
                .map(this::member)
                .sorted(Comparator.comparing(Member::id))
                .toList();
    }

    private Member member(RaftPeer peer) {
        String id = peer.getId().toString();
        // One that began alone had no address to tell.
        HostPort address = peer.getAddress().isEmpty()
                ? peers.orElseThrow().settings().addresses().get(Member.nameOf(id))
                : Member.address(peer.getAddress());
        return new Member(id, address);
    }

    /** On the leader: returns when a majority of the old group and of the new one has it. */
    void changeMembers(List<Member> members) throws IOException {
        RaftClientReply reply = server.setConfiguration(new SetConfigurationRequest(
                client,
                self,
                group,
                nextCall.getAndIncrement(),
                SetConfigurationRequest.Arguments.newBuilder()
                        .setServersInNewConf(raftPeers(members))
                        .setMode(SetConfigurationRequest.Mode.SET_UNCONDITIONALLY)
                        .build()));
        if (!reply.isSuccess()) {
            throw new IOException("the group was not changed: " + rootMessage(reply.getException()));
        }
    }

    private static List<RaftPeer> raftPeers(List<Member> members) {
        return members.stream()
                .map(member -> RaftPeer.newBuilder()
                        .setId(member.id())
                        .setAddress(member.address().toString())
                        .build())
                .toList();
    }

    /** With which Ratis begins; it keeps its own notes of what became of them. None for a node that will be added. */
    private static List<RaftPeer> firstPeers(Marker marker, Optional<PeerGroup> peers) {
        if (peers.isEmpty()) {
            return List.of(RaftPeer.newBuilder().setId(marker.id()).build());
        }
        boolean beganAlone = marker.member().isEmpty();
        return raftPeers(
                beganAlone
                        ? List.of(new Member(
                                marker.id(), peers.get().settings().addresses().get(marker.node())))
                        : marker.founders());
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
