package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.StatementKey;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.wire.FieldReader;
import io.ostraka.rules.error.PgErrorException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * PREPARE in a database of several shards: one of them judges the statement and tells the types of its parameters. It keeps
 * nothing: which shard executes the statement is known only when its values are. Confined to the session's event loop.
 */
public final class PrepareRun extends SharedRun {
    /** A parameter's type: its OID on the shard that was asked, and its name with its schema, quoted where needed. */
    public record ParameterType(int oid, String name) {}

    private final Backend backend;
    private final List<String> declared;
    private final String sql;
    private final Consumer<List<ParameterType>> keep;

    private final List<Integer> oids = new ArrayList<>();
    private final List<ParameterType> types = new ArrayList<>();
    /** Whether the statement has been sent; before that, the declared types are asked for. */
    private boolean isParsing;
    /** How many queries of this run's own the shard has to answer in all; known when the parameters are. */
    private int commands = Integer.MAX_VALUE;

    private int sent;

    /**
     * {@code declared}: the types as the client writes them. {@code sql}: what is prepared, at the place where it stands in the
     * client's text, so that the positions of errors are right. {@code keep} gets the types of all parameters when all is well.
     */
    public PrepareRun(
            Host host, Backend backend, List<String> declared, String sql, Consumer<List<ParameterType>> keep) {
        super(host, List.of(backend));
        this.backend = backend;
        this.declared = List.copyOf(declared);
        this.sql = sql;
        this.keep = keep;
    }

    @Override
    public void start() {
        if (declared.isEmpty()) {
            parse();
        } else {
            query(declared.stream()
                    .map(type -> "('" + type.replace("'", "''") + "'::pg_catalog.regtype::pg_catalog.oid)")
                    .collect(Collectors.joining(", ", "VALUES ", "")));
        }
        backend.flush();
    }

    private void query(String text) {
        sent++;
        backend.sendQuery(text, Visibility.ROWS);
    }

    private void parse() {
        isParsing = true;
        StatementKey key = new StatementKey(sql, oids, List.of(), 0);
        byte[] name = backend.prepare(key, false, Visibility.ROWS);
        backend.sendDescribeStatement(name, key, Visibility.ROWS);
        backend.sendSync(Visibility.ROWS);
    }

    @Override
    int commands() {
        return commands;
    }

    @Override
    void onAnswered(Backend answering) {
        if (!isParsing) {
            parse();
            backend.flush();
        }
    }

    @Override
    public void onParameterDescription(Backend describing, ByteBuf borrowed, int frame) {
        if (isOver()) {
            return;
        }
        FieldReader fields = FieldReader.ofFrame(borrowed, frame);
        List<Integer> resolved = new ArrayList<>();
        for (int left = fields.int16(); left > 0; left--) {
            resolved.add(fields.int32());
        }
        if (!resolved.isEmpty()) {
            query("SELECT t.oid, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(t.typname)"
                    + " FROM ROWS FROM (pg_catalog.unnest('"
                    + resolved.stream().map(Integer::toUnsignedString).collect(Collectors.joining(",", "{", "}"))
                    + "'::pg_catalog.oid[])) WITH ORDINALITY AS asked(oid, number)"
                    + " JOIN pg_catalog.pg_type t ON t.oid = asked.oid"
                    + " JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace ORDER BY asked.number");
            backend.flush();
        }
        commands = sent;
    }

    @Override
    public void onBytes(Backend answering, ByteBuf owned) {
        try {
            for (int at = owned.readerIndex(); at < owned.writerIndex(); at += 1 + owned.getInt(at + 1)) {
                FieldReader row = FieldReader.ofFrame(owned, at);
                int columns = row.int16();
                int oid = Integer.parseUnsignedInt(text(row));
                if (columns == 1) {
                    oids.add(oid);
                } else {
                    types.add(new ParameterType(oid, text(row)));
                }
            }
        } catch (PgErrorException e) {
            fail(e.error());
        } finally {
            owned.release();
        }
    }

    private String text(FieldReader row) {
        return backend.encoding().original(row.bytes(row.int32()));
    }

    @Override
    ByteBuf told(Backend failing, ByteBuf borrowed, int frame) {
        return isParsing
                ? borrowed.retainedSlice(frame, 1 + borrowed.getInt(frame + 1))
                : super.told(failing, borrowed, frame);
    }

    @Override
    void complete(long counted) {
        keep.accept(types);
        finish("PREPARE");
    }
}
