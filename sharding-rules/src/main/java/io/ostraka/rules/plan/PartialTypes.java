package io.ostraka.rules.plan;

import io.ostraka.rules.sql.PgCase;
import io.ostraka.rules.sql.PgFunctionCall;
import io.ostraka.rules.sql.PgType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.type.SqlTypeName;

/**
 * Whether an expression is sure to be of a type whose average PostgreSQL computes as the sum, in the type of {@code sum()}, by
 * the count: integers, numeric, float8. Not float4, which it adds up in float8, and not intervals. Immutable.
 */
record PartialTypes(Function<SqlNode, Optional<Variable>> columns) {
    private static final Set<String> EXACT = Set.of("int2", "int4", "int8", "numeric");
    private static final Set<SqlKind> ARITHMETIC =
            Set.of(SqlKind.PLUS, SqlKind.MINUS, SqlKind.TIMES, SqlKind.DIVIDE, SqlKind.MOD, SqlKind.MINUS_PREFIX);

    private enum Kind {
        EXACT,
        FLOAT8,
        FLOAT4,
        /** Of the type of what stands beside it. */
        ANY,
        OTHER
    }

    boolean isAveragedByDivision(SqlNode expression) {
        Kind kind = kind(expression);
        return kind == Kind.EXACT || kind == Kind.FLOAT8;
    }

    /** Whether it is an integer or numeric. */
    boolean isExact(SqlNode expression) {
        return kind(expression) == Kind.EXACT;
    }

    boolean isFloat(SqlNode expression) {
        Kind kind = kind(expression);
        return kind == Kind.FLOAT8 || kind == Kind.FLOAT4;
    }

    private Kind kind(SqlNode node) {
        if (node instanceof SqlIdentifier) {
            return columns.apply(node).map(column -> kind(column.type())).orElse(Kind.OTHER);
        }
        if (node instanceof SqlLiteral literal) {
            boolean isNumber =
                    literal.getTypeName() == SqlTypeName.DECIMAL || literal.getTypeName() == SqlTypeName.DOUBLE;
            return isNumber ? Kind.EXACT : literal.getTypeName() == SqlTypeName.NULL ? Kind.ANY : Kind.OTHER;
        }
        if (node instanceof PgCase choice) {
            List<SqlNode> results = new ArrayList<>(choice.thens());
            choice.otherwise().ifPresent(results::add);
            return together(results);
        }
        if (node instanceof PgFunctionCall call) {
            List<String> name = call.name().names;
            return name.get(name.size() - 1).equals("coalesce") ? together(call.arguments()) : Kind.OTHER;
        }
        if (node.getKind() == SqlKind.CAST
                && node instanceof SqlCall cast
                && cast.operand(1) instanceof PgType type
                && type.arrayDimensions() == 0) {
            return kind(SyntaxReader.withoutSystemSchema(type.name().names));
        }
        return ARITHMETIC.contains(node.getKind()) ? together(((SqlCall) node).getOperandList()) : Kind.OTHER;
    }

    private static Kind kind(String type) {
        return switch (type) {
            case "float8" -> Kind.FLOAT8;
            case "float4" -> Kind.FLOAT4;
            default -> EXACT.contains(type) ? Kind.EXACT : Kind.OTHER;
        };
    }

    private Kind together(List<SqlNode> nodes) {
        Kind all = Kind.ANY;
        for (SqlNode node : nodes) {
            Kind kind = kind(node);
            if (kind == Kind.OTHER) {
                return Kind.OTHER;
            }
            // Of several types a float8 is what comes out, also of a float4 and a number that is not a float.
            boolean isWider = (all == Kind.FLOAT4 && kind == Kind.EXACT) || (all == Kind.EXACT && kind == Kind.FLOAT4);
            all = isWider ? Kind.FLOAT8 : (all == Kind.FLOAT8 || kind == Kind.ANY) ? all : kind;
        }
        return all;
    }
}
