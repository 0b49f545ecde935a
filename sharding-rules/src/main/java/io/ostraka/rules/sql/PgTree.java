package io.ostraka.rules.sql;

import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.calcite.sql.SqlBasicCall;
import org.apache.calcite.sql.SqlDynamicParam;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.fun.SqlLibraryOperators;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParserPos;

/**
 * What the grammar's actions say in one line: builders of nodes, and questions about the tokens ahead. The generated code
 * has null for what is not there; this is where it becomes an {@link Optional}.
 */
final class PgTree implements PgGrammarConstants {
    private PgTree() {}

    // Positions

    static SqlParserPos pos(Token first, Token last) {
        return new SqlParserPos(1, first.beginColumn, 1, last.endColumn);
    }

    static SqlParserPos pos(SqlParserPos first, SqlParserPos last) {
        return new SqlParserPos(1, first.getColumnNum(), 1, last.getEndColumnNum());
    }

    static SqlParserPos posFrom(SqlNode first, Token last) {
        return new SqlParserPos(1, first.getParserPosition().getColumnNum(), 1, last.endColumn);
    }

    static <T> Optional<T> optional(T value) {
        return Optional.ofNullable(value);
    }

    static Optional<SqlNode> some(SqlNode node) {
        return Optional.of(node);
    }

    static Optional<SqlNode> none() {
        return Optional.empty();
    }

    static PgWith noWith() {
        return null;
    }

    // Names

    static SqlIdentifier identifier(Token token) {
        return new SqlIdentifier(token.image, pos(token, token));
    }

    static SqlIdentifier catalogName(String name, SqlParserPos pos) {
        return new SqlIdentifier(List.of("pg_catalog", name), pos);
    }

    static SqlIdentifier append(SqlIdentifier name, SqlIdentifier part) {
        List<String> names = new ArrayList<>(name.names);
        names.addAll(part.names);
        List<SqlParserPos> positions = new ArrayList<>(names.size());
        for (int i = 0; i < name.names.size(); i++) {
            positions.add(name.getComponentParserPosition(i));
        }
        positions.add(part.getParserPosition());
        return new SqlIdentifier(names, null, pos(name.getParserPosition(), part.getParserPosition()), positions);
    }

    /** {@code name.*}: an identifier whose last part is empty, as Calcite has it. */
    static SqlIdentifier star(SqlIdentifier name, Token star) {
        return append(name, new SqlIdentifier("", pos(star, star)));
    }

    // Constants

    static SqlNode number(Token token) {
        return SqlLiteral.createExactNumeric(TokenText.number(token.image).toPlainString(), pos(token, token));
    }

    /** The count that FETCH FIRST ROW implies; it stands where FIRST stands. */
    static SqlNode one(Token at) {
        return SqlLiteral.createExactNumeric("1", pos(at, at));
    }

    static SqlLiteral string(Token token) {
        return SqlLiteral.createCharString(token.image, pos(token, token));
    }

    static SqlNode bits(Token token) {
        String prefix = token.image.substring(0, 1).toLowerCase(Locale.ROOT);
        SqlNode text = SqlLiteral.createCharString(prefix + TokenText.string(token.image), pos(token, token));
        return new PgTypedLiteral(pos(token, token), type("bit", pos(token, token)), text);
    }

    static SqlNode national(Token token) {
        return new PgTypedLiteral(pos(token, token), type("bpchar", pos(token, token)), string(token));
    }

    private static PgType type(String name, SqlParserPos pos) {
        return new PgType(pos, catalogName(name, pos), List.of(), 0, false);
    }

    static SqlNode typed(SqlParserPos pos, SqlIdentifier name, List<SqlNode> modifiers, Token literal) {
        return new PgTypedLiteral(
                pos, new PgType(name.getParserPosition(), name, modifiers, 0, false), string(literal));
    }

