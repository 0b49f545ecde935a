package io.ostraka.proxy.session;

import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.plan.Merge;
import io.ostraka.rules.plan.Plan;
import io.ostraka.rules.plan.PlannedStatement;
import io.ostraka.rules.plan.ShardText;
import io.ostraka.rules.plan.StatementValues;
import io.ostraka.rules.plan.TableLocks;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A query string with the plan of each of its statements. {@code generation} changes with the catalog and the rules: a statement
 * planned in an older one is planned again.
 */
public record Planned(List<Statement> statements, long generation) {
    public Planned {
        statements = List.copyOf(statements);
    }

    /** One statement of the string. */
    public record Statement(PlannedStatement planned) {
        public Plan plan() {
            return planned.plan();
        }

        /** Its own text, without what stands around it. */
        String text() {
            return planned.text();
        }

        /** The same behind what stands in front of it in the query string, or behind blanks for other statements there. */
        String textInPlace() {
            String inPlace = planned.textInPlace();
            boolean isFirst =
                    inPlace.substring(0, inPlace.length() - text().length()).indexOf(';') < 0;
            return isFirst ? inPlace : planned.blanksTo(0) + text();
        }

        /** What the shards are sent when their rows are to come in order. */
        String shardText(Merge.Ordered merge) {
            return planned.shardText(merge);
        }

        /** What the combiner is sent in its place. */
        String combinerText(ShardText text) {
            return planned.combinerText(text);
        }

        /** Its literals; knows no parameters. */
        StatementValues values() {
            return planned.values();
        }
    }

    /** Where plans come from. Thread-safe. Throws {@link io.ostraka.rules.error.PgErrorException} for what cannot be read. */
    public interface Source {
        Planned plan(String text, List<String> searchPath);

        /** What a SERIALIZABLE transaction locks in front of the statement, where the configuration asks for that. */
        TableLocks locks(PlannedStatement statement, List<String> searchPath);

        /** For a session that sends everything to one shard. */
        Planned planOn(ShardName shard, String text);

        /**
         * The text of a session in whose constants backslashes escape, so that it means the same where they do not. Throws {@link
         * io.ostraka.rules.error.PgErrorException} when it cannot be written so.
         */
        String spelledOut(String text);

        /** Reads the catalog again; completes, on any thread, when it is in use, or cannot be had soon. */
        CompletableFuture<Boolean> refresh();

        /** Of the catalog and rules in use now. */
        long generation();
    }
}
