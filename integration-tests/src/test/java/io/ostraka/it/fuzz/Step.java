package io.ostraka.it.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;

/**
 * Messages that belong together.
 *
 * @param text the messages in short, for reports
 * @param readies how many ReadyForQuery they bring
 */
record Step(String text, List<byte[]> messages, int readies) {
    Step {
        messages = List.copyOf(messages);
    }

    static Step of(String text, int readies, byte[]... messages) {
        return new Step(text, Arrays.asList(messages), readies);
    }

    byte[] bytes() {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        messages.forEach(all::writeBytes);
        return all.toByteArray();
    }

    static int readies(List<Step> steps) {
        return steps.stream().mapToInt(Step::readies).sum();
    }

    /** Printable, one line. */
    @Override
    public String toString() {
        return new String(text.getBytes(ISO_8859_1), ISO_8859_1).replace("\n", "\\n");
    }
}
