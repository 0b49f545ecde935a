package io.ostraka.it.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.rules.sql.Lexer;
import io.ostraka.rules.sql.PgArray;
import io.ostraka.rules.sql.PgAssignment;
import io.ostraka.rules.sql.PgColumnDefinition;
import io.ostraka.rules.sql.PgCte;
import io.ostraka.rules.sql.PgCurrentOf;
import io.ostraka.rules.sql.PgDelete;
import io.ostraka.rules.sql.PgFunctionCall;
import io.ostraka.rules.sql.PgFunctionTable;
import io.ostraka.rules.sql.PgGroupingSet;
import io.ostraka.rules.sql.PgInsert;
import io.ostraka.rules.sql.PgJoin;
import io.ostraka.rules.sql.PgLocking;
import io.ostraka.rules.sql.PgMerge;
import io.ostraka.rules.sql.PgMergeWhen;
import io.ostraka.rules.sql.PgNamedArgument;
import io.ostraka.rules.sql.PgOnConflict;
import io.ostraka.rules.sql.PgOrderItem;
import io.ostraka.rules.sql.PgParser;
import io.ostraka.rules.sql.PgQuery;
import io.ostraka.rules.sql.PgReturning;
import io.ostraka.rules.sql.PgSelect;
import io.ostraka.rules.sql.PgSelectItem;
import io.ostraka.rules.sql.PgSetOperation;
import io.ostraka.rules.sql.PgSubqueryTable;
import io.ostraka.rules.sql.PgTable;
import io.ostraka.rules.sql.PgTarget;
import io.ostraka.rules.sql.PgType;
import io.ostraka.rules.sql.PgTypedLiteral;
import io.ostraka.rules.sql.PgUpdate;
import io.ostraka.rules.sql.PgValues;
import io.ostraka.rules.sql.PgWindow;
import io.ostraka.rules.sql.PgWith;
import io.ostraka.rules.sql.SourceSpan;
import io.ostraka.rules.sql.SqlParseFailure;
import io.ostraka.rules.sql.TokenKind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.junit.jupiter.api.Test;

/**
 * Every node stands where its text is, to the character: over all corpora, the text of a node read by itself is the same
 * node again, and a statement with parentheses put around the text of an expression is the same statement.
 */
class SourcePositionTest {
    private static List<String> statements() throws IOException {
        List<String> statements = new ArrayList<>();
        for (String name : Corpus.BUNDLED) {
            statements.addAll(Corpus.bundled(name).statements());
        }
        statements.addAll(Corpus.resource("statements.sql").statements());
        return statements;
    }

    /** The node with what stands directly above it, and so on downwards. */
    private static void walk(SqlNode parent, SqlNode node, BiConsumer<SqlNode, SqlNode> visitor) {
        visitor.accept(parent, node);
        if (node instanceof PgTypedLiteral) {
            // B'1' is one token, and its type has no text of its own.
            return;
        }
        List<SqlNode> below = node instanceof SqlNodeList list
                ? list.getList()
                : node instanceof SqlCall call ? call.getOperandList() : List.of();
        below.forEach(child -> walk(node, child, visitor));
    }

    private static String text(String sql, SqlNode node) {
        SourceSpan span = SourceSpan.of(node);
        return sql.substring(span.start(), span.end());
    }

    @Test
    void theTextOfANodeReadByItselfIsThatNode() throws IOException {
        int[] checked = new int[1];
        for (String sql : statements()) {
            SqlNode root = PgParser.parse(sql);
            walk(root, root, (parent, node) -> {
                SourceSpan outer = SourceSpan.of(parent);
                SourceSpan span = SourceSpan.of(node);
                assertTrue(
                        outer.start() <= span.start() && span.start() < span.end() && span.end() <= outer.end(),
                        () -> node.getClass() + " " + span + " in " + outer + ": " + sql);
                String read = read(parent, node, sql);
                if (!read.isEmpty()) {
                    checked[0]++;
                    assertEquals(TreeDump.of(node), read, () -> text(sql, node) + "\n in " + sql);
                }
            });
        }
        assertTrue(checked[0] > 8_000, checked[0] + " nodes");
    }

    private static PgSelect select(String sql) {
        return (PgSelect) ((PgQuery) PgParser.parse(sql)).body();
    }

