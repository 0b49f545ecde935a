package io.ostraka.tx.decision;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of one prepared branch on its server: {@code ostraka_<cluster>_<epoch>_<sequence>_<branch>}. It says who may
 * decide the branch, so recovery needs no other hint. The branch is the shard's permanent number, because a name must be
 * unique on a server that holds several shards. Far below PostgreSQL's limit of 199 bytes.
 *
 * <p>Source: {@code transactions.md}, section 3.
 */
public record Gid(ClusterNumber cluster, Gtid gtid, ShardNumber branch) {
    /** Clients may not prepare under names that begin so. */
    public static final String PREFIX = "ostraka_";

    static final int RADIX = 36;

    private static final Pattern FORM = Pattern.compile(
            PREFIX + "([0-9a-f]{8})_(0|[1-9a-z][0-9a-z]{0,12})_(0|[1-9a-z][0-9a-z]{0,12})_(0|[1-9][0-9]{0,6})");

    /**
     * Reads what {@link #toString} wrote. Empty for every other text, which is then somebody else's: also one that is
     * nearly ours, because a name that we cannot write back is a name that we did not write.
     */
    public static Optional<Gid> parse(String text) {
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            return Optional.empty();
        }
        try {
            return Optional.of(new Gid(
                    ClusterNumber.parse(form.group(1)),
                    new Gtid(new Epoch(Long.parseLong(form.group(2), RADIX)), Long.parseLong(form.group(3), RADIX)),
                    new ShardNumber(Integer.parseInt(form.group(4)))));
        } catch (IllegalArgumentException tooLarge) {
            return Optional.empty();
        }
    }

    /** What every gid of the cluster begins with, to be looked for with {@code starts_with}. */
    public static String prefixOf(ClusterNumber cluster) {
        return PREFIX + cluster + "_";
    }

    @Override
    public String toString() {
        return prefixOf(cluster) + gtid + "_" + branch;
    }
}
