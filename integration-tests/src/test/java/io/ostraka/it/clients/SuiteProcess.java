package io.ostraka.it.clients;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestSource;
import org.junit.platform.engine.discovery.ClassNameFilter;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.PostDiscoveryFilter;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * A JVM that runs a foreign test suite, on that suite's class path and its version of JUnit: hence nothing but JUnit's launcher
 * is used here. Each result is a line of a file as soon as it is there, so that a hang costs one test: it is written down with
 * the threads' stacks on standard error, and the process ends; {@link SuiteRun} starts another for the rest.
 *
 * <p>The listener is called by JUnit's thread, the watch is a thread of its own.
 */
final class SuiteProcess implements TestExecutionListener {
    static final int HUNG_STATUS = 75;

    private static final Duration LONGEST_TEST = Duration.ofSeconds(100);
    private static final int ID_FIELD = 3;
    private static final Duration LOOK = Duration.ofSeconds(2);

    private final Path results;
    private final Map<TestIdentifier, Long> started = new ConcurrentHashMap<>();

    private SuiteProcess(Path results) {
        this.results = results;
    }

    /**
     * Arguments: the file for the results, the directory of test classes, a regular expression of class names. Tests that the file
     * has results of already are left out.
     */
    public static void main(String[] arguments) {
        SuiteProcess process = new SuiteProcess(Path.of(arguments[0]));
        Thread watch = new Thread(process::watch, "hang-watch");
        watch.setDaemon(true);
        watch.start();
        List<DiscoverySelector> roots =
                new ArrayList<>(DiscoverySelectors.selectClasspathRoots(Set.of(Path.of(arguments[1]))));
        LauncherDiscoveryRequestBuilder request = LauncherDiscoveryRequestBuilder.request()
                .selectors(roots)
                .filters(ClassNameFilter.includeClassNamePatterns(arguments[2]))
                .configurationParameter("junit.jupiter.extensions.autodetection.enabled", "true");
        Set<String> done = process.done();
        request.filters((PostDiscoveryFilter) test ->
                FilterResult.includedIf(!isWithin(done, test.getUniqueId().toString())));
        LauncherDiscoveryRequest built = request.build();
        LauncherFactory.create().execute(built, process);
        // Threads that a test has left behind must not keep the process.
        Runtime.getRuntime().halt(0);
    }

    /** As they are known before they run: for the invocation of a test with parameters, that test. */
    private Set<String> done() {
        if (!Files.exists(results)) {
            return Set.of();
        }
        try (Stream<String> lines = Files.lines(results)) {
            return lines.map(line -> line.split("\t", -1)[ID_FIELD].replaceFirst("/\\[[a-z-]+-invocation:.*", ""))
                    .collect(Collectors.toUnmodifiableSet());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** JUnit asks for those without children only, so whether their class is done must be seen here. */
    private static boolean isWithin(Set<String> done, String test) {
        for (int end = test.length(); end > 0; end = test.lastIndexOf("]/[", end - 2) + 1) {
            if (done.contains(test.substring(0, end))) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void executionStarted(TestIdentifier test) {
        if (test.isTest()) {
            started.put(test, System.nanoTime());
        }
    }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        write("SKIPPED", test, 0, reason);
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        Long start = started.remove(test);
        boolean failed = result.getStatus() == TestExecutionResult.Status.FAILED;
        if (start == null && !failed) {
            return; // a class that went through
        }
        long ms = start == null ? 0 : (System.nanoTime() - start) / 1_000_000;
        write(
                result.getStatus().name(),
                test,
                ms,
                result.getThrowable().map(SuiteProcess::describe).orElse(""));
    }

    private static String describe(Throwable failure) {
        StringBuilder text = new StringBuilder(failure.toString());
        for (StackTraceElement frame : failure.getStackTrace()) {
            if (frame.getClassName().startsWith("org.postgresql.")) {
                text.append(" at ").append(frame);
                break;
            }
        }
        if (failure.getCause() != null && failure.getCause() != failure) {
            text.append(" caused by ").append(describe(failure.getCause()));
        }
        return text.toString();
    }

    private void watch() {
        while (true) {
            try {
                Thread.sleep(LOOK.toMillis());
            } catch (InterruptedException e) {
                return;
            }
            long now = System.nanoTime();
            started.forEach((test, start) -> {
                if (now - start > LONGEST_TEST.toNanos()) {
                    Thread.getAllStackTraces().forEach((thread, stack) -> {
                        System.err.println(thread);
                        for (StackTraceElement frame : stack) {
                            System.err.println("    " + frame);
                        }
                    });
                    write("HUNG", test, LONGEST_TEST.toMillis(), "");
                    Runtime.getRuntime().halt(HUNG_STATUS);
                }
            });
        }
    }

    private synchronized void write(String status, TestIdentifier test, long ms, String message) {
        String line = String.join(
                "\t", status, Long.toString(ms), className(test), test.getUniqueId(), message.replaceAll("\\s+", " "));
        try (PrintWriter out = new PrintWriter(Files.newBufferedWriter(
                results, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND))) {
            out.println(line);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String className(TestIdentifier test) {
        TestSource source = test.getSource().orElse(null);
        if (source instanceof MethodSource method) {
            return method.getClassName();
        }
        return source instanceof ClassSource type ? type.getClassName() : "";
    }
}
