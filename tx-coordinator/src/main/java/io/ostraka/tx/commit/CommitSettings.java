package io.ostraka.tx.commit;

import java.time.Duration;

/**
 * How commits behave.
 *
 * @param commitTimeout after which a client whose transaction is not settled is told so ({@code 08007})
 * @param phaseTwoTimeout for how long a shard that does not answer may hold up snapshots and the client
 * @param retryPause between attempts to finish a branch
 */
public record CommitSettings(Duration commitTimeout, Duration phaseTwoTimeout, Duration retryPause) {}
