package io.ostraka.rules.catalog;

import io.ostraka.rules.config.TableName;
import java.util.List;

/**
 * What PostgreSQL does to rows when a table is written, besides what the statement says.
 *
 * @param before {@code pg_trigger} with the bits for ROW and BEFORE and for INSERT or UPDATE of {@code tgtype}, not
 * internal nor disabled: they may change the row that is stored; those of partitions too
 * @param cascades foreign keys of other tables that refer to this one and act on their rows
 */
public record WriteEffects(List<RowTrigger> before, List<Cascade> cascades) {
    /** Nothing. */
    public static final WriteEffects NONE = new WriteEffects(List.of(), List.of());

    /** {@code arguments} are those of CREATE TRIGGER ({@code tgargs}). */
    public record RowTrigger(FunctionName function, boolean onInsert, boolean onUpdate, List<String> arguments) {
        public RowTrigger {
            arguments = List.copyOf(arguments);
        }
    }

    /** What a foreign key does to rows that refer to a changed or deleted one. */
    public enum Action {
        /** NO ACTION, RESTRICT. */
        NONE,
        CASCADE,
        /** SET NULL, SET DEFAULT. */
        SET;

        /** The action of {@code confupdtype}, {@code confdeltype}. */
        public static Action of(char code) {
            return switch (code) {
                case 'a', 'r' -> NONE;
                case 'c' -> CASCADE;
                case 'n', 'd' -> SET;
                default -> throw new IllegalArgumentException("foreign key action '" + code + "'");
            };
        }
    }

    /** {@code columns} of {@code child} refer to {@code referenced} of this table. */
    public record Cascade(
            TableName child, List<String> columns, List<String> referenced, Action onUpdate, Action onDelete) {
        public Cascade {
            columns = List.copyOf(columns);
            referenced = List.copyOf(referenced);
        }
    }

    public WriteEffects {
        before = List.copyOf(before);
        cascades = List.copyOf(cascades);
    }
}
