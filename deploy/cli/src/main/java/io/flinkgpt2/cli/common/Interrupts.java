package io.flinkgpt2.cli.common;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Work that an interrupt would break halfway. The one interrupt that there is asks this process to end: what is being started
 * comes up whole, and is then closed in order, which takes less time and leaves less behind than to break off.
 */
public final class Interrupts {

    private Interrupts() {}

    /** Something that is started. */
    @FunctionalInterface
    public interface Starting<T> {
        T start() throws Exception;
    }

    /**
     * Starts something on another thread and waits until it has, interrupted or not; a thread that was interrupted is so after.
     *
     * @throws Exception what the start threw
     */
    public static <T> T shielded(Starting<T> starting) throws Exception {
        FutureTask<T> task = new FutureTask<>(starting::start);
        new Thread(task, "start").start();
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return task.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    if (e.getCause() instanceof Exception cause) {
                        throw cause;
                    }
                    throw (Error) e.getCause();
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Ends what the thread is doing if it was interrupted. */
    public static void check() throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException("asked to end");
        }
    }

    /** Something that is closed. */
    @FunctionalInterface
    public interface Closing<E extends Exception> {
        void close() throws E;
    }

    /** Closes while the thread is not interrupted, for that would cut the closing short; if it was, it is so again after. */
    public static <E extends Exception> void deferred(Closing<E> closing) throws E {
        boolean interrupted = Thread.interrupted();
        try {
            closing.close();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
