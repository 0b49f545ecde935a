package io.ostraka.rules.sql;

import java.util.List;
import java.util.Optional;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/** A window: in OVER, or by name in a WINDOW clause. */
public final class PgWindow extends PgNode {
    private static final PgOperator OPERATOR = new PgOperator("WINDOW", SqlKind.WINDOW);

    private final Optional<SqlIdentifier> name;
    private final Optional<SqlIdentifier> base;
    private final List<SqlNode> partitionBy;
    private final List<PgOrderItem> orderBy;
    private final List<SqlNode> frameOffsets;
    private final String frame;

    PgWindow(
            SqlParserPos pos,
            Optional<SqlIdentifier> name,
            Optional<SqlIdentifier> base,
            List<SqlNode> partitionBy,
            List<PgOrderItem> orderBy,
            List<SqlNode> frameOffsets,
            String frame) {
        super(pos, OPERATOR, operands(name, base, partitionBy, orderBy, frameOffsets));
        this.name = name;
        this.base = base;
        this.partitionBy = List.copyOf(partitionBy);
        this.orderBy = List.copyOf(orderBy);
        this.frameOffsets = List.copyOf(frameOffsets);
        this.frame = frame;
    }

    /** In a WINDOW clause what is defined; in OVER what is referred to, without parentheses. */
    public Optional<SqlIdentifier> name() {
        return name;
    }

    /** The window this one copies. */
    public Optional<SqlIdentifier> base() {
        return base;
    }

    public List<SqlNode> partitionBy() {
        return partitionBy;
    }

    public List<PgOrderItem> orderBy() {
        return orderBy;
    }

    public List<SqlNode> frameOffsets() {
        return frameOffsets;
    }

    /** The frame clause's words in lower case, an offset as {@code ?}; empty without one. */
    public String frame() {
        return frame;
    }
}
