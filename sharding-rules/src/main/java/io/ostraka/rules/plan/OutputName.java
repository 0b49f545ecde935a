package io.ostraka.rules.plan;

import io.ostraka.rules.sql.Lexer;
import io.ostraka.rules.sql.PgOperatorCall;
import io.ostraka.rules.sql.SourceSpan;
import io.ostraka.rules.sql.TokenKind;
import java.util.Optional;
import java.util.Set;
import org.apache.calcite.sql.SqlBinaryOperator;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlNode;

/** The names that the server gives to items without a label. Source: PostgreSQL's {@code FigureColname}. */
final class OutputName {
    /** That of an expression which has no other. */
    static final String NONE = "?column?";

    /** Names of types and functions that the grammar makes of words which are spelled otherwise. */
    private static final Set<String> UNSPELLED = Set.of(
            "int2",
            "int4",
            "int8",
            "float4",
            "float8",
            "bool",
            "bpchar",
            "varchar",
            "timestamptz",
            "timetz",
            "varbit",
            "numeric",
            "btrim",
            "ltrim",
            "rtrim",
            "timezone",
            "xmlconcat");

    private OutputName() {}

    /** Where it is simple; empty where it takes more to know. */
    static Optional<String> of(Expression item) {
        if (item instanceof Expression.Name name) {
            return Optional.of(name.last());
        }
        if (item instanceof Expression.Call call) {
            return Optional.of(call.last());
        }
        if (item instanceof Expression.Cast cast && cast.operand() instanceof Expression.Name name) {
            return Optional.of(name.last());
        }
        boolean isUnnamed = item instanceof Expression.Literal
                || item instanceof Expression.Parameter
                || item instanceof Expression.Comparison
                || item instanceof Expression.And
                || item instanceof Expression.Or
                || item instanceof Expression.IsNull
                || item instanceof Expression.Negation;
        return isUnnamed ? Optional.of(NONE) : Optional.empty();
    }

    /** Whether it is an operator's value, which has no name. */
    static boolean isOperator(SqlNode item) {
        return item instanceof PgOperatorCall
                || (item instanceof SqlCall call && call.getOperator() instanceof SqlBinaryOperator);
    }

    /** Whether an item whose name is not known, with this text, may have that name: it would have to come from a word of it. */
    static boolean mayBe(String name, String sql, SourceSpan item) {
        if (UNSPELLED.contains(name)) {
            return true;
        }
        Lexer lexer = new Lexer(sql, item.start(), item.end());
        for (TokenKind kind = lexer.next(); kind != TokenKind.END; kind = lexer.next()) {
            if (kind == TokenKind.UNICODE_IDENTIFIER
                    || (kind.isIdentifier() && lexer.name().equals(name))) {
                return true;
            }
        }
        return false;
    }

    static boolean hasParameter(String sql, SourceSpan span) {
        Lexer lexer = new Lexer(sql, span.start(), span.end());
        for (TokenKind kind = lexer.next(); kind != TokenKind.END; kind = lexer.next()) {
            if (kind == TokenKind.PARAMETER) {
                return true;
            }
        }
        return false;
    }
}
