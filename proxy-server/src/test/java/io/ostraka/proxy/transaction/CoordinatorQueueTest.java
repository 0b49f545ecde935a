package io.ostraka.proxy.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class CoordinatorQueueTest {
    private final CoordinatorQueue queue = new CoordinatorQueue(true);

    @AfterEach
    void stop() {
        queue.close();
    }

    private void await() {
        CompletableFuture.runAsync(() -> {}, queue).join();
    }

    @Test
    void whoBringsAnEventDoesItAndWhatItBrings() {
        List<String> done = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        queue.execute(() -> {
            queue.execute(() -> done.add("what it brought"));
            done.add("first");
            threads.add(Thread.currentThread());
        });
        assertEquals(List.of("first", "what it brought"), done);
        assertSame(Thread.currentThread(), threads.get(0));
    }

    @Test
    void whileOneIsBeingDoneOthersAreLeftToItsThread() throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        List<Thread> threads = new ArrayList<>();
        Thread busy = new Thread(() -> queue.execute(() -> {
            begun.countDown();
            uninterrupted(goOn);
        }));
        busy.start();
        begun.await();
        queue.execute(() -> threads.add(Thread.currentThread()));
        assertTrue(threads.isEmpty());
        goOn.countDown();
        busy.join();
        assertEquals(List.of(busy), threads);
    }

    private static void uninterrupted(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What is confined to the queue is not locked: this would lose some if two were done at once, or one thread did not see another's. */
    @Test
    void noneIsLostAndNoTwoAreDoneAtOnce() throws InterruptedException, ExecutionException {
        int threads = 4;
        int each = 50_000;
        int[] sum = {0};
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        List<Future<?>> running = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            running.add(pool.submit(() -> {
                for (int n = 0; n < each; n++) {
                    queue.execute(() -> sum[0]++);
                }
            }));
        }
        for (Future<?> one : running) {
            one.get();
        }
        pool.shutdown();
        await();
        assertEquals(threads * each, sum[0]);
    }

    @Test
    void aThreadIsRelievedAfterManyInARow() {
        List<Thread> threads = new ArrayList<>();
        queue.execute(() -> {
            for (int i = 0; i < 1_000; i++) {
                queue.execute(() -> threads.add(Thread.currentThread()));
            }
        });
        await();
        assertEquals(1_000, threads.size());
        assertSame(Thread.currentThread(), threads.get(0));
        assertNotEquals(Thread.currentThread(), threads.get(999));
    }

    @Test
    void oneThatFailsDoesNotHoldUpTheNext() {
        List<String> done = new ArrayList<>();
        queue.execute(() -> {
            queue.execute(() -> done.add("next"));
            throw new AssertionError("played");
        });
        assertEquals(List.of("next"), done);
    }

    @Test
    void whatComesLaterIsDoneByNobodyWhoWaits() {
        CompletableFuture<Thread> later = new CompletableFuture<>();
        queue.executeLater(() -> later.complete(Thread.currentThread()));
        CompletableFuture<Thread> scheduled = new CompletableFuture<>();
        queue.schedule(() -> scheduled.complete(Thread.currentThread()), Duration.ofMillis(1));
        assertSame(later.join(), scheduled.join());
        assertNotEquals(Thread.currentThread(), later.join());
    }

    @Test
    void itsOwnThreadDoesAllWhenItIsNotHelped() {
        CoordinatorQueue alone = new CoordinatorQueue(false);
        CompletableFuture<Thread> done = new CompletableFuture<>();
        alone.execute(() -> done.complete(Thread.currentThread()));
        assertNotEquals(Thread.currentThread(), done.join());
        alone.close();
    }

    @Test
    void whatComesAfterTheEndIsDropped() {
        List<String> done = new ArrayList<>();
        queue.close();
        queue.execute(() -> done.add("late"));
        queue.executeLater(() -> done.add("later"));
        assertFalse(queue.schedule(() -> done.add("scheduled"), Duration.ZERO).isSuccess());
        assertTrue(done.isEmpty());
    }
}
