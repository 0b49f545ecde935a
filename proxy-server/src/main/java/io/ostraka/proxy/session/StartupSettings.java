package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.BackendSettings;
import io.ostraka.proxy.wire.ClientEncoding;
import io.ostraka.proxy.wire.StartupMessage;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The settings that a client starts with: the run-time parameters of its StartupMessage, those in {@code options} included. */
final class StartupSettings {
    private static final String OPTIONS = "options";
    private static final String REPLICATION = "replication";

    private StartupSettings() {}

    /** Throws {@link io.ostraka.rules.error.PgErrorException} for what cannot be served; values are the server's to judge. */
    static Settings of(StartupMessage startup) {
        Map<String, String> values = new LinkedHashMap<>();
        startup.parameters().forEach((name, value) -> {
            if (name.equals(OPTIONS)) {
                readOptions(value, values);
            } else if (name.equals(REPLICATION)) {
                refuseReplication(value);
            } else {
                values.put(name.toLowerCase(Locale.ROOT), value);
            }
        });
        BackendSettings made = BackendSettings.NONE;
        List<String> searchPath = List.of();
        Map<String, String> own = new LinkedHashMap<>();
        for (Map.Entry<String, String> setting : values.entrySet()) {
            String name = setting.getKey();
            if (name.equals(StringSyntax.SETTING)) {
                StringSyntax.require(setting.getValue());
            } else if (name.equals(SearchPath.NAME)) {
                searchPath = SearchPath.parse(setting.getValue());
            }
            if (name.startsWith(OwnCommands.PREFIX)) {
                own.put(name, setting.getValue());
            } else if (name.equals(ClientEncoding.SETTING)) {
                made = made.with(ClientEncoding.requireAtStart(setting.getValue()));
            } else {
                made = made.with(name, setConfig(name, setting.getValue()));
            }
        }
        return new Settings(made, own, searchPath);
    }

    /** Takes lists such as {@code a, b} as the server takes them from a startup packet, which SET does not. */
    static String setConfig(String name, String value) {
        return setConfig(name, value, false);
    }

    /** The same until the end of the transaction. */
    static String setLocal(String name, String value) {
        return setConfig(name, value, true);
    }

    private static String setConfig(String name, String value, boolean isLocal) {
        return "SELECT pg_catalog.set_config(" + quoted(name) + ", " + quoted(value) + ", " + isLocal + ")";
    }

    private static String quoted(String text) {
        return "E'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }

    private static void refuseReplication(String value) {
        String plain = value.toLowerCase(Locale.ROOT);
        if (!List.of("false", "off", "no", "0").contains(plain)) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "replication connections are not supported",
                            "",
                            "Connect to the shard's server itself.")
                    .toException();
        }
    }

    /** {@code -c name=value} and {@code --name=value}, separated by blanks; a backslash takes the next character as it is. */
    private static void readOptions(String options, Map<String, String> values) {
        List<String> words = words(options);
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i);
            String assignment;
            if (word.equals("-c")) {
                i++;
                assignment = i < words.size() ? words.get(i) : "";
            } else if (word.startsWith("-c")) {
                assignment = word.substring(2);
            } else if (word.startsWith("--")) {
                assignment = word.substring(2);
            } else {
                throw invalid(word);
            }
            int equals = assignment.indexOf('=');
            if (equals < 1) {
                throw invalid(word.equals("-c") ? word + " " + assignment : word);
            }
            values.put(
                    assignment.substring(0, equals).replace('-', '_').toLowerCase(Locale.ROOT),
                    assignment.substring(equals + 1));
        }
    }

    private static io.ostraka.rules.error.PgErrorException invalid(String word) {
        return new PgError(
                        SqlState.SYNTAX_ERROR,
                        "invalid command-line argument for server process: " + word.strip(),
                        "",
                        "Options have the form \"-c name=value\".")
                .toException();
    }

    private static List<String> words(String options) {
        List<String> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        for (int i = 0; i < options.length(); i++) {
            char c = options.charAt(i);
            if (c == '\\' && i + 1 < options.length()) {
                i++;
                word.append(options.charAt(i));
            } else if (Character.isWhitespace(c)) {
                if (word.length() > 0) {
                    words.add(word.toString());
                    word.setLength(0);
                }
            } else {
                word.append(c);
            }
        }
        if (word.length() > 0) {
            words.add(word.toString());
        }
        return words;
    }
}
