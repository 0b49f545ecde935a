package io.ostraka.proxy.wire;

/**
 * What every message of an established session has in common.
 * Shape: {@code Byte1 tag, Int32 length, payload}, where length counts itself but not the tag.
 */
public final class Frame {
    /** Tag and length. */
    public static final int HEADER_BYTES = 5;

    /** Smallest value of the length field: it counts itself. */
    public static final int MIN_LENGTH = 4;

    private Frame() {}
}
