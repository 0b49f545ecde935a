package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.StatementKey;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.execute.BindRun;
import io.ostraka.proxy.execute.ScatterMerge;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.proxy.wire.BindView;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.Access;
import io.ostraka.rules.plan.Merge;
import io.ostraka.rules.plan.Plan;
import io.ostraka.rules.plan.RowSplit;
import io.ostraka.rules.plan.StatementValues;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Binds a statement on several shards: a portal on each, and the merge of what they answer. Confined to the session's event loop.
 */
final class BindOverShards {
    private final Session session;
    private final Pipeline pipeline;
    private final Statements statements;
    private final Portals portals;
    /** The message, as {@link Binding} has read it. */
    private final BindView bind;

    BindOverShards(Session session, Pipeline pipeline, Statements statements, Portals portals, BindView bind) {
        this.session = session;
        this.pipeline = pipeline;
        this.statements = statements;
        this.portals = portals;
        this.bind = bind;
    }

    /** On all of these, each with its own part of the answer. */
    boolean read(Plan.Scatter plan, List<ShardName> shards, BoundStatement sent, StatementValues known) {
        PreparedStatement statement = sent.statement();
        Optional<List<Backend>> backends = ready(shards);
        if (backends.isEmpty()) {
            return false;
        }
        boolean staysAtOneTime = !plan.locks() && pipeline.staysAtOneTime(backends.get(), Optional.of(bind.portal()));
        boolean atOneTime = !plan.locks() && !staysAtOneTime && pipeline.mayReadAtOneTime(backends.get());
        if (atOneTime && !pipeline.isTimeReady(shards)) {
            return false;
        }
        session.shards().requireOneSnapshot(backends.get());
        Access access = session.shards().accessOf(plan);
        shards.forEach(shard -> session.shards().requireMayWrite(shard, access));
        if (atOneTime) {
            pipeline.readAtOneTime(backends.get());
        } else if (!staysAtOneTime) {
            pipeline.endOneTime();
        }
        for (Backend backend : backends.get()) {
            session.shards().enlist(backend, access);
            pipeline.unsynced().add(backend);
            if (!statements.isCurrent(backend, sent.statement())) {
                return false;
            }
        }
        ScatterMerge merge = SimpleQuery.merge(session, plan, sent.planned(), known, shards.size(), false);
        Optional<Merge.Ordered> ordered =
                plan.merge() instanceof Merge.Ordered found ? Optional.of(found) : Optional.empty();
        short[] formats = ordered.map(this::resultFormats).orElse(new short[0]);
        StatementKey key = ordered.map(
                        found -> sent.key().withSql(sent.planned().shardText(found)))
                .orElse(sent.key());
        Portal.OnMany portal = new Portal.OnMany(
                backends.get(), merge, true, Optional.of(new PortalFetch(session, backends.get(), merge)));
        if (!atOneTime && !staysAtOneTime && !plan.locks() && session.shards().readsTogether(shards.size())) {
            bindTogether(sent, key, ordered.isPresent() ? Optional.of(formats) : Optional.empty(), portal);
            return true;
        }
        if (sent.isNamed() && backends.get().stream().anyMatch(backend -> backend.hasPrepared(key))) {
            statements.answerParseHere(statement);
        }
        session.answers().scatterTo(merge);
        for (Backend backend : backends.get()) {
            byte[] name = backend.prepare(key, sent.isNamed(), statement.answered ? Visibility.NONE : Visibility.ROWS);
            if (ordered.isPresent()) {
                backend.sendBind(bind, name, formats, Visibility.ROWS);
                backend.sendDescribePortal(bind.portal(), Visibility.ROWS);
            } else {
                backend.sendBind(bind, name, Visibility.ROWS);
            }
        }
        statements.answered(statement);
        pipeline.targetsMany();
        portals.put(bind.portal(), portal);
        return true;
    }

    /** Their backends; empty while one is on its way, or something else is under way. */
    private Optional<List<Backend>> ready(List<ShardName> shards) {
        bind.requireWhole();
        return session.isQuiet() ? SimpleQuery.allReady(session, shards) : Optional.empty();
    }

