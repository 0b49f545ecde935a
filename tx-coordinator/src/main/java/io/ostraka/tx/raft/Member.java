package io.ostraka.tx.raft;

import io.ostraka.rules.config.HostPort;

/**
 * A node as the group knows it: {@code n1@7f3a12bc}, its name and its data directory's. A node that comes back with another
 * directory is another member, because what the old one had promised is not there.
 */
public record Member(String id, HostPort address) {

    /** As in the configuration. */
    public String name() {
        return nameOf(id);
    }

    static String nameOf(String id) {
        int at = id.lastIndexOf('@');
        return at < 0 ? id : id.substring(0, at);
    }

    /** {@code id host:port}, as {@link #parse} reads it. */
    @Override
    public String toString() {
        return id + " " + address;
    }

    static Member parse(String text) {
        String[] parts = text.split(" ", 2);
        if (parts.length != 2) {
            throw new IllegalArgumentException("\"" + text + "\" is no member");
        }
        return new Member(parts[0], address(parts[1]));
    }

    static HostPort address(String text) {
        int colon = text.lastIndexOf(':');
        if (colon < 0) {
            throw new IllegalArgumentException("\"" + text + "\" is no address");
        }
        String host = text.substring(0, colon);
        return new HostPort(
                host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host,
                Integer.parseInt(text.substring(colon + 1)));
    }
}
