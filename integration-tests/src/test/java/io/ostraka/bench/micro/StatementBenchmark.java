package io.ostraka.bench.micro;

import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.plan.Plan;
import io.ostraka.rules.plan.PlannedStatement;
import io.ostraka.rules.plan.Route;
import io.ostraka.rules.plan.RowSplit;
import io.ostraka.rules.plan.StatementValues;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** From a statement's text, and its values, to the shard that takes it. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class StatementBenchmark {
    private static final String POINT = "SELECT name, amount FROM t0 WHERE id = 4711";
    private static final String REFUSED = "UPDATE t0 SET id = 5, name = 'x' WHERE id = 4711";
    private static final String TWENTY_LINES = """
            SELECT a.id, a.name, sum(b.amount) AS total,
                   count(*) FILTER (WHERE b.amount > 10) AS large
            FROM t0 AS a
                 JOIN t1 AS b ON b.id = a.id
                 LEFT JOIN t2 AS c ON c.id = a.id
                                  AND c.name <> ''
            WHERE a.id = 4711
              AND a.name LIKE 'n%'
              AND b.amount BETWEEN 1 AND 100
              AND NOT EXISTS (
                    SELECT 1
                    FROM t3 AS d
                    WHERE d.id = a.id
                      AND d.amount IS NULL)
              AND coalesce(c.amount, 0) >= 0
            GROUP BY a.id, a.name
            HAVING sum(b.amount) > 0
            ORDER BY total DESC NULLS LAST,
                     a.name
            LIMIT 20
            """;

    @Param({"10", "5000"})
    private int tables;

    private PlannedDatabase database;
    private PlannedStatement prepared;
    private Parameter parameter;
    private String insert;
    private String spread;

    @Setup
    public void plan() {
        database = new PlannedDatabase(tables);
        prepared = database.cache
                .plan("SELECT name, amount FROM t0 WHERE id = $1", PlannedDatabase.PATH)
                .get(0);
        parameter = new Parameter("4711".getBytes(StandardCharsets.US_ASCII));
        insert = PlannedDatabase.insert(1000);
        spread = PlannedDatabase.insertOfAllShards(1000);
        for (Route route : List.of(preparedRoute(), simpleRoute())) {
            if (!(route instanceof Route.One)) {
                throw new IllegalStateException("not one shard's: " + route);
            }
        }
        requirePlanned(analysis());
        requirePlanned(analysisOfTwentyLines());
        requirePlanned(insertOfThousandRows());
        for (List<PlannedStatement> wrong : List.of(rejection(), rejectionOfTwentyLines(), refusal(), refusalAgain())) {
            if (!(wrong.get(0).plan() instanceof Plan.Refusal)) {
                throw new IllegalStateException("taken");
            }
        }
    }

    private static void requirePlanned(List<PlannedStatement> planned) {
        if (planned.get(0).plan() instanceof Plan.Refusal) {
            throw new IllegalStateException(planned.get(0).plan().toString());
        }
    }

    private static Route route(PlannedStatement statement, StatementValues values) {
        return statement.plan() instanceof Plan.Scatter scatter
                ? scatter.router().route(values)
                : ((Plan.Forward) statement.plan()).router().route(values);
    }

    /** What each execution of a prepared statement costs. */
    @Benchmark
    public Route preparedRoute() {
        return route(prepared, parameter);
    }

    /** What each execution costs that comes as text: cut, looked up, routed. */
    @Benchmark
    public Route simpleRoute() {
        PlannedStatement statement =
                database.cache.plan(POINT, PlannedDatabase.PATH).get(0);
        return route(statement, statement.values());
    }

    /** The first time a statement comes. */
    @Benchmark
    public List<PlannedStatement> analysis() {
        return database.planner.plan(POINT, PlannedDatabase.PATH);
    }

    @Benchmark
    public List<PlannedStatement> analysisOfTwentyLines() {
        return database.planner.plan(TWENTY_LINES, PlannedDatabase.PATH);
    }

    /** A syntax error at the end of the same point query. */
    @Benchmark
    public List<PlannedStatement> rejection() {
        return database.planner.plan(POINT + " WHERE", PlannedDatabase.PATH);
    }

    /** The same at the end of the twenty lines. */
    @Benchmark
    public List<PlannedStatement> rejectionOfTwentyLines() {
        return database.planner.plan(TWENTY_LINES + " WHERE", PlannedDatabase.PATH);
    }

    /** A statement that is read, and refused because its key changes. */
    @Benchmark
    public List<PlannedStatement> refusal() {
        return database.planner.plan(REFUSED, PlannedDatabase.PATH);
    }

    /** The same statement again: refusals are remembered like plans. */
    @Benchmark
    public List<PlannedStatement> refusalAgain() {
        return database.cache.plan(REFUSED, PlannedDatabase.PATH);
    }

    @Benchmark
    public List<PlannedStatement> insertOfThousandRows() {
        return database.cache.plan(insert, PlannedDatabase.PATH);
    }

    /** From the text to the texts for four shards. */
    @Benchmark
    public Map<ShardName, RowSplit.Part> splitOfThousandRows() {
        PlannedStatement statement =
                database.cache.plan(spread, PlannedDatabase.PATH).get(0);
        Plan.Forward forward = (Plan.Forward) statement.plan();
        if (!(forward.router().route(statement.values()) instanceof Route.Many)) {
            throw new IllegalStateException("on one shard");
        }
        RowSplit split = forward.spread().orElseThrow().split().orElseThrow();
        return split.of(statement, statement.values());
    }

    /** One parameter in text format. */
    private static final class Parameter implements StatementValues {
        private final byte[] text;

        Parameter(byte[] text) {
            this.text = text;
        }

        @Override
        public CharSequence literal(int index) {
            throw new IllegalArgumentException("no literal " + index);
        }

        @Override
        public int parameterCount() {
            return 1;
        }

        @Override
        public boolean parameterIsNull(int number) {
            return false;
        }

        @Override
        public int parameterOid(int number) {
            return 0;
        }

        @Override
        public boolean parameterIsBinary(int number) {
            return false;
        }

        @Override
        public byte[] parameter(int number) {
            return text;
        }
    }
}
