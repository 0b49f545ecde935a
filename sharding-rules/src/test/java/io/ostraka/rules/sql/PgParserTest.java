package io.ostraka.rules.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.util.SqlBasicVisitor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PgParserTest {
    private static String expression(String sql) {
        String select = TreeText.of(PgParser.parse("SELECT " + sql));
        String head = select.startsWith("(SELECT DISTINCT ") ? "(SELECT DISTINCT " : "(SELECT ";
        assertTrue(select.startsWith(head), select);
        return select.substring(head.length(), select.length() - 1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '\0',
            value = {
                "a OR b AND c OR d ~ (OR a (AND b c) d)",
                "NOT a = b AND c ~ (AND (NOT (= a b)) c)",
                "a = NOT b = c ~ (= a (NOT (= b c)))",
                "a IS NULL = b ~ (= (IS NULL a) b)",
                "a = b IS NULL ~ (IS NULL (= a b))",
                "NOT a IS NULL ~ (NOT (IS NULL a))",
                "a + b * c ^ d ^ e - f ~ (- (+ a (* b (^ (^ c d) e))) f)",
                "- a ^ 2 ~ (^ (- a) 2)",
                "- 1::int ~ (- (CAST 1 (TYPE pg_catalog.int4)))",
                "a || b = c || d ~ (= (|| a b) (|| c d))",
                "a || b + c ~ (|| a (+ b c))",
                "a < b || c LIKE d ~ (< a (LIKE (|| b c) d))",
                "@ a + b ~ (@ (+ a b))",
                "a * @ b + c ~ (* a (@ (+ b c)))",
                "a @ @ b ~ (@ a (@ b))",
                "a BETWEEN b AND c AND d ~ (AND (BETWEEN ASYMMETRIC a b c) d)",
                "a BETWEEN b = c AND d < e ~ (< (BETWEEN ASYMMETRIC a (= b c) d) e)",
                "a NOT IN (1, 2) OR b IN (SELECT c) ~ (OR (NOT IN a [1 2]) (IN b (SELECT c)))",
                "a IN ((SELECT 1)) ~ (IN a (SELECT 1))",
                "a IN ((SELECT 1), 2) ~ (IN a [(SCALAR (SELECT 1)) 2])",
                "a = ANY ($1) AND b <> ALL (SELECT 1) ~ (AND (= ANY a $1) (<> ALL b (SELECT 1)))",
                "a COLLATE \"C\" || b AT TIME ZONE c ~ (|| (COLLATE a C) (AT_TIME_ZONE b c))",
                "a OPERATOR(s.+) b * c ~ (s.+ a (* b c))",
                "a IS DISTINCT FROM b OR c IS NOT TRUE ~ (OR (IS DISTINCT FROM a b) (IS NOT TRUE c))",
                "(a, b) = (1, 2) ~ (= (ROW a b) (ROW 1 2))",
                "(a, b) OVERLAPS (c, d) ~ (overlaps (ROW a b) (ROW c d))",
                "((a)), ((1, 2)), ((SELECT 1) + 1) ~ a (ROW 1 2) (+ (SCALAR (SELECT 1)) 1)",
                "(((SELECT 1) UNION SELECT 2)) ~ (SCALAR (UNION (SELECT 1) (SELECT 2)))",
                "a // b ~ (// a b)",
                "a -> 'b' ->> 'c' @> d ~ (@> (->> (-> a 'b') 'c') d)",
                "B'101', X'1F', N'a' ~ (TYPED (TYPE pg_catalog.bit) 'b101') (TYPED (TYPE pg_catalog.bit) 'x1F') (TYPED (TYPE pg_catalog.bpchar) 'a')",
                "1_000, 0x1F, .5, 1e3, $$it's$$, E'\\x41' ~ 1000 31 0.5 1000 'it's' 'A'",
                "$1 b ~ (ITEM $1 b)",
                "$tag$a$tag$ b ~ (ITEM 'a' b)",
                "date '2024-01-01', interval '1' day, numeric(10,2) '1' ~ (TYPED (TYPE date) '2024-01-01') (TYPED (TYPE pg_catalog.interval day) '1') (TYPED (TYPE pg_catalog.numeric 10 2) '1')",
                "a::int[], a::s.t(3), CAST(a AS timestamp(3) with time zone) ~ (CAST a (TYPE[] pg_catalog.int4)) (CAST a (TYPE s.t 3)) (CAST a (TYPE pg_catalog.timestamptz 3))",
                "A, \"A\", U&\"!0041\" UESCAPE '!', Größe ~ a A A größe",
                "a[1], a[1:2], (b).c, ($1).d, (e).* ~ (SUBSCRIPT a 1) (SUBSCRIPT a 1 2) (FIELD b c) (FIELD $1 d) (FIELD e *)",
                "time, date, int, row ~ time date int row",
                "left(a, 1), extract(year from a), trim(both from a), coalesce(a, 1), current_date ~ left(a 1) pg_catalog.extract(year: a) pg_catalog.trim(both from: a) pg_catalog.coalesce(a 1) pg_catalog.current_date()",
                "substring(a from 1 for 2), substring(a, 1) ~ pg_catalog.substring(from for: a 1 2) substring(a 1)",
                "f(a => 1, b := 2), g(VARIADIC c) ~ f((NAMED a 1) (NAMED b 2)) g(c)",
                "CASE a WHEN 1 THEN 2 ELSE 3 END ~ (CASE a 1 2 3)",
                "DISTINCT ON (a) b ~ a b",
            })
    void expressionsMeanWhatPostgresMeans(String sql, String tree) {
        assertEquals(tree, expression(sql));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '\0',
            value = {
                "SELECT * FROM ONLY t ~ (SELECT * (ONLY t))",
                "SELECT * FROM only(t) ~ (SELECT * (ONLY t))",
                "SELECT * FROM a JOIN b JOIN c ON x ON y ~ (SELECT * (INNER JOIN a (INNER JOIN b c x) y))",
                "SELECT * FROM a NATURAL LEFT JOIN b CROSS JOIN c ~ (SELECT * (CROSS JOIN (NATURAL LEFT JOIN a b) c))",
                "SELECT * FROM ((SELECT 1) a JOIN b USING (id)) x ~ (SELECT * (INNER JOIN (SUBQUERY (SELECT 1) a) b id x))",
                "SELECT * FROM ((SELECT 1)) x, f(1) y(a) ~ (SELECT * (SUBQUERY (SELECT 1) x) (FUNCTION_TABLE f(1) y a))",
                "SELECT * FROM json_table(a, '$' columns (b int, nested '$.x' columns (c int), d for ordinality)) j (x) ~ (SELECT * (FUNCTION_TABLE pg_catalog.json_table(table: a '$' '$.x') j x (COLUMN b (TYPE pg_catalog.int4)) (COLUMN d (TYPE pg_catalog.int4)) (COLUMN c (TYPE pg_catalog.int4))))",
                "SELECT * FROM xmltable('/r' PASSING a COLUMNS b int DEFAULT c) ~ (SELECT * (FUNCTION_TABLE pg_catalog.xmltable(table: '/r' a c) (COLUMN b (TYPE pg_catalog.int4))))",
                "SELECT 1 UNION SELECT 2 INTERSECT SELECT 3 EXCEPT SELECT 4 ~ (EXCEPT (UNION (SELECT 1) (INTERSECT (SELECT 2) (SELECT 3))) (SELECT 4))",
                "SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 ~ (UNION ALL (SELECT 1) (SELECT 2) (SELECT 3))",
                "SELECT 1 UNION ALL SELECT 2 UNION SELECT 3 ~ (UNION (UNION ALL (SELECT 1) (SELECT 2)) (SELECT 3))",
                "SELECT 1 EXCEPT SELECT 2 EXCEPT SELECT 3 ~ (EXCEPT (EXCEPT (SELECT 1) (SELECT 2)) (SELECT 3))",
                "TABLE t LIMIT 1 ~ (QUERY (SELECT * t) 1)",
                "SELECT FROM t ~ (SELECT t)",
                "WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a ~ (QUERY (WITH (CTE a (DELETE t (RETURNING *)))) (SELECT * a))",
                "INSERT INTO t VALUES (1, DEFAULT) ~ (INSERT t (VALUES [1 (DEFAULT )]))",
                "INSERT INTO t (a) SELECT 1 ~ (INSERT t (TARGET a) (SELECT 1))",
                "INSERT INTO t (SELECT 1) ~ (INSERT t (SELECT 1))",
                "INSERT INTO t DEFAULT VALUES ~ (INSERT t)",
                "UPDATE t SET set = 1 ~ (UPDATE t (SET (TARGET set) 1))",
                "UPDATE ONLY t x SET (a, b) = (1, 2) WHERE CURRENT OF c ~ (UPDATE (ONLY t x) (SET (TARGET a) (TARGET b) (ROW 1 2)) (CURRENT_OF c))",
                "DELETE FROM t USING u WHERE t.id = u.id ~ (DELETE t u (= t.id u.id))",
            })
    void statementsHaveTheirParts(String sql, String tree) {
        assertEquals(tree, TreeText.of(PgParser.parse(sql)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT a < b < c",
                "SELECT a BETWEEN 1 AND 2 BETWEEN 3 AND 4",
                "SELECT 1 year",
                "SELECT * EXCEPT (a) FROM t",
                "SELECT * REPLACE (a AS b) FROM t",
                "SELECT x FROM t MATCH_RECOGNIZE (PATTERN (a))",
                "SELECT a FROM TABLE(f(1))",
                "SELECT a FROM t FOR SYSTEM_TIME AS OF 1",
                "SELECT `a`",
                "SELECT [a]",
                "SELECT f(DISTINCT)",
                "SELECT 1 FROM t LIMIT 1, 2",
                "SELECT a FROM t QUALIFY true",
                "SELECT 1 1",
                "SELECT 'a' 'b'",
                "SELECT (SELECT 1, 2",
                "INSERT INTO t (a) b",
                "UPDATE t SET",
                "DELETE t",
                "SELECT a[]",
                "SELECT a AS",
                "SELECT CAST(a int)",
                "SELECT $",
                "SELECT $0",
                "SELECT a LIMIT 1 LIMIT 2",
                "SELECT $1abc",
                "SELECT x.",
                "MERGE INTO t USING u ON true",
                "CREATE TABLE t (a int)",
                "SELECT 1;",
                "",
                "SELECT a NEW b",
                "SELECT values(1)",
                "SELECT * FROM t OFFSET 1 OFFSET 2",
                "SELECT f(a) WITHIN DISTINCT (b)",
                "SELECT * FROM json_table(a, '$')",
                "SELECT * FROM json_table(a, '$' COLUMNS (b))",
                "SELECT json_table(a, '$' COLUMNS (b int))",
                "SELECT * FROM xmltable('/r' PASSING a)"
            })
    void whatPostgresRefusesOrTheGrammarDoesNotKnowIsRefused(String sql) {
        RuntimeException failure = assertThrows(RuntimeException.class, () -> PgParser.parse(sql));
        assertTrue(failure instanceof SqlParseFailure || failure instanceof PgErrorException, failure.toString());
    }

    @Test
    void aFailureNamesTheTokenAndItsPosition() {
        SqlParseFailure failure = assertThrows(SqlParseFailure.class, () -> PgParser.parse("SELECT 'é😀', FROM t"));
        assertEquals("syntax error at or near \"FROM\"", failure.error().message());
        assertEquals(14, failure.error().position());
        assertEquals(SqlState.SYNTAX_ERROR, failure.error().state());
        assertEquals(0, failure.getStackTrace().length);
    }

    @Test
    void everyNodeStandsWhereItsTextIs() {
        String sql =
                "/* é */ SELECT (a + b) * c AS d, f ( x , 1 ) , count(*) OVER (w), t . *  FROM s.t AS t JOIN u USING (id)"
                        + " WHERE ((a) = 1 OR b::int > 2) AND EXISTS ( SELECT 1 ) UNION (SELECT 2) ORDER BY a DESC , (b) LIMIT 5";
        List<String> texts = new ArrayList<>();
        PgParser.parse(sql).accept(new SqlBasicVisitor<Void>() {
            @Override
            public Void visit(SqlCall call) {
                SourceSpan span = SourceSpan.of(call);
                texts.add(sql.substring(span.start(), span.end()));
                return super.visit(call);
            }
        });
        for (String expected : List.of(
                "(a + b) * c",
                "a + b",
                "(a + b) * c AS d",
                "f ( x , 1 )",
                "count(*) OVER (w)",
                "s.t AS t JOIN u USING (id)",
                "s.t AS t",
                "(a) = 1 OR b::int > 2",
                "((a) = 1 OR b::int > 2) AND EXISTS ( SELECT 1 )",
                "b::int",
                "EXISTS ( SELECT 1 )",
                "SELECT 1",
                "SELECT 2",
                "a DESC",
                "(b)",
                sql.substring(sql.indexOf("SELECT"), sql.indexOf(" ORDER BY")),
                sql.substring(sql.indexOf("SELECT")))) {
            assertTrue(texts.contains(expected), expected + " not in " + texts);
        }
    }

    @Test
    void partsOfAStatementReadAgainAreTheSameTree() {
        String sql = "SELECT a + 1, (b || 'x') , CASE WHEN c THEN d END, e[1:2], NOT f IS NULL OR g IN (1, 2) FROM t";
        PgSelect select = (PgSelect) ((PgQuery) PgParser.parse(sql)).body();
        assertEquals(5, select.items().size());
        for (PgSelectItem item : select.items()) {
            SourceSpan span = SourceSpan.of(item);
            assertEquals(TreeText.of(item), expression(sql.substring(span.start(), span.end())));
        }
    }

    @Test
    void liftedLiteralsAreFoundInTheTree() {
        StatementTemplate template = StatementTemplate.of(
                        "SELECT 1; SELECT * FROM t WHERE id = 42 AND d > date '2024-01-01' AND e = -7")
                .get(1);
        List<Integer> found = new ArrayList<>();
        PgParser.parse(template).accept(new SqlBasicVisitor<Void>() {
            @Override
            public Void visit(org.apache.calcite.sql.SqlLiteral literal) {
                found.add(template.literalAt(SourceSpan.of(literal).start()));
                return null;
            }
        });
        assertEquals(List.of(0, 1, 2), found);
    }

    @Test
    void tenThousandOrsAreOneFlatNode() {
        PgQuery query = (PgQuery) PgParser.parse("SELECT 1 FROM t WHERE a = 1" + " OR a = 2".repeat(10_000));
        SqlCall where = (SqlCall) ((PgSelect) query.body()).where().orElseThrow();
        assertEquals(10_001, where.operandCount());
    }

    @Test
    void aHundredThousandRowsAreRead() {
        PgInsert insert = (PgInsert) PgParser.parse("INSERT INTO t VALUES (1, 'a')" + ", (2, 'b')".repeat(99_999));
        PgValues values = (PgValues) insert.source().orElseThrow().body();
        assertEquals(100_000, values.rows().size());
        PgQuery in = (PgQuery) PgParser.parse("SELECT 1 FROM t WHERE a IN (1" + ", 2".repeat(99_999) + ")");
        SqlCall where = (SqlCall) ((PgSelect) in.body()).where().orElseThrow();
        assertEquals(100_000, ((SqlNodeList) where.operand(1)).size());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            value = {
                "( ~ 1 ~ )",
                "(1 + ~ 1 ~ )",
                "f( ~ 1 ~ )",
                "(SELECT ~ 1 ~ )",
                "CASE WHEN a THEN ~ 1 ~ END",
                "a IN (SELECT ~ 1 ~ )",
                "NOT ~ a ~ ''",
                "a || ~ a ~ ''",
                "ARRAY(SELECT ~ 1 ~ )",
            })
    void aThousandLevelsAreReadAndAHundredThousandAreRefused(String open, String inner, String close) throws Exception {
        String end = close.equals("''") ? "" : close;
        assertInstanceOf(PgQuery.class, onStack(16 << 20, nested(1_000, open, inner, end)));
        for (int stack : new int[] {16 << 20, 512 << 10}) {
            SqlParseFailure failure =
                    assertInstanceOf(SqlParseFailure.class, onStack(stack, nested(100_000, open, inner, end)));
            assertEquals(SqlState.STATEMENT_TOO_COMPLEX, failure.error().state());
        }
    }

    private static String nested(int levels, String open, String inner, String close) {
        return "SELECT " + (open + " ").repeat(levels) + inner + (" " + close).repeat(levels);
    }

    /** What parsing on a thread with so large a stack gives: the tree or the failure. */
    private static Object onStack(long bytes, String sql) throws InterruptedException {
        Object[] result = new Object[1];
        Thread thread = new Thread(
                null,
                () -> {
                    try {
                        SqlNode tree = PgParser.parse(sql);
                        result[0] = tree;
                    } catch (SqlParseFailure failure) {
                        result[0] = failure;
                    }
                },
                "parser",
                bytes);
        thread.start();
        thread.join();
        return result[0];
    }
}
