package io.ostraka.rules.plan;

import io.ostraka.rules.catalog.Table;
import io.ostraka.rules.catalog.WriteEffects.Action;
import io.ostraka.rules.catalog.WriteEffects.Cascade;
import io.ostraka.rules.catalog.WriteEffects.RowTrigger;
import io.ostraka.rules.config.TableName;
import io.ostraka.rules.rule.KeyedRule;
import io.ostraka.rules.rule.TableRule;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Refuses writes after which a row could lie where no query looks for it, although the statement does not touch its key:
 * because a BEFORE trigger assigns to the key, or a foreign key's action does in a table that refers to the written one.
 * Notes what the tables reach that such actions write. Confined to one statement.
 */
record WriteGuard(Analyser analyser, int at) {

    /** What happens to rows of a table; {@code columns} are those of an UPDATE. */
    record Change(boolean inserts, boolean updates, boolean deletes, List<String> columns) {
        static final Change INSERT = new Change(true, false, false, List.of());
        static final Change DELETE = new Change(false, false, true, List.of());

        Change {
            columns = List.copyOf(columns);
        }

        static Change update(List<String> columns) {
            return new Change(false, true, false, columns);
        }
    }

    void check(Table table, Change change) {
        check(table, change, new HashSet<>());
    }

    private void check(Table table, Change change, Set<TableName> seen) {
        keyOf(table.name()).ifPresent(keys -> checkTriggers(table, change, keys));
        if (change.inserts() || !seen.add(table.name())) {
            return;
        }
        for (Cascade cascade : table.effects().cascades()) {
            Action action = change.deletes() ? cascade.onDelete() : cascade.onUpdate();
            boolean acts = action != Action.NONE
                    && (change.deletes() || cascade.referenced().stream().anyMatch(change.columns()::contains));
            if (acts) {
                follow(table, cascade, change.deletes() && action == Action.CASCADE, seen);
            }
        }
    }

    private void follow(Table parent, Cascade cascade, boolean deletes, Set<TableName> seen) {
        boolean changesKey = !deletes
                && keyOf(cascade.child())
                        .filter(keys -> keys.stream().anyMatch(cascade.columns()::contains))
                        .isPresent();
        if (changesKey) {
            throw Refusals.hiddenAccess(
                            parent.name(),
                            "A foreign key's action would change the shard key of table \"" + cascade.child() + "\".")
                    .toException();
        }
        Optional<Table> child = analyser.catalog().table(cascade.child());
        child.ifPresent(found -> {
            analyser.analysis().addHidden(found.name(), found.onWrite());
            check(found, deletes ? Change.DELETE : Change.update(cascade.columns()), seen);
        });
    }

    private void checkTriggers(Table table, Change change, List<String> keys) {
        for (RowTrigger trigger : table.effects().before()) {
            boolean fires = (change.inserts() && trigger.onInsert()) || (change.updates() && trigger.onUpdate());
            if (fires) {
                analyser.functions().keyChange(keys, trigger).ifPresent(why -> {
                    throw Refusals.keyMoved(table.name(), why, at).toException();
                });
            }
        }
    }

    private Optional<List<String>> keyOf(TableName table) {
        TableRule rule = analyser.rule(table);
        return rule instanceof KeyedRule keyed ? Optional.of(keyed.keyColumns()) : Optional.empty();
    }
}
