package io.ostraka.it.clients;

import io.ostraka.it.harness.Endpoint;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Optional;

/**
 * A client that runs in this JVM; Maven brings it.
 *
 * @param type a class of the library, whose package knows the version
 */
record Library(String name, Class<?> type, Script script) implements Client {

    /** What a program does with the library, and prints. */
    interface Script {
        void run(Endpoint endpoint, PrintWriter out) throws Exception;
    }

    @Override
    public Optional<String> version() {
        return Optional.of(Optional.ofNullable(type.getPackage().getImplementationVersion())
                .orElse("of the build"));
    }

    @Override
    public String install() {
        return "comes with the build";
    }

    @Override
    public List<String> run(Endpoint endpoint) throws IOException {
        StringWriter text = new StringWriter();
        PrintWriter out = new PrintWriter(text);
        try {
            script.run(endpoint, out);
        } catch (Exception e) {
            // The outermost frame of a script: what stops it on one way must do so on the other.
            for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                out.println(cause);
            }
        }
        return text.toString().lines().toList();
    }
}
