package io.ostraka.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * What a process has used: CPU time of all its threads in user and system mode since its start, in ticks of 10 ms, and its
 * resident memory now. Children are not included. Source: proc(5), {@code /proc/<pid>/stat} and {@code status}; Linux only.
 */
record ProcessUsage(Duration cpu, long residentKib) {
    /** USER_HZ: 100 on every Linux that Java runs on. */
    private static final long TICK_MILLIS = 10;

    /** Fields 14 and 15, counted behind the name, which may itself hold blanks and ends at the last parenthesis. */
    private static final int USER_TICKS = 14 - 3;

    static ProcessUsage of(long pid) throws IOException {
        String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        long ticks = Long.parseLong(fields[USER_TICKS]) + Long.parseLong(fields[USER_TICKS + 1]);
        return new ProcessUsage(Duration.ofMillis(ticks * TICK_MILLIS), residentKib(pid));
    }

    private static long residentKib(long pid) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("[^0-9]", ""));
            }
        }
        throw new IOException("process " + pid + " has no memory any more");
    }
}
