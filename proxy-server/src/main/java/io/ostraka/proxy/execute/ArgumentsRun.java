package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.StatementKey;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.proxy.wire.FieldReader;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.plan.InlinedParameters;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * EXECUTE in a database of several shards, with arguments that one of them has to compute: it is sent the client's own EXECUTE, of a statement
 * of the same name and parameters that gives their values as literals. So PostgreSQL coerces them, each is computed once, and what
 * is wrong with them is said in its words. The client is told nothing. Confined to the session's event loop.
 */
public final class ArgumentsRun extends SharedRun {
    private static final byte[] NO_DATA = {BackendTag.NO_DATA, 0, 0, 0, Integer.BYTES};

    private final Backend backend;
    private final String name;
    private final StatementKey prepared;
    private final Optional<String> execute;

    private Optional<InlinedParameters> parameters;
    private byte[] columns = NO_DATA;
    private boolean isDescribed;
    private byte[] error = {};
    private final List<Optional<String>> answers = new ArrayList<>();
    /** How many commands the shard has to answer in all; known when the parameters are. */
    private int commands = Integer.MAX_VALUE;

    /**
     * @param name of the statement, unknown to the shard
     * @param prepared the statement
     * @param parameters its parameters, where their types are known
     * @param execute the client's text, at its place in the query string, so that the positions of errors are right; without it only the
     *     statement's columns are wanted
     */
    public ArgumentsRun(
            Host host,
            Backend backend,
            String name,
            StatementKey prepared,
            Optional<InlinedParameters> parameters,
            Optional<String> execute) {
        super(host, List.of(backend));
        this.backend = backend;
        this.name = name;
        this.prepared = prepared;
        this.parameters = parameters;
        this.execute = execute;
    }

    @Override
    public void start() {
        byte[] known = backend.prepare(prepared, false, Visibility.ROWS);
        backend.sendDescribeStatement(known, prepared, Visibility.ROWS);
        backend.sendSync(Visibility.ROWS);
        if (parameters.isPresent()) {
            execute(parameters.get());
        }
        backend.flush();
    }

    private void execute(InlinedParameters inlined) {
        if (execute.isEmpty()) {
            commands = 0;
            return;
        }
        backend.prepareUnder(name, prepared.with(inlined.question().sql(), inlined.oids()));
        backend.sendSync(Visibility.NONE);
        backend.sendQuery(execute.get(), Visibility.ROWS);
        backend.dropUnder(name);
        backend.sendSync(Visibility.NONE);
        commands = 1;
    }

    @Override
    int commands() {
        return commands;
    }

    @Override
    public void onParameterDescription(Backend describing, ByteBuf borrowed, int frame) {
        if (isOver() || parameters.isPresent()) {
            return;
        }
        FieldReader fields = FieldReader.ofFrame(borrowed, frame);
        List<Integer> oids = new ArrayList<>();
        for (int left = fields.count(); left > 0; left--) {
            oids.add(fields.int32());
        }
        parameters = Optional.of(new InlinedParameters(oids));
        execute(parameters.get());
        backend.flush();
    }

    /** The first is that of the statement; another may follow, of the row with the arguments. */
    @Override
    public void onRowDescription(Backend describing, ByteBuf borrowed, int frame) {
        if (!isDescribed) {
            isDescribed = true;
            columns = ByteBufUtil.getBytes(borrowed, frame, 1 + borrowed.getInt(frame + 1));
        }
    }

    @Override
    public void onBytes(Backend answering, ByteBuf owned) {
        try {
            for (int at = owned.readerIndex(); at < owned.writerIndex(); at += 1 + owned.getInt(at + 1)) {
                FieldReader row = FieldReader.ofFrame(owned, at);
                for (int left = row.count(); left > 0; left--) {
                    int length = row.int32();
                    answers.add(
                            length < 0
                                    ? Optional.empty()
                                    : Optional.of(backend.encoding().original(row.bytes(length))));
                }
            }
        } catch (PgErrorException e) {
            fail(e.error());
        } finally {
            owned.release();
        }
    }

    @Override
    ByteBuf told(Backend failing, ByteBuf borrowed, int frame) {
        return borrowed.copy(frame, 1 + borrowed.getInt(frame + 1));
    }

    @Override
    void tell(ByteBuf owned) {
        error = ByteBufUtil.getBytes(owned);
        owned.release();
    }

    @Override
    void complete(long counted) {
        // The statement is yet to be executed.
    }

    /** The parameters with what {@link InlinedParameters#with} wants to be told; not before the run has ended well. */
    public InlinedParameters parameters() {
        return parameters.orElseThrow();
    }

    public List<Optional<String>> answers() {
        return List.copyOf(answers);
    }

    /** RowDescription of the statement; NoData, too, when the shard could not describe it. */
    public byte[] columns() {
        return columns.clone();
    }

    /** Whether it has ended with an {@link #error}. */
    public boolean hasFailed() {
        return error.length > 0;
    }

    /** The ErrorResponse; empty when it has ended well. */
    public byte[] error() {
        return error.clone();
    }
}
