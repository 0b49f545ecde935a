package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.BackendSettings;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What SET has made of a session: what its backends must be told, the proxy's own {@code ostraka.*} settings, and the
 * search path that names are resolved with. Immutable: a transaction's start and each savepoint keep the one they had.
 */
record Settings(BackendSettings made, Map<String, String> own, List<String> searchPath) {
    Settings {
        own = Map.copyOf(own);
        searchPath = List.copyOf(searchPath);
    }

    /** Whether a statement means the same, and goes to the same place, under both. */
    boolean resolvesLike(Settings other) {
        return searchPath.equals(other.searchPath) && own.equals(other.own);
    }

    Settings withMade(BackendSettings changed) {
        return new Settings(changed, own, searchPath);
    }

    Settings withSearchPath(List<String> path) {
        return path.equals(searchPath) ? this : new Settings(made, own, path);
    }

    Settings withOwn(String name, Optional<String> value) {
        Map<String, String> changed = new HashMap<>(own);
        changed.remove(name);
        value.ifPresent(text -> changed.put(name, text));
        return new Settings(made, changed, searchPath);
    }

    Optional<String> own(String name) {
        return Optional.ofNullable(own.get(name));
    }
}
