package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.rules.error.PgError;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Binds a portal on each of several shards, all in one {@link Moment}: what they see is fixed then, whenever they are executed.
 * <pre>
 * PARSING --all parsed--> WAITING --moment--> BINDING --all bound--> BOUND --it was one moment--> DONE
 *                            ^---------------------it was not----------/
 * </pre>
 * Parse comes before, because it takes the locks on tables, which may last.
 *
 * <p>A Sync ends each step in a transaction block, where it ends nothing else; outside of one it would end the transaction of the
 * pipeline. Confined to the session's event loop.
 */
public final class BindRun extends SharedRun {
    private final Binding binding;
    private final Map<Backend, byte[]> statements = new HashMap<>();
    private Phase phase = Phase.PARSING;

    private enum Phase {
        PARSING,
        WAITING,
        BINDING,
        BOUND,
        DONE
    }

    /** What is bound. */
    public interface Binding {
        /** Sends Parse, if need be; returns what the statement is called there. */
        byte[] parse(Backend backend);

        /** All shards have parsed it. */
        default void parsed() {}

        /** Sends Bind, whose answer this run hears. */
        void bind(Backend backend, byte[] statement);

        /** Sends what drops the portal, to bind it anew. */
        void unbind(Backend backend);

        /** Whether a Sync may be sent. */
        default boolean syncs() {
            return true;
        }

        /** The places in what the shards parse; empty when that is the client's own text. */
        default Optional<ScatterMerge.Places> places() {
            return Optional.empty();
        }

        /** A shard has refused it; without a Sync it takes nothing more. */
        default void refused(Backend backend) {}
    }

    public BindRun(Host host, List<Backend> backends, Binding binding) {
        super(host, backends);
        this.binding = binding;
    }

    @Override
    public void start() {
        for (Backend backend : participants()) {
            statements.put(backend, binding.parse(backend));
            endStep(backend);
        }
        settle();
    }

    private void endStep(Backend backend) {
        if (binding.syncs()) {
            backend.sendSync(Visibility.ROWS);
        } else {
            backend.sendFlush();
        }
        backend.flush();
    }

    @Override
    public void onStepComplete(Backend backend, byte step) {
        if (!isOver()) {
            settle();
        }
    }

    @Override
    ByteBuf told(Backend backend, ByteBuf borrowed, int frame) {
        return told(backend, borrowed, frame, binding.places());
    }

    @Override
    void onRefused(Backend backend) {
        binding.refused(backend);
    }

    @Override
    boolean goesOn() {
        switch (phase) {
            case PARSING -> {
                phase = Phase.WAITING;
                binding.parsed();
                host().moment().await(participants(), this::bind, this::bound);
            }
            case BINDING -> {
                phase = Phase.BOUND;
                host().moment().taken();
            }
            case WAITING, BOUND -> {}
            case DONE -> {
                return false;
            }
        }
        return true;
    }

    private void bind() {
        if (isOver()) {
            return;
        }
        boolean isAgain = phase == Phase.BOUND;
        phase = Phase.BINDING;
        for (Backend backend : participants()) {
            if (isAgain) {
                binding.unbind(backend);
            }
            binding.bind(backend, statements.get(backend));
            endStep(backend);
        }
    }

    private void bound(Optional<PgError> error) {
        if (isOver()) {
            return;
        }
        if (error.isPresent()) {
            fail(error.get());
            client().flush();
            return;
        }
        phase = Phase.DONE;
        settle();
    }

    /** Nothing is executed. */
    @Override
    int commands() {
        return 0;
    }

    /** What the client is told of it is the caller's to say. */
    @Override
    void complete(long counted) {}
}
