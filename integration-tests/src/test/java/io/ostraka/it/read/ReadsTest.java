package io.ostraka.it.read;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Differential;
import io.ostraka.it.harness.Protocol;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Queries over tables of every rule and columns of every type, each compared with one PostgreSQL that has all rows: columns, types, rows,
 * errors with their texts and places. {@link Question} says how the files are read, {@link Bazaar} what is in the tables.
 *
 * <p>To add one, write it into the file of its topic and run {@code mvn test -pl integration-tests -am -Dtest=ReadsTest
 * -Dsurefire.failIfNoSpecifiedTests=false}.
 */
class ReadsTest {
    /** Below queries/; each with the statements of one session. */
    private static final List<String> TOPICS = List.of(
            "scatter",
            "order",
            "aggregate",
            "window",
            "join",
            "subquery",
            "with",
            "setop",
            "expression",
            "settings",
            "parameter",
            "error",
            "bazaar",
            "trap");

    private static final int PROMISED = 500;

    static List<String> topics() {
        return TOPICS;
    }

    private static List<Question> questions(String topic) {
        return Question.of("queries/" + topic + ".sql");
    }

    @ParameterizedTest(name = "{0}, simple protocol")
    @MethodSource("topics")
    void aReadIsAnsweredAsByOnePostgresql(String topic) throws SQLException {
        check(Protocol.SIMPLE, questions(topic));
    }

    @ParameterizedTest(name = "{0}, extended protocol, text")
    @MethodSource("topics")
    void aReadInTheExtendedProtocolIsAnsweredAsByOnePostgresql(String topic) throws SQLException {
        check(Protocol.EXTENDED, questions(topic));
    }

    @ParameterizedTest(name = "{0}, extended protocol, binary")
    @MethodSource("topics")
    void aReadInBinaryIsAnsweredAsByOnePostgresql(String topic) throws SQLException {
        check(Protocol.EXTENDED_BINARY, questions(topic));
    }

    @ParameterizedTest
    @EnumSource(
            value = Protocol.class,
            names = {"SIMPLE", "EXTENDED_BINARY"})
    void readsOfEveryTypeAreAnsweredAsByOnePostgresql(Protocol protocol) throws SQLException {
        String template = Texts.of("by-type.sql");
        List<Question> questions = new ArrayList<>();
        Bazaar.COLUMNS.forEach(
                column -> questions.addAll(Question.of("by-type.sql of " + column, template.replace("{c}", column))));
        assertTrue(questions.size() > PROMISED, "only " + questions.size() + " queries");
        check(protocol, questions);
    }

    @Test
    void thereAreFarMoreQueriesThanPromisedAndHardlyAnyIsRefused() {
        Set<String> texts = new HashSet<>();
        int notAnswered = 0;
        for (String topic : TOPICS) {
            for (Question question : questions(topic)) {
                texts.add(question.sql());
                notAnswered += question.isRefused() || question.isWrong() ? 1 : 0;
            }
        }
        assertTrue(texts.size() > 2 * PROMISED, "only " + texts.size() + " different queries");
        assertTrue(notAnswered < texts.size() / 30, notAnswered + " of " + texts.size() + " are not answered");
    }

    private static void check(Protocol protocol, List<Question> questions) throws SQLException {
        List<String> wrong = new ArrayList<>();
        try (Differential both = Bazaar.filled().differential(protocol)) {
            for (Question question : questions) {
                if (protocol != Protocol.SIMPLE || question.parameters().isEmpty()) {
                    complaint(question, both).ifPresent(complaint -> wrong.add(question + "\n" + complaint));
                }
            }
        }
        assertEquals("", String.join("\n----\n", wrong), () -> wrong.size() + " of " + questions.size() + " queries");
    }

    private static Optional<String> complaint(Question question, Differential both) {
        Differential.Answers answers = both.answers(question.sql(), question.parameters(), question.isOrdered());
        if (answers.isRefused() != question.isRefused()) {
            return Optional.of(answers.isRefused() ? "refused:\n" + answers.answered() : "no longer refused");
        }
        if (question.isRefused()) {
            return Optional.empty();
        }
        boolean isSame = answers.expected().equals(answers.answered());
        if (question.isWrong()) {
            return isSame ? Optional.of("no longer wrong") : Optional.empty();
        }
        if (!isSame) {
            return Optional.of("expected:\n" + answers.expected() + "\nanswered:\n" + answers.answered());
        }
        // A typing error is answered alike by both, and shows nothing.
        return answers.expectedState().equals(question.error())
                ? Optional.empty()
                : Optional.of("PostgreSQL's own answer is not the one that the file expects:\n" + answers.expected());
    }
}
