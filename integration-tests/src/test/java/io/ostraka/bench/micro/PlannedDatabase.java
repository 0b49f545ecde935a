package io.ostraka.bench.micro;

import io.ostraka.rules.catalog.Catalog;
import io.ostraka.rules.catalog.Column;
import io.ostraka.rules.catalog.Table;
import io.ostraka.rules.config.ConfigReader;
import io.ostraka.rules.config.DatabaseConfig;
import io.ostraka.rules.config.TableName;
import io.ostraka.rules.plan.PlanCache;
import io.ostraka.rules.plan.Planner;
import io.ostraka.rules.rule.ColumnTypes;
import io.ostraka.rules.rule.RuleSet;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntUnaryOperator;

/** A database of four shards, its tables in a catalog, and no server: {@code t0}, {@code t1} ..., all by hash of {@code id}. */
final class PlannedDatabase {
    static final List<String> PATH = List.of("public");
    private static final long CACHE_BYTES = 32 << 20;

    final Planner planner;
    final PlanCache cache;

    PlannedDatabase(int tables) {
        StringBuilder yaml = new StringBuilder("""
                users:
                  app: { password: secret }
                databases:
                  shop:
                    shards:
                      s0: { primary: "127.0.0.1:5433" }
                      s1: { primary: "127.0.0.1:5434" }
                      s2: { primary: "127.0.0.1:5435" }
                      s3: { primary: "127.0.0.1:5436" }
                    default_shard: s0
                    recovery_user: app
                    tables:
                """);
        Catalog.Builder builder = Catalog.builder(1);
        for (int i = 0; i < tables; i++) {
            yaml.append("      t").append(i).append(": { hash: id }\n");
            builder.table(Table.plain(
                    new TableName("public", "t" + i),
                    List.of(column("id", "int8"), column("name", "text"), column("amount", "numeric"))));
        }
        DatabaseConfig database = ConfigReader.read(yaml.toString(), Path.of("micro.yaml"), name -> Optional.empty())
                .databases()
                .get("shop");
        Catalog catalog = builder.build();
        planner = new Planner(database, RuleSet.resolve(database, types(catalog)), catalog);
        cache = new PlanCache(planner, CACHE_BYTES);
    }

    private static Column column(String name, String type) {
        return new Column(name, type, -1, false, false, true);
    }

    private static ColumnTypes types(Catalog catalog) {
        return new ColumnTypes() {
            @Override
            public Optional<List<Column>> columnsOf(TableName table) {
                return catalog.table(table).map(Table::columns);
            }

            @Override
            public Optional<TableName> partitionedTableOf(TableName table) {
                return catalog.table(table).flatMap(Table::partitionOf);
            }
        };
    }

    /** {@code INSERT INTO t0 VALUES (1, 'name 1', 1.50), ...}, all of one key so that one shard takes it. */
    static String insert(int rows) {
        return insert(rows, row -> 7);
    }

    /** The same of as many keys as rows. */
    static String insertOfAllShards(int rows) {
        return insert(rows, row -> row);
    }

    private static String insert(int rows, IntUnaryOperator key) {
        List<String> values = new ArrayList<>();
        for (int i = 0; i < rows; i++) {
            values.add("(" + key.applyAsInt(i) + ", 'name " + i + "', " + i + ".50)");
        }
        return "INSERT INTO t0 (id, name, amount) VALUES " + String.join(", ", values);
    }
}
