package io.flinkgpt2.cli.common;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class InterruptsTest {

    @AfterEach
    void clear() {
        // Not to reach the next test, whatever this one did.
        Thread.interrupted();
    }

    @Test
    void whatIsStartedComesUpWholeThoughTheThreadIsInterrupted() throws Exception {
        Thread.currentThread().interrupt();

        String started = Interrupts.shielded(() -> {
            boolean interrupted = Thread.currentThread().isInterrupted();
            return interrupted ? "interrupted" : "whole";
        });

        assertThat(started).isEqualTo("whole");
        assertThat(Thread.currentThread().isInterrupted()).isTrue();
    }

    @Test
    void anInterruptWhileItStartsIsKeptForAfter() throws Exception {
        Thread caller = Thread.currentThread();
        CountDownLatch interrupted = new CountDownLatch(1);
        Thread other = new Thread(() -> {
            caller.interrupt();
            interrupted.countDown();
        });

        Interrupts.shielded(() -> {
            other.start();
            interrupted.await();
            return "started";
        });

        assertThatThrownBy(Interrupts::check).isInstanceOf(InterruptedException.class);
        Interrupts.check();
    }

    @Test
    void failuresComeAsTheyAre() {
        IOException failure = new IOException("port taken");
        assertThatThrownBy(() -> Interrupts.shielded(() -> {
                    throw failure;
                }))
                .isSameAs(failure);
        Error error = new NoClassDefFoundError("lib");
        assertThatThrownBy(() -> Interrupts.shielded(() -> {
                    throw error;
                }))
                .isSameAs(error);
    }

    @Test
    void closingIsNotCutShort() {
        Thread.currentThread().interrupt();
        boolean[] interruptedWhileClosing = {true};

        Interrupts.deferred(
                () -> interruptedWhileClosing[0] = Thread.currentThread().isInterrupted());

        assertThat(interruptedWhileClosing[0]).isFalse();
        assertThat(Thread.currentThread().isInterrupted()).isTrue();
    }

    @Test
    void aFailureToCloseKeepsTheInterrupt() {
        Thread.currentThread().interrupt();
        IOException failure = new IOException("cannot delete");

        assertThatThrownBy(() -> Interrupts.deferred(() -> {
                    throw failure;
                }))
                .isSameAs(failure);
        assertThat(Thread.currentThread().isInterrupted()).isTrue();
    }
}
