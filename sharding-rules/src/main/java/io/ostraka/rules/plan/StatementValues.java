package io.ostraka.rules.plan;

/**
 * The values of one execution. Literals are those that the lexer lifted out of the statement's text, counted from 0 in
 * the order of the text; parameters are {@code $1} and on. Borrowed for the length of a call.
 */
public interface StatementValues {

    /** The literal's text as it stands in the statement, quotes and prefix included. */
    CharSequence literal(int index);

    /** Number of parameters bound; 0 for a statement of the simple protocol. */
    int parameterCount();

    boolean parameterIsNull(int number);

    /** The type declared for {@code $number} by Parse, 0 where the server infers it. */
    int parameterOid(int number);

    boolean parameterIsBinary(int number);

    /** The bytes of a parameter that is not null, in the format {@link #parameterIsBinary} tells. */
    byte[] parameter(int number);

    /** A client's text, or a parameter of a type that has characters, as the database has it. */
    default byte[] inUtf8(byte[] text) {
        return text;
    }

    /** What a server said to the expression with this number of {@link Plan.Asking}. */
    default Computed computed(int number) {
        return Computed.UNKNOWN;
    }
}
