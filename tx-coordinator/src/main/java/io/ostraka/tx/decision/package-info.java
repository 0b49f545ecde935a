/**
 * The replicated state: what an applied entry means. Pure: no I/O, no clock, no threads.
 *
 * <p>Entry class: {@link io.ostraka.tx.decision.DecisionState}; {@link io.ostraka.tx.decision.LogEntry} goes into the log,
 * {@link io.ostraka.tx.decision.Answer} comes out. Entries are immutable; the state is confined to its owner.
 */
package io.ostraka.tx.decision;