    /** {@code $n}; Calcite counts parameters from 0. */
    static SqlNode parameter(Token token) {
        String digits = token.image.substring(1);
        // The wire protocol has no more than 65,535 of them.
        int number = digits.length() > 5 ? 0 : Integer.parseInt(digits);
        if (number < 1 || number > 65_535) {
            throw new SqlParseFailure(new PgError(SqlState.SYNTAX_ERROR, "there is no parameter " + token.image));
        }
        return new SqlDynamicParam(number - 1, pos(token, token));
    }

    static String floatName(SqlNode length) {
        return ((SqlLiteral) length).bigDecimalValue().intValue() <= 24 ? "float4" : "float8";
    }

    // Calls

    static SqlNode call(SqlOperator operator, SqlParserPos pos, List<? extends SqlNode> operands) {
        return new SqlBasicCall(operator, List.copyOf(operands), pos);
    }

    static SqlNode call(SqlOperator operator, SqlParserPos pos, SqlNode operand) {
        return new SqlBasicCall(operator, List.of(operand), pos);
    }

    static SqlNode binary(SqlParserPos pos, String schema, String symbol, SqlNode left, SqlNode right) {
        SqlOperator operator = schema.isEmpty() ? standardOperator(symbol) : null;
        return operator == null
                ? new PgOperatorCall(pos, schema, symbol, List.of(left, right))
                : new SqlBasicCall(operator, List.of(left, right), pos);
    }

    static SqlNode prefix(SqlParserPos pos, String schema, String symbol, SqlNode operand) {
        return new PgOperatorCall(pos, schema, symbol, List.of(operand));
    }

    private static SqlOperator standardOperator(String symbol) {
        return switch (symbol) {
            case "=" -> SqlStdOperatorTable.EQUALS;
            case "<>", "!=" -> SqlStdOperatorTable.NOT_EQUALS;
            case "<" -> SqlStdOperatorTable.LESS_THAN;
            case ">" -> SqlStdOperatorTable.GREATER_THAN;
            case "<=" -> SqlStdOperatorTable.LESS_THAN_OR_EQUAL;
            case ">=" -> SqlStdOperatorTable.GREATER_THAN_OR_EQUAL;
            case "+" -> SqlStdOperatorTable.PLUS;
            case "-" -> SqlStdOperatorTable.MINUS;
            case "*" -> SqlStdOperatorTable.MULTIPLY;
            case "/" -> SqlStdOperatorTable.DIVIDE;
            case "%" -> SqlStdOperatorTable.PERCENT_REMAINDER;
            default -> null;
        };
    }

    static SqlOperator between(boolean not, boolean symmetric) {
        if (symmetric) {
            return not ? SqlStdOperatorTable.SYMMETRIC_NOT_BETWEEN : SqlStdOperatorTable.SYMMETRIC_BETWEEN;
        }
        return not ? SqlStdOperatorTable.NOT_BETWEEN : SqlStdOperatorTable.BETWEEN;
    }

    static SqlOperator like(boolean anyCase, boolean not) {
        if (anyCase) {
            return not ? SqlLibraryOperators.NOT_ILIKE : SqlLibraryOperators.ILIKE;
        }
        return not ? SqlStdOperatorTable.NOT_LIKE : SqlStdOperatorTable.LIKE;
    }

    static PgFunctionCall function(
            SqlParserPos pos,
            SqlIdentifier name,
            List<SqlNode> arguments,
            boolean star,
            boolean distinct,
            boolean variadic,
            List<PgOrderItem> orderBy) {
        return new PgFunctionCall(
                pos,
                name,
                arguments,
                star,
                distinct,
                variadic,
                orderBy,
                List.of(),
                Optional.empty(),
                Optional.empty(),
                "");
    }

    static PgFunctionCall aggregate(
            SqlParserPos pos, PgFunctionCall call, List<PgOrderItem> withinGroup, SqlNode filter, PgWindow over) {
        if (withinGroup.isEmpty() && filter == null && over == null) {
            return call;
        }
        return new PgFunctionCall(
                pos,
                call.name(),
                call.arguments(),
                call.star(),
                call.distinct(),
                call.variadic(),
                call.orderBy(),
                withinGroup,
                optional(filter),
                optional(over),
                call.syntax());
    }

