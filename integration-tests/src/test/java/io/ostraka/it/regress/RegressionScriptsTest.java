package io.ostraka.it.regress;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Protocol;
import io.ostraka.it.regress.Rehearsal.Verdict;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Scripts that were written for one PostgreSQL: a short one of ours, and, by command, those of PostgreSQL's own tests. */
class RegressionScriptsTest {
    private static final String SCRIPT = """
            \\set ECHO all
            CREATE TEMP TABLE pets (id int PRIMARY KEY, name text, mood text) ON COMMIT DELETE ROWS;
            CREATE TABLE meals (pet int, no int, dish text, PRIMARY KEY (pet, no));
            COPY pets FROM stdin;
            1	not read; nor is this
            \\.
            INSERT INTO pets SELECT i, 'pet ' || i, (ARRAY['calm', 'wild'])[1 + i % 2] FROM generate_series(1, 30) i;
            INSERT INTO meals SELECT i % 30 + 1, i, 'dish ' || i % 4 FROM generate_series(1, 90) i;
            CREATE TABLE odd (id int, b bit(2), x xid);
            INSERT INTO odd SELECT i, (i % 4)::bit(2), (i % 3)::text::xid FROM generate_series(1, 40) i;
            SELECT b, x, grouping(b, x), count(*), sum(id) FROM odd GROUP BY GROUPING SETS ((b), (x)) ORDER BY 3, 5;
            SELECT mood, count(*) FROM pets GROUP BY mood ORDER BY mood;
            SELECT dish, count(DISTINCT name) FROM meals JOIN pets ON pet = id GROUP BY dish \\gset
            SELECT id / (id - 7) FROM pets ORDER BY id; SELECT nosuch FROM pets;
            SET DateStyle = 'German';
            SELECT '2026-01-02'::date + id FROM pets WHERE id < 4 ORDER BY 1;
            RESET DateStyle;
            SELECT array_agg(dish) FROM meals;
            SELECT id, sum(id) OVER (ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM pets;
            SELECT dish FROM meals ORDER BY length(dish);
            SELECT pets.ctid FROM pets JOIN meals ON id = no;
            SELECT 'broken;
            """;

    @Test
    void aScriptIsPlayedAndItsQuestionsAnsweredAlike() throws SQLException, IOException {
        ByteArrayOutputStream told = new ByteArrayOutputStream();
        Map<Verdict, Integer> verdicts = Rehearsal.of(
                List.of(), Script.statements(SCRIPT), List.of(Protocol.values()), new PrintStream(told, true));
        String text = told.toString(StandardCharsets.UTF_8);
        int protocols = Protocol.values().length;
        Map<Verdict, Integer> expected = new EnumMap<>(Verdict.class);
        expected.put(Verdict.SAME, 9 * protocols);
        expected.put(Verdict.UNCERTAIN, 2 * protocols);
        expected.put(Verdict.REFUSED, protocols);
        assertEquals(expected, verdicts, text);
        assertTrue(text.contains("UNCERTAIN SELECT array_agg(dish) FROM meals"), text);
        assertTrue(text.contains("REFUSED SELECT pets.ctid FROM pets"), text);
        assertFalse(text.contains("NOT "), text);
    }

    /** {@code bin/ostraka-fuzz regress}. */
    @Test
    @EnabledIfSystemProperty(named = "ostraka.regress", matches = ".+")
    void thoseOfADirectory() throws SQLException, IOException {
        Path directory = Path.of(System.getProperty("ostraka.regress"));
        List<String> named = Arrays.stream(
                        System.getProperty("ostraka.regress.files", "").split("[ ,]+"))
                .filter(name -> !name.isEmpty())
                .toList();
        List<Protocol> protocols = Arrays.stream(
                        System.getProperty("ostraka.regress.protocols", "SIMPLE EXTENDED EXTENDED_BINARY")
                                .split("[ ,]+"))
                .map(Protocol::valueOf)
                .toList();
        List<String> before = new ArrayList<>();
        Path setup = directory.resolve(TestSetup.FILE + ".sql");
        if (Files.exists(setup)) {
            before.addAll(Script.statements(setup));
            before.addAll(TestSetup.ROWS);
        }
        Map<Verdict, Integer> all = new EnumMap<>(Verdict.class);
        for (String name : named.isEmpty() ? scripts(directory) : named) {
            System.out.println("== " + name);
            Map<Verdict, Integer> verdicts =
                    Rehearsal.of(before, Script.statements(directory.resolve(name + ".sql")), protocols, System.out);
            System.out.println("== " + name + ": " + verdicts);
            verdicts.forEach((verdict, count) -> all.merge(verdict, count, Integer::sum));
        }
        System.out.println("== all: " + all);
        assertEquals(0, all.getOrDefault(Verdict.DIFFERENT, 0), "different answers; see above");
    }

    private static List<String> scripts(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".sql"))
                    .map(name -> name.substring(0, name.length() - ".sql".length()))
                    .filter(name -> !name.equals(TestSetup.FILE))
                    .sorted()
                    .toList();
        }
    }
}
