package io.ostraka.it.sql;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.rules.sql.PgParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What benchmarks, object mappers and psql send is read by the server, and by us: all of it. */
class CorpusTest {
    private static ServerGrammar server;

    @BeforeAll
    static void start() throws IOException {
        server = ServerGrammar.start();
    }

    @AfterAll
    static void stop() throws IOException {
        server.close();
    }

    @Test
    void weReadAllThatTheServerReadsOfTheBundledCorpora() throws IOException {
        int statements = 0;
        for (String name : Corpus.BUNDLED) {
            for (String sql : Corpus.bundled(name).statements()) {
                assertEquals("", server.refusal(sql), name + ": " + sql);
                assertDoesNotThrow(() -> PgParser.parse(sql), name + ": " + sql);
                statements++;
            }
        }
        assertTrue(statements > 200, statements + " statements");
        assertEquals(22, Corpus.bundled("tpch").statements().size());
    }

    @Test
    void weReadWhatTheInstalledPsqlSends() throws IOException, InterruptedException {
        Optional<Corpus> recorded = PsqlRecording.record(server);
        Assumptions.assumeTrue(recorded.isPresent(), "psql is not installed; corpus/psql.sql is read in any case");
        List<String> statements = recorded.get().statements();
        assertTrue(statements.size() > 100, statements.size() + " statements");
        for (String sql : statements) {
            assertDoesNotThrow(() -> PgParser.parse(sql), sql);
        }
    }

    @Test
    void theServerTellsItsGrammarsErrorsFromAllOthers() {
        assertEquals("syntax error at or near \"FROM\"", server.refusal("SELECT a, FROM t"));
        assertEquals("", server.refusal("SELECT a FROM nowhere"));
        // Also 42601, but of the analysis.
        assertEquals("", server.refusal("SELECT 1 UNION SELECT 1, 2"));
    }

    @Test
    void filesAreReadAsPsqlReadsThem(@TempDir Path directory) throws IOException {
        Files.writeString(directory.resolve("a.sql"), """
                \\set x 1
                SELECT 1 \\gset
                COPY t FROM STDIN;
                1;2
                \\.
                EXPLAIN (COSTS OFF) SELECT 2;
                CREATE TABLE t (a int); COPY (SELECT 3) TO STDOUT;
                SELECT 'unterminated;
                """);
        assertEquals(
                List.of("SELECT 1", "SELECT 2", "SELECT 3"),
                Corpus.ofDirectory(directory).statements());
    }
}
