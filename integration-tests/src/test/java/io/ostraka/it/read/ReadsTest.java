package io.ostraka.it.read;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.ostraka.it.harness.Differential;
import io.ostraka.it.harness.Protocol;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Hundreds of queries over tables of every rule and columns of every type, each compared with one PostgreSQL that has all rows. */
class ReadsTest {
    private static final String ORDERED = "ordered: ";
    private static final String REFUSED = "refused: ";

    @ParameterizedTest
    @EnumSource(
            value = Protocol.class,
            names = {"SIMPLE", "EXTENDED_BINARY"})
    void readsAreAnsweredAsByOnePostgresql(Protocol protocol) throws SQLException {
        List<String> queries = lines("reads.sql");
        assertTrue(queries.size() > 230, "only " + queries.size() + " queries");
        check(protocol, queries);
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void whatOthersAnswerWronglyIsAnsweredAsByOnePostgresql(Protocol protocol) throws SQLException {
        List<String> queries = lines("traps.sql");
        assertTrue(queries.size() > 70, "only " + queries.size() + " queries");
        check(protocol, queries);
    }

    @ParameterizedTest
    @EnumSource(
            value = Protocol.class,
            names = {"SIMPLE", "EXTENDED_BINARY"})
    void readsOfEveryTypeAreAnsweredAsByOnePostgresql(Protocol protocol) throws SQLException {
        List<String> queries = new ArrayList<>();
        for (String line : lines("by-type.sql")) {
            Bazaar.COLUMNS.forEach(column -> queries.add(line.replace("{c}", column)));
        }
        assertTrue(queries.size() > 500, "only " + queries.size() + " queries");
        check(protocol, queries);
    }

    private static void check(Protocol protocol, List<String> queries) throws SQLException {
        int answered = 0;
        List<String> wrong = new ArrayList<>();
        List<String> refused = new ArrayList<>();
        try (Differential both = Bazaar.filled().differential(protocol)) {
            for (String query : queries) {
                if (query.startsWith(REFUSED)) {
                    both.checkRefused(query.substring(REFUSED.length()));
                    answered++;
                    continue;
                }
                boolean ordered = query.startsWith(ORDERED);
                String sql = ordered ? query.substring(ORDERED.length()) : query;
                try {
                    if (both.checkUnlessRefused(sql, ordered)) {
                        answered++;
                    } else {
                        refused.add(sql);
                    }
                } catch (AssertionError different) {
                    wrong.add(different.getMessage());
                }
            }
        }
        if (!wrong.isEmpty() || answered < queries.size()) {
            fail(answered + " of " + queries.size() + " answered; refused:\n" + String.join("\n", refused) + "\n"
                    + wrong.size() + " wrong:\n" + String.join("\n----\n", wrong));
        }
    }

    private static List<String> lines(String file) {
        try (InputStream in = ReadsTest.class.getResourceAsStream(file)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank() && !line.startsWith("--"))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
