package io.ostraka.rules.plan;

import io.ostraka.rules.config.ShardName;
import java.util.Optional;

/** Refuses several shards to a statement whose strings mean another moment on each. Immutable. */
record ClockedRouter(StatementRouter router, ClockWords words) implements Router {
    @Override
    public Route route(StatementValues values) {
        Route route = router.route(values);
        return route instanceof Route.Many && words.isIn(values) ? new Route.Refused(Refusals.clockWord()) : route;
    }

    @Override
    public Optional<ShardName> home() {
        return router.home();
    }
}
