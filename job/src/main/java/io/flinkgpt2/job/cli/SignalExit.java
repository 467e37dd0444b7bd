package io.flinkgpt2.job.cli;

import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jline.utils.Signals;

/**
 * Ends the process cleanly on TERM, INT and HUP, with exit code 0: the main thread is interrupted, so that it closes what it
 * has opened by the ordinary way of its {@code try} blocks, and is given a few seconds for it.
 *
 * <p>The signals themselves are caught. In a shutdown hook it would be too late: a JVM that shuts down refuses new hooks, so a
 * server that is just starting could neither go on nor stop in order; and an exit that a server calls for looks the same.
 */
final class SignalExit {

    /** Within the ten seconds that those who send a signal commonly wait before they kill. */
    private static final long PATIENCE_MS = 9_000;

    private enum State {
        RUNNING,
        /** By its own will, with an exit code of its own. */
        EXITING,
        SIGNALLED
    }

    private final AtomicReference<State> state = new AtomicReference<>(State.RUNNING);
    private final Thread main;

    private SignalExit(Thread main) {
        this.main = main;
    }

    /** To be called once, with the thread that does the work. A signal that the process was started to ignore stays ignored. */
    static SignalExit install(Thread main) {
        SignalExit signals = new SignalExit(main);
        for (String signal : List.of("TERM", "INT", "HUP")) {
            Signals.register(signal, signals::onSignal);
        }
        return signals;
    }

    private void onSignal() {
        if (!state.compareAndSet(State.RUNNING, State.SIGNALLED)) {
            return;
        }
        Thread watchdog = new Thread(SignalExit::haltLater, "signal-watchdog");
        watchdog.setDaemon(true);
        watchdog.start();
        main.interrupt();
        try {
            main.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        System.exit(0);
    }

    /** For what does not listen to interrupts, and for shutdown hooks that hang. */
    private static void haltLater() {
        try {
            Thread.sleep(PATIENCE_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    /** Ends the process; returns at once where a signal is doing so already. */
    void exit(int exitCode) {
        if (state.compareAndSet(State.RUNNING, State.EXITING)) {
            System.exit(exitCode);
        }
    }
}
