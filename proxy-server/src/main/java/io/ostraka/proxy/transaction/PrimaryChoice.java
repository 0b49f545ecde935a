package io.ostraka.proxy.transaction;

import io.ostraka.tx.decision.ShardEntry.FenceShard;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Which of a shard's servers is its primary, by what all of them say and by what the decision log knows. Pure. */
sealed interface PrimaryChoice {

    /** The one that the log knows, still. */
    record Same() implements PrimaryChoice {}

    /** Another one, or the first; it has its predecessor's WAL up to {@code reaches}. */
    record Promoted(PrimaryServer server, long reaches) implements PrimaryChoice {}

    /** None, as far as can be seen: whoever is connected to the one that the log knows may stay. */
    record Unseen(String why) implements PrimaryChoice {}

    /** None is to be used, and a person must act. */
    record Refused(String why) implements PrimaryChoice {}

    /**
     * The primary of a shard.
     *
     * @param looks of all that the file lists, in its order; empty of one that has not answered
     * @param known whom the log knows
     * @param floor how much of its WAL another one must have
     */
    static PrimaryChoice choose(List<Optional<ServerLook>> looks, Optional<PrimaryServer> known, long floor) {
        List<ServerLook> seen = looks.stream().flatMap(Optional::stream).toList();
        return known.isPresent() ? next(seen, known.get(), floor) : first(seen, seen.size() == looks.size());
    }

    /** An old primary that has come back is to be told from the real one, so all of them are to be seen. */
    private static PrimaryChoice first(List<ServerLook> seen, boolean all) {
        if (!all) {
            return new Unseen("Not all of its servers answer, and this cluster has not seen its primary before.");
        }
        if (seen.stream().map(ServerLook::system).distinct().count() > 1) {
            return new Refused("Its servers are not copies of one another: their system identifiers differ.");
        }
        List<ServerLook> primaries = seen.stream().filter(ServerLook::isPrimary).toList();
        if (primaries.size() > 1) {
            return new Refused("Several of its servers are no standbys: " + addresses(primaries) + ".");
        }
        return primaries.isEmpty()
                ? new Unseen("All of its servers are standbys.")
                : new Promoted(server(primaries.get(0)), FenceShard.SAME_SERVER);
    }

    private static PrimaryChoice next(List<ServerLook> seen, PrimaryServer known, long floor) {
        List<ServerLook> newer = new ArrayList<>(seen.stream()
                .filter(look ->
                        look.isPrimary() && look.system().equals(known.system()) && look.timeline() > known.timeline())
                .toList());
        if (newer.isEmpty()) {
            Optional<ServerLook> there = seen.stream()
                    .filter(look -> look.address().equals(known.address()))
                    .findFirst();
            if (there.isEmpty()) {
                return new Unseen("The server at " + known.address() + " does not answer, and no other was promoted.");
            }
            return isSame(there.get(), known)
                    ? new Same()
                    : new Refused("The server at " + known.address()
                            + " is not the primary any more that it was, and no other was promoted.");
        }
        newer.sort(Comparator.comparingInt(ServerLook::timeline).reversed());
        ServerLook best = newer.get(0);
        if (newer.size() > 1 && newer.get(1).timeline() == best.timeline()) {
            return new Refused("Several of its servers were promoted: " + addresses(newer) + ".");
        }
        Long reaches = best.ends().get(known.timeline());
        if (reaches == null) {
            return new Refused("The server at " + best.address() + " was promoted, and its timeline history, pg_wal/"
                    + "%08X.history, does not name timeline %d or cannot be read."
                            .formatted(best.timeline(), known.timeline()));
        }
        if (reaches < floor) {
            return new Refused("The server at " + best.address()
                    + " was promoted, and lacks transactions over several shards that were committed, or prepared by a"
                    + " client.");
        }
        return new Promoted(server(best), reaches);
    }

    static boolean isSame(ServerLook look, PrimaryServer known) {
        return look.isPrimary()
                && look.address().equals(known.address())
                && look.system().equals(known.system())
                && look.timeline() == known.timeline();
    }

    private static PrimaryServer server(ServerLook look) {
        return new PrimaryServer(look.address(), look.timeline(), look.system());
    }

    private static String addresses(List<ServerLook> looks) {
        return String.join(
                ", ", looks.stream().map(look -> look.address().toString()).toList());
    }
}
