package io.flinkgpt2.job.cli;

import java.util.concurrent.atomic.AtomicReference;

/**
 * Ends the process cleanly on TERM and INT, with exit code 0: the main thread is interrupted, so that it closes what it has
 * opened by the ordinary way of its {@code try} blocks, and is given a few seconds for it.
 */
final class SignalExit {

    /** Within the ten seconds that those who send a signal commonly wait before they kill. */
    private static final long PATIENCE_MS = 8_000;

    private enum State {
        RUNNING,
        /** By its own will, with an exit code of its own. */
        EXITING,
        SIGNALLED
    }

    private final AtomicReference<State> state = new AtomicReference<>(State.RUNNING);

    private SignalExit() {}

    /** To be called once, with the thread that does the work. */
    static SignalExit install(Thread main) {
        SignalExit signals = new SignalExit();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> signals.onShutdown(main), "signal-exit"));
        return signals;
    }

    private void onShutdown(Thread main) {
        if (!state.compareAndSet(State.RUNNING, State.SIGNALLED)) {
            return;
        }
        main.interrupt();
        try {
            main.join(PATIENCE_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        System.out.flush();
        // The JVM would report the signal (143, 130); it has been obeyed.
        Runtime.getRuntime().halt(0);
    }

    /** Ends the process; returns at once where a signal is doing so already. */
    void exit(int exitCode) {
        if (state.compareAndSet(State.RUNNING, State.EXITING)) {
            System.exit(exitCode);
        }
    }
}
