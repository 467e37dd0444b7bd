package io.flinkgpt2.job.cli;

/** Closing what waits for threads, after an interrupt has asked for just that. */
final class Interrupts {

    private Interrupts() {}

    /** Something that is closed. */
    @FunctionalInterface
    interface Closing<E extends Exception> {
        void close() throws E;
    }

    /** Closes while the thread is not interrupted, for that would cut the closing short; if it was, it is so again after. */
    static <E extends Exception> void deferred(Closing<E> closing) throws E {
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
