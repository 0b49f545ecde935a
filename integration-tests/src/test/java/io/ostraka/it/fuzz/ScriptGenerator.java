package io.ostraka.it.fuzz;

import static io.ostraka.it.harness.FrontendMessages.bind;
import static io.ostraka.it.harness.FrontendMessages.closePortal;
import static io.ostraka.it.harness.FrontendMessages.closeStatement;
import static io.ostraka.it.harness.FrontendMessages.copyData;
import static io.ostraka.it.harness.FrontendMessages.copyDone;
import static io.ostraka.it.harness.FrontendMessages.copyFail;
import static io.ostraka.it.harness.FrontendMessages.describePortal;
import static io.ostraka.it.harness.FrontendMessages.describeStatement;
import static io.ostraka.it.harness.FrontendMessages.execute;
import static io.ostraka.it.harness.FrontendMessages.flush;
import static io.ostraka.it.harness.FrontendMessages.functionCall;
import static io.ostraka.it.harness.FrontendMessages.parse;
import static io.ostraka.it.harness.FrontendMessages.query;
import static io.ostraka.it.harness.FrontendMessages.sync;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Random sequences of well-formed messages: both query protocols, transactions, copies, cursors, with errors anywhere. They
 * read and write the table {@code fuzz}; what they ask has one answer, whoever is asked. Used by one thread.
 */
final class ScriptGenerator {
    /** Brings the database to the state that scripts start from. */
    static final String DDL = """
            DROP TABLE IF EXISTS fuzz, made;
            CREATE TABLE fuzz (id int PRIMARY KEY, v text, n numeric CHECK (n >= 0));
            INSERT INTO fuzz SELECT i, 'v' || i, i FROM generate_series(1, 30) AS i""";

    private static final Step SYNC = Step.of("Sync", 1, sync());

    private static final Pattern BINDS_UNNAMED =
            Pattern.compile("Bind unnamed|Parse\\+Bind\\+(Describe\\+)?Execute (-?\\d+ unnamed|COPY)");

    private static final int INT4 = 23;
    private static final int TEXT = 25;
    private static final int INT4_PLUS = 177;
    private static final int INT4_DIVIDE = 154;

    private static final List<String> STATEMENT_NAMES = List.of("", "a", "b", "s1");
    private static final List<String> PORTAL_NAMES = List.of("", "p", "q");

