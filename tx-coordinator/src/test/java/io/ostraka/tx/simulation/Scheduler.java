package io.ostraka.tx.simulation;

import java.util.PriorityQueue;

/** Virtual time in microseconds. What is due at the same time happens in the order in which it was scheduled. */
final class Scheduler {
    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private long now;
    private long scheduled;
    private long happened;

    private record Event(long at, long order, Runnable what) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            return at != other.at ? Long.compare(at, other.at) : Long.compare(order, other.order);
        }
    }

    long now() {
        return now;
    }

    long happened() {
        return happened;
    }

    void after(long micros, Runnable what) {
        events.add(new Event(now + Math.max(0, micros), scheduled++, what));
    }

    /** Lets everything happen that is due until then. */
    void runUntil(long end) {
        while (!events.isEmpty() && events.peek().at() <= end) {
            Event next = events.remove();
            now = next.at();
            happened++;
            next.what().run();
        }
        now = end;
    }
}
