package io.ostraka.it.read;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A query of a file and what is expected of it. A query ends with a semicolon at the end of a line; behind it may stand, after {@code --}
 * and with commas between:
 *
 * <pre>
 * ordered           rows must come in the reference's order
 * error 22012       the reference answers with this error; all others must be answered with rows
 * refused: why      not supported
 * wrong: what       answered, and not as by the reference: to be mended, and the mark to be taken away
 * with: 1 | null    the parameters, to the end of the line; for the extended protocol alone
 * </pre>
 *
 * Other lines that begin with {@code --} are for the reader.
 *
 * @param line where it begins
 * @param error the SQLSTATE, empty when there is none
 */
record Question(
        String file,
        int line,
        String sql,
        boolean isOrdered,
        boolean isRefused,
        boolean isWrong,
        String error,
        List<Optional<String>> parameters) {
    private static final Pattern END = Pattern.compile(";\\s*(?:-- *(.*))?$");

    static List<Question> of(String file) {
        return of(file, Texts.of(file));
    }

    static List<Question> of(String file, String text) {
        List<Question> questions = new ArrayList<>();
        StringBuilder sql = new StringBuilder();
        int begin = 0;
        int number = 0;
        for (String line : text.lines().toList()) {
            number++;
            if (sql.isEmpty() && (line.isBlank() || line.startsWith("--"))) {
                continue;
            }
            if (sql.isEmpty()) {
                begin = number;
            }
            Matcher end = END.matcher(line);
            if (end.find()) {
                sql.append(line, 0, end.start());
                questions.add(question(
                        file,
                        begin,
                        sql.toString(),
                        Optional.ofNullable(end.group(1)).orElse("")));
                sql.setLength(0);
            } else {
                sql.append(line).append('\n');
            }
        }
        if (!sql.isEmpty()) {
            throw new IllegalArgumentException(file + ", line " + begin + ": no semicolon at the end of a line");
        }
        return questions;
    }

    private static Question question(String file, int line, String sql, String marks) {
        if (marks.startsWith("refused: ")) {
            return new Question(file, line, sql, false, true, false, "", List.of());
        }
        if (marks.startsWith("wrong: ")) {
            return new Question(file, line, sql, false, false, true, "", List.of());
        }
        boolean isOrdered = false;
        String error = "";
        List<Optional<String>> parameters = List.of();
        String rest = marks;
        int with = rest.indexOf("with: ");
        if (with >= 0) {
            parameters = Arrays.stream(rest.substring(with + 6).split("\\|", -1))
                    .map(String::strip)
                    .map(value -> value.equals("null") ? Optional.<String>empty() : Optional.of(value))
                    .toList();
            rest = rest.substring(0, with);
        }
        for (String mark : rest.split(",", -1)) {
            String one = mark.strip();
            if (one.equals("ordered")) {
                isOrdered = true;
            } else if (one.startsWith("error ")) {
                error = one.substring(6);
            } else if (!one.isEmpty()) {
                throw new IllegalArgumentException(file + ", line " + line + ": what is \"" + one + "\"?");
            }
        }
        return new Question(file, line, sql, isOrdered, false, false, error, parameters);
    }

    @Override
    public String toString() {
        return file + ", line " + line + ": " + sql;
    }
}
