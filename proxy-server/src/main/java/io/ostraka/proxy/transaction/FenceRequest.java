package io.ostraka.proxy.transaction;

import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.tx.fence.RoundId;
import java.util.Set;

/** What the {@link Fence} of the node that leads is asked for. Called on the coordinator's queue. */
sealed interface FenceRequest {
    /** This node does not lead any more: to be asked again, there where another one does. */
    void onNoLeader();

    /** A snapshot, for this node or for another one. */
    non-sealed interface ForSnapshot extends FenceRequest, SnapshotRequest {}

    /** To be let in while the gates are closed: as {@link ClosedGate}, and in which round. */
    non-sealed interface ForVisit extends FenceRequest {
        void onClosed(RoundId round, Set<ShardName> unreadable, Runnable left);

        void onOpened(boolean held);
    }

    /** Of a session of this node, where there is no other one. */
    record Own(SnapshotRequest session) implements ForSnapshot {
        @Override
        public Set<ShardName> needed() {
            return session.needed();
        }

        @Override
        public void onSnapshot(Snapshot snapshot) {
            session.onSnapshot(snapshot);
        }

        @Override
        public void onNoSnapshot(PgError why) {
            session.onNoSnapshot(why);
        }

        @Override
        public void onNoLeader() {
            throw new IllegalStateException("the only node leads");
        }
    }

    /** The same of a visit. */
    record OwnVisit(ClosedGate session) implements ForVisit {
        @Override
        public void onClosed(RoundId round, Set<ShardName> unreadable, Runnable left) {
            session.onClosed(unreadable, left);
        }

        @Override
        public void onOpened(boolean held) {
            session.onOpened(held);
        }

        @Override
        public void onNoLeader() {
            throw new IllegalStateException("the only node leads");
        }
    }
}
