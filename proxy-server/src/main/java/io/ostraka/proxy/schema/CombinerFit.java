package io.ostraka.proxy.schema;

import io.ostraka.rules.catalog.CombinerSchema;
import io.ostraka.rules.catalog.Function;
import io.ostraka.rules.catalog.FunctionName;
import io.ostraka.rules.config.DatabaseConfig;
import io.ostraka.rules.config.TableName;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Whether a server without rows may put together those of the shards, as the default shard would: statements must mean the same
 * there, and values be shown and sorted alike. What it does not know is left to a shard. Confined to the thread that merges.
 */
final class CombinerFit {
    private final ShardSchema combiner;
    private final ShardSchema shard;
    private final List<SchemaDifference> differences = new ArrayList<>();

    private CombinerFit(ShardSchema combiner, ShardSchema shard) {
        this.combiner = combiner;
        this.shard = shard;
    }

    /** What the combiner has; {@code unlike} are the tables that it lacks or has otherwise, each reported by somebody else. */
    static CombinerSchema of(
            Optional<ShardSchema> combiner,
            Optional<ShardSchema> shard,
            Set<TableName> unlike,
            List<SchemaDifference> differences) {
        if (combiner.isEmpty() || shard.isEmpty()) {
            return CombinerSchema.NONE;
        }
        CombinerFit fit = new CombinerFit(combiner.get(), shard.get());
        boolean fits = fit.compareTraits();
        CombinerSchema schema = new CombinerSchema(fits, unlike, fit.unlikeFunctions(fits));
        differences.addAll(fit.differences);
        return schema;
    }

    private boolean compareTraits() {
        TreeMap<String, String> expected = new TreeMap<>(shard.traits());
        expected.forEach((name, value) -> {
            String there = combiner.traits().get(name);
            if (there == null) {
                report(name + " is missing there");
            } else if (!there.equals(value)) {
                report(name + " is " + there + " there, and " + value + " on the default shard");
            }
        });
        new TreeMap<>(combiner.traits()).forEach((name, value) -> {
            if (name.startsWith("settings of ") && !expected.containsKey(name)) {
                report(name + " are " + value + " there, and nothing on the default shard");
            }
        });
        if (!combiner.operators().containsAll(shard.operators())
                || !combiner.ambientFunctions().containsAll(shard.ambientFunctions())) {
            report("operators, casts or input functions of types are missing there");
        }
        return differences.isEmpty();
    }

    private void report(String what) {
        differences.add(new SchemaDifference(
                Optional.empty(), "the " + DatabaseConfig.COMBINER + " is left alone: " + what, false));
    }

    /** Overloads are read in any order. */
    private static boolean isSame(Function a, Function b) {
        return a != null
                && b != null
                && a.kinds().equals(b.kinds())
                && a.volatility() == b.volatility()
                && a.returnsSet() == b.returnsSet()
                && a.languages().equals(b.languages())
                && a.calls().equals(b.calls())
                && Set.copyOf(a.bodies()).equals(Set.copyOf(b.bodies()));
    }

    /** Of a system as old or new the system's own are the same. */
    private Set<String> unlikeFunctions(boolean isSameSystem) {
        Set<FunctionName> all = new HashSet<>(shard.functions().keySet());
        all.addAll(combiner.functions().keySet());
        Set<String> unlike = new HashSet<>();
        for (FunctionName name : all) {
            Function there = combiner.functions().get(name);
            if (!isSame(there, shard.functions().get(name))) {
                unlike.add(name.name());
                if (isSameSystem && !ShardSchema.isSystem(name.schema())) {
                    differences.add(new SchemaDifference(
                            Optional.empty(),
                            "the " + DatabaseConfig.COMBINER + " is left alone where function " + name
                                    + " is called: it is not as on the default shard",
                            false));
                }
            }
        }
        return unlike;
    }
}
