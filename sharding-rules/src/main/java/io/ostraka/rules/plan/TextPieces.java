package io.ostraka.rules.plan;

import java.util.Arrays;
import java.util.OptionalInt;

/**
 * A text as it is put together from pieces of the client's and from others; afterwards it tells where a place in it stands in the
 * client's, for errors. Confined to one thread while it grows.
 */
public final class TextPieces {
    private static final int ADDED = -1;

    private final String client;
    private final StringBuilder text = new StringBuilder();
    /** For each piece where it begins here, and in the client's text. */
    private int[] pieces = new int[8];

    private int count;

    TextPieces(String client) {
        this.client = client;
    }

    boolean isEmpty() {
        return text.isEmpty();
    }

    /** Characters of the client's text. */
    TextPieces keep(int start, int end) {
        if (end > start) {
            begin(start);
            text.append(client, start, end);
        }
        return this;
    }

    TextPieces add(String added) {
        begin(ADDED);
        text.append(added);
        return this;
    }

    private void begin(int origin) {
        if (2 * count == pieces.length) {
            pieces = Arrays.copyOf(pieces, 2 * pieces.length);
        }
        pieces[2 * count] = text.length();
        pieces[2 * count + 1] = origin;
        count++;
    }

    String text() {
        return text.toString();
    }

    /** The place in the client's query string, if it comes from there; both count characters, and from 1, as PostgreSQL does. */
    public OptionalInt inClients(int position) {
        if (position < 1 || position > text.codePointCount(0, text.length())) {
            return OptionalInt.empty();
        }
        int at = text.offsetByCodePoints(0, position - 1);
        int piece = count - 1;
        while (pieces[2 * piece] > at) {
            piece--;
        }
        int origin = pieces[2 * piece + 1];
        return origin == ADDED
                ? OptionalInt.empty()
                : OptionalInt.of(client.codePointCount(0, origin + at - pieces[2 * piece]) + 1);
    }
}