    /**
     * A function with syntax of its own. SUBSTRING and OVERLAY with commas are calls of whatever function of that name the
     * search path finds first; all else is PostgreSQL's own.
     */
    static PgFunctionCall special(SqlParserPos pos, Token word, List<SqlNode> arguments, String syntax) {
        boolean plain = syntax.isEmpty() && (word.kind == SUBSTRING || word.kind == OVERLAY);
        SqlIdentifier function = plain ? identifier(word) : catalogName(word.image, pos(word, word));
        return new PgFunctionCall(
                pos,
                function,
                arguments,
                false,
                false,
                false,
                List.of(),
                List.of(),
                Optional.empty(),
                Optional.empty(),
                syntax);
    }

    /** The column {@code name FOR ORDINALITY} of a table made of a document. */
    static PgColumnDefinition ordinality(SqlParserPos pos, SqlIdentifier name) {
        return new PgColumnDefinition(pos, name, type("int4", pos));
    }

    static PgWindow namedWindow(SqlIdentifier name) {
        return new PgWindow(
                name.getParserPosition(), Optional.of(name), Optional.empty(), List.of(), List.of(), List.of(), "");
    }

    // Queries and tables

    /** The query itself when nothing stands around it but parentheses. */
    static PgQuery query(
            SqlParserPos pos,
            PgWith with,
            SqlNode body,
            List<PgOrderItem> orderBy,
            SqlNode limit,
            boolean withTies,
            SqlNode offset,
            List<PgLocking> locking) {
        return new PgQuery(pos, optional(with), body, orderBy, optional(limit), withTies, optional(offset), locking);
    }

    static SqlNode selectAll(SqlParserPos pos, PgTable table) {
        PgSelectItem star = item(pos, SqlIdentifier.star(pos), null);
        return new PgSelect(
                pos,
                false,
                List.of(),
                List.of(star),
                Optional.empty(),
                List.of(table),
                Optional.empty(),
                false,
                List.of(),
                Optional.empty(),
                List.of());
    }

    static PgSelectItem item(SqlParserPos pos, SqlNode expression, SqlIdentifier label) {
        return new PgSelectItem(pos, expression, optional(label));
    }

    static PgOrderItem order(SqlParserPos pos, SqlNode e, boolean descending, Boolean nullsFirst, String[] using) {
        Optional<String> operator = using == null
                ? Optional.empty()
                : Optional.of(using[0].isEmpty() ? using[1] : using[0] + "." + using[1]);
        return new PgOrderItem(pos, e, descending, optional(nullsFirst), operator);
    }

    static PgTable table(SqlParserPos pos, SqlIdentifier name, boolean only) {
        return new PgTable(pos, name, only, Optional.empty(), List.of(), List.of());
    }

    static PgTable target(SqlParserPos pos, SqlIdentifier name, boolean only, SqlIdentifier alias) {
        return new PgTable(pos, name, only, optional(alias), List.of(), List.of());
    }

    static PgJoin join(
            SqlParserPos pos,
            PgJoin.Type type,
            SqlNode left,
            SqlNode right,
            boolean natural,
            SqlNode on,
            List<SqlIdentifier> using,
            SqlIdentifier usingAlias) {
        return new PgJoin(
                pos,
                type,
                left,
                right,
                natural,
                optional(on),
                using == null ? List.of() : using,
                optional(usingAlias),
                Optional.empty(),
                List.of());
    }

    // Tokens ahead

    static boolean startsQuery(Token token) {
        return token.kind == SELECT || token.kind == VALUES || token.kind == WITH || token.kind == TABLE;
    }

    /** The same where an expression may stand too: VALUES may be a column's name. */
    static boolean startsQuery(Token token, Token next) {
        return startsQuery(token) && (token.kind != VALUES || next.kind == LPAREN);
    }

