package io.ostraka.it.sql;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.sql.Classifier;
import io.ostraka.rules.sql.StatementKind;
import io.ostraka.rules.sql.StatementTemplate;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Distinct statements for the grammar, from one source: queries and DML, and what EXPLAIN, DECLARE, PREPARE and COPY
 * hold of them. Other statements are left out. Immutable.
 */
record Corpus(String name, List<String> statements) {
    /** The corpora of this repository, in {@code corpus/}. */
    static final List<String> BUNDLED = List.of(
            "tpch", "tpcc", "pgbench-sysbench", "hibernate", "django", "sqlalchemy", "rails", "jooq-prisma", "psql");

    /** psql's commands that end a statement as a semicolon does. */
    private static final Pattern SENDING =
            Pattern.compile("\\\\(gset|gexec|gdesc|gx|g|crosstabview|bind_named|bind|parse|watch|sendpipeline)\\b.*$");

    private static final Pattern COPY_DATA_FOLLOWS = Pattern.compile("(?i)\\s*copy\\s.*\\sfrom\\s+stdin.*;\\s*");

    Corpus {
        statements = List.copyOf(statements);
    }

    static Corpus bundled(String name) throws IOException {
        return resource("corpus/" + name + ".sql");
    }

    static Corpus resource(String file) throws IOException {
        try (InputStream in = Corpus.class.getResourceAsStream(file)) {
            return of(file.replaceAll(".*/|\\.sql", ""), new String(in.readAllBytes(), UTF_8));
        }
    }

    static Corpus of(String name, String text) {
        Set<String> statements = new LinkedHashSet<>();
        addAll(text, statements);
        return new Corpus(name, List.copyOf(statements));
    }

    /** The files of a directory whose names end in .sql, as psql would read them. */
    static Corpus ofDirectory(Path directory) throws IOException {
        Set<String> statements = new LinkedHashSet<>();
        List<Path> files;
        try (Stream<Path> all = Files.list(directory)) {
            files = all.filter(file -> file.toString().endsWith(".sql"))
                    .sorted()
                    .toList();
        }
        for (Path file : files) {
            addAll(withoutPsqlCommands(new String(Files.readAllBytes(file), UTF_8)), statements);
        }
        return new Corpus(directory.toString(), List.copyOf(statements));
    }

    private static String withoutPsqlCommands(String text) {
        StringBuilder sql = new StringBuilder();
        boolean data = false;
        for (String line : text.split("\n", -1)) {
            if (data) {
                data = !line.equals("\\.");
            } else if (!line.startsWith("\\")) {
                sql.append(SENDING.matcher(line).replaceFirst(";")).append('\n');
                data = COPY_DATA_FOLLOWS.matcher(line).matches();
            }
        }
        return sql.toString();
    }

    private static void addAll(String text, Set<String> statements) {
        try {
            add(text, statements);
        } catch (PgErrorException malformed) {
            // One malformed token hides all that follows it: piece by piece, what can be read is.
            for (String piece : text.split(";[ \t]*\n", -1)) {
                addReadable(piece, statements);
            }
        }
    }

    private static void addReadable(String piece, Set<String> statements) {
        try {
            add(piece, statements);
        } catch (PgErrorException uncut) {
            // On purpose, in files that test errors: nobody could split it, and it is not counted.
        }
    }

    private static void add(String text, Set<String> statements) {
        for (StatementTemplate statement : StatementTemplate.of(text)) {
            readable(statement.sql(), statement.start(), statement.end()).ifPresent(statements::add);
        }
    }

    /** The part of a statement that is the grammar's. */
    private static Optional<String> readable(String sql, int start, int end) {
        StatementKind kind;
        try {
            kind = Classifier.classify(sql, start, end);
        } catch (PgErrorException malformed) {
            return Optional.empty();
        }
        if (kind instanceof StatementKind.Query) {
            return Optional.of(sql.substring(start, end));
        } else if (kind instanceof StatementKind.Explain explain) {
            return readable(sql, explain.bodyStart(), end);
        } else if (kind instanceof StatementKind.DeclareCursor cursor) {
            return readable(sql, cursor.bodyStart(), end);
        } else if (kind instanceof StatementKind.Prepare prepare) {
            return readable(sql, prepare.bodyStart(), end);
        } else if (kind instanceof StatementKind.CopyQuery copy) {
            return readable(sql, copy.queryStart(), copy.queryEnd());
        }
        return Optional.empty();
    }
}
