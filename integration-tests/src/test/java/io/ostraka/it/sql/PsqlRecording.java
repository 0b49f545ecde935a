package io.ostraka.it.sql;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The queries that the installed psql sends for its own commands, as it shows them when started with {@code -E}. */
final class PsqlRecording {
    private static final String SCHEMA = """
            CREATE TABLE parts (id int PRIMARY KEY, name text DEFAULT 'x' CHECK (name <> ''), doc jsonb, amount numeric(10,2));
            CREATE TABLE lists (id int REFERENCES parts, n int GENERATED ALWAYS AS IDENTITY, EXCLUDE USING btree (n WITH =));
            CREATE INDEX ON parts (lower(name)) WHERE id > 0;
            CREATE TABLE logs (at date, t text) PARTITION BY RANGE (at);
            CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
            CREATE TABLE child (extra int) INHERITS (parts);
            CREATE VIEW seen AS SELECT * FROM parts; CREATE MATERIALIZED VIEW kept AS SELECT 1 AS a;
            CREATE SEQUENCE numbers; CREATE TYPE mood AS ENUM ('good', 'bad'); CREATE DOMAIN positive AS int CHECK (VALUE > 0);
            CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 2';
            CREATE FUNCTION react() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
            CREATE TRIGGER reaction BEFORE INSERT ON parts FOR EACH ROW EXECUTE FUNCTION react();
            CREATE RULE r AS ON DELETE TO lists DO INSTEAD NOTHING;
            ALTER TABLE parts ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON parts USING (id > 0);
            CREATE PUBLICATION pub FOR TABLE parts; CREATE STATISTICS st ON id, name FROM parts;
            """;

    private static final String COMMANDS = """
            \\d
            \\d+
            \\d parts
            \\d+ parts
            \\d lists
            \\d+ logs
            \\d logs_1
            \\d+ child
            \\d+ seen
            \\d+ kept
            \\d numbers
            \\d parts_pkey
            \\d pg_toast.*
            \\da
            \\dA
            \\dAc
            \\dAf
            \\dAo
            \\dAp
            \\db+
            \\dc+
            \\dC+
            \\dconfig
            \\dd
            \\dD+
            \\ddp
            \\des
            \\det
            \\deu
            \\dew
            \\df+
            \\df twice int
            \\dF+
            \\dFd
            \\dFp
            \\dFt
            \\dg+
            \\di+
            \\dl+
            \\dL+
            \\dn+
            \\do+
            \\dO+
            \\dp
            \\dP+
            \\drds
            \\dRp+
            \\dRs+
            \\dt+ p*
            \\dT+
            \\du+
            \\dx+
            \\dX
            \\dy+
            \\l+
            \\sf twice
            \\sv seen
            \\z
            """;

    private static final Pattern QUERY = Pattern.compile("(?s)\\*+ QUERY \\*+/?\\n(.*?)\\n/?\\*{10,}/?");

    private PsqlRecording() {}

    /** What psql sends; empty when it is not installed. */
    static Optional<Corpus> record(ServerGrammar server) throws IOException, InterruptedException {
        server.run(SCHEMA);
        Path script = Files.createTempFile("ostraka-psql-", ".psql");
        Path output = Files.createTempFile("ostraka-psql-", ".out");
        try {
            Files.writeString(script, COMMANDS);
            // Where there is no psql, env says so with 127.
            Process psql = new ProcessBuilder(
                            "env",
                            "psql",
                            "-X",
                            "-E",
                            "-h",
                            "127.0.0.1",
                            "-p",
                            String.valueOf(server.port()),
                            "-U",
                            "postgres",
                            "-d",
                            "postgres",
                            "-f",
                            script.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            if (psql.waitFor() == 127) {
                return Optional.empty();
            }
            StringBuilder sent = new StringBuilder();
            Matcher queries = QUERY.matcher(new String(Files.readAllBytes(output), UTF_8));
            while (queries.find()) {
                sent.append(queries.group(1)).append(";\n");
            }
            return Optional.of(Corpus.of("psql -E, recorded", sent.toString()));
        } finally {
            Files.delete(script);
            Files.delete(output);
        }
    }
}
