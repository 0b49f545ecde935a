package io.ostraka.it.clients;

import io.ostraka.it.harness.Endpoint;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.Comparator;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import liquibase.Contexts;
import liquibase.LabelExpression;
import liquibase.Liquibase;
import liquibase.Scope;
import liquibase.UpdateSummaryEnum;
import liquibase.database.Database;
import liquibase.database.DatabaseFactory;
import liquibase.database.jvm.JdbcConnection;
import liquibase.exception.LiquibaseException;
import liquibase.resource.DirectoryResourceAccessor;
import liquibase.ui.LoggerUIService;

/** Liquibase: changes of all common kinds, a failure in the middle, rollback, its own lock. */
final class LiquibaseScript {
    private static final String CHANGES = """
            --liquibase formatted sql
            --changeset a:1
            CREATE TABLE people (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name varchar(40) UNIQUE);
            INSERT INTO people (name) VALUES ('one'), ('two');
            --rollback DROP TABLE people;
            --changeset a:2 runInTransaction:false
            CREATE INDEX CONCURRENTLY by_name ON people (name);
            --rollback DROP INDEX by_name;
            --changeset a:3 splitStatements:false
            CREATE FUNCTION twice(i int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN i * 2; END $$;
            --rollback DROP FUNCTION twice;
            --changeset a:4
            --preconditions onFail:MARK_RAN
            --precondition-sql-check expectedResult:0 SELECT count(*) FROM people
            DROP TABLE people;
            --rollback empty
            --changeset a:5
            CREATE VIEW names AS SELECT name FROM people;
            --rollback DROP VIEW names;
            """;
    private static final String BROKEN = """
            --changeset a:6
            CREATE TABLE half (a int);
            SELECT * FROM missing;
            """;

    /** Held here, or its level would be forgotten with it. */
    private static final Logger LOGGER = Logger.getLogger("liquibase");

    private LiquibaseScript() {}

    static void run(Endpoint endpoint, PrintWriter out) throws Exception {
        LOGGER.setLevel(Level.OFF); // tells everything at INFO
        Path directory = Files.createTempDirectory("ostraka-liquibase-");
        try {
            // It speaks to the console otherwise.
            Scope.child(Map.of(Scope.Attr.ui.name(), new LoggerUIService()), (Scope.ScopedRunner<?>)
                    () -> change(endpoint, directory, out));
        } finally {
            try (Stream<Path> files = Files.walk(directory)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private static void change(Endpoint endpoint, Path directory, PrintWriter out) throws Exception {
        Files.writeString(directory.resolve("changes.sql"), CHANGES);
        update(endpoint, directory, out);
        update(endpoint, directory, out);
        try (Liquibase liquibase = open(endpoint, directory)) {
            liquibase.tag("here");
            liquibase.rollback(2, "");
            out.println(liquibase.listUnrunChangeSets(new Contexts(), new LabelExpression()));
        }
        Files.writeString(directory.resolve("changes.sql"), CHANGES + BROKEN);
        try {
            update(endpoint, directory, out);
        } catch (LiquibaseException e) {
            out.println(String.valueOf(e.getMessage()).contains("\"missing\" does not exist"));
        }
        try (Liquibase liquibase = open(endpoint, directory)) {
            out.println(liquibase.listLocks().length);
            liquibase.validate();
            liquibase.dropAll();
        }
        state(endpoint, out);
    }

    private static void update(Endpoint endpoint, Path directory, PrintWriter out) throws Exception {
        try (Liquibase liquibase = open(endpoint, directory)) {
            liquibase.update(new Contexts());
        } finally {
            state(endpoint, out);
        }
    }

    private static Liquibase open(Endpoint endpoint, Path directory) throws Exception {
        Database database =
                DatabaseFactory.getInstance().findCorrectDatabaseImplementation(new JdbcConnection(endpoint.connect()));
        Liquibase liquibase = new Liquibase("changes.sql", new DirectoryResourceAccessor(directory), database);
        liquibase.setShowSummary(UpdateSummaryEnum.OFF);
        return liquibase;
    }

    private static void state(Endpoint endpoint, PrintWriter out) throws Exception {
        try (Connection connection = endpoint.connect();
                Statement statement = connection.createStatement()) {
            tell(
                    statement,
                    "SELECT relname, relkind FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1",
                    out);
            if (has(statement, "databasechangelog")) {
                tell(statement, "SELECT id, exectype, tag FROM databasechangelog ORDER BY orderexecuted", out);
            }
        }
    }

    private static boolean has(Statement statement, String table) throws Exception {
        try (ResultSet rows = statement.executeQuery("SELECT to_regclass('" + table + "') IS NOT NULL")) {
            return rows.next() && rows.getBoolean(1);
        }
    }

    private static void tell(Statement statement, String sql, PrintWriter out) throws Exception {
        try (ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                StringBuilder line = new StringBuilder();
                for (int i = 1; i <= rows.getMetaData().getColumnCount(); i++) {
                    line.append(rows.getString(i)).append(' ');
                }
                out.println(line);
            }
        }
    }
}
