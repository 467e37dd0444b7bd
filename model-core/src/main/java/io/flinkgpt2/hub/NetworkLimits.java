package io.flinkgpt2.hub;

import java.time.Duration;

/**
 * How patient a fetch is.
 *
 * @param connect the longest to wait for a connection
 * @param stall the longest to wait for an answer to begin, and for its next piece
 * @param retries how many times in a row something may fail and be tried again
 * @param firstBackoff the wait before the first retry; doubles with each
 * @param longestRetryAfter the longest wait that a server may ask for; if it asks for more, the fetch fails
 */
record NetworkLimits(Duration connect, Duration stall, int retries, Duration firstBackoff, Duration longestRetryAfter) {

    static final NetworkLimits STANDARD = new NetworkLimits(
            Duration.ofSeconds(10), Duration.ofSeconds(60), 5, Duration.ofMillis(500), Duration.ofMinutes(2));
}
