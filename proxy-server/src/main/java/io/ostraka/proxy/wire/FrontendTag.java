package io.ostraka.proxy.wire;

/** First bytes of the messages a client sends once it is logged in. Source: PostgreSQL manual, "Message Formats". */
public final class FrontendTag {
    /** Of a message that has a value of the client's in it, length included: what PostgreSQL takes. */
    static final int MAX_LARGE = 0x3FFF_FFFE;

    private static final int MAX_SMALL = 10_000;

    public static final byte BIND = 'B';
    public static final byte CLOSE = 'C';
    public static final byte COPY_DATA = 'd';
    public static final byte COPY_DONE = 'c';
    public static final byte COPY_FAIL = 'f';
    public static final byte DESCRIBE = 'D';
    public static final byte EXECUTE = 'E';
    public static final byte FLUSH = 'H';
    public static final byte FUNCTION_CALL = 'F';
    public static final byte PARSE = 'P';
    /** PasswordMessage, SASLInitialResponse and SASLResponse share it. */
    public static final byte PASSWORD = 'p';

    public static final byte QUERY = 'Q';
    public static final byte SYNC = 'S';
    public static final byte TERMINATE = 'X';

    private FrontendTag() {}

    /** The longest a message of this type may be, by its length field: PostgreSQL's own limits for texts and data, and for others. */
    public static int maxLength(byte tag) {
        return switch (tag) {
            case QUERY, PARSE, BIND, FUNCTION_CALL, COPY_DATA -> MAX_LARGE;
            default -> MAX_SMALL;
        };
    }
}
