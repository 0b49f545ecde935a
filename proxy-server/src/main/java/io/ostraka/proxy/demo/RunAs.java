package io.ostraka.proxy.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * As whom PostgreSQL's programs run: they refuse to run as root, and containers and build machines are often just that.
 */
enum RunAs {
    /** An ordinary user runs them as himself. */
    SELF,
    /**
     * Root in a user namespace of its own without mapped users: to the program it is "nobody", to the file system still
     * root, so nothing need be handed over. Some containers forbid it.
     */
    USER_NAMESPACE,
    /** Root becomes the user nobody, who is given the directories. */
    NOBODY;

    private static final String NOBODY_NAME = "nobody";

    static RunAs detect() throws IOException {
        if (!System.getProperty("user.name").equals("root")) {
            return SELF;
        }
        return succeeds("unshare", "-U", "true") ? USER_NAMESPACE : NOBODY;
    }

    /**
     * The command line that runs {@code program} as this user, in a session of its own where the system can do so: the
     * terminal's Ctrl-C is for us, who then stop the servers in good order.
     */
    List<String> command(List<String> program) {
        List<String> command = new ArrayList<>();
        if (setsid().isPresent()) {
            command.add(setsid().get());
        }
        switch (this) {
            case SELF -> {}
            case USER_NAMESPACE -> command.addAll(List.of("unshare", "-U"));
            case NOBODY ->
                command.addAll(List.of("setpriv", "--reuid=" + NOBODY_NAME, "--regid=65534", "--clear-groups"));
        }
        command.addAll(program);
        return command;
    }

    /** Lets the program write to {@code path}. */
    void own(Path path) throws IOException {
        if (this == NOBODY) {
            Files.setOwner(
                    path, path.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(NOBODY_NAME));
        }
    }

    /** Where unpacked programs are kept: root's own cache would be closed to nobody. */
    Path cache() {
        if (this == NOBODY) {
            return Path.of("/var/tmp", "ostraka-postgresql");
        }
        String xdg = System.getenv("XDG_CACHE_HOME");
        Path cache = xdg == null || xdg.isEmpty() ? Path.of(System.getProperty("user.home"), ".cache") : Path.of(xdg);
        return cache.resolve("ostraka");
    }

    /** {@code setsid} of util-linux runs its command in place, so that the process id stays what it was. */
    static Optional<String> setsid() {
        return Optional.of("/usr/bin/setsid").filter(path -> Files.isExecutable(Path.of(path)));
    }

    private static boolean succeeds(String... command) throws IOException {
        try {
            return new ProcessBuilder(command)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .redirectError(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while looking for a way to run PostgreSQL", e);
        } catch (IOException e) {
            return false; // the program does not exist here
        }
    }
}
