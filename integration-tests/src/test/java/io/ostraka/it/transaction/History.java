package io.ostraka.it.transaction;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * What clients did to lists, to which each value is appended once, and what they saw of them: whether that could have been in some order, as
 * snapshot isolation wants it. The lists themselves tell in which order each of them was written; what a transaction has read or
 * written then comes before or after another, and no transaction may come before itself.
 *
 * <p>Names of anomalies are Adya's; the idea is Kingsbury's and Alvaro's, "Elle: Inferring Isolation Anomalies from Experimental
 * Observations", 2020. Thread-safe while it is {@link #add written}, which ends before it is checked.
 */
final class History {
    private final Collection<Transaction> transactions = new ConcurrentLinkedQueue<>();

    /** How it ended, as its client knows. */
    enum Outcome {
        COMMITTED,
        FAILED,
        UNKNOWN
    }

    /** What a transaction did, one after the other. */
    sealed interface Step {
        int key();
    }

    record Append(int key, int value) implements Step {}

    record Read(int key, List<Integer> values) implements Step {
        Read {
            values = List.copyOf(values);
        }
    }

    /** Each is itself only, whatever it did. Immutable. */
    static final class Transaction {
        private final String name;
        private final Outcome outcome;
        private final List<Step> steps;

        Transaction(String name, Outcome outcome, List<Step> steps) {
            this.name = name;
            this.outcome = outcome;
            this.steps = List.copyOf(steps);
        }

        String name() {
            return name;
        }

        Outcome outcome() {
            return outcome;
        }

        List<Step> steps() {
            return steps;
        }

        List<Integer> appendedTo(int key) {
            return steps.stream()
                    .filter(step -> step.key() == key && step instanceof Append)
                    .map(step -> ((Append) step).value())
                    .toList();
        }

        @Override
        public String toString() {
            return name + " " + outcome + " " + steps;
        }
    }

    /** That the second comes after the first; {@code overtakes}: because the first did not see what the second wrote. */
    private record Edge(Transaction from, Transaction to, boolean overtakes, String why) {}

    void add(Transaction transaction) {
        transactions.add(transaction);
    }

    int committed() {
        return (int) transactions.stream()
                .filter(transaction -> transaction.outcome() == Outcome.COMMITTED)
                .count();
    }

    /** The anomalies, for people; none when all is well. {@code lists}: every list as it is at last. */
    List<String> anomalies(Map<Integer, List<Integer>> lists) {
        List<String> found = new ArrayList<>();
        Map<Integer, Transaction> writers = writers();
        lists.forEach((key, list) -> checkList(key, list, writers, found));
        for (Transaction transaction : transactions) {
            checkReads(transaction, lists, writers, found);
        }
        if (found.isEmpty()) {
            // Else there may be no order to speak of.
            checkOrder(edges(lists, writers), found);
        }
        return found;
    }

    private Map<Integer, Transaction> writers() {
        Map<Integer, Transaction> writers = new HashMap<>();
        for (Transaction transaction : transactions) {
            for (Step step : transaction.steps()) {
                if (step instanceof Append append) {
                    writers.put(append.value(), transaction);
                }
            }
        }
        return writers;
    }

    private void checkList(int key, List<Integer> list, Map<Integer, Transaction> writers, List<String> found) {
        Set<Integer> there = new HashSet<>(list);
        if (there.size() < list.size()) {
            found.add("a value is twice in list " + key + ": " + list);
        }
        for (int value : list) {
            Transaction writer = writers.get(value);
            if (writer == null || writer.outcome() == Outcome.FAILED) {
                found.add("G1a, " + value + " of a transaction that failed is in list " + key + ": " + writer);
            }
        }
        for (Transaction transaction : transactions) {
            List<Integer> its = transaction.appendedTo(key);
            long kept = its.stream().filter(there::contains).count();
            if (kept < its.size() && (transaction.outcome() == Outcome.COMMITTED || kept > 0)) {
                found.add("lost update, list " + key + " is " + list + " after " + transaction);
            }
        }
    }

    private static void checkReads(
            Transaction transaction,
            Map<Integer, List<Integer>> lists,
            Map<Integer, Transaction> writers,
            List<String> found) {
        Map<Integer, List<Integer>> expected = new HashMap<>();
        for (Step step : transaction.steps()) {
            if (step instanceof Append append) {
                if (expected.containsKey(append.key())) {
                    expected.get(append.key()).add(append.value());
                }
                continue;
            }
            Read read = (Read) step;
            List<Integer> values = read.values();
            List<Integer> anew = new ArrayList<>(others(transaction, values, writers));
            anew.addAll(before(transaction, read));
            if (!values.equals(expected.getOrDefault(read.key(), anew))) {
                found.add("not one snapshot and its own values, list " + read.key() + ": " + transaction);
            }
            expected.put(read.key(), new ArrayList<>(values));
            List<Integer> others = others(transaction, values, writers);
            List<Integer> list = lists.get(read.key());
            if (others.size() > list.size() || !list.subList(0, others.size()).equals(others)) {
                found.add("no version of list " + read.key() + ", which is " + list + ": " + transaction);
            } else if (!others.isEmpty()) {
                int last = others.get(others.size() - 1);
                List<Integer> together = writers.get(last).appendedTo(read.key());
                if (together.get(together.size() - 1) != last) {
                    found.add("G1b, only a part of " + writers.get(last) + " was seen by " + transaction);
                }
            }
        }
    }

