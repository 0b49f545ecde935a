package io.ostraka.rules.catalog;

import io.ostraka.rules.config.TableName;
import java.util.List;
import java.util.Optional;

/**
 * A relation: one row of {@code pg_class} whose {@code relkind} is one of {@link Kind}'s, of every schema but those
 * of temporary tables and TOAST; {@code pg_catalog} and {@code information_schema} included, because an unqualified
 * name finds {@code pg_catalog} first.
 *
 * @param columns {@code pg_attribute} with {@code attnum > 0 AND NOT attisdropped}, in the order of {@code attnum};
 * may be empty for relations of {@code pg_catalog} and {@code information_schema}
 * @param primaryKey columns of {@code pg_index.indkey} where {@code indisprimary}; empty when there is none
 * @param uniqueKeys the same for every {@code indisunique} without predicate or expression, the primary key too
 * @param partitionOf {@code pg_inherits.inhparent} where {@code relispartition}
 * @param inherits {@code pg_inherits.inhparent} of a table that is no partition
 * @param definition {@code pg_get_viewdef(oid)} of a view or materialized view, <b>read while {@code search_path} is
 * empty</b>, so that every name in it is qualified
 * @param onRead what the policies for SELECT ({@code pg_policy}, while {@code relrowsecurity}) reach, and virtual
 * generated columns
 * @param onWrite what a write reaches besides: {@code pg_trigger} where {@code NOT tgisinternal}, policies, generated
 * columns ({@code pg_attrdef}), checks ({@code pg_constraint}), index expressions; those of its partitions too
 * @param hasRules whether {@code pg_rewrite} has another rule than a view's {@code _RETURN}
 * @param effects what a write changes besides the statement's own rows and values
 */
public record Table(
        TableName name,
        Kind kind,
        List<Column> columns,
        List<String> primaryKey,
        List<List<String>> uniqueKeys,
        Optional<TableName> partitionOf,
        List<TableName> inherits,
        Optional<String> definition,
        HiddenAccess onRead,
        HiddenAccess onWrite,
        boolean hasRules,
        WriteEffects effects) {

    /** {@code pg_class.relkind}, less indexes, composite types and TOAST. */
    public enum Kind {
        TABLE,
        PARTITIONED,
        VIEW,
        MATERIALIZED_VIEW,
        FOREIGN,
        SEQUENCE;

        /** The kind of {@code r}, {@code p}, {@code v}, {@code m}, {@code f} or {@code S}. */
        public static Kind of(char relkind) {
            return switch (relkind) {
                case 'r' -> TABLE;
                case 'p' -> PARTITIONED;
                case 'v' -> VIEW;
                case 'm' -> MATERIALIZED_VIEW;
                case 'f' -> FOREIGN;
                case 'S' -> SEQUENCE;
                default -> throw new IllegalArgumentException("relkind '" + relkind + "'");
            };
        }
    }

    public Table {
        columns = List.copyOf(columns);
        primaryKey = List.copyOf(primaryKey);
        uniqueKeys = List.copyOf(uniqueKeys);
        inherits = List.copyOf(inherits);
    }

    /** One whose writes have no further effects. */
    public Table(
            TableName name,
            Kind kind,
            List<Column> columns,
            List<String> primaryKey,
            List<List<String>> uniqueKeys,
            Optional<TableName> partitionOf,
            List<TableName> inherits,
            Optional<String> definition,
            HiddenAccess onRead,
            HiddenAccess onWrite,
            boolean hasRules) {
        this(
                name,
                kind,
                columns,
                primaryKey,
                uniqueKeys,
                partitionOf,
                inherits,
                definition,
                onRead,
                onWrite,
                hasRules,
                WriteEffects.NONE);
    }

    /** A plain table with these columns and nothing else. */
    public static Table plain(TableName name, List<Column> columns) {
        return new Table(
                name,
                Kind.TABLE,
                columns,
                List.of(),
                List.of(),
                Optional.empty(),
                List.of(),
                Optional.empty(),
                HiddenAccess.NONE,
                HiddenAccess.NONE,
                false);
    }

    public Optional<Column> column(String column) {
        for (Column candidate : columns) {
            if (candidate.name().equals(column)) {
                return Optional.of(candidate);
            }
        }
        return Optional.empty();
    }

    public boolean isView() {
        return kind == Kind.VIEW;
    }
}
