/**
 * Shard functions: from a key to the shard that owns it. Pure; knows no SQL.
 *
 * <p>Entry class: {@link io.ostraka.rules.rule.RuleSet}. Immutable.
 */
package io.ostraka.rules.rule;
