package io.ostraka.proxy.server;

import io.ostraka.proxy.schema.SchemaState;
import io.ostraka.proxy.session.Planned;
import io.ostraka.rules.catalog.Catalog;
import io.ostraka.rules.config.DatabaseConfig;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.plan.PlanCache;
import io.ostraka.rules.plan.PlannedStatement;
import io.ostraka.rules.plan.Planner;
import io.ostraka.rules.plan.TableLocks;
import io.ostraka.rules.rule.RuleSet;
import io.ostraka.rules.sql.BackslashEscapes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * The plans of one database, under the newest catalog its shards have shown. Thread-safe: sessions read, the schema's thread
 * replaces planner and cache as one.
 */
final class DatabasePlans implements Planned.Source {
    /** Some ten thousand statement templates. */
    private static final long CACHE_BYTES = 32 << 20;

    private record Current(PlanCache cache, long generation) {}

    /** After it, what was committed is known elsewhere as soon as the catalog is looked at anyway. */
    private static final Duration REFRESH_PATIENCE = Duration.ofSeconds(5);

    private final DatabaseConfig database;
    private volatile Supplier<CompletableFuture<SchemaState>> reading =
            () -> CompletableFuture.failedFuture(new IllegalStateException("there is no catalog to be read"));
    private volatile Current current;

    /** Until the first catalog comes there are no tables but those of one shard, where PostgreSQL judges. */
    DatabasePlans(DatabaseConfig database) {
        this.database = database;
        Catalog empty = Catalog.builder(0).build();
        current = current(RuleSet.resolve(database, table -> Optional.empty()), empty, 0);
    }

    /** A shard's schema has changed. */
    void onSchema(SchemaState state) {
        current = current(state.rules(), state.catalog(), current.generation() + 1);
    }

    /** From now on the catalog can be read again. */
    void refreshWith(Supplier<CompletableFuture<SchemaState>> read) {
        reading = read;
    }

    @Override
    public CompletableFuture<Boolean> refresh() {
        return reading.get()
                .handle((state, failure) -> failure == null)
                .completeOnTimeout(false, REFRESH_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    }

    private Current current(RuleSet rules, Catalog catalog, long generation) {
        return new Current(new PlanCache(new Planner(database, rules, catalog), CACHE_BYTES), generation);
    }

    @Override
    public Planned plan(String text, List<String> searchPath) {
        Current now = current;
        return planned(now.cache().plan(text, searchPath), now);
    }

    @Override
    public TableLocks locks(PlannedStatement statement, List<String> searchPath) {
        return current.cache().planner().locks(statement, searchPath);
    }

    @Override
    public String spelledOut(String text) {
        return BackslashEscapes.spelledOut(text);
    }

    @Override
    public Planned planOn(ShardName shard, String text) {
        Current now = current;
        return planned(now.cache().planner().planOn(shard, text), now);
    }

    private static Planned planned(List<PlannedStatement> plans, Current now) {
        List<Planned.Statement> statements = new ArrayList<>(plans.size());
        for (PlannedStatement plan : plans) {
            statements.add(new Planned.Statement(plan));
        }
        return new Planned(statements, now.generation());
    }

    @Override
    public long generation() {
        return current.generation();
    }
}
