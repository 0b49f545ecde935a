package io.ostraka.it.regress;

import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.sql.StatementTemplate;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Cuts a psql script into its statements, without what is psql's own: commands with a backslash, and lines of COPY's data. */
final class Script {
    /** Commands that send the statement in front of them, as a semicolon does. */
    private static final Pattern SENDING =
            Pattern.compile("\\\\(gset|gexec|gdesc|gx|g|crosstabview|bind_named|bind|parse|watch|sendpipeline)\\b.*$");

    private static final Pattern COPY = Pattern.compile("(?i)\\s*copy\\s.*\\sfrom\\s+stdin.*;\\s*");
    private static final Pattern LAST_OF_LINE = Pattern.compile(";[ \t]*\n");

    private Script() {}

    static List<String> statements(Path file) throws IOException {
        // Not all files are UTF-8 throughout; broken characters are for the server to judge.
        return statements(new String(Files.readAllBytes(file), StandardCharsets.UTF_8));
    }

    static List<String> statements(String script) {
        StringBuilder sql = new StringBuilder();
        boolean isData = false;
        for (String line : script.split("\n", -1)) {
            if (isData) {
                isData = !line.equals("\\.");
            } else if (!line.startsWith("\\")) {
                sql.append(SENDING.matcher(line).replaceFirst(";")).append('\n');
                isData = COPY.matcher(line).matches();
            }
        }
        List<String> statements = new ArrayList<>();
        if (!cut(sql.toString(), statements)) {
            // Something in it is malformed on purpose: all else is in pieces that end with their line.
            statements.clear();
            for (String piece : LAST_OF_LINE.split(sql, -1)) {
                cut(piece, statements);
            }
        }
        return statements;
    }

    private static boolean cut(String sql, List<String> statements) {
        try {
            for (StatementTemplate template : StatementTemplate.of(sql)) {
                String statement = template.sql()
                        .substring(template.start(), template.end())
                        .strip();
                if (!statement.isEmpty()) {
                    statements.add(statement);
                }
            }
            return true;
        } catch (PgErrorException malformed) {
            return false;
        }
    }
}
