package io.ostraka.proxy.wire;

import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * StartupMessage (F), less its version: who, where to, and run-time parameters in the order they came. {@code
 * protocolOptions} are the names that begin with {@code _pq_.}, none of which this server knows.
 */
public record StartupMessage(
        String user, String database, Map<String, String> parameters, List<String> protocolOptions) {
    public static final StartupMessage EMPTY = new StartupMessage("", "", Map.of(), List.of());

    private static final String PROTOCOL_OPTION = "_pq_.";

    /** Shape: {@code (String name, String value)... Byte1 0}. */
    public static StartupMessage read(FieldReader in) {
        Map<String, String> parameters = new LinkedHashMap<>();
        List<String> options = new ArrayList<>();
        for (String name = in.string(); !name.isEmpty(); name = in.string()) {
            String value = in.string();
            if (name.startsWith(PROTOCOL_OPTION)) {
                options.add(name);
            } else {
                parameters.put(name, value);
            }
        }
        in.end();
        String user = parameters.getOrDefault("user", "");
        if (user.isEmpty()) {
            throw new PgError(
                            SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
                            "no PostgreSQL user name specified in startup packet")
                    .toException();
        }
        String database = parameters.getOrDefault("database", "");
        parameters.remove("user");
        parameters.remove("database");
        return new StartupMessage(user, database.isEmpty() ? user : database, parameters, options);
    }
}
