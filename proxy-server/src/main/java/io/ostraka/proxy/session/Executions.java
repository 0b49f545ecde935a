package io.ostraka.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.proxy.wire.FieldReader;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.CursorCommand;
import io.ostraka.rules.plan.Plan;
import java.util.List;
import java.util.Optional;

/**
 * COPY, EXPLAIN, PREPARE, CREATE TABLE AS and the commands of cursors over several shards in the extended protocol. A shard parses and binds them and so judges
 * them; to execute them is a run of the session's, as in the simple protocol. Confined to the session's event loop.
 */
final class Executions {
    /** In RowDescription, behind a column's name and before its format. */
    private static final int BEFORE_FORMAT = 3 * Integer.BYTES + 2 * Short.BYTES;

    private final Session session;

    Executions(Session session) {
        this.session = session;
    }

    /** Execute; false while what was sent before must be answered first, or backends are on their way. */
    boolean execute(Portal.OfRun portal, String name, int maxRows) {
        if (!session.isQuiet() || !isSynced()) {
            return false;
        }
        Planned.Statement statement = portal.statement();
        Plan plan = statement.plan();
        boolean taken;
        if (plan instanceof Plan.Explain explain) {
            taken = new Explaining(session).start(explain, statement, false);
        } else if (plan instanceof Plan.Prepare prepare) {
            taken = session.statements().preparing().start(prepare, statement, false);
        } else if (plan instanceof Plan.Cursor cursor) {
            taken = execute(cursor.command(), portal, maxRows);
        } else if (plan instanceof Plan.ChangeTables change) {
            taken = session.creating().start(change, statement, false);
        } else if (plan instanceof Plan.CreateTable creation) {
            taken = session.creating().start(creation, statement, false);
        } else {
            taken = session.copying().start(plan, statement, false);
        }
        if (taken) {
            session.extended().portals().put(name, new Portal.Executed(portal.backend()));
        }
        return taken;
    }

    private boolean execute(CursorCommand command, Portal.OfRun portal, int maxRows) {
        Cursors cursors = session.cursors();
        String text = portal.statement().text();
        if (command instanceof CursorCommand.Declare declare) {
            cursors.requireFree(declare);
            return cursors.declare(declare, cursors.target(declare), portal.statement(), false);
        }
        if (command instanceof CursorCommand.Fetch fetch) {
            if (cursors.requireShardOf(fetch.name()).isPresent()) {
                throw new PgError(
                                SqlState.FEATURE_NOT_SUPPORTED,
                                "cursor \"" + fetch.name() + "\" was declared after its FETCH was bound",
                                "Which shard has it was not known then.",
                                "Bind the FETCH again.")
                        .toException();
            }
            if (!fetch.move()
                    && maxRows > 0
                    && fetch.forward().filter(rows -> rows <= maxRows).isEmpty()) {
                throw new PgError(
                                SqlState.FEATURE_NOT_SUPPORTED,
                                "a row limit on FETCH from a cursor over several shards is not supported",
                                "The Execute message asks for " + maxRows + " rows, FETCH for more.",
                                "Fetch fewer rows, or send no limit (JDBC: setFetchSize(0)).")
                        .toException();
            }
            cursors.fetch(fetch, text, Optional.of(portal.formats()));
            return true;
        }
        cursors.close(command.name(), false);
        return true;
    }

    /**
     * Outside a transaction block what was sent to shards is ended first: a run may begin transactions of its own there. False
     * until it is.
     */
    boolean isSynced() {
        Pipeline pipeline = session.extended().pipeline();
        if (session.transaction().isOpen()) {
            return true;
        }
        if (session.shards().writesImplicitly()) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "a statement over several shards is not supported in a pipeline that has written",
                            "Statements of the same pipeline wrote before it, outside a transaction block.",
                            "Send a Sync before it.")
                    .toException();
        }
        pipeline.endOneTime();
        if (pipeline.isSynced()) {
            return true;
        }
        BackendRounds rounds = session.own().rounds();
        rounds.sync(List.copyOf(pipeline.unsynced()), () -> {
            rounds.step().error.ifPresent(ByteBuf::release);
            session.extended().onCombined();
            session.available();
        });
        return false;
    }

    // ---- what FETCH gives ----------------------------------------------------------------------------------------

    /** RowDescription of a FETCH of a cursor over several shards, which only the session knows. */
    Optional<byte[]> columns(Planned.Statement statement) {
        return columns(statement, List.of());
    }

    /** The same with the formats that a Bind asks for. */
    Optional<byte[]> columns(Planned.Statement statement, List<Short> formats) {
        return statement.plan() instanceof Plan.Cursor cursor
                        && cursor.command() instanceof CursorCommand.Fetch fetch
                        && !fetch.move()
                ? session.cursors().columns(fetch.name()).map(columns -> inFormats(columns, formats))
                : Optional.empty();
    }

    /** A RowDescription with the formats that a Bind asks for. */
    static byte[] inFormats(byte[] columns, List<Short> formats) {
        if (columns[0] != BackendTag.ROW_DESCRIPTION) {
            return columns;
        }
        ByteBuf message = Unpooled.wrappedBuffer(columns);
        FieldReader in = FieldReader.ofFrame(message, 0);
        int count = in.count();
        for (int i = 0; i < count; i++) {
            in.string();
            in.skip(BEFORE_FORMAT);
            short format =
                    formats.isEmpty() ? 0 : formats.get(formats.size() == 1 ? 0 : Math.min(i, formats.size() - 1));
            message.setShort(in.position(), format);
            in.skip(Short.BYTES);
        }
        return columns;
    }
}
