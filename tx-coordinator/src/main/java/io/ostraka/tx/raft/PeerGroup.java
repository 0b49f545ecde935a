package io.ostraka.tx.raft;

import io.ostraka.rules.config.HostPort;
import io.ostraka.tx.peers.PeerCaller;
import io.ostraka.tx.peers.PeerListener;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.ratis.client.impl.ClientProtoUtils;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotRequestProto;
import org.apache.ratis.proto.RaftProtos.RaftClientReplyProto;
import org.apache.ratis.proto.RaftProtos.RaftClientRequestProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteRequestProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionRequestProto;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.server.RaftServer;

/**
 * This node among its peers: listens where its configuration says, answers them, and knows where they are. There before the
 * log is, because a new node must find its group first. Thread-safe.
 */
final class PeerGroup implements AutoCloseable {
    private final GroupSettings settings;
    private final DataDirectory directory;
    private final PeerCaller caller;
    private final PeerListener listener;
    private final ExecutorService calls;
    /** Of members that the configuration does not name, from the log. */
    private final Map<String, HostPort> fromTheLog = new ConcurrentHashMap<>();

    private volatile Optional<RaftServer> server = Optional.empty();
    private volatile Optional<ReplicatedLog> log = Optional.empty();
    private volatile UnaryOperator<byte[]> onLeaseCall = call -> {
        throw new IllegalStateException("this node does not grant leases yet");
    };
    private volatile Function<byte[], CompletableFuture<Void>> onCancel =
            key -> CompletableFuture.completedFuture(null);
    private volatile FenceListener onFence = message -> {
        throw new IOException("this node is starting");
    };

