package io.ostraka.proxy.auth;

import java.util.Arrays;
import java.util.Random;

/** Damages messages. */
final class Fuzz {
    private Fuzz() {}

    /** {@code original} with one to three changes: bytes replaced, removed, doubled or cut off. */
    static byte[] changed(byte[] original, Random random) {
        byte[] result = original.clone();
        for (int i = random.nextInt(3); i >= 0 && result.length > 0; i--) {
            int at = random.nextInt(result.length);
            result = switch (random.nextInt(5)) {
                case 0 -> replaced(result, at, (byte) random.nextInt(256));
                case 1 -> replaced(result, at, (byte) ",=nrcpsivey\0".charAt(random.nextInt(12)));
                case 2 -> spliced(result, at, at + 1, 0);
                case 3 -> spliced(result, at, at, random.nextInt(result.length - at + 1));
                default -> Arrays.copyOf(result, at);
            };
        }
        return result;
    }

    private static byte[] replaced(byte[] bytes, int at, byte value) {
        byte[] result = bytes.clone();
        result[at] = value;
        return result;
    }

    /** The bytes before {@code from}, {@code doubled} bytes from {@code to} on, and all bytes from {@code to} on. */
    private static byte[] spliced(byte[] bytes, int from, int to, int doubled) {
        byte[] result = new byte[from + doubled + bytes.length - to];
        System.arraycopy(bytes, 0, result, 0, from);
        System.arraycopy(bytes, to, result, from, doubled);
        System.arraycopy(bytes, to, result, from + doubled, bytes.length - to);
        return result;
    }
}
