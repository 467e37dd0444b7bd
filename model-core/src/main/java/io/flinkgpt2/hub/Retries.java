package io.flinkgpt2.hub;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Decides whether something that failed is tried again, and waits before. For one piece of work. */
final class Retries {

    private static final Logger LOG = LoggerFactory.getLogger(Retries.class);

    private final NetworkLimits limits;
    private final Redaction redaction;
    private final String subject;
    private int failures;

    /** @param subject what is tried, for messages */
    Retries(HubClient client, String subject) {
        this.limits = client.limits();
        this.redaction = client.redaction();
        this.subject = subject;
    }

    /** Something that may fail and be tried again. */
    @FunctionalInterface
    interface Attempt<T> {
        T run() throws IOException;
    }

    /** Tries until it works or the retries are used up. */
    <T> T run(Attempt<T> attempt) throws IOException {
        while (true) {
            try {
                return attempt.run();
            } catch (TransientException e) {
                failed(e);
            }
        }
    }

    /** To be called when there was progress: failures are counted anew. */
    void progressed() {
        failures = 0;
    }

    /**
     * Waits before another attempt.
     *
     * @throws ModelHubException if there is to be none
     * @throws InterruptedIOException if the thread is interrupted
     */
    void failed(TransientException failure) throws IOException {
        if (failures == limits.retries()) {
            throw new ModelHubException(
                    subject,
                    failure.getMessage() + ", in " + (failures + 1) + " attempts",
                    "an answer",
                    "check the network, and a proxy where one is needed (-Dhttps.proxyHost, -Dhttps.proxyPort), and try"
                            + " again: what is there already is not fetched twice",
                    failure);
        }
        if (failure.retryAfter().compareTo(limits.longestRetryAfter()) > 0) {
            throw new ModelHubException(
                    subject,
                    failure.getMessage() + " with the request to wait "
                            + failure.retryAfter().toSeconds() + " s",
                    "an answer within " + limits.longestRetryAfter().toSeconds() + " s",
                    "try again later",
                    failure);
        }
        Duration backoff = limits.firstBackoff().multipliedBy(1L << Math.min(failures, 10));
        Duration wait = backoff.compareTo(failure.retryAfter()) > 0 ? backoff : failure.retryAfter();
        failures++;
        LOG.warn(
                "{}: {}; retry {} of {} in {} ms",
                redaction.text(subject),
                redaction.text(failure.getMessage()),
                failures,
                limits.retries(),
                wait.toMillis());
        try {
            Thread.sleep(wait.toMillis());
        } catch (InterruptedException e) {
            throw interrupted(subject, e);
        }
    }

    /** Returns an interruption as an {@link IOException}; the thread's interrupt status is set again. */
    static InterruptedIOException interrupted(String subject, Exception cause) {
        Thread.currentThread().interrupt();
        InterruptedIOException interrupted = new InterruptedIOException(subject + ": interrupted");
        interrupted.initCause(cause);
        return interrupted;
    }
}
