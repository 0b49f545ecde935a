package io.ostraka.proxy.auth;

import java.nio.ByteBuffer;
import java.util.Optional;

/** The Int32 that opens each Authentication message's body. Source: PostgreSQL manual, "Message Formats". */
enum AuthenticationCode {
    OK(0, "no further authentication"),
    KERBEROS_V5(2, "Kerberos V5"),
    CLEARTEXT_PASSWORD(3, "a clear-text password"),
    MD5_PASSWORD(5, "an MD5 password"),
    SCM_CREDENTIAL(6, "SCM credentials"),
    GSS(7, "GSSAPI"),
    GSS_CONTINUE(8, "GSSAPI"),
    SSPI(9, "SSPI"),
    SASL(10, "SASL"),
    SASL_CONTINUE(11, "a SASL response"),
    SASL_FINAL(12, "a SASL outcome");

    private final int code;
    private final String meaning;

    AuthenticationCode(int code, String meaning) {
        this.code = code;
        this.meaning = meaning;
    }

    static Optional<AuthenticationCode> of(int code) {
        for (AuthenticationCode candidate : values()) {
            if (candidate.code == code) {
                return Optional.of(candidate);
            }
        }
        return Optional.empty();
    }

    /** What a server asks for or tells with it, for error messages. */
    String meaning() {
        return meaning;
    }

    /** The message's body: the code, then {@code data}. */
    byte[] body(byte[] data) {
        return ByteBuffer.allocate(Integer.BYTES + data.length)
                .putInt(code)
                .put(data)
                .array();
    }
}
