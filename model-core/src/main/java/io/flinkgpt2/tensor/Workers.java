package io.flinkgpt2.tensor;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * Threads that share one piece of work at a time, for an engine that owns several cores. The caller takes a part itself and
 * returns when all parts are done. Work comes every few microseconds while an engine runs, so a thread that waits for it
 * spins for a moment before it sleeps.
 *
 * <p>How work is cut never changes a bit of a result: each output is computed by one thread in the order that it always is.
 */
public final class Workers implements AutoCloseable {

    /** Work that is cut into as many parts as there are threads. */
    @FunctionalInterface
    public interface Task {
        /** Does one part, {@code 0 <= part < parts}. */
        void run(int part, int parts);
    }

    /** How often a thread looks for work before it sleeps: longer than what lies between two pieces of one step. */
    private static final int SPINS = 20_000;

    /** How often the caller looks for the others' end before it lets another thread have its core. */
    private static final int SPINS_OF_CALLER = 2_000;

    private final Thread[] threads;
    private final AtomicInteger running = new AtomicInteger();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();

    private volatile Task task;
    /** Counts pieces of work; a thread that sees it change takes its part. */
    private volatile int round;

    private volatile boolean closed;

    /**
     * Starts the threads.
     *
     * @param count threads that work, the caller's among them, 1 or more
     */
    public Workers(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("threads: found " + count + ", expected 1 or more");
        }
        threads = new Thread[count - 1];
        for (int i = 0; i < threads.length; i++) {
            int part = i + 1;
            threads[i] = new Thread(() -> work(part), "flink-gpt2-worker-" + part);
            threads[i].setDaemon(true);
        }
        for (Thread thread : threads) {
            thread.start();
        }
    }

    /** Threads that work, the caller's among them. */
    public int count() {
        return threads.length + 1;
    }

    /**
     * Does all parts of a task; one caller at a time.
     *
     * @throws IllegalStateException if this is closed, or a part failed on another thread, which is its cause; an error of
     *     the JVM is thrown as it is, from whatever thread
     */
    // The round has one writer, and giving up the core only saves time: nothing depends on it.
    @SuppressWarnings({"NonAtomicVolatileUpdate", "ThreadPriorityCheck"})
    public void run(Task work) {
        if (threads.length == 0) {
            work.run(0, 1);
            return;
        }
        if (closed) {
            throw new IllegalStateException("the workers are closed");
        }
        running.set(threads.length);
        task = work;
        round = round + 1; // only this thread writes it
        for (Thread thread : threads) {
            LockSupport.unpark(thread);
        }
        Throwable failed = null;
        try {
            work.run(0, count());
        } catch (RuntimeException | Error e) {
            failed = e;
        }
        // Whatever happened here, nobody may still work on arrays that the caller takes for its own again.
        for (int spins = 0; running.get() > 0; spins++) {
            if (spins < SPINS_OF_CALLER) {
                Thread.onSpinWait();
            } else {
                Thread.yield(); // there are more threads than cores: let the others have one
            }
        }
        Throwable elsewhere = failure.getAndSet(null);
        if (elsewhere instanceof Error error && !(failed instanceof Error)) {
            throw error;
        }
        if (failed == null && elsewhere != null) {
            throw new IllegalStateException("a part of the work failed", elsewhere);
        }
        if (failed instanceof Error error) {
            throw error;
        }
        if (failed instanceof RuntimeException exception) {
            throw exception;
        }
    }

    private void work(int part) {
        int seen = 0;
        while (true) {
            for (int spins = 0; round == seen && !closed; spins++) {
                if (spins < SPINS) {
                    Thread.onSpinWait();
                } else {
                    LockSupport.park(this);
                }
            }
            if (closed) {
                return;
            }
            seen++;
            try {
                task.run(part, count());
            } catch (Throwable e) { // handed to the caller, whatever it is
                if (!failure.compareAndSet(null, e) && e instanceof Error) {
                    failure.set(e);
                }
            } finally {
                running.decrementAndGet();
            }
        }
    }

    /** Lets the threads end. */
    @Override
    public void close() {
        closed = true;
        for (Thread thread : threads) {
            LockSupport.unpark(thread);
        }
    }
}
