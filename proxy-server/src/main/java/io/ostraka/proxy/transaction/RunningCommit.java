package io.ostraka.proxy.transaction;

import io.ostraka.tx.commit.CommitState;
import io.ostraka.tx.decision.Gtid;
import java.util.OptionalInt;

/** A commit that this node's coordinator has something to do for, for people. {@code session}: who waits, or has waited, for it. */
public record RunningCommit(Gtid gtid, String database, OptionalInt session, CommitState state) {}
