package io.ostraka.it.sql;

import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.sql.PgParser;
import io.ostraka.rules.sql.SqlParseFailure;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Counts what the grammar reads of what a real server's grammar reads; run by {@code bin/ostraka-corpus}, see docs/sql.md.
 * Arguments are directories of .sql files; {@code --gaps} and {@code --over} print what only one of the two reads.
 */
public final class CorpusReport {
    private final ServerGrammar server;
    private final List<String> gaps = new ArrayList<>();
    private final List<String> over = new ArrayList<>();

    private CorpusReport(ServerGrammar server) {
        this.server = server;
    }

    public static void main(String[] args) throws Exception {
        List<Path> directories = new ArrayList<>();
        boolean showGaps = false;
        boolean showOver = false;
        for (String arg : args) {
            switch (arg) {
                case "--gaps" -> showGaps = true;
                case "--over" -> showOver = true;
                default -> directories.add(Path.of(arg));
            }
        }
        try (ServerGrammar server = ServerGrammar.start()) {
            CorpusReport report = new CorpusReport(server);
            report.run(directories);
            print("Read by the server only:", showGaps, report.gaps);
            print("Read by us only:", showOver, report.over);
        }
    }

    private static void print(String title, boolean shown, List<String> statements) {
        if (shown) {
            System.out.println("\n" + title + "\n");
            statements.forEach(System.out::println);
        }
    }

    private void run(List<Path> directories) throws IOException, InterruptedException {
        System.out.println("| corpus | statements | the server reads | of these we read | | only we read |");
        System.out.println("| --- | ---: | ---: | ---: | ---: | ---: |");
        for (String name : Corpus.BUNDLED) {
            count(Corpus.bundled(name));
        }
        Optional<Corpus> psql = PsqlRecording.record(server);
        if (psql.isPresent()) {
            count(psql.get());
        } else {
            System.err.println("psql is not installed: its own queries are not counted");
        }
        for (Path directory : directories) {
            count(Corpus.ofDirectory(directory));
        }
    }

    private void count(Corpus corpus) {
        int theirs = 0;
        int ours = 0;
        int oursOnly = 0;
        for (String sql : corpus.statements()) {
            Optional<PgError> error = error(sql);
            String refusal = server.refusal(sql);
            if (refusal.isEmpty()) {
                theirs++;
                ours += error.isEmpty() ? 1 : 0;
                error.ifPresent(why -> gaps.add(why.message() + " at " + why.position() + ": " + line(sql)));
            } else if (error.isEmpty()) {
                oursOnly++;
                over.add(refusal + ": " + line(sql));
            }
        }
        System.out.printf(
                Locale.ROOT,
                "| %s | %d | %d | %d | %.2f %% | %d |%n",
                corpus.name(),
                corpus.statements().size(),
                theirs,
                ours,
                100.0 * ours / theirs,
                oursOnly);
    }

    private static Optional<PgError> error(String sql) {
        try {
            PgParser.parse(sql);
            return Optional.empty();
        } catch (SqlParseFailure unread) {
            return Optional.of(unread.error());
        } catch (PgErrorException malformed) {
            return Optional.of(malformed.error());
        }
    }

    private static String line(String sql) {
        return sql.replaceAll("\\s+", " ");
    }
}
