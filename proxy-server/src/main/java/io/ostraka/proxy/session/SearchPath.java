package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.Backend;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The value of {@code search_path} as the server reports it: names separated by commas, quoted where they need it. */
final class SearchPath {
    static final String NAME = Backend.SEARCH_PATH;

    /** For the length of a transaction: what {@link #among} has replaced. */
    private static final String KEPT = "ostraka.search_path";

    private static final String KEEP =
            "SELECT pg_catalog.set_config('" + KEPT + "', pg_catalog.current_setting('" + NAME + "'), true)";
    private static final String RESTORE =
            "SELECT pg_catalog.set_config('" + NAME + "', pg_catalog.current_setting('" + KEPT + "'), true)";

    private SearchPath() {}

    /** Has the backend do something as if this were its search path, within the transaction that what is sent next belongs to. */
    static void among(List<String> names, Backend backend, Runnable what) {
        String value = names.stream()
                .map(name -> '"' + name.replace("\"", "\"\"") + '"')
                .collect(Collectors.joining(", "));
        backend.sendHidden(KEEP);
        backend.sendHidden(StartupSettings.setLocal(NAME, value));
        what.run();
        backend.sendHidden(RESTORE);
    }

    /** The names, folded as SQL folds them; {@code $user} stays as it is. */
    static List<String> parse(String value) {
        List<String> names = new ArrayList<>();
        StringBuilder name = new StringBuilder();
        boolean inQuotes = false;
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"') {
                if (inQuotes && i + 1 < value.length() && value.charAt(i + 1) == '"') {
                    name.append('"');
                    i++;
                } else {
                    inQuotes = !inQuotes;
                }
            } else if (c == ',' && !inQuotes) {
                add(names, name);
                name.setLength(0);
            } else {
                name.append(
                        inQuotes
                                ? c
                                : String.valueOf(c).toLowerCase(Locale.ROOT).charAt(0));
            }
        }
        add(names, name);
        return List.copyOf(names);
    }

    private static void add(List<String> names, StringBuilder name) {
        String text = name.toString().strip();
        if (!text.isEmpty()) {
            names.add(text);
        }
    }
}
