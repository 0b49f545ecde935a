package io.ostraka.proxy.transaction;

import io.ostraka.tx.commit.Outcome;
import java.util.function.Consumer;

/**
 * A client's COMMIT PREPARED or ROLLBACK PREPARED.
 *
 * @param user as whom the client has logged in to the shards
 * @param then called once, on any thread; {@link Outcome.Committed} also when it was rolled back as the client wished
 */
public record ClientDecision(String name, boolean commits, String user, Consumer<Outcome> then) {}
