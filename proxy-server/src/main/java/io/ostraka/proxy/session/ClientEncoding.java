package io.ostraka.proxy.session;

import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.util.Locale;
import java.util.Set;

/** Which client encodings the proxy can read statements and keys in: those in which the bytes are the database's own. */
final class ClientEncoding {
    static final String SETTING = "client_encoding";

    /** SQL_ASCII means no conversion: the server takes the bytes for UTF-8, and so does the proxy. */
    private static final Set<String> READABLE = Set.of("utf8", "unicode", "sqlascii");

    private ClientEncoding() {}

    static void require(String name) {
        if (!isReadable(name)) {
            throw unsupported(name).toException();
        }
    }

    static boolean isReadable(String name) {
        return READABLE.contains(name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", ""));
    }

    /** What ends a session whose server reads its bytes otherwise, whoever told it to. */
    static PgError unsupported(String name) {
        return new PgError(
                SqlState.FEATURE_NOT_SUPPORTED,
                "client encoding \"" + name + "\" is not supported",
                "The proxy reads statements and shard keys as UTF-8.",
                "Set client_encoding to UTF8.");
    }
}
