package io.ostraka.rules.sql;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Every name that a statement could hold, found by the lexer alone. When none of {@code identifiers} is the name of a
 * sharded table, the statement's own text names none, whatever its grammar. Strings may still hide names: {@code wordsInText}
 * are the words found in them, which is enough for {@code 'orders'::regclass}; code in DO or a function's body can put a
 * name together, so that for those {@code hasText} alone must count.
 *
 * @param identifiers all identifiers, keywords included, as PostgreSQL stores them
 * @param qualifiers by identifier, those that stand in front of it and a dot somewhere
 * @param hasText whether there is any string constant, dollar-quoted ones included
 * @param wordsInText runs of letters, digits, underscores and dollars in string constants, both as they stand and in
 *     lower case
 */
public record StatementNames(
        Set<String> identifiers, Map<String, Set<String>> qualifiers, boolean hasText, Set<String> wordsInText) {
    public StatementNames {
        identifiers = Set.copyOf(identifiers);
        qualifiers = Map.copyOf(qualifiers);
        wordsInText = Set.copyOf(wordsInText);
    }

    public static StatementNames of(StatementTemplate statement) {
        return of(statement.sql(), statement.start(), statement.end());
    }

    /** The names in the characters {@code [start, end)} of a query string. */
    public static StatementNames of(String sql, int start, int end) {
        StatementTokens tokens = new StatementTokens(sql, start, end);
        Set<String> identifiers = new HashSet<>();
        Map<String, Set<String>> qualifiers = new HashMap<>();
        Set<String> words = new HashSet<>();
        boolean text = false;
        Optional<String> before = Optional.empty();
        boolean isQualified = false;
        while (!tokens.at(TokenKind.END)) {
            if (tokens.kind().isIdentifier()) {
                String name = tokens.anyName();
                identifiers.add(name);
                if (isQualified) {
                    before.ifPresent(qualifier -> qualifiers
                            .computeIfAbsent(name, first -> new HashSet<>(1))
                            .add(qualifier));
                }
                before = Optional.of(name);
                isQualified = false;
                continue;
            }
            isQualified = before.isPresent() && tokens.at(TokenKind.DOT);
            if (!isQualified) {
                before = Optional.empty();
            }
            if (tokens.kind().isText()) {
                text = true;
                addWords(tokens.anyString(), words);
            } else {
                tokens.advance();
            }
        }
        return new StatementNames(identifiers, qualifiers, text, words);
    }

    private static void addWords(String text, Set<String> words) {
        int i = 0;
        while (i < text.length()) {
            int from = i;
            while (i < text.length() && Lexer.isNamePart(text.charAt(i))) {
                i++;
            }
            if (i > from) {
                String word = text.substring(from, i);
                words.add(word);
                words.add(Classifier.lowerCase(word));
            } else {
                i++;
            }
        }
    }
}
