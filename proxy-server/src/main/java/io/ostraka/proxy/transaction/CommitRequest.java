package io.ostraka.proxy.transaction;

import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.BackendListener;
import io.ostraka.tx.commit.Outcome;
import io.ostraka.tx.commit.Participant;
import java.util.List;
import java.util.Optional;

/**
 * A transaction block over several shards that is to be committed. Its backends must have nothing outstanding, and belong to
 * the commit until they are given back. With {@code clientsName} it is to be prepared under that name, and decided by a client later.
 */
public record CommitRequest(List<Member> members, Committer committer, Optional<String> clientsName) {
    public CommitRequest {
        members = List.copyOf(members);
    }

    /** A shard of the transaction and the connection that runs it there. */
    public record Member(Backend backend, Participant participant) {}

    /** The session that waits. Called on its event loop, also when it has ended meanwhile. */
    public interface Committer {
        /** Once. Backends that are not given back are lost, or are given back later. */
        void onOutcome(Outcome outcome, List<Backend> givenBack);

        /** A backend that was still in use when the outcome was told is free now. */
        void onGivenBack(Backend backend);

        /** The number of the session, for people. Any thread. */
        int session();

        /** Who hears what servers say to the session, not to the commit. */
        BackendListener listener();
    }
}
