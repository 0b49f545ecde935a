package io.ostraka.rules.sql;

import java.util.List;
import java.util.Optional;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/** CASE. */
public final class PgCase extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("CASE", SqlKind.CASE);

    private final Optional<SqlNode> operand;
    private final List<SqlNode> whens;
    private final List<SqlNode> thens;
    private final Optional<SqlNode> otherwise;

    PgCase(
            SqlParserPos pos,
            Optional<SqlNode> operand,
            List<SqlNode> whens,
            List<SqlNode> thens,
            Optional<SqlNode> otherwise) {
        super(pos, OPERATOR, operands(operand, whens, thens, otherwise));
        this.operand = operand;
        this.whens = List.copyOf(whens);
        this.thens = List.copyOf(thens);
        this.otherwise = otherwise;
    }

    public Optional<SqlNode> operand() {
        return operand;
    }

    public List<SqlNode> whens() {
        return whens;
    }

    public List<SqlNode> thens() {
        return thens;
    }

    public Optional<SqlNode> otherwise() {
        return otherwise;
    }
}
