package io.ostraka.tx.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.rules.config.HostPort;
import io.ostraka.rules.config.ShardName;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Three real processes, really killed. */
@Timeout(value = 6, unit = TimeUnit.MINUTES)
class GroupCrashTest {
    private static final List<String> NODES = List.of("n1", "n2", "n3");

    @TempDir
    private Path directory;

    private final Map<String, HostPort> addresses = new TreeMap<>();
    private final Map<String, Process> processes = new HashMap<>();
    private final Map<String, Integer> answered = new ConcurrentHashMap<>();
    private int lives;

    @AfterEach
    void killTheRest() throws InterruptedException {
        for (Process process : processes.values()) {
            process.destroyForcibly().waitFor();
        }
    }

    @Test
    void whatWasAnsweredOutlivesTheLeaderAndThenEverybody() throws Exception {
        for (String node : NODES) {
            addresses.put(node, new HostPort("127.0.0.1", TestGroup.freePort()));
        }
        NODES.forEach(this::start);
        NODES.forEach(node -> awaitAnswers(node, 20));

        String leader = leader();
        kill(leader);
        List<String> survivors =
                NODES.stream().filter(node -> !node.equals(leader)).toList();
        survivors.forEach(node -> awaitAnswers(node, answersOf(node) + 20));
        assertTrue(survivors.contains(leader()));

        start(leader);
        awaitAnswers(leader, answersOf(leader) + 20);
        NODES.forEach(this::kill);

        Map<String, Integer> before = Map.copyOf(answered);
        assertEquals(before.size(), new HashSet<>(before.values()).size(), "no number was given twice");
        Map<String, CompletableFuture<ClusterMembership>> opening = new HashMap<>();
        for (String node : NODES) {
            opening.put(node, CompletableFuture.supplyAsync(() -> open(node), work -> new Thread(work).start()));
        }
        List<ClusterMembership> opened = new ArrayList<>();
        try {
            for (String node : NODES) {
                ClusterMembership membership = opening.get(node).get(90, TimeUnit.SECONDS);
                opened.add(membership);
                before.forEach((shard, number) -> assertEquals(
                        Optional.of(number),
                        membership.read(state ->
                                state.numberOf("shop", new ShardName(shard)).map(known -> known.value())),
                        shard + " on " + node));
            }
        } finally {
            for (ClusterMembership membership : opened) {
                membership.close();
            }
        }
    }

    /** {@code ulimit -f} is a disk that has room for so much and no more. */
    @Test
    void aMemberWhoseDiskIsFullIsExpelledAndTheOthersGoOn() throws Exception {
        try (TestGroup group = new TestGroup(directory)) {
            for (String node : NODES) {
                addresses.put(node, group.address(node));
            }
            Map<String, CompletableFuture<ClusterMembership>> starting = new TreeMap<>();
            for (String node : List.of("n1", "n2")) {
                starting.put(node, group.start(node, "n1", "n2", "n3"));
            }
            start("n3", "bash", "-c", "ulimit -f 300; exec \"$@\"", "bash");
            for (String node : starting.keySet()) {
                group.await(node, starting.get(node));
            }
            awaitAnswers("n3", 20);
            group.awaitEverywhere("n3 is dead", state -> state.epochOf("n3").isEmpty());
            group.number("n1", "after");
            kill("n3");
            start("n3");
            awaitAnswers("n3", answersOf("n3") + 20);
        }
    }

    private ClusterMembership open(String node) {
        try {
            return ClusterMembership.open(
                    directory.resolve(node), new GroupSettings(node, addresses, TestGroup.SECRET), Map.of());
        } catch (IOException e) {
            throw new CompletionException(e);
        }
    }

    private void start(String node, String... within) {
        List<String> command = new ArrayList<>(List.of(within));
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                KilledMember.class.getName(),
                directory.resolve(node).toString(),
                Integer.toString(++lives),
                node));
        addresses.forEach((name, address) -> command.add(name + "=" + address));
        try {
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            processes.put(node, process);
            Thread reader = new Thread(() -> read(process), "answers-of-" + node);
            reader.setDaemon(true);
            reader.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A line that the kill cut off was answered to nobody. */
    private void read(Process process) {
        try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line; (line = output.readLine()) != null; ) {
                String[] answer = line.split(" ", 2);
                if (answer.length == 2 && !answer[1].isEmpty()) {
                    answered.put(answer[0], Integer.parseInt(answer[1]));
                }
            }
        } catch (IOException e) {
            // The process is gone.
        }
    }

    private int answersOf(String node) {
        return (int) answered.keySet().stream()
                .filter(shard -> shard.startsWith(node + "-"))
                .count();
    }

    private void awaitAnswers(String node, int count) {
        TestGroup.await(count + " answers of " + node, () -> answersOf(node) >= count);
    }

    private String leader() {
        String[] leader = new String[1];
        try (Operator operator = new Operator(TestGroup.SECRET, addresses)) {
            TestGroup.await("a leader that lives", () -> {
                for (Optional<PeerStatus> status : operator.statuses().values()) {
                    leader[0] = status.flatMap(PeerStatus::leader)
                            .map(Member::nameOf)
                            .orElse("nobody");
                    if (status.isPresent()
                            && processes.containsKey(leader[0])
                            && processes.get(leader[0]).isAlive()) {
                        return true;
                    }
                }
                return false;
            });
        }
        return leader[0];
    }

    /** SIGKILL. */
    private void kill(String node) {
        Process process = processes.get(node);
        assertTrue(process.toHandle().destroyForcibly(), node + " is gone already");
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
