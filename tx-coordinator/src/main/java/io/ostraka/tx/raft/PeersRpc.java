package io.ostraka.tx.raft;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Collection;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotReplyProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotRequestProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteReplyProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteRequestProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionReplyProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionRequestProto;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.rpc.RpcFactory;
import org.apache.ratis.rpc.RpcType;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.RaftServerRpc;
import org.apache.ratis.server.ServerFactory;

/**
 * Raft's messages over {@link PeerGroup}, whose connections are encrypted and proven: Ratis's own transports take anybody's
 * word. Stateless, thread-safe; calls block Ratis's threads, as it expects.
 *
 * <p>Public with a public constructor because Ratis makes it by name.
 */
public final class PeersRpc implements RpcType {
    private static final String GROUP = "ostraka.peers";

    /** For Ratis. */
    public PeersRpc() {}

    /** How the group comes to the transport that Ratis makes. */
    static Parameters parameters(PeerGroup group) {
        Parameters parameters = new Parameters();
        parameters.put(GROUP, group, PeerGroup.class);
        return parameters;
    }

    /** The class's name: how Ratis finds a transport that it did not bring itself. */
    @Override
    public String name() {
        return PeersRpc.class.getName();
    }

    @Override
    public RpcFactory newFactory(Parameters parameters) {
        return new Factory(this, parameters.getNonNull(GROUP, PeerGroup.class));
    }

    private record Factory(RpcType type, PeerGroup group) implements ServerFactory {
        @Override
        public RaftServerRpc newRaftServerRpc(RaftServer server) {
            return new Rpc(type, server, group);
        }

        @Override
        public RpcType getRpcType() {
            return type;
        }
    }

    private record Rpc(RpcType type, RaftServer server, PeerGroup group) implements RaftServerRpc {

        @Override
        public void start() {
            group.serve(server);
        }

        /** The group is closed by who opened it. */
        @Override
        public void close() {}

        /** Only written into Ratis's own notes: {@link PeerGroup} knows where it listens. */
        @Override
        public InetSocketAddress getInetSocketAddress() {
            return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        }

        @Override
        public RpcType getRpcType() {
            return type;
        }

        @Override
        public void addRaftPeers(Collection<RaftPeer> peers) {
            for (RaftPeer peer : peers) {
                if (!peer.getAddress().isEmpty()) {
                    group.learn(new Member(peer.getId().toString(), Member.address(peer.getAddress())));
                }
            }
        }

        @Override
        public void handleException(RaftPeerId peer, Exception e, boolean reconnect) {}

        private byte[] call(RaftRpcRequestProto header, PeerCall call, byte[] body) throws IOException {
            return group.call(RaftPeerId.valueOf(header.getReplyId()).toString(), call, body);
        }

        @Override
        public RequestVoteReplyProto requestVote(RequestVoteRequestProto request) throws IOException {
            return RequestVoteReplyProto.parseFrom(
                    call(request.getServerRequest(), PeerCall.VOTE, request.toByteArray()));
        }

        @Override
        public AppendEntriesReplyProto appendEntries(AppendEntriesRequestProto request) throws IOException {
            return AppendEntriesReplyProto.parseFrom(
                    call(request.getServerRequest(), PeerCall.APPEND, request.toByteArray()));
        }

        @Override
        public InstallSnapshotReplyProto installSnapshot(InstallSnapshotRequestProto request) throws IOException {
            return InstallSnapshotReplyProto.parseFrom(
                    call(request.getServerRequest(), PeerCall.INSTALL, request.toByteArray()));
        }

        @Override
        public StartLeaderElectionReplyProto startLeaderElection(StartLeaderElectionRequestProto request)
                throws IOException {
            return StartLeaderElectionReplyProto.parseFrom(
                    call(request.getServerRequest(), PeerCall.ELECT, request.toByteArray()));
        }
    }
}
