package io.ostraka.rules.plan;

import io.ostraka.rules.catalog.Catalog;
import io.ostraka.rules.catalog.Function;
import io.ostraka.rules.config.DatabaseConfig;
import io.ostraka.rules.config.PoolConfig;
import io.ostraka.rules.sql.StatementKind;
import io.ostraka.rules.sql.StatementNames;
import io.ostraka.rules.sql.StatementTemplate;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Plans for a database with one shard, or for a session that has chosen one: whatever the statement is, PostgreSQL
 * judges it. What is left to know is whether it leaves state in its connection. No grammar is needed for that, and
 * none is used. Immutable.
 */
final class OneShardPlanner {
    private static final Set<String> WRITING_WORDS =
            Set.of("insert", "update", "delete", "merge", "into", "share", "analyze", "analyse");

    /** Functions that set a setting, or take a lock, that lasts as long as the connection. */
    private static final Set<String> LASTING_WORDS =
            Set.of("set_config", "setseed", "dblink_connect", "dblink_connect_u");

    private final Catalog catalog;
    private final boolean keepsConnection;
    private final Router router;

    /** {@code shard} is the shard chosen, or none. */
    OneShardPlanner(DatabaseConfig database, Catalog catalog, ShardSet shard) {
        this.catalog = catalog;
        this.keepsConnection = database.pool().mode() == PoolConfig.Mode.SESSION;
        this.router = new StatementRouter(shard, List.of(), shard);
    }

    Plan plan(StatementTemplate template, StatementKind kind) {
        StatementNames names = StatementNames.of(template);
        if (!keepsConnection && isQuery(kind)) {
            for (String word : names.identifiers()) {
                if (word.equals("currval") || word.equals("lastval")) {
                    return new Plan.Refusal(Refusals.connectionFunction(word));
                }
            }
        }
        Access access = reads(kind, names) ? Access.READ : Access.WRITE;
        boolean pins = pins(kind, names) || (!keepsConnection && LeftBehind.isPossible(catalog, names.identifiers()));
        return new Plan.Forward(router, access, pins, Refusals.differentShards(""))
                .changing(change(kind, access, names));
    }

    private static Optional<ServerChange> change(StatementKind kind, Access access, StatementNames names) {
        if (kind instanceof StatementKind.Ddl ddl
                && ddl.verb().equals("drop")
                && ddl.object().equals("database")) {
            return Optional.of(new ServerChange.DropDatabase(names.identifiers()));
        }
        return access == Access.WRITE && names.identifiers().contains("pg_authid")
                ? Optional.of(new ServerChange.Roles())
                : Optional.empty();
    }

    private static boolean isQuery(StatementKind kind) {
        return kind instanceof StatementKind.Query;
    }

    private boolean reads(StatementKind kind, StatementNames names) {
        boolean query = kind instanceof StatementKind.Query
                || (kind instanceof StatementKind.Explain explain && !explain.analyze())
                || (kind instanceof StatementKind.CopyQuery)
                || (kind instanceof StatementKind.CopyTable copy && !copy.from());
        return query && names.identifiers().stream().noneMatch(word -> WRITING_WORDS.contains(word) || mayWrite(word));
    }

    private boolean mayWrite(String word) {
        return !SystemFunctions.isAnywhere(word)
                && catalog.functionsNamed(word).stream()
                        .anyMatch(function -> function.volatility() == Function.Volatility.VOLATILE);
    }

    /** Its maker may call it before the catalog has been read again and tells what the body does. */
    private static boolean makesFunction(StatementKind.Ddl ddl) {
        return !ddl.verb().equals("drop")
                && (ddl.object().equals("function")
                        || ddl.object().equals("procedure")
                        || ddl.object().equals("routine"));
    }

    private static boolean pins(StatementKind kind, StatementNames names) {
        boolean byKind = kind instanceof StatementKind.Prepare
                || kind instanceof StatementKind.Execute
                || (kind instanceof StatementKind.DeclareCursor cursor && cursor.hold())
                || kind instanceof StatementKind.Listen
                || kind instanceof StatementKind.DoBlock
                || kind instanceof StatementKind.Call
                || (kind instanceof StatementKind.Ddl ddl && (ddl.temporary() || makesFunction(ddl)))
                || (kind instanceof StatementKind.Maintenance maintenance
                        && maintenance.verb().equals("load"));
        return byKind
                || names.identifiers().stream()
                        .anyMatch(word -> LASTING_WORDS.contains(word) || SystemFunctions.locksForSession(word))
                || (names.identifiers().contains("into")
                        && (names.identifiers().contains("temp")
                                || names.identifiers().contains("temporary")))
                || (kind instanceof StatementKind.Ddl && names.identifiers().contains("pg_temp"));
    }
}