    /** Sent as simple queries, one or several in a message, and prepared. */
    private static final List<String> STATEMENTS = List.of(
            "SELECT id, v, n FROM fuzz ORDER BY id",
            "SELECT id FROM fuzz WHERE id < 8 ORDER BY id",
            "SELECT count(*), sum(n) FROM fuzz",
            "SELECT 1 AS one, 'two'::text AS two, NULL::int AS three",
            "SELECT",
            "SELECT repeat('x', 3000) FROM generate_series(1, 9)",
            "VALUES (1, 'a'), (2, NULL)",
            "INSERT INTO fuzz VALUES (101, 'new', 1) ON CONFLICT (id) DO UPDATE SET v = fuzz.v || '+' RETURNING id, v",
            "INSERT INTO fuzz VALUES (5, 'twice', 1)",
            "INSERT INTO fuzz SELECT i, 'many', 0 FROM generate_series(40, 45) AS i ON CONFLICT DO NOTHING",
            "UPDATE fuzz SET n = n + 1 WHERE id <= 3",
            "UPDATE fuzz SET n = -1 WHERE id = 2",
            "DELETE FROM fuzz WHERE id > 28",
            "SELECT 1 / (id - 4) FROM fuzz WHERE id < 9 ORDER BY id",
            "SELECT * FROM missing",
            "SELECT nonsense FROM fuzz",
            "SELEKT 1",
            "SELECT 'unterminated",
            "",
            "  -- nothing but a comment",
            ";",
            "BEGIN",
            "BEGIN ISOLATION LEVEL REPEATABLE READ",
            "START TRANSACTION READ ONLY",
            "COMMIT",
            "END",
            "ROLLBACK",
            "ABORT",
            "COMMIT AND CHAIN",
            "ROLLBACK AND CHAIN",
            "SAVEPOINT one",
            "SAVEPOINT two",
            "ROLLBACK TO one",
            "RELEASE one",
            "RELEASE two",
            "SET work_mem = '5MB'",
            "SET LOCAL work_mem = '6MB'",
            "SHOW work_mem",
            "RESET work_mem",
            "SET DateStyle = 'German, DMY'",
            "SELECT DATE '2026-11-21'",
            "RESET DateStyle",
            "SET application_name = 'fuzz'",
            "SHOW application_name",
            "SET no_such_setting = 1",
            "SELECT set_config('work_mem', '7MB', false)",
            "SELECT set_config('work_mem', '8MB', true)",
            "SET search_path = pg_catalog",
            "SET search_path = public",
            "SHOW search_path",
            "SET TIME ZONE 'Europe/Athens'",
            "SHOW TimeZone",
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
            "SHOW transaction_isolation",
            "SHOW transaction_read_only",
            "RESET ALL",
            "PREPARE mine (int) AS SELECT v FROM fuzz WHERE id = $1",
            "EXECUTE mine (3)",
            "EXECUTE mine ('x')",
            "DEALLOCATE mine",
            "DEALLOCATE a",
            "DEALLOCATE ALL",
            "EXECUTE theirs (2)",
            "DEALLOCATE theirs",
            "SELECT name, statement FROM pg_prepared_statements WHERE name IN ('mine') ORDER BY name",
            "DECLARE c CURSOR FOR SELECT id FROM fuzz ORDER BY id",
            "FETCH 3 FROM c",
            "MOVE 2 FROM c",
            "CLOSE c",
            "CLOSE ALL",
            "DISCARD ALL",
            "DISCARD PLANS",
            "DISCARD TEMP",
            "LISTEN news",
            "UNLISTEN *",
            "DO $$ BEGIN RAISE NOTICE 'a notice'; END $$",
            "DO $$ BEGIN RAISE EXCEPTION 'an exception' USING ERRCODE = 'P0123', HINT = 'none'; END $$",
            "CREATE TEMP TABLE IF NOT EXISTS mine (x int)",
            "INSERT INTO mine VALUES (1)",
            "SELECT count(*) FROM mine",
            "DROP TABLE IF EXISTS pg_temp.mine",
            "LOCK TABLE fuzz IN SHARE MODE",
            "EXPLAIN (COSTS OFF) SELECT * FROM fuzz WHERE id = 1",
            "VACUUM",
            "COPY (SELECT id, v FROM fuzz WHERE id < 5 ORDER BY id) TO STDOUT",
            "COPY missing TO STDOUT",
            "CREATE TABLE made (x int)",
            "DROP TABLE made",
            "ALTER TABLE fuzz ADD COLUMN extra int",
            "ALTER TABLE fuzz DROP COLUMN extra");

    /** A statement with parameters, and their number. */
    private record Parameterized(String sql, int parameters) {}

    private static final List<Parameterized> PARAMETERIZED = List.of(
            new Parameterized("SELECT v, n FROM fuzz WHERE id = $1", 1),
            new Parameterized("SELECT id FROM fuzz WHERE id BETWEEN $1 AND $2 ORDER BY id", 2),
            new Parameterized("SELECT $1::int + 1, $2::text", 2),
            new Parameterized("SELECT 10 / $1::int", 1),
            new Parameterized("INSERT INTO fuzz VALUES ($1, $2, 1)", 2),
            new Parameterized(
                    "INSERT INTO fuzz (id, v) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET v = $2 RETURNING *", 2),
            new Parameterized("UPDATE fuzz SET v = $2 WHERE id = $1", 2),
            new Parameterized("DELETE FROM fuzz WHERE id = $1 RETURNING v", 1),
            new Parameterized("SELECT i FROM generate_series(1, $1) AS i", 1));

    private final Random random;

    ScriptGenerator(Random random) {
        this.random = random;
    }

    List<Step> script(int length) {
        return safe(Stream.generate(this::step).limit(length).toList());
    }

