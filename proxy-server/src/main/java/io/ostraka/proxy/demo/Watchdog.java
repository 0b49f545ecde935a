package io.ostraka.proxy.demo;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Outlives us when we are killed without warning, stops the processes we started and removes their temporary
 * directory: a shell that reads a pipe of which we hold the other end. The system closes that end however we die.
 * Thread-safe.
 *
 * <p>It is told of each process that starts and ends, so that it never signals a process id that now belongs to somebody
 * else. What it cannot do: survive a kill of its own.
 */
final class Watchdog implements AutoCloseable {
    /** Argument 1: the directory to remove, or nothing. A process that does not stop by itself in 10 s is killed. */
    private static final String SCRIPT = """
            trap '' INT TERM HUP
            pids=
            while read -r sign pid; do
              case $sign in
                +) pids="$pids $pid" ;;
                -) rest=
                   for each in $pids; do [ "$each" = "$pid" ] || rest="$rest $each"; done
                   pids=$rest ;;
                .) exit 0 ;;
              esac
            done
            for each in $pids; do kill -INT "$each"; done
            for each in $pids; do
              tries=0
              while kill -0 "$each" && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
              [ $tries -lt 100 ] || kill -KILL "$each"
            done
            [ -z "$1" ] || rm -rf -- "$1"
            """;

    private final Process shell;
    private final OutputStream pipe;
    private boolean sentHome; // guarded by this

    Watchdog(DataDirectory directory) throws IOException {
        List<String> command = new ArrayList<>();
        RunAs.setsid().ifPresent(command::add); // a kill of our whole process group shall not reach it
        command.addAll(List.of("/bin/sh", "-c", SCRIPT, "ostraka-watchdog"));
        command.add(directory.isTemporary() ? directory.path().toString() : "");
        this.shell = new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        this.pipe = shell.getOutputStream();
    }

    /** From now until it ends, {@code process} ends with us. */
    void watch(Process process) throws IOException {
        write("+ " + process.pid());
        var unused = process.onExit().thenRun(() -> {
            try {
                write("- " + process.pid());
            } catch (IOException e) {
                // The watchdog itself was killed: nothing is watched any more.
            }
        });
    }

    /** Call when everything has ended: sends the watchdog home. */
    @Override
    public void close() throws IOException {
        synchronized (this) {
            write(".");
            sentHome = true;
        }
        pipe.close();
        shell.onExit().join();
    }

    /** Says nothing to one that was sent home: the bytes would stay in the buffer, and closing it would fail. */
    private synchronized void write(String line) throws IOException {
        if (sentHome) {
            return;
        }
        pipe.write((line + "\n").getBytes(StandardCharsets.US_ASCII));
        pipe.flush();
    }
}