    /** The dump of what a node's text is where such a node may stand; empty when it cannot stand alone. */
    private static String read(SqlNode parent, SqlNode node, String sql) {
        String text = text(sql, node);
        try {
            if (node instanceof SqlIdentifier name) {
                return isImplied(parent, name) ? "" : names(text);
            }
            SqlNode again = readCall(parent, node, text);
            return again == PARTLESS ? "" : TreeDump.of(again);
        } catch (RuntimeException unread) {
            throw new AssertionError(text + "\n of " + node.getClass() + " in " + sql, unread);
        }
    }

    private static final SqlNode PARTLESS = SqlIdentifier.star(org.apache.calcite.sql.parser.SqlParserPos.ZERO);

    /** Names that the grammar adds: PostgreSQL's own for {@code int} or COALESCE, the star of TABLE. */
    private static boolean isImplied(SqlNode parent, SqlIdentifier name) {
        return (name.names.size() == 2 && name.names.get(0).equals("pg_catalog"))
                || (name.isStar() && SourceSpan.of(parent).equals(SourceSpan.of(name)));
    }

    private static String names(String text) {
        List<String> names = new ArrayList<>();
        Lexer lexer = new Lexer(text);
        while (lexer.next() != TokenKind.END) {
            if (lexer.kind() == TokenKind.UNICODE_IDENTIFIER) {
                return TreeDump.of(select("SELECT " + text).items().get(0).expression());
            }
            if (lexer.kind() != TokenKind.DOT) {
                names.add(lexer.kind() == TokenKind.STAR ? "" : lexer.name());
            }
        }
        return names.toString();
    }

    private static SqlNode readCall(SqlNode parent, SqlNode node, String text) {
        if (node instanceof PgQuery
                || node instanceof PgInsert
                || node instanceof PgUpdate
                || node instanceof PgDelete
                || node instanceof PgMerge) {
            return PgParser.parse(text);
        } else if (node instanceof PgSelect || node instanceof PgValues || node instanceof PgSetOperation) {
            return ((PgQuery) PgParser.parse(text)).body();
        } else if (node instanceof PgTable
                || node instanceof PgJoin
                || node instanceof PgSubqueryTable
                || node instanceof PgFunctionTable) {
            return select("SELECT FROM " + text).from().get(0);
        } else if (node instanceof PgSelectItem) {
            return parent instanceof PgSelect select && SourceSpan.of(select).equals(SourceSpan.of(node))
                    ? PARTLESS
                    : select("SELECT " + text).items().get(0);
        } else if (node instanceof PgWith) {
            return ((PgQuery) PgParser.parse(text + " SELECT")).with().orElseThrow();
        } else if (node instanceof PgCte) {
            return ((PgQuery) PgParser.parse("WITH " + text + " SELECT"))
                    .with()
                    .orElseThrow()
                    .ctes()
                    .get(0);
        } else if (node instanceof PgOrderItem) {
            return ((PgQuery) PgParser.parse("SELECT ORDER BY " + text))
                    .orderBy()
                    .get(0);
        } else if (node instanceof PgLocking) {
            return ((PgQuery) PgParser.parse("SELECT " + text)).locking().get(0);
        } else if (node instanceof PgGroupingSet) {
            return select("SELECT GROUP BY " + text).groupBy().get(0);
        } else if (node instanceof PgWindow) {
            return parent instanceof PgSelect
                    ? select("SELECT WINDOW " + text).windows().get(0)
                    : ((PgFunctionCall) expression("f() OVER " + text)).over().orElseThrow();
        }
        return readPart(parent, node, text);
    }

