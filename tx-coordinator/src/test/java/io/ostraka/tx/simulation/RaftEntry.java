package io.ostraka.tx.simulation;

import io.ostraka.tx.decision.LogEntry;
import java.util.Optional;

/** What the log holds: the first entry of each term is empty. */
record RaftEntry(long term, Optional<LogEntry> entry) {}