    /** What can follow a query in parentheses and make it an arm, or the body, of a larger one. */
    static boolean continuesQuery(Token token) {
        return switch (token.kind) {
            case UNION, INTERSECT, EXCEPT, ORDER, LIMIT, OFFSET, FETCH, FOR -> true;
            default -> false;
        };
    }

    /** What can follow a query's ORDER BY. */
    static boolean endsQuery(Token token) {
        return token.kind == LIMIT || token.kind == OFFSET || token.kind == FETCH || token.kind == FOR;
    }

    static boolean endsSelectList(Token token) {
        return switch (token.kind) {
            case EOF, SEMICOLON, RPAREN, INTO, FROM, WHERE, GROUP, HAVING, WINDOW, ON, RETURNING -> true;
            default -> continuesQuery(token);
        };
    }

    static boolean startsJoin(Token token) {
        return switch (token.kind) {
            case CROSS, NATURAL, JOIN, INNER, LEFT, RIGHT, FULL -> true;
            default -> false;
        };
    }

    static boolean startsQuantifier(Token token) {
        return token.kind == ANY || token.kind == SOME || token.kind == ALL;
    }

    /** Behind {@code OPERATOR (}: an operator, or a schema with a dot. Else it is a function of that name. */
    static boolean isOperatorReference(Token token, Token next) {
        return !PgTokenSource.isLabel(token) || next.kind == DOT;
    }

    static boolean startsStandardType(Token token) {
        return switch (token.kind) {
            case INT,
                    INTEGER,
                    SMALLINT,
                    BIGINT,
                    REAL,
                    BOOLEAN,
                    FLOAT,
                    DECIMAL,
                    DEC,
                    NUMERIC,
                    JSON,
                    BIT,
                    CHARACTER,
                    CHAR,
                    NATIONAL,
                    NCHAR,
                    VARCHAR,
                    TIMESTAMP,
                    TIME,
                    INTERVAL -> true;
            case DOUBLE -> true;
            default -> false;
        };
    }

    static boolean isIntervalField(Token token) {
        return switch (token.kind) {
            case YEAR, MONTH, DAY, HOUR, MINUTE, SECOND -> true;
            default -> false;
        };
    }

    /** A standard type in front of a string, rather than a column of that name. */
    static boolean startsTypedLiteral(Token token, Token next, Token third) {
        if (!startsStandardType(token)) {
            return false;
        }
        return switch (next.kind) {
            case QUOTED_STRING, LPAREN, VARYING -> true;
            case PRECISION -> token.kind == DOUBLE;
            case CHARACTER, CHAR -> token.kind == NATIONAL;
            case WITH, WITHOUT -> (token.kind == TIME || token.kind == TIMESTAMP) && third.kind == TIME;
            default -> false;
        };
    }

    static boolean startsSpecialFunction(Token token, Token next) {
        return switch (token.kind) {
            case CURRENT_DATE,
                    CURRENT_ROLE,
                    CURRENT_USER,
                    SESSION_USER,
                    SYSTEM_USER,
                    USER,
                    CURRENT_CATALOG,
                    CURRENT_TIME,
                    CURRENT_TIMESTAMP,
                    LOCALTIME,
                    LOCALTIMESTAMP,
                    CAST -> true;
            case CURRENT_SCHEMA -> next.kind != LPAREN;
            case COLLATION -> next.kind == FOR;
            case TREAT,
                    COALESCE,
                    GREATEST,
                    LEAST,
                    GROUPING,
                    NULLIF,
                    EXTRACT,
                    NORMALIZE,
                    POSITION,
                    TRIM,
                    SUBSTRING,
                    OVERLAY,
                    MERGE_ACTION -> next.kind == LPAREN;
            default -> false;
        };
    }

    /** What may follow IS JSON. VALUE there is never that of {@code key VALUE value}, as in PostgreSQL. */
    static boolean isJsonKind(Token token) {
        return token.kind == VALUE || token.kind == ARRAY || token.kind == OBJECT || token.kind == SCALAR;
    }

