/**
 * From a statement, the catalog and the rules to a {@link io.ostraka.rules.plan.Plan}, or a refusal that explains itself.
 *
 * <p>Entry classes: {@link io.ostraka.rules.plan.PlanCache} for sessions, {@link io.ostraka.rules.plan.Planner} below it,
 * {@link io.ostraka.rules.plan.Explanation} for people. Pure; a plan is immutable and may be shared by sessions.
 *
 * <p>A query's way: {@code SyntaxReader} brings the grammar's tree into a {@code Query}; {@code Analyser} makes a {@code
 * Block} of each query level and finds for every occurrence of a table the {@code Fact}s that restrict which of its
 * rows matter ({@code JoinTree} is the heart of that); {@code QueryPlanner} turns facts into {@code KeyFilter}s, which a
 * {@code StatementRouter} evaluates for each execution. What is left of the blocks is a tree of {@code Level}s, of
 * which {@code Distributor} tells how their rows lie over the shards: whether several shards may answer.
 */
package io.ostraka.rules.plan;
