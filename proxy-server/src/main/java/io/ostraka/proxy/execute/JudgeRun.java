package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.StatementKey;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.wire.BackendMessages;
import io.ostraka.proxy.wire.BackendMessages.Severity;
import io.ostraka.proxy.wire.ErrorFields;
import io.ostraka.proxy.wire.FieldReader;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.util.List;

/**
 * Has a shard parse a statement that is refused because it is not understood: if it is no SQL, PostgreSQL has the better error. Nothing is
 * executed. Confined to the session's event loop.
 */
public final class JudgeRun extends SharedRun {
    private final Backend judge;
    private final String sql;
    private final PgError refusal;

    /** {@code refusal} is told unless the shard finds the syntax of {@code sql} at fault, or anything if the proxy does, too. */
    public JudgeRun(Host host, Backend judge, String sql, PgError refusal) {
        super(host, List.of(judge));
        this.judge = judge;
        this.sql = sql;
        this.refusal = refusal;
    }

    @Override
    public void start() {
        judge.prepare(new StatementKey(sql, List.of(), List.of(), 0), false, Visibility.ROWS);
        judge.sendSync(Visibility.ROWS);
        judge.flush();
    }

    @Override
    int commands() {
        return 0;
    }

    @Override
    ByteBuf told(Backend backend, ByteBuf borrowed, int frame) {
        boolean isNoSql = refusal.state() == SqlState.SYNTAX_ERROR
                || ErrorFields.read(FieldReader.ofFrame(borrowed, frame))
                        .sqlState()
                        .equals(SqlState.SYNTAX_ERROR.code());
        if (isNoSql) {
            return borrowed.copy(frame, 1 + borrowed.getInt(frame + 1));
        }
        ByteBuf out = client().buffer();
        BackendMessages.error(out, Severity.ERROR, refusal, client().encoding());
        return out;
    }

    /** The server can read it; the proxy cannot. */
    @Override
    boolean goesOn() {
        fail(refusal);
        return true;
    }

    @Override
    void complete(long counted) {
        throw new IllegalStateException("what was refused is complete");
    }
}
