package io.ostraka.it.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.sql.Lexer;
import io.ostraka.rules.sql.PgParser;
import io.ostraka.rules.sql.PgQuery;
import io.ostraka.rules.sql.PgSelect;
import io.ostraka.rules.sql.SqlParseFailure;
import io.ostraka.rules.sql.StatementTemplate;
import io.ostraka.rules.sql.TokenKind;
import io.ostraka.rules.sql.TokenText;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.calcite.sql.SqlBasicCall;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The lexer and the grammar held against a real server: what both read must mean the same. A statement the server refuses
 * may be accepted here, for the server will refuse it again; the other meaning is never right.
 */
class SqlAgainstServerTest {
    private static final long SEED = 20_260_101L;

    private static EmbeddedPostgres server;
    private static Connection connection;
    private static Statement statement;

    @BeforeAll
    static void start() throws Exception {
        server = EmbeddedPostgres.builder().start();
        connection = DriverManager.getConnection(server.getJdbcUrl("postgres", "postgres") + "&preferQueryMode=simple");
        statement = connection.createStatement();
        statement.setEscapeProcessing(false);
    }

    @AfterAll
    static void stop() throws Exception {
        connection.close();
        server.close();
    }

    /** What the server answers: the first column's name and value, or the error without its position. */
    private static String answer(String sql) {
        try (ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getMetaData().getColumnCount() == 0
                    ? "nothing"
                    : rows.getMetaData().getColumnLabel(1) + ": " + rows.getString(1);
        } catch (SQLException refusal) {
            return refusal.getSQLState() + " "
                    + refusal.getMessage().replaceAll("(?s)\\n\\s*(Position|Hint|Detail):.*", "");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'it''s'",
                "'a\\b'",
                "E'a\\\\b\\'c''d\\n\\t\\x41\\102\\u00e9\\U0001F600\\q'",
                "E'\\xc3\\xa9\\ud83d\\ude00'",
                "U&'d\\0061t\\+000061\\\\'",
                "U&'\\D83D\\DE00'",
                "$$it's$$",
                "$a$x$b$y$$z$a$",
                "$é$x$é$",
                "N'é'",
                "'a'\n -- it's\n 'b'",
                "E'a\\n'\n'\\t'",
                "'a' -- x\r\n\t'b'",
                "'😀'"
            })
    void stringsHaveTheServersText(String token) {
        assertEquals(
                "?column?: " + TokenText.string(token),
                answer("SELECT " + token).replace("bpchar", "?column?"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0",
                "007",
                "1_000",
                "0x1F",
                "0XfF_0",
                "0o17",
                "0b1_01",
                "1.",
                ".5",
                "1.5e3",
                "1e-3",
                "1_0.0_1e1_0",
                "2147483648",
                "0xFFFFFFFFFFFFFFFFFF",
                "123456789012345678901234567890.5"
            })
    void numbersHaveTheServersValue(String token) {
        String value = answer("SELECT " + token).replace("?column?: ", "");
        assertEquals(0, new BigDecimal(value).compareTo(TokenText.number(token)), value);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Abc",
                "GrÖSSE",
                "a$1",
                "_x",
                "\"A b\"",
                "\"a\"\"b\"",
                "\"a\nb\"",
                "U&\"d\\0061t\\+000061\"",
                "été",
                "日本",
                "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggg",
                "ééééééééééééééééééééééééééééééééééééé",
                "\"日本日本日本日本日本日本日本日本日本日本日本日本\""
            })
    void namesAreFoldedAndCutAsTheServerDoes(String name) {
        Lexer lexer = new Lexer(name);
        assertTrue(lexer.next().isIdentifier());
        assertEquals(lexer.name() + ": 1", answer("SELECT 1 AS " + name));
    }

    /**
     * Random texts of tricky pieces. Where our lexer sees tokens, the same tokens with spaces between them must get the same
     * answer, down to the token that an error message quotes; where it sees an error, the server must see one.
     */
    @Test
    void theServerCutsTokensWhereWeDo() {
        String[] pieces = {
            "'", "''", "'a'", "\"", "\"b\"", "$", "$$", "$1", "$a$", "a", "E", "e'", "U&", "u&'", "B'", "x'", "n'", "1",
            "0", "_", "0x", "0b", "1e", ".", "..", "+", "-", "--", "*", "/", "/*", "*/", "<", ">", "=", "!", "@", "#",
            "%", "^", "&", "|", "~", "`", "?", ":", "::", ":=", "=>", "(", ")", "[", "]", ",", " ", "\n", "\t", "\\",
            "é", "null", "is", "not", "int", "1", "1", "a", " ", " "
        };
        Random random = new Random(SEED);
        int lexed = 0;
        int accepted = 0;
        for (int i = 0; i < 6_000; i++) {
            StringBuilder built = new StringBuilder(random.nextBoolean() ? "1 " : "");
            int length = 1 + random.nextInt(6);
            for (int j = 0; j < length; j++) {
                built.append(pieces[random.nextInt(pieces.length)]);
            }
            String text = "SELECT " + built;
            String spaced = spaced(text);
            String direct = answer(text);
            if (spaced.isEmpty()) {
                assertTrue(
                        direct.startsWith("42601"),
                        SEED + "/" + i + ": we cannot cut it, the server says " + direct + ": " + text);
            } else {
                lexed++;
                accepted += direct.startsWith("42601") ? 0 : 1;
                assertEquals(direct, answer(spaced), SEED + "/" + i + ": " + text + " became " + spaced);
            }
        }
        assertTrue(lexed > 1_500 && accepted > 200, lexed + " texts cut, " + accepted + " accepted");
    }