    /** What it saw without what it had appended itself, which is at the end. */
    private static List<Integer> others(
            Transaction transaction, List<Integer> values, Map<Integer, Transaction> writers) {
        return values.stream()
                .filter(value -> writers.get(value) != transaction)
                .toList();
    }

    /** What it had appended by then. */
    private static List<Integer> before(Transaction transaction, Read read) {
        List<Integer> values = new ArrayList<>();
        for (Step step : transaction.steps()) {
            if (step == read) {
                return values;
            }
            if (step instanceof Append append && append.key() == read.key()) {
                values.add(append.value());
            }
        }
        return values;
    }

    private List<Edge> edges(Map<Integer, List<Integer>> lists, Map<Integer, Transaction> writers) {
        List<Edge> edges = new ArrayList<>();
        lists.forEach((key, list) -> {
            for (int i = 1; i < list.size(); i++) {
                add(
                        edges,
                        writers.get(list.get(i - 1)),
                        writers.get(list.get(i)),
                        false,
                        "writes list " + key + " after");
            }
        });
        for (Transaction transaction : transactions) {
            if (transaction.outcome() == Outcome.FAILED) {
                continue;
            }
            for (Step step : transaction.steps()) {
                if (step instanceof Read read) {
                    int seen = others(transaction, read.values(), writers).size();
                    List<Integer> list = lists.get(read.key());
                    if (seen > 0) {
                        add(
                                edges,
                                writers.get(list.get(seen - 1)),
                                transaction,
                                false,
                                "reads list " + read.key() + " of");
                    }
                    if (seen < list.size()) {
                        add(
                                edges,
                                transaction,
                                writers.get(list.get(seen)),
                                true,
                                "overwrites list " + read.key() + " of");
                    }
                }
            }
        }
        return edges;
    }

    private static void add(List<Edge> edges, Transaction from, Transaction to, boolean overtakes, String why) {
        if (from != to) {
            edges.add(new Edge(from, to, overtakes, to.name() + " " + why + " " + from.name()));
        }
    }

    private static void checkOrder(List<Edge> edges, List<String> found) {
        Map<Transaction, List<Edge>> depends = new HashMap<>();
        for (Edge edge : edges) {
            if (!edge.overtakes()) {
                depends.computeIfAbsent(edge.from(), first -> new ArrayList<>()).add(edge);
            }
        }
        Map<Transaction, Integer> places = places(edges, depends);
        for (Edge edge : edges) {
            Integer from = places.get(edge.from());
            Integer to = places.get(edge.to());
            if (from == null || to == null || to < from) {
                path(edge.to(), edge.from(), depends)
                        .ifPresent(path -> found.add((edge.overtakes() ? "G-single: " : "G0 or G1c: ") + edge.why()
                                + ", but " + String.join(", ", path)));
            }
        }
    }

    /** Each one's place in some order in which all comes after what it depends on; none for what is in a circle, or behind one. */
    private static Map<Transaction, Integer> places(List<Edge> edges, Map<Transaction, List<Edge>> depends) {
        Map<Transaction, Integer> awaited = new HashMap<>();
        for (Edge edge : edges) {
            awaited.merge(edge.from(), 0, Integer::sum);
            awaited.merge(edge.to(), edge.overtakes() ? 0 : 1, Integer::sum);
        }
        Deque<Transaction> free = new ArrayDeque<>();
        awaited.forEach((transaction, count) -> {
            if (count == 0) {
                free.add(transaction);
            }
        });
        Map<Transaction, Integer> places = new HashMap<>();
        while (!free.isEmpty()) {
            Transaction next = free.remove();
            places.put(next, places.size());
            for (Edge edge : depends.getOrDefault(next, List.of())) {
                if (awaited.merge(edge.to(), -1, Integer::sum) == 0) {
                    free.add(edge.to());
                }
            }
        }
        return places;
    }

    /** How the second comes after the first by what was written and read. Breadth first. */
    private static Optional<List<String>> path(Transaction from, Transaction to, Map<Transaction, List<Edge>> depends) {
        Map<Transaction, Edge> reachedBy = new HashMap<>();
        Deque<Transaction> next = new ArrayDeque<>(List.of(from));
        while (!next.isEmpty()) {
            for (Edge edge : depends.getOrDefault(next.remove(), List.of())) {
                if (reachedBy.putIfAbsent(edge.to(), edge) == null) {
                    next.add(edge.to());
                }
                if (edge.to() == to) {
                    Deque<String> path = new ArrayDeque<>();
                    for (Transaction at = to;
                            at != from || path.isEmpty();
                            at = reachedBy.get(at).from()) {
                        path.addFirst(reachedBy.get(at).why());
                    }
                    return Optional.of(List.copyOf(path));
                }
            }
        }
        return Optional.empty();
    }

    /** Of PostgreSQL's text for an array of numbers. */
    static List<Integer> list(String text) {
        List<Integer> values = new ArrayList<>();
        for (String value : text.substring(1, text.length() - 1).split(",", -1)) {
            if (!value.isEmpty()) {
                values.add(Integer.parseInt(value));
            }
        }
        return values;
    }
}