    /**
     * The steps but for those that speak of an unnamed portal which a simple query may have left: in a failed block PostgreSQL
     * finds there what it has freed, and may crash over it.
     */
    private static List<Step> safe(List<Step> steps) {
        List<Step> safe = new ArrayList<>();
        boolean isBound = true;
        boolean hasQueried = false;
        for (Step step : steps) {
            boolean binds = BINDS_UNNAMED.matcher(step.text()).lookingAt();
            boolean speaks = step.text().matches("(Execute|Describe portal|Close portal) unnamed.*");
            if (isBound || !speaks) {
                safe.add(step);
            }
            hasQueried |= step.readies() > 0 && !step.equals(SYNC);
            isBound = step.readies() == 0 ? isBound || binds : isBound && !hasQueried;
        }
        return safe;
    }

    /**
     * The steps with a Sync at the end, and before each simple query that one is due before: without, nobody knows how many
     * ReadyForQuery will come, and PostgreSQL 18 itself loses its way ("StartTransactionCommand: unexpected state STARTED").
     */
    static List<Step> synced(List<Step> steps) {
        List<Step> all = new ArrayList<>();
        boolean isDue = false;
        for (Step step : steps) {
            if (isDue && step.readies() > 0) {
                all.add(SYNC);
            }
            isDue = step.readies() == 0;
            all.add(step);
        }
        all.add(SYNC);
        return all;
    }

    private Step step() {
        return switch (random.nextInt(20)) {
            case 0, 1, 2 -> simple(one(STATEMENTS));
            case 3 -> simple(several());
            case 4, 5 -> prepareBindExecute();
            case 6, 7 -> parseSomething();
            case 8, 9 -> bindSomething();
            case 10, 11 -> executeSomething();
            case 12 -> describeSomething();
            case 13 -> closeSomething();
            case 14 -> Step.of("Flush", 0, flush());
            case 15 -> copyIn();
            case 16 -> copyInExtended();
            case 17 -> random.nextBoolean() ? call() : prepareTheirs();
            default -> SYNC;
        };
    }

    private <T> T one(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }

    private static Step simple(String sql) {
        return Step.of("Query " + sql, 1, query(sql));
    }

    private String several() {
        return String.join(
                "; ",
                IntStream.rangeClosed(0, 1 + random.nextInt(3))
                        .mapToObj(i -> one(STATEMENTS))
                        .filter(sql ->
                                !sql.contains("--") && !sql.contains("unterminated") && !sql.startsWith("VACUUM"))
                        .toList());
    }

    private Step prepareBindExecute() {
        String portal = one(PORTAL_NAMES);
        int rows = one(List.of(0, 0, 0, 1, 5));
        if (random.nextBoolean()) {
            String sql = one(STATEMENTS);
            return Step.of(
                    "Parse+Bind+Describe+Execute " + rows + " " + name(portal) + ": " + sql,
                    0,
                    parse("", sql),
                    bind(portal, ""),
                    describePortal(portal),
                    execute(portal, rows));
        }
        Parameterized statement = one(PARAMETERIZED);
        List<Optional<byte[]>> values = values(statement.parameters());
        return Step.of(
                "Parse+Bind+Execute " + rows + " " + name(portal) + ": " + statement.sql() + " " + shown(values),
                0,
                parse("", statement.sql()),
                bind(portal, "", List.of(), values, List.of()),
                execute(portal, rows));
    }

    /** For the statements that speak of it: EXECUTE of a name that BEGIN or the like has is refused. */
    private static Step prepareTheirs() {
        String sql = "SELECT v FROM fuzz WHERE id = $1";
        return Step.of("Parse theirs: " + sql, 0, parse("theirs", sql, INT4));
    }

    private Step parseSomething() {
        String name = one(STATEMENT_NAMES);
        if (random.nextBoolean()) {
            String sql = one(STATEMENTS);
            return Step.of("Parse " + name(name) + ": " + sql, 0, parse(name, sql));
        }
        Parameterized statement = one(PARAMETERIZED);
        int[] oids =
                switch (random.nextInt(4)) {
                    case 0 -> new int[] {INT4};
                    case 1 -> new int[] {TEXT, TEXT};
                    default -> new int[0];
                };
        return Step.of(
                "Parse " + name(name) + ": " + statement.sql() + " with " + oids.length + " types",
                0,
                parse(name, statement.sql(), oids));
    }

