package io.ostraka.proxy.admin;

import static io.ostraka.proxy.admin.Rows.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What SHOW shows in the console. */
enum View {
    TRANSACTIONS("this node's open transaction blocks, and the commits that it is at"),
    IN_DOUBT("what is prepared on the shards, who decides it and what becomes of it"),
    PEERS("the proxies of the group"),
    SHARDS("the shards: whether they answer and are read, what is prepared there"),
    HELP("this");

    private final String shows;

    View(String shows) {
        this.shows = shows;
    }

    Columns columns() {
        return switch (this) {
            case TRANSACTIONS ->
                Columns.of(
                        "node",
                        "session number",
                        "pid number",
                        "database",
                        "user",
                        "state",
                        "shards",
                        "written",
                        "spans_since time",
                        "transaction");
            case IN_DOUBT ->
                Columns.of(
                        "transaction",
                        "database",
                        "shard",
                        "gid",
                        "owner",
                        "prepared time",
                        "decision",
                        "node",
                        "next");
            case PEERS -> Columns.of("node", "address", "state", "term number", "applied number", "epoch", "self flag");
            case SHARDS ->
                Columns.of(
                        "database",
                        "shard",
                        "number number",
                        "address",
                        "timeline number",
                        "state",
                        "version",
                        "prepared number",
                        "max_prepared number",
                        "oldest_prepared time",
                        "decided number",
                        "connections number",
                        "max_connections number");
            case HELP -> Columns.of("command", "shows");
        };
    }

    static Optional<View> of(String name) {
        return Arrays.stream(values())
                .filter(view -> view.name().toLowerCase(Locale.ROOT).equals(name))
                .findFirst();
    }

    static Rows help() {
        List<List<Optional<Cell>>> rows = new ArrayList<>();
        for (View view : values()) {
            rows.add(List.of(text("SHOW " + view), text(view.shows)));
        }
        rows.add(List.of(
                text("RESTORE POINT 'name' IN database"), text("writes a restore point on all shards, at one moment")));
        rows.add(List.of(
                text("SNAPSHOT database"),
                text("names of a snapshot of all shards, open until the next one or the end of the connection")));
        return new Rows(rows);
    }
}
