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
 * The transport of a group of one: none. It opens no port, so that nobody else on the machine can talk to the decision
 * log (Raft's messages carry no proof of who sent them), and starts no network threads. Stateless, thread-safe.
 *
 * <p>Public with a public constructor because Ratis makes it by name.
 */
public final class NoPeersRpc implements RpcType {

    /** For Ratis. */
    public NoPeersRpc() {}

    /** The class's name: how Ratis finds a transport that it did not bring itself. */
    @Override
    public String name() {
        return NoPeersRpc.class.getName();
    }

    @Override
    public RpcFactory newFactory(Parameters parameters) {
        return new Factory(this);
    }

    private record Factory(RpcType type) implements ServerFactory {
        @Override
        public RaftServerRpc newRaftServerRpc(RaftServer server) {
            return new Rpc(type, server);
        }

        @Override
        public RpcType getRpcType() {
            return type;
        }
    }

    private record Rpc(RpcType type, RaftServer server) implements RaftServerRpc {

        @Override
        public void start() {}

        @Override
        public void close() {}

        /** Nothing listens there; Ratis wants an address to write into its configuration. */
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
                if (!peer.getId().equals(server.getId())) {
                    throw new IllegalStateException("a group of one was given the peer " + peer.getId());
                }
            }
        }

        @Override
        public void handleException(RaftPeerId peer, Exception e, boolean reconnect) {
            throw new IllegalStateException("a group of one has no peer " + peer, e);
        }

        @Override
        public RequestVoteReplyProto requestVote(RequestVoteRequestProto request) throws IOException {
            throw noPeers();
        }

        @Override
        public AppendEntriesReplyProto appendEntries(AppendEntriesRequestProto request) throws IOException {
            throw noPeers();
        }

        @Override
        public InstallSnapshotReplyProto installSnapshot(InstallSnapshotRequestProto request) throws IOException {
            throw noPeers();
        }

        @Override
        public StartLeaderElectionReplyProto startLeaderElection(StartLeaderElectionRequestProto request)
                throws IOException {
            throw noPeers();
        }

        private static IOException noPeers() {
            return new IOException("a group of one has no peers");
        }
    }
}
