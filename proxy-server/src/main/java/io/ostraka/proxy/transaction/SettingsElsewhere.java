package io.ostraka.proxy.transaction;

import io.ostraka.proxy.transaction.FenceMessage.Kind;
import io.ostraka.proxy.transaction.FenceMessage.Node;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.tx.decision.Epoch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the files of a group's other nodes say of each database where one node's promise depends on what all do: {@code consistency}
 * and {@code serializable_across_shards}. Of two that differ the one that came later refuses the database as long as the other
 * lives, even if that refuses it, too: so those that serve are always alike, whoever dies, and files can be changed one after the other.
 *
 * <p>Confined to the coordinator's queue. A crash leaves nothing: all tell again.
 */
final class SettingsElsewhere {
    private static final Logger LOG = LoggerFactory.getLogger(SettingsElsewhere.class);

    private static final Duration INTERVAL = Duration.ofSeconds(1);
    /** In so many intervals the same is told again: somebody may not have heard. */
    private static final int AGAIN_AFTER = 5;

    private final FencePost post;
    private final Supplier<Collection<String>> others;
    private final Supplier<SortedSet<Epoch>> live;
    private final Map<Epoch, Said> byLife = new HashMap<>();
    private final Map<String, DatabaseCommits> databases = new TreeMap<>();
    private final Map<String, PgError> refused = new HashMap<>();
    private final CompletableFuture<Void> known = new CompletableFuture<>();
    private boolean started;
    private int interval;

    /** By a member, of each database. */
    private record Said(String member, Map<String, String> settings) {}

    /** {@code others}: the members that live, without this one; {@code live}: all lives. */
    SettingsElsewhere(FencePost post, Supplier<Collection<String>> others, Supplier<SortedSet<Epoch>> live) {
        this.post = post;
        this.others = others;
        this.live = live;
    }

    /** Tells, and compares, those of these from now on. */
    void start(Collection<DatabaseCommits> all) {
        all.forEach(database -> databases.put(database.name(), database));
        started = true;
        look();
    }

    /** Completes when all who came before this node have told theirs. */
    CompletableFuture<Void> known() {
        return known;
    }

    private void look() {
        if (interval % AGAIN_AFTER == 0) {
            others.get().forEach(this::tell);
        }
        interval++;
        compare();
        post.later(INTERVAL, this::look);
    }

    private void tell(String member) {
        List<String> words = new ArrayList<>();
        databases.forEach((name, database) -> words.addAll(List.of(name, database.settings())));
        post.send(member, FenceMessage.of(Kind.SETTINGS, "", post.self(), 0).with(words));
    }

    void hear(FenceMessage message) {
        Node from = message.from();
        Map<String, String> settings = new HashMap<>();
        List<String> words = message.words();
        for (int i = 0; i + 1 < words.size(); i += 2) {
            settings.put(words.get(i), words.get(i + 1));
        }
        boolean isNew = byLife.put(from.epoch(), new Said(from.member(), settings)) == null;
        if (started) {
            if (isNew) {
                tell(from.member());
            }
            compare();
        }
    }

    private void compare() {
        SortedSet<Epoch> living = live.get();
        byLife.keySet().retainAll(living);
        SortedSet<Epoch> before = living.headSet(post.self().epoch());
        databases.forEach((name, database) -> {
            Optional<PgError> other = before.stream()
                    .filter(byLife::containsKey)
                    .map(byLife::get)
                    .flatMap(said -> Optional.ofNullable(said.settings().get(name))
                            .filter(settings -> !settings.equals(database.settings()))
                            .map(settings -> difference(database, said.member(), settings))
                            .stream())
                    .findFirst();
            if (!other.equals(Optional.ofNullable(refused.get(name)))) {
                other.ifPresentOrElse(
                        error -> {
                            refused.put(name, error);
                            LOG.warn("{}: {} {}", error.message(), error.detail(), error.hint());
                        },
                        () -> refused.remove(name));
                database.refuse(other);
            }
        });
        if (byLife.keySet().containsAll(before)) {
            known.complete(null);
        }
    }

    private static PgError difference(DatabaseCommits database, String member, String settings) {
        // A member is a node's name, "@" and which of its directories.
        String node = member.replaceFirst("@.*", "");
        return new PgError(
                SqlState.CANNOT_CONNECT_NOW,
                "proxy \"" + node + "\" has other settings for database \"" + database.name() + "\"",
                "It runs with " + settings + "; this one was started later, with " + database.settings() + ".",
                "Make the files the same, and restart the proxies that were started with another one.");
    }
}