    /** At one moment on all shards; the client is told when that is done. {@code formats}: where rows come in order. */
    private void bindTogether(BoundStatement sent, StatementKey key, Optional<short[]> formats, Portal.OnMany portal) {
        BindView kept = bind.copy();
        boolean inBlock = session.transaction().isOpen();
        BindRun run = new BindRun(session.runs(), portal.backends(), new BindRun.Binding() {
            @Override
            public byte[] parse(Backend backend) {
                return backend.prepare(key, sent.isNamed(), Visibility.ROWS);
            }

            @Override
            public void parsed() {
                statements.answerParseHere(sent.statement());
            }

            @Override
            public Optional<ScatterMerge.Places> places() {
                return portal.merge().places();
            }

            @Override
            public void bind(Backend backend, byte[] name) {
                if (formats.isPresent()) {
                    backend.sendBind(kept, name, formats.get(), Visibility.ROWS);
                } else {
                    backend.sendBind(kept, name, Visibility.ROWS);
                }
            }

            @Override
            public void unbind(Backend backend) {
                backend.sendClosePortal(kept.portal(), Visibility.NONE);
            }

            @Override
            public boolean syncs() {
                return inBlock;
            }

            @Override
            public void refused(Backend backend) {
                pipeline.failed(backend);
            }
        });
        session.runs().start(run, failed -> {
            if (failed) {
                portal.merge().close();
            } else {
                pipeline.targetsMany();
                portals.put(kept.portal(), portal);
                pipeline.answer(BackendTag.BIND_COMPLETE);
                session.answers().scatterTo(portal.merge());
                if (formats.isPresent()) {
                    portal.backends().forEach(backend -> backend.sendDescribePortal(kept.portal(), Visibility.ROWS));
                }
            }
            session.runs().end(failed, false);
        });
    }

    /** A write that each of these carries out, for its rows. */
    boolean write(Plan.Spread plan, List<ShardName> shards, BoundStatement sent, StatementValues known) {
        PreparedStatement statement = sent.statement();
        Optional<List<Backend>> backends = ready(shards);
        if (backends.isEmpty()) {
            return false;
        }
        pipeline.requireNothingExecuted();
        Optional<Map<ShardName, RowSplit.Part>> parts =
                plan.split().map(split -> split.of(sent.planned().planned(), known));
        pipeline.endOneTime();
        session.shards().beginSpread(backends.get());
        for (Backend backend : backends.get()) {
            session.shards().enlist(backend, Access.WRITE);
            pipeline.unsynced().add(backend);
            if (!statements.isCurrent(backend, sent.statement())) {
                return false;
            }
        }
        boolean isShared = parts.isEmpty() && sent.isNamed();
        if (isShared && backends.get().stream().anyMatch(backend -> backend.hasPrepared(sent.key()))) {
            statements.answerParseHere(statement);
        }
        ScatterMerge merge = merge(plan, session, shards.size(), known, parts);
        session.answers().scatterTo(merge);
        for (Backend backend : backends.get()) {
            Visibility ofParse = statement.answered ? Visibility.NONE : Visibility.ROWS;
            if (parts.isPresent()) {
                bindPart(parts.get().get(backend.shard()), backend, sent, known, ofParse);
            } else {
                byte[] name = backend.prepare(sent.key(), isShared, ofParse);
                backend.sendBind(bind, name, Visibility.ROWS);
            }
        }
        statements.answered(statement);
        pipeline.targetsMany();
        portals.put(bind.portal(), new Portal.OnMany(backends.get(), merge, plan.returnsRows(), Optional.empty()));
        return true;
    }

    /** The merge of a write on so many shards. */
    static ScatterMerge merge(
            Plan.Spread plan,
            Session session,
            int shards,
            StatementValues values,
            Optional<Map<ShardName, RowSplit.Part>> parts) {
        ScatterMerge merge = ScatterMerge.writing(session.output(), shards, plan.copies());
        if (parts.isEmpty()) {
            return merge;
        }
        ScatterMerge ofParts = merge.ofOtherTexts(
                (shard, position) -> parts.get().get(shard).pieces().inClients(position));
        return plan.returnsRows() ? ofParts.inTurn(plan.split().orElseThrow().owners(values)) : ofParts;
    }

    private void bindPart(
            RowSplit.Part part, Backend backend, BoundStatement sent, StatementValues known, Visibility ofParse) {
        List<Integer> oids = part.parameters().stream().map(known::parameterOid).toList();
        byte[] name = backend.prepare(sent.key().with(part.sql(), oids), false, ofParse);
        short[] formats = new short[bind.resultFormatCount()];
        for (int i = 0; i < formats.length; i++) {
            formats[i] = bind.resultFormat(i);
        }
        backend.sendBind(name, bind.portal(), BoundValues.of(known, part.parameters()), formats, Visibility.ROWS);
    }

    /** Those that the client asks for, and binary for the keys behind its columns. */
    short[] resultFormats(Merge.Ordered plan) {
        if (bind.resultFormatCount() > 1 && bind.resultFormatCount() != plan.columns()) {
            throw new PgError(
                            SqlState.PROTOCOL_VIOLATION,
                            "bind message has " + bind.resultFormatCount() + " result formats but query has "
                                    + plan.columns() + " columns")
                    .toException();
        }
        short[] formats = new short[plan.columns() + plan.keys().size()];
        for (int i = 0; i < formats.length; i++) {
            formats[i] = i < plan.columns() ? bind.resultFormat(i) : ScatterMerge.BINARY;
        }
        return formats;
    }
}