    private PeerGroup(GroupSettings settings, DataDirectory directory) throws IOException {
        this.settings = settings;
        this.directory = directory;
        this.caller = new PeerCaller(settings.secret());
        AtomicInteger number = new AtomicInteger();
        this.calls = Executors.newCachedThreadPool(work -> {
            Thread thread = new Thread(work, "peers-call-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
        HostPort own = settings.addresses().get(settings.node());
        this.listener =
                PeerListener.open(new InetSocketAddress(own.host(), own.port()), settings.secret(), this::answer);
    }

    static PeerGroup open(GroupSettings settings, DataDirectory directory) throws IOException {
        return new PeerGroup(settings, directory);
    }

    GroupSettings settings() {
        return settings;
    }

    DataDirectory directory() {
        return directory;
    }

    /** Raft's calls are answered from now on. */
    void serve(RaftServer started) {
        server = Optional.of(started);
    }

    /** Operators are answered from now on. */
    void operate(ReplicatedLog opened) {
        log = Optional.of(opened);
    }

    /** What {@link PeerCall#LEASE} brings; called by many threads, may block for a moment. */
    void onLeaseCall(UnaryOperator<byte[]> handler) {
        onLeaseCall = handler;
    }

    /** What {@link PeerCall#CANCEL} brings; called by many threads. Who has called is answered when it completes. */
    void onCancel(Function<byte[], CompletableFuture<Void>> handler) {
        onCancel = handler;
    }

    /** What {@link PeerCall#FENCE} brings; called by many threads. */
    void onFence(FenceListener handler) {
        onFence = handler;
    }

    void learn(Member member) {
        fromTheLog.put(member.id(), member.address());
    }

    /** Where a member is. The configuration's word counts more than the log's: it can be mended without a majority. */
    HostPort addressOf(String id) throws IOException {
        HostPort configured = settings.addresses().get(Member.nameOf(id));
        HostPort address = configured == null ? fromTheLog.get(id) : configured;
        if (address == null) {
            throw new IOException("nobody knows where " + id + " is");
        }
        return address;
    }

    byte[] call(String id, PeerCall call, byte[] body) throws IOException {
        return caller.call(addressOf(id), call.kind, body, call.timeout());
    }

    PeerStatus statusOf(HostPort address) throws IOException {
        return PeerStatus.decode(caller.call(address, PeerCall.STATUS.kind, new byte[0], PeerCall.STATUS.timeout()));
    }

    /** Empty when it does not answer. */
    CompletableFuture<Optional<PeerStatus>> statusOfAsync(HostPort address) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return Optional.of(statusOf(address));
                    } catch (IOException e) {
                        return Optional.empty();
                    }
                },
                calls);
    }

    /** As {@link #call}, on a thread of its own. Fails with an {@link IOException}. */
    CompletableFuture<byte[]> callAsync(String id, PeerCall call, byte[] body) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return call(id, call, body);
                    } catch (IOException e) {
                        throw new CompletionException(e);
                    }
                },
                calls);
    }

    CompletableFuture<RaftClientReply> request(String id, RaftClientRequest request) {
        return callAsync(
                        id,
                        PeerCall.REQUEST,
                        ClientProtoUtils.toRaftClientRequestProto(request).toByteArray())
                .thenApply(reply -> {
                    try {
                        return ClientProtoUtils.toRaftClientReply(RaftClientReplyProto.parseFrom(reply));
                    } catch (IOException e) {
                        throw new CompletionException(e);
                    }
                });
    }

    // Answering

    private byte[] answer(byte kind, byte[] body) throws IOException {
        return switch (PeerCall.of(kind)) {
            case STATUS -> status().encode();
            case VOTE ->
                raft().requestVote(RequestVoteRequestProto.parseFrom(body)).toByteArray();
            case APPEND ->
                raft().appendEntries(AppendEntriesRequestProto.parseFrom(body)).toByteArray();
            case INSTALL ->
                raft().installSnapshot(InstallSnapshotRequestProto.parseFrom(body))
                        .toByteArray();
            case ELECT ->
                raft().startLeaderElection(StartLeaderElectionRequestProto.parseFrom(body))
                        .toByteArray();
            case REQUEST -> requested(body);
            case CHANGE ->
                MembershipChange.decode(body).carryOut(this, opened()).getBytes(StandardCharsets.UTF_8);
            case LEASE -> onLeaseCall.apply(body);
            case TERM ->
                ByteBuffer.allocate(Long.BYTES).putLong(opened().term()).array();
            case FENCE -> {
                onFence.heard(body);
                yield new byte[0];
            }
            case CANCEL -> cancelled(body);
        };
    }

    private RaftServer raft() throws IOException {
        return server.orElseThrow(() -> new IOException("this node is starting"));
    }

    private ReplicatedLog opened() throws IOException {
        return log.orElseThrow(() -> new IOException("this node is starting"));
    }

    PeerStatus status() {
        Marker marker = directory.marker();
        List<String> names = List.copyOf(settings.addresses().keySet());
        return log.map(opened -> new PeerStatus(
                        marker.id(),
                        marker.log(),
                        opened.members(),
                        names,
                        opened.leader(),
                        opened.term(),
                        opened.appliedIndex()))
                .orElseGet(() ->
                        new PeerStatus(marker.id(), marker.log(), marker.founders(), names, Optional.empty(), 0, 0));
    }

    private byte[] requested(byte[] body) throws IOException {
        RaftClientRequest request = ClientProtoUtils.toRaftClientRequest(RaftClientRequestProto.parseFrom(body));
        try {
            RaftClientReply reply = raft().submitClientRequestAsync(request)
                    .get(PeerCall.REQUEST.timeout().toMillis(), TimeUnit.MILLISECONDS);
            return ClientProtoUtils.toRaftClientReplyProto(reply).toByteArray();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("the log did not answer: " + e.getMessage(), e);
        }
    }

    private byte[] cancelled(byte[] key) throws IOException {
        try {
            onCancel.apply(key).get(PeerCall.CANCEL.timeout().toMillis(), TimeUnit.MILLISECONDS);
            return new byte[0];
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("the shard was not told: " + e.getMessage(), e);
        }
    }

    /** The other members of the group, as this node knows them; nobody while it starts. */
    List<String> otherMembers() {
        String self = directory.marker().id();
        return log.map(ReplicatedLog::members).orElseGet(List::of).stream()
                .map(Member::id)
                .filter(id -> !id.equals(self))
                .toList();
    }

    /** Every node that the configuration names but this one. */
    Stream<Map.Entry<String, HostPort>> others() {
        return settings.addresses().entrySet().stream()
                .filter(peer -> !peer.getKey().equals(settings.node()));
    }

    /** Peers take this node for gone from now on. */
    void stopAnswering() throws IOException {
        listener.close();
    }

    @Override
    public void close() throws IOException {
        caller.close();
        listener.close();
        calls.shutdownNow();
    }
}
