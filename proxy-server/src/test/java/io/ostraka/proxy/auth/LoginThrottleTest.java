package io.ostraka.proxy.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LoginThrottleTest {
    /** Starts near the overflow of a long, as System.nanoTime may. */
    private final AtomicLong nanos =
            new AtomicLong(Long.MAX_VALUE - Duration.ofSeconds(2).toNanos());

    private final LoginThrottle throttle = new LoginThrottle(3, Duration.ofSeconds(1), nanos::get);

    private void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
    }

    private static InetAddress address(String text) {
        try {
            return InetAddress.getByName(text);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(text, e);
        }
    }

    @Test
    void anAddressIsRefusedAfterItsBurstOfFailuresAndForgivenOneByOne() {
        InetAddress guesser = address("192.0.2.1");
        for (int i = 0; i < 3; i++) {
            assertTrue(throttle.admits(guesser));
            throttle.failed(guesser);
        }
        assertFalse(throttle.admits(guesser));
        pass(Duration.ofMillis(999));
        assertFalse(throttle.admits(guesser));
        pass(Duration.ofMillis(1));
        assertTrue(throttle.admits(guesser));
        throttle.failed(guesser);
        assertFalse(throttle.admits(guesser));
        pass(Duration.ofSeconds(3));
        for (int i = 0; i < 3; i++) {
            assertTrue(throttle.admits(guesser));
            throttle.failed(guesser);
        }
        assertFalse(throttle.admits(guesser));
    }

    @Test
    void loginsThatWereUnderWayDoNotLengthenThePenalty() {
        InetAddress guesser = address("192.0.2.1");
        for (int i = 0; i < 1000; i++) {
            throttle.failed(guesser);
        }
        pass(Duration.ofSeconds(1));
        assertTrue(throttle.admits(guesser));
    }

    @Test
    void othersAreNotConcerned() {
        for (int i = 0; i < 3; i++) {
            throttle.failed(address("192.0.2.1"));
        }
        assertTrue(throttle.admits(address("192.0.2.2")));
        assertTrue(throttle.admits(address("::1")));
    }

    @Test
    void anIpv6NetworkCountsAsOneAddress() {
        for (int i = 0; i < 3; i++) {
            throttle.failed(address("2001:db8:0:1::" + i));
        }
        assertFalse(throttle.admits(address("2001:db8:0:1::abcd")));
        assertTrue(throttle.admits(address("2001:db8:0:2::abcd")));
    }

    @Test
    void memoryIsBoundedAndTheForgivenAreForgotten() {
        for (int i = 0; i < 3 * LoginThrottle.MAX_ADDRESSES; i++) {
            throttle.failed(address("10." + (i >> 16) + "." + (i >> 8 & 255) + "." + (i & 255)));
            assertTrue(throttle.remembered() <= LoginThrottle.MAX_ADDRESSES);
        }
        assertEquals(LoginThrottle.MAX_ADDRESSES, throttle.remembered());
        pass(Duration.ofSeconds(2));
        throttle.failed(address("192.0.2.1"));
        assertEquals(1, throttle.remembered());
    }
}
