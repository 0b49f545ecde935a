package io.ostraka.proxy.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LoginRateTest {
    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);
    private final LoginRate rate = new LoginRate(10, now::get);

    private int admitted(int attempts) {
        int admitted = 0;
        for (int i = 0; i < attempts; i++) {
            admitted += rate.admits() ? 1 : 0;
        }
        return admitted;
    }

    @Test
    void soManyComeInAtOnceAndThenSoManyInEachSecond() {
        assertEquals(10, admitted(100));
        now.addAndGet(TimeUnit.MILLISECONDS.toNanos(300));
        assertEquals(3, admitted(100));
        now.addAndGet(TimeUnit.SECONDS.toNanos(1));
        assertEquals(10, admitted(100));
        now.addAndGet(TimeUnit.HOURS.toNanos(1));
        assertEquals(10, admitted(100), "what was not used is not saved up");
    }
}
