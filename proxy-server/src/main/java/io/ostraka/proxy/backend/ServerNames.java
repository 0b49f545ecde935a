package io.ostraka.proxy.backend;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.wire.Frame;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Puts the client's own name of a prepared statement where a server's error speaks of it by the name it has there. */
final class ServerNames {
    private static final String OPENING = "\"" + PreparedNames.PREFIX;
    private static final Pattern NAME = Pattern.compile("\"(" + PreparedNames.PREFIX + "[0-9a-z]+)\"");

    private ServerNames() {}

    /** The ErrorResponse in the client's words, owned by the caller; empty when it is so already. The frame is borrowed. */
    static Optional<ByteBuf> replaced(ByteBuf borrowed, int frame, Backend backend) {
        int payload = borrowed.getInt(frame + 1) - Integer.BYTES;
        // Byte by byte: what is not looked for stays as it is, in whatever encoding.
        String text = borrowed.toString(frame + Frame.HEADER_BYTES, payload, ISO_8859_1);
        if (!text.contains(OPENING)) {
            return Optional.empty();
        }
        String told =
                NAME.matcher(text).replaceAll(found -> Matcher.quoteReplacement(clients(found.group(1), backend)));
        ByteBuf out = borrowed.alloc().buffer(Frame.HEADER_BYTES + told.length());
        out.writeByte(borrowed.getByte(frame));
        out.writeInt(Integer.BYTES + told.length());
        out.writeCharSequence(told, ISO_8859_1);
        return Optional.of(out);
    }

    private static String clients(String name, Backend backend) {
        String known = backend.statementNamed(name)
                .flatMap(key -> backend.lentTo().flatMap(borrower -> borrower.nameOf(key)))
                .orElse(name);
        return '"' + new String(backend.encoding().bytes(known), ISO_8859_1) + '"';
    }
}
