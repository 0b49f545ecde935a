/**
 * From a statement, the catalog and the rules to a {@link io.ostraka.rules.plan.Plan}, or a refusal that explains itself.
 *
 * <p>Entry class: {@link io.ostraka.rules.plan.Planner}. Pure; a plan is immutable and may be shared by sessions.
 */
package io.ostraka.rules.plan;