    /** The text's tokens, one space between them; empty when it cannot be cut. */
    private static String spaced(String text) {
        StringBuilder spaced = new StringBuilder();
        try {
            Lexer lexer = new Lexer(text);
            while (lexer.next() != TokenKind.END) {
                spaced.append(spaced.isEmpty() ? "" : " ").append(lexer.text());
            }
            return spaced.toString();
        } catch (PgErrorException uncut) {
            return "";
        }
    }

    @Test
    void theServerSplitsStatementsWhereWeDo() throws Exception {
        String script = "CREATE TABLE log (n int); CREATE RULE r AS ON DELETE TO log DO ALSO (SELECT 1; SELECT 2);"
                + "CREATE FUNCTION twice(a int) RETURNS int BEGIN ATOMIC SELECT CASE WHEN a = 1 THEN 0 END; SELECT a * 2; END;"
                + "INSERT INTO log VALUES (1) /* ; */;;-- ;\nINSERT INTO log SELECT twice(';' ::text = ';' \n::int) WHERE false;"
                + "DO $x$ BEGIN PERFORM 1; END $x$; INSERT INTO log VALUES (twice(21))";
        List<StatementTemplate> statements = StatementTemplate.of(script);
        assertEquals(7, statements.size());
        for (int i = 0; i < statements.size(); i++) {
            if (i != 4) {
                // Each piece alone is a whole statement to the server (the fifth has a type error, on purpose).
                statement.execute(statements.get(i).text());
            }
        }
        assertEquals("sum: 43", answer("SELECT sum(n) FROM log"));
    }

    private static List<String> corpus() throws IOException {
        try (InputStream in = SqlAgainstServerTest.class.getResourceAsStream("statements.sql")) {
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return StatementTemplate.of(text).stream()
                    .map(StatementTemplate::text)
                    .toList();
        }
    }

    /** Whether the server's grammar reads a statement; unknown tables and the like are no matter of grammar. */
    private static boolean serverReads(String sql) {
        try {
            statement.execute("PREPARE probe AS " + sql);
            statement.execute("DEALLOCATE probe");
            return true;
        } catch (SQLException refusal) {
            return !"42601".equals(refusal.getSQLState());
        }
    }

    private static boolean weRead(String sql) {
        try {
            PgParser.parse(sql);
            return true;
        } catch (SqlParseFailure unknown) {
            return false;
        }
    }

    @Test
    void weReadWhatTheServerReads() throws Exception {
        List<String> unread = new ArrayList<>();
        List<String> statements = corpus();
        for (String sql : statements) {
            assertTrue(serverReads(sql), "the server does not read " + sql);
            if (!weRead(sql)) {
                unread.add(sql);
            }
        }
        assertTrue(statements.size() > 110, statements.size() + " statements");
        assertEquals(List.of(), unread);
    }

    /**
     * Statements with a token left out, doubled or exchanged: what we then read, and the server does not, is listed nowhere
     * and harmless; but it shows that the grammar is as strict as it looks, so that few may get through.
     */
    @Test
    void weSeldomReadWhatTheServerRefuses() throws Exception {
        Random random = new Random(SEED);
        List<String> over = new ArrayList<>();
        int refused = 0;
        for (String sql : corpus()) {
            for (int i = 0; i < 6; i++) {
                String mutant = mutant(sql, random);
                if (!serverReads(mutant)) {
                    refused++;
                    if (reads(mutant)) {
                        over.add(mutant);
                    }
                }
            }
        }
        assertTrue(refused > 500, refused + " mutants refused");
        assertTrue(over.size() * 50 < refused, over.size() + " of " + refused + " read: " + String.join("\n", over));
    }

    private static boolean reads(String sql) {
        try {
            return weRead(sql);
        } catch (PgErrorException uncut) {
            return false;
        }
    }

