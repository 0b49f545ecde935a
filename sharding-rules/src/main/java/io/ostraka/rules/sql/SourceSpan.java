package io.ostraka.rules.sql;

import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/**
 * Where a node stands: chars {@code [start, end)} of the text the parser read. The parser numbers chars, not lines and
 * columns: every position is on line 1, and its columns count chars of the text from 1.
 */
public record SourceSpan(int start, int end) {
    public static SourceSpan of(SqlNode node) {
        SqlParserPos pos = node.getParserPosition();
        return new SourceSpan(pos.getColumnNum() - 1, pos.getEndColumnNum());
    }

    static SqlParserPos pos(int start, int end) {
        return new SqlParserPos(1, start + 1, 1, end);
    }
}
