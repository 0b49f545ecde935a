package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.Backend;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The value of {@code search_path} as the server reports it: names separated by commas, quoted where they need it. */
final class SearchPath {
    static final String NAME = Backend.SEARCH_PATH;

    private SearchPath() {}

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
