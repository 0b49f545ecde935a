package io.ostraka.tx.commit;

import io.ostraka.rules.error.PgError;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;

/**
 * Watches a transaction block for what could not be prepared: nothing is wrong with it while one shard is written, and the
 * statement that makes it wrong is the one refused. Pure; confined to the session.
 */
public final class Unpreparables {
    private final Set<Unpreparable> done = EnumSet.noneOf(Unpreparable.class);
    private final Set<String> written = new LinkedHashSet<>();

    /** Before a statement runs that may write on this shard. */
    public Optional<PgError> mayWrite(String shard) {
        return allowed(done, shard).or(() -> {
            written.add(shard);
            return Optional.empty();
        });
    }

    /** Before a statement runs that cannot be prepared, on this shard; it may write there, too. */
    public Optional<PgError> willDo(Unpreparable what, String shard) {
        Set<Unpreparable> then = EnumSet.copyOf(done);
        then.add(what);
        return allowed(then, shard).or(() -> {
            done.add(what);
            written.add(shard);
            return Optional.empty();
        });
    }

    private Optional<PgError> allowed(Set<Unpreparable> then, String shard) {
        if (then.isEmpty() || written.isEmpty() || (written.size() == 1 && written.contains(shard))) {
            return Optional.empty();
        }
        String other =
                written.stream().filter(name -> !name.equals(shard)).findFirst().orElseThrow();
        return Optional.of(then.iterator().next().error(other, shard));
    }
}
