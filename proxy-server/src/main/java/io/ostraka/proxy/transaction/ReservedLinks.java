package io.ostraka.proxy.transaction;

import io.netty.channel.EventLoop;
import io.ostraka.proxy.auth.ShardLogin;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.BackendConnector;
import io.ostraka.proxy.backend.BackendPool;
import io.ostraka.proxy.backend.ShardPlace;
import io.ostraka.rules.config.PoolConfig;
import io.ostraka.rules.error.PgError;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The connections to one shard that no session can use up, as the recovery user: for what must be finished there when the
 * connection that began it is gone. A shard that does not answer costs a lost result within seconds.
 *
 * <p>Thread-safe; results come on the event loop of the connections.
 */
final class ReservedLinks {
    private static final Duration ACQUIRE_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final EventLoop loop;
    private final BackendPool pool;

    ReservedLinks(BackendConnector connector, ShardPlace place, ShardLogin login, EventLoop loop, int most) {
        this.loop = loop;
        this.pool = new BackendPool(
                connector, place, login, new PoolConfig(most, PoolConfig.Mode.TRANSACTION, ACQUIRE_TIMEOUT));
    }

    /** Runs each query as a message of its own. */
    void run(List<String> queries, Consumer<LinkResult> then) {
        borrow(then, link -> link.run(queries, PATIENCE, result -> giveBack(link, result, then)));
    }

    /** A connection for the caller to keep; empty when there was none to be had. */
    void keep(Consumer<Optional<KeptLink>> then) {
        borrow(lost -> then.accept(Optional.empty()), link -> then.accept(Optional.of(new Kept(link))));
    }

    private final class Kept implements KeptLink {
        private final ShardLink link;

        Kept(ShardLink link) {
            this.link = link;
        }

        @Override
        public void run(List<String> queries, Consumer<LinkResult> then) {
            loop.execute(() -> link.run(queries, PATIENCE, then));
        }

        @Override
        public void giveBack() {
            loop.execute(() -> pool.on(loop).release(link.backend()));
        }
    }

    /**
     * Runs a command, waiting for synchronous standbys; as the owner of the prepared transaction if there is one of that name
     * and the recovery user is no superuser.
     */
    void runFor(Optional<String> gid, String command, Consumer<LinkResult> then) {
        borrow(then, link -> {
            boolean isSuperuser = "on".equals(link.backend().parameters().get("is_superuser"));
            List<String> first = new ArrayList<>(List.of("SET synchronous_commit TO on"));
            if (gid.isPresent() && !isSuperuser) {
                first.add("SELECT owner FROM pg_catalog.pg_prepared_xacts WHERE gid = '" + gid.get() + "'");
            }
            link.run(first, PATIENCE, known -> {
                Optional<String> owner = known.rows().isEmpty()
                        ? Optional.empty()
                        : known.rows().get(0).get(0);
                if (known.lost() || known.error().isPresent()) {
                    giveBack(link, known, then);
                } else if (owner.isPresent()) {
                    runAs(owner.get(), command, link, then);
                } else {
                    link.run(List.of(command), PATIENCE, result -> giveBack(link, result, then));
                }
            });
        });
    }

    private void runAs(String owner, String command, ShardLink link, Consumer<LinkResult> then) {
        String role = "SET ROLE \"" + owner.replace("\"", "\"\"") + '"';
        link.run(List.of(role), PATIENCE, become -> {
            if (become.lost() || become.error().isPresent()) {
                giveBack(link, become, then);
                return;
            }
            link.run(
                    List.of(command),
                    PATIENCE,
                    result -> link.run(List.of("RESET ROLE"), PATIENCE, reset -> giveBack(link, result, then)));
        });
    }

    private void borrow(Consumer<LinkResult> then, Consumer<ShardLink> use) {
        loop.execute(() -> pool.on(loop).acquire(new BackendPool.Borrower() {
            @Override
            public void onBackend(Backend backend) {
                use.accept(ShardLink.to(backend));
            }

            @Override
            public void onNoBackend(PgError error) {
                then.accept(LinkResult.LOST);
            }
        }));
    }

    private void giveBack(ShardLink link, LinkResult result, Consumer<LinkResult> then) {
        pool.on(loop).release(link.backend());
        then.accept(result);
    }

    void close() {
        pool.closeIdle();
    }
}
