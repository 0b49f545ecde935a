package io.ostraka.jdbc;

import java.sql.SQLException;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * {@code jdbc:ostraka://host[:port][,host[:port]...][/database][?property=value&...]}: pgjdbc's shape with another
 * default port. {@code hosts} all have a port; {@code rest} is database and properties as they stand, starting with a slash.
 */
record OstrakaUrl(String hosts, String rest) {
    static final String PREFIX = "jdbc:ostraka:";

    private static final int DEFAULT_PORT = 6432;

    /** {@code url} starts with {@link #PREFIX}. */
    static OstrakaUrl parse(String url) throws SQLException {
        String tail = url.substring(PREFIX.length());
        if (!tail.startsWith("//")) {
            throw malformed(url, "it must start with \"jdbc:ostraka://\"");
        }
        String address = tail.substring(2);
        int end = indexOfEither(address, '/', '?');
        String hosts = address.substring(0, end);
        if (hosts.isEmpty()) {
            throw malformed(url, "it names no host");
        }
        String rest = address.substring(end);
        return new OstrakaUrl(
                Arrays.stream(hosts.split(",", -1)).map(OstrakaUrl::withPort).collect(Collectors.joining(",")),
                rest.startsWith("/") ? rest : "/" + rest);
    }

    String toPostgresUrl() {
        return "jdbc:postgresql://" + hosts + rest;
    }

    private static String withPort(String host) {
        // An IPv6 address is written in brackets and has colons of its own.
        boolean hasPort = host.indexOf(':', host.indexOf(']') + 1) >= 0;
        return hasPort ? host : host + ":" + DEFAULT_PORT;
    }

    private static int indexOfEither(String text, char one, char other) {
        int index = 0;
        while (index < text.length() && text.charAt(index) != one && text.charAt(index) != other) {
            index++;
        }
        return index;
    }

    /** The properties stay out of the message: a password may be among them. */
    private static SQLException malformed(String url, String why) {
        String shown = url.substring(0, indexOfEither(url, '?', '?'));
        return new SQLException("malformed URL \"" + shown + "\": " + why, "08001");
    }
}