    private static SqlNode readPart(SqlNode parent, SqlNode node, String text) {
        if (node instanceof PgReturning) {
            return ((PgDelete) PgParser.parse("DELETE FROM t " + text))
                    .returning()
                    .orElseThrow();
        } else if (node instanceof PgOnConflict) {
            return ((PgInsert) PgParser.parse("INSERT INTO t DEFAULT VALUES " + text))
                    .onConflict()
                    .orElseThrow();
        } else if (node instanceof PgAssignment) {
            return ((PgUpdate) PgParser.parse("UPDATE t SET " + text))
                    .assignments()
                    .get(0);
        } else if (node instanceof PgTarget) {
            return ((PgInsert) PgParser.parse("INSERT INTO t (" + text + ") SELECT"))
                    .columns()
                    .get(0);
        } else if (node instanceof PgMergeWhen) {
            return ((PgMerge) PgParser.parse("MERGE INTO t USING u ON true " + text))
                    .whens()
                    .get(0);
        } else if (node instanceof PgCurrentOf) {
            return ((PgDelete) PgParser.parse("DELETE FROM t WHERE " + text))
                    .where()
                    .orElseThrow();
        } else if (node instanceof PgNamedArgument) {
            return ((PgFunctionCall) expression("f(" + text + ")")).arguments().get(0);
        } else if (node instanceof PgColumnDefinition) {
            return text.contains("ORDINALITY") || text.contains("ordinality") || isDocument(parent)
                    ? PARTLESS
                    : ((PgFunctionTable) select("SELECT FROM f() AS (" + text + ")")
                                    .from()
                                    .get(0))
                            .columnDefinitions()
                            .get(0);
        } else if (node instanceof PgType type) {
            return type.setof() || SourceSpan.of(parent).equals(SourceSpan.of(node))
                    ? PARTLESS
                    : ((SqlCall) expression("a::" + text)).operand(1);
        } else if (node instanceof SqlNodeList) {
            return parent.getKind() == SqlKind.IN || parent.getKind() == SqlKind.NOT_IN
                    ? ((SqlCall) expression("a IN " + text)).operand(1)
                    : PARTLESS;
        } else if (node instanceof PgArray) {
            return expression(text.startsWith("[") ? "ARRAY " + text : text);
        } else if (parent instanceof PgFunctionTable table && isDocument(table)) {
            return PARTLESS;
        }
        // FETCH FIRST ROW stands for a count of one.
        return text.equalsIgnoreCase("first") || text.equalsIgnoreCase("next") ? PARTLESS : expression(text);
    }

    private static boolean isDocument(SqlNode parent) {
        return parent instanceof PgFunctionTable table
                && table.functions().get(0) instanceof PgFunctionCall call
                && call.syntax().equals("table");
    }

    private static SqlNode expression(String text) {
        return select("SELECT " + text).items().get(0).expression();
    }

    @Test
    void parenthesesAroundTheTextOfAnExpressionChangeNothing() throws IOException {
        int[] spliced = new int[1];
        for (String sql : statements()) {
            SqlNode root = PgParser.parse(sql);
            String whole = TreeDump.of(root);
            walk(root, root, (parent, node) -> {
                if (takesParentheses(parent, node)) {
                    SourceSpan span = SourceSpan.of(node);
                    String changed = sql.substring(0, span.start())
                            + "(" + sql.substring(span.start(), span.end()) + ")"
                            + sql.substring(span.end());
                    assertEquals(whole, dump(changed), changed);
                    spliced[0]++;
                }
            });
        }
        assertTrue(spliced[0] > 2_000, spliced[0] + " expressions");
    }

    private static String dump(String sql) {
        try {
            return TreeDump.of(PgParser.parse(sql));
        } catch (SqlParseFailure unread) {
            return unread.getMessage();
        }
    }

    /** Whether a node stands where the grammar has an expression, and not a name or a constant that looks like one. */
    private static boolean takesParentheses(SqlNode parent, SqlNode node) {
        boolean operand =
                switch (parent.getKind()) {
                    case AND,
                            OR,
                            NOT,
                            EQUALS,
                            NOT_EQUALS,
                            LESS_THAN,
                            GREATER_THAN,
                            LESS_THAN_OR_EQUAL,
                            GREATER_THAN_OR_EQUAL,
                            PLUS,
                            MINUS,
                            TIMES,
                            DIVIDE,
                            MOD,
                            BETWEEN,
                            LIKE,
                            SIMILAR,
                            IS_NULL,
                            IS_NOT_NULL,
                            IS_TRUE,
                            IS_FALSE,
                            MINUS_PREFIX,
                            CAST,
                            IN,
                            NOT_IN -> true;
                    default ->
                        (parent instanceof PgSelectItem item && item.expression() == node)
                                || (parent instanceof PgSelect select
                                        && select.where().filter(node::equals).isPresent());
                };
        boolean star = node instanceof SqlIdentifier name && name.isStar();
        return operand
                && !star
                && !(node instanceof PgType)
                && !(node instanceof SqlNodeList)
                && !(node instanceof PgQuery)
                && node.getKind() != SqlKind.DEFAULT;
    }
}
