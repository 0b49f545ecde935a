package io.ostraka.it.clients;

import io.ostraka.it.harness.Endpoint;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;

/** Flyway: migrations with and without a transaction, one that fails, repair, validation, clean. */
final class FlywayScript {
    private FlywayScript() {}

    static void run(Endpoint endpoint, PrintWriter out) throws Exception {
        Path migrations = Files.createTempDirectory("ostraka-flyway-");
        try {
            write(migrations, "V1__people.sql", """
                    CREATE TABLE people (id int PRIMARY KEY, name text);
                    INSERT INTO people VALUES (1, 'a;b'), (2, $$two
                    lines$$);
                    CREATE FUNCTION double(i int) RETURNS int LANGUAGE plpgsql AS $f$
                    BEGIN
                      RETURN i * 2; -- with a ; in it
                    END $f$;
                    """);
            write(migrations, "V2__index.sql", "CREATE INDEX CONCURRENTLY by_name ON people (name);");
            write(migrations, "V2__index.sql.conf", "executeInTransaction=false");
            write(migrations, "V3__copy.sql", """
                    COPY people (id, name) FROM STDIN;
                    3	three
                    4	\\N
                    \\.
                    """);
            write(migrations, "R__view.sql", "CREATE OR REPLACE VIEW doubled AS SELECT double(id) AS id FROM people;");
            Flyway flyway = flyway(endpoint, migrations, false);
            out.println(flyway.migrate().migrationsExecuted);
            out.println(flyway.migrate().migrationsExecuted);
            tell(flyway, out);
            write(migrations, "V4__broken.sql", "CREATE TABLE half (a int);\nSELECT 1/0;\n");
            try {
                flyway.migrate();
            } catch (FlywayException e) {
                out.println("22012 was told: " + e.getMessage().contains("22012"));
            }
            tell(flyway, out);
            write(migrations, "V4__broken.sql", "CREATE TABLE half (a int);\n");
            write(migrations, "R__view.sql", "CREATE OR REPLACE VIEW doubled AS SELECT 2 * id AS id FROM people;");
            flyway.repair();
            out.println(flyway.migrate().migrationsExecuted);
            write(migrations, "V1__people.sql", "SELECT 'another text';");
            out.println(flyway.validateWithResult().validationSuccessful);
            out.println(flyway.info().current().getVersion());
            Flyway grouped = flyway(endpoint, migrations, true);
            out.println(grouped.clean().schemasCleaned);
            out.println(grouped.baseline().successfullyBaselined);
            tell(grouped, out);
        } finally {
            try (Stream<Path> files = Files.walk(migrations)) {
                for (Path file :
                        files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private static Flyway flyway(Endpoint endpoint, Path migrations, boolean group) {
        return Flyway.configure()
                .dataSource(endpoint.jdbcUrl(), endpoint.user(), endpoint.password())
                .locations("filesystem:" + migrations)
                // Its lock's open transaction would keep CREATE INDEX CONCURRENTLY waiting.
                .configuration(Map.of("flyway.postgresql.transactional.lock", "false"))
                .cleanDisabled(false)
                .group(group)
                .load();
    }

    private static void write(Path directory, String name, String text) throws Exception {
        Files.writeString(directory.resolve(name), text, StandardCharsets.UTF_8);
    }

    private static void tell(Flyway flyway, PrintWriter out) {
        for (MigrationInfo info : flyway.info().all()) {
            out.println(info.getVersion() + " " + info.getDescription() + " " + info.getState());
        }
    }
}
