package io.ostraka.rules.plan;

import java.util.Set;

/** What a statement changes of a server outside of its database, where the command's tag does not tell. */
public sealed interface ServerChange {
    /** It writes to {@code pg_authid} itself: others may log in then. */
    record Roles() implements ServerChange {}

    /** DROP DATABASE: one of these names, to which nobody may be connected. */
    record DropDatabase(Set<String> names) implements ServerChange {
        public DropDatabase {
            names = Set.copyOf(names);
        }
    }
}
