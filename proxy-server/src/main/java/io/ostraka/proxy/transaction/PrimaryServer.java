package io.ostraka.proxy.transaction;

import io.ostraka.rules.config.HostPort;

/**
 * A server that is, or was, a shard's primary: the same address with another timeline is another one.
 *
 * @param timeline grows with each promotion
 * @param system the identifier that initdb has drawn; the same for a primary and its standbys
 */
public record PrimaryServer(HostPort address, int timeline, String system) {
    private static final String TIMELINE = "timeline";
    private static final String SYSTEM = "system";

    /** As the decision log has it: {@code host:port timeline 2 system 7512345678901234567}. */
    @Override
    public String toString() {
        return String.join(" ", address.toString(), TIMELINE, Integer.toString(timeline), SYSTEM, system);
    }

    /** Reads what {@link #toString} wrote. */
    static PrimaryServer parse(String text) {
        String[] words = text.split(" ", -1);
        if (words.length != 5 || !words[1].equals(TIMELINE) || !words[3].equals(SYSTEM)) {
            throw new IllegalArgumentException("not a primary server: " + text);
        }
        int colon = words[0].lastIndexOf(':');
        String host = words[0].substring(0, colon);
        if (host.startsWith("[")) {
            host = host.substring(1, host.length() - 1);
        }
        int port = Integer.parseInt(words[0].substring(colon + 1));
        return new PrimaryServer(new HostPort(host, port), Integer.parseInt(words[2]), words[4]);
    }
}