    private Step bindSomething() {
        String portal = one(PORTAL_NAMES);
        String statement = one(STATEMENT_NAMES);
        List<Optional<byte[]>> values = values(random.nextInt(3));
        List<Integer> formats = random.nextInt(5) == 0 ? List.of(1) : List.of();
        List<Integer> results = one(List.of(List.of(), List.of(0), List.of(1), List.of(0, 1), List.of(7)));
        return Step.of(
                "Bind " + name(portal) + " to " + name(statement) + " " + shown(values) + " formats " + formats
                        + results,
                0,
                bind(portal, statement, formats, values, results));
    }

    private List<Optional<byte[]>> values(int count) {
        List<Optional<byte[]>> values = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            values.add(
                    switch (random.nextInt(8)) {
                        case 0 -> Optional.empty();
                        case 1 -> Optional.of("text".getBytes(UTF_8));
                        case 2 -> Optional.of(ByteBuffer.allocate(4).putInt(6).array());
                        default ->
                            Optional.of(Integer.toString(random.nextInt(12)).getBytes(UTF_8));
                    });
        }
        return values;
    }

    private static List<String> shown(List<Optional<byte[]>> values) {
        return values.stream()
                .map(value -> value.map(bytes -> new String(bytes, UTF_8)).orElse("NULL"))
                .toList();
    }

    private Step executeSomething() {
        String portal = one(PORTAL_NAMES);
        int rows = one(List.of(0, 1, 3, 100, -1));
        return Step.of("Execute " + name(portal) + " " + rows, 0, execute(portal, rows));
    }

    private Step describeSomething() {
        if (random.nextBoolean()) {
            String portal = one(PORTAL_NAMES);
            return Step.of("Describe portal " + name(portal), 0, describePortal(portal));
        }
        String statement = one(STATEMENT_NAMES);
        return Step.of("Describe statement " + name(statement), 0, describeStatement(statement));
    }

    private Step closeSomething() {
        if (random.nextBoolean()) {
            String portal = one(PORTAL_NAMES);
            return Step.of("Close portal " + name(portal), 0, closePortal(portal));
        }
        String statement = one(STATEMENT_NAMES);
        return Step.of("Close statement " + name(statement), 0, closeStatement(statement));
    }

    private static String name(String name) {
        return name.isEmpty() ? "unnamed" : name;
    }

    private Step copyIn() {
        List<byte[]> messages = new ArrayList<>(List.of(query("COPY fuzz (id, v) FROM STDIN")));
        String data = copyRows(messages);
        return new Step("Query COPY fuzz FROM STDIN, " + data, messages, 1);
    }

    private Step copyInExtended() {
        List<byte[]> messages =
                new ArrayList<>(List.of(parse("", "COPY fuzz (id, v) FROM STDIN"), bind("", ""), execute("", 0)));
        String data = copyRows(messages);
        return new Step("Parse+Bind+Execute COPY fuzz FROM STDIN, " + data, messages, 0);
    }

    private String copyRows(List<byte[]> messages) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(3); i >= 0; i--) {
            String row = one(List.of("201\tcopied\n", "202\ta\n203\tb\n", "x\tbad\n", "20", "4\t\\N\n", ""));
            text.append("data ").append(row).append(", ");
            messages.add(copyData(row));
        }
        if (random.nextInt(4) == 0) {
            messages.add(copyFail("no more"));
            return text + "fail";
        }
        messages.add(copyDone());
        return text + "done";
    }

    private Step call() {
        return random.nextBoolean()
                ? Step.of("FunctionCall 2 + 3", 1, functionCall(INT4_PLUS, "2", "3"))
                : Step.of("FunctionCall 1 / 0", 1, functionCall(INT4_DIVIDE, "1", "0"));
    }
}