    private static String mutant(String sql, Random random) {
        List<String> tokens = new ArrayList<>();
        Lexer lexer = new Lexer(sql);
        while (lexer.next() != TokenKind.END) {
            tokens.add(lexer.text());
        }
        int at = random.nextInt(tokens.size());
        int other = random.nextInt(tokens.size());
        switch (random.nextInt(3)) {
            case 0 -> tokens.remove(at);
            case 1 -> tokens.add(at, tokens.get(other));
            default -> tokens.set(at, tokens.get(other));
        }
        return String.join(" ", tokens);
    }

    /**
     * Random expressions without parentheses, stored in a view: the server prints the view's definition with all its
     * parentheses, which must be the tree that we read without them.
     */
    @Test
    void operatorsBindAsTheServerBindsThem() throws Exception {
        statement.execute("CREATE TABLE v (a int, b int, c int, p bool, q bool, s text, t text)");
        Random random = new Random(SEED);
        int compared = 0;
        for (int i = 0; i < 8_000; i++) {
            String expression = expression(random);
            try {
                statement.execute("CREATE OR REPLACE VIEW w AS SELECT (" + expression + ") IS NULL AS x FROM v");
            } catch (SQLException illTyped) {
                continue;
            }
            String definition = answer("SELECT pg_get_viewdef('w'::regclass)")
                    .replaceFirst("^[^:]*: ", "")
                    .replace(";", "");
            String printed = shape(PgParser.parse(definition));
            String read = shape(PgParser.parse("SELECT (" + expression + ") IS NULL AS x FROM v"));
            assertEquals(printed, read, SEED + "/" + i + ": " + expression + "\n is to the server " + definition);
            compared++;
        }
        assertTrue(compared > 300, compared + " expressions compared");
    }

    private static String expression(Random random) {
        String[] operands = {"a", "b", "c", "p", "q", "s", "t", "a", "b", "p"};
        String[] infix = {
            "+",
            "-",
            "*",
            "/",
            "%",
            "<",
            ">",
            "=",
            "<=",
            ">=",
            "<>",
            "AND",
            "OR",
            "&",
            "|",
            "#",
            "<<",
            "||",
            "IS DISTINCT FROM",
            "AND",
            "OR",
            "=",
            "<",
            "OPERATOR(pg_catalog.+)",
            "~",
            "^@"
        };
        String[] prefix = {"NOT ", "- ", "+ ", "~ ", "@ "};
        String[] postfix = {
            " IS NULL",
            " IS NOT NULL",
            " IS TRUE",
            " IS NOT FALSE",
            " IS UNKNOWN",
            " ISNULL",
            " COLLATE \"C\"",
            "::text",
            "::int"
        };
        StringBuilder text = new StringBuilder();
        int length = 2 + random.nextInt(4);
        for (int i = 0; i < length; i++) {
            if (i > 0) {
                text.append(' ').append(infix[random.nextInt(infix.length)]).append(' ');
            }
            if (random.nextInt(5) == 0) {
                text.append(prefix[random.nextInt(prefix.length)]);
            }
            text.append(operands[random.nextInt(operands.length)]);
            if (random.nextInt(6) == 0) {
                text.append(postfix[random.nextInt(postfix.length)]);
            }
        }
        return text.toString();
    }

    /** The tree as text, without what the server adds or unifies in printing: casts, qualified names, nested ANDs. */
    private static String shape(SqlNode node) {
        if (node instanceof PgQuery query) {
            return shape(((PgSelect) query.body()).items().get(0).expression());
        }
        if (node instanceof SqlIdentifier name) {
            return name.names.get(name.names.size() - 1);
        }
        if (node instanceof SqlLiteral literal) {
            return literal.toValue();
        }
        if (node instanceof SqlNodeList list) {
            return list.stream().map(SqlAgainstServerTest::shape).toList().toString();
        }
        SqlCall call = (SqlCall) node;
        if (call.getKind() == SqlKind.CAST || call.getKind() == SqlKind.PLUS_PREFIX) {
            return shape(call.getOperandList().get(0));
        }
        List<String> parts = new ArrayList<>();
        for (SqlNode operand : call.getOperandList()) {
            boolean nested = call instanceof SqlBasicCall
                    && operand.getKind() == call.getKind()
                    && isAssociative(call.getKind());
            if (nested) {
                String inner = shape(operand);
                parts.add(inner.substring(inner.indexOf('(') + 1, inner.length() - 1));
            } else {
                parts.add(shape(operand));
            }
        }
        return name(call) + "(" + String.join(", ", parts) + ")";
    }

    private static boolean isAssociative(SqlKind kind) {
        return kind == SqlKind.AND || kind == SqlKind.OR;
    }

    private static String name(SqlCall call) {
        if (call instanceof io.ostraka.rules.sql.PgOperatorCall operator) {
            return operator.symbol();
        }
        return call.getOperator().getName();
    }
}
