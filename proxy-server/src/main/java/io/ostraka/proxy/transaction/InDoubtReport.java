package io.ostraka.proxy.transaction;

import io.ostraka.rules.config.ShardName;
import java.util.List;

/** What {@link Commits#inDoubt} has found, and the shards that did not answer. */
public record InDoubtReport(List<InDoubt> branches, List<ShardName> unanswered) {
    public InDoubtReport {
        branches = List.copyOf(branches);
        unanswered = List.copyOf(unanswered);
    }
}
