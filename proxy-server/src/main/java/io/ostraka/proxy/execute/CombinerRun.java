package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.StatementKey;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.wire.BackendMessages;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.proxy.wire.BindView;
import io.ostraka.proxy.wire.RowShape;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.util.List;

/**
 * One step of a cursor or portal that the combiner has: it is made there, or gives some of its rows. The client gets the rows and
 * the tag as they come; columns are told as its own statement has them. Confined to the session's event loop.
 */
public final class CombinerRun extends SharedRun {
    private final Backend combiner;
    private final byte[] columns;
    private final Step step;
    private final Around around;
    private boolean suspended;

    /** What is asked of the combiner. */
    public sealed interface Step {}

    /** DECLARE, FETCH or MOVE. */
    public record Command(String sql) implements Step {}

    /** FETCH or MOVE whose rows come in these formats. */
    public record Fetch(StatementKey statement, List<Short> formats) implements Step {
        public Fetch {
            formats = List.copyOf(formats);
        }
    }

    /** A portal is bound with the client's values, and the first rows are fetched. */
    public record First(StatementKey statement, BindView bind, String portal, int maxRows) implements Step {}

    /** More of its rows; all that are left for 0. */
    public record Next(String portal, int maxRows) implements Step {}

    /** What is said before and after the step, unseen by the client. */
    public record Around(List<String> before, List<String> after) {
        public static final Around NOTHING = new Around(List.of(), List.of());

        public Around {
            before = List.copyOf(before);
            after = List.copyOf(after);
        }
    }

    /** {@code columns} is the RowDescription that the client gets in front of a command's rows. */
    public CombinerRun(Host host, Backend combiner, byte[] columns, Step step, Around around) {
        super(host, List.of(combiner));
        this.combiner = combiner;
        this.columns = columns.clone();
        this.step = step;
        this.around = around;
    }

    /** Whether rows are left. */
    public boolean isSuspended() {
        return suspended;
    }

    @Override
    public void start() {
        around.before().forEach(statement -> combiner.sendQuery(statement, Visibility.NONE));
        if (step instanceof Command command) {
            combiner.sendQuery(command.sql(), Visibility.ROWS);
        } else if (step instanceof Fetch fetch) {
            short[] formats = new short[fetch.formats().size()];
            for (int i = 0; i < formats.length; i++) {
                formats[i] = fetch.formats().get(i);
            }
            byte[] name = combiner.prepare(fetch.statement(), false, Visibility.NONE);
            combiner.sendBind(name, formats, Visibility.NONE);
            execute("", 0);
        } else if (step instanceof First first) {
            byte[] name = combiner.prepare(first.statement(), false, Visibility.NONE);
            combiner.sendBind(first.bind(), name, first.portal(), Visibility.NONE);
            execute(first.portal(), first.maxRows());
        } else if (step instanceof Next next) {
            execute(next.portal(), next.maxRows());
        }
        around.after().forEach(statement -> combiner.sendQuery(statement, Visibility.NONE));
        combiner.flush();
    }

    private void execute(String portal, int maxRows) {
        combiner.sendExecute(portal, maxRows, Visibility.ROWS);
        combiner.sendSync(Visibility.NONE);
    }

    @Override
    public void onRowDescription(Backend backend, ByteBuf borrowed, int frame) {
        if (isOver() || !(step instanceof Command)) {
            return;
        }
        ByteBuf told = client().buffer().writeBytes(columns);
        if (RowShape.read(told, told.readerIndex()).isOfSameTypes(RowShape.read(borrowed, frame))) {
            client().write(told);
        } else {
            told.release();
            fail(new PgError(SqlState.INTERNAL_ERROR, "the combiner describes the columns of the result differently"));
        }
    }

    @Override
    void onSuspended(Backend backend) {
        suspended = true;
    }

    @Override
    void complete(long counted) {
        if (suspended) {
            ByteBuf out = client().buffer();
            BackendMessages.empty(out, BackendTag.PORTAL_SUSPENDED);
            client().write(out);
        } else {
            finish(tag());
        }
    }
}