    static boolean startsJsonOrXml(Token token, Token next) {
        return next.kind == LPAREN
                && switch (token.kind) {
                    case JSON,
                            JSON_OBJECT,
                            JSON_ARRAY,
                            JSON_SCALAR,
                            JSON_SERIALIZE,
                            JSON_QUERY,
                            JSON_EXISTS,
                            JSON_VALUE,
                            JSON_OBJECTAGG,
                            JSON_ARRAYAGG,
                            XMLCONCAT,
                            XMLFOREST,
                            XMLELEMENT,
                            XMLPI,
                            XMLPARSE,
                            XMLROOT,
                            XMLSERIALIZE,
                            XMLEXISTS -> true;
                    default -> false;
                };
    }

    /** What may follow the values in a JSON function, or be all there is. */
    static boolean startsJsonClause(Token token, Token next) {
        return switch (token.kind) {
            case RETURNING, PASSING, DEFAULT_, WITH, WITHOUT, ORDER -> true;
            case FORMAT -> next.kind == JSON;
            case NULL, ABSENT, ERROR, TRUE, FALSE, UNKNOWN -> next.kind == ON;
            case EMPTY -> next.kind == ON || next.kind == ARRAY || next.kind == OBJECT;
            case KEEP, OMIT -> next.kind == QUOTES;
            default -> false;
        };
    }

    /** JSON_TABLE or XMLTABLE. */
    static boolean startsDocumentTable(Token token, Token next) {
        return (token.kind == JSON_TABLE || token.kind == XMLTABLE) && next.kind == LPAREN;
    }

    /** What ends a column of JSON_TABLE or XMLTABLE. */
    static boolean endsColumn(Token token) {
        return token.kind == COMMA || token.kind == RPAREN;
    }

    static boolean startsTableFunction(Token token, Token next) {
        return (token.kind == ROWS && next.kind == FROM)
                || startsSpecialFunction(token, next)
                || startsJsonOrXml(token, next);
    }

    /** Whether a name that starts with this token can be a function's: simple names may not be of certain keywords. */
    static boolean mayBeFunction(Token first, SqlIdentifier name) {
        return name.names.size() > 1 || PgTokenSource.isFunctionName(first);
    }

    static boolean mayBeTableFunction(Token first, PgTable table, Token last) {
        return !table.only() && last.kind != STAR && mayBeFunction(first, table.name());
    }

    /** {@code numeric(10,2) '1.5'}: what was read as a call may turn out to be a type. */
    static boolean mayBeModifiers(PgFunctionCall call) {
        return !call.star()
                && !call.distinct()
                && !call.variadic()
                && !call.arguments().isEmpty()
                && call.orderBy().isEmpty();
    }

    static boolean namesWindow(Token token) {
        return PgTokenSource.isColumnName(token)
                && token.kind != PARTITION
                && token.kind != RANGE
                && token.kind != ROWS
                && token.kind != GROUPS;
    }

    static boolean isPersistence(Token token, Token next) {
        boolean scoped = (token.kind == LOCAL || token.kind == GLOBAL) && (next.kind == TEMP || next.kind == TEMPORARY);
        return scoped
                || ((token.kind == TEMP || token.kind == TEMPORARY || token.kind == UNLOGGED)
                        && next.kind != DOT
                        && next.kind != FROM
                        && next.kind != EOF);
    }

    static boolean isArgumentWord(Token token) {
        return switch (token.kind) {
            case FROM, FOR, PLACING, SIMILAR, ESCAPE -> true;
            default -> false;
        };
    }

    /** The orders of words that SUBSTRING and OVERLAY know; none at all are plain arguments. */
    static boolean isWordedSyntax(Token function, String words) {
        boolean substring = function.kind == SUBSTRING;
        return switch (words) {
            case "" -> true;
            case " from for", " for from", " from", " for", " similar escape" -> substring;
            case " placing from for", " placing from" -> !substring;
            default -> false;
        };
    }
}
