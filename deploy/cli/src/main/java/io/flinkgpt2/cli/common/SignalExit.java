package io.flinkgpt2.cli.common;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jline.utils.Signals;

/**
 * The orderly end of the process on TERM, INT and HUP: the main thread is interrupted, so that it closes what it has opened by
 * the ordinary way of its {@code try} blocks, and is given a few seconds for it. The exit code is then 128 and the signal's
 * number, as a shell has it, for work that was cut short; for a command that runs until it is ended it is 0.
 *
 * <p>The signals themselves are caught. In a shutdown hook it would be too late: a JVM that shuts down refuses new hooks, so a
 * server that is just starting could neither go on nor stop in order; and an exit that a server calls for looks the same.
 */
public final class SignalExit {

    /** Within the ten seconds that those who send a signal commonly wait before they kill. */
    private static final long PATIENCE_MS = 8_500;

    /** How long a halt waits for the line that is being written. */
    private static final long LAST_LINE_MS = 500;

    /** How often the signal's thread looks whether the main thread has died without a word. */
    private static final long LOOK_MS = 100;

    private enum State {
        /** Nothing is opened yet that would have to be closed. */
        STARTING,
        RUNNING,
        /** By its own will, with an exit code of its own. */
        EXITING,
        SIGNALLED
    }

    private final CountDownLatch closed = new CountDownLatch(1);
    private final AtomicReference<State> state = new AtomicReference<>(State.STARTING);
    private final Thread main;
    private final CheckedOutput output;
    private final boolean endless;

    private SignalExit(Thread main, CheckedOutput output, boolean endless) {
        this.main = main;
        this.output = output;
        this.endless = endless;
    }

    /**
     * To be called once. A signal that the process was started to ignore stays ignored.
     *
     * @param main the thread that does the work
     * @param output where it prints
     * @param endless whether a signal is the ordinary end of the work
     */
    public static SignalExit install(Thread main, CheckedOutput output, boolean endless) {
        SignalExit signals = new SignalExit(main, output, endless);
        for (String signal : List.of("TERM", "INT", "HUP")) {
            Signals.register(signal, () -> signals.onSignal(signals.exitCode(signal)));
        }
        return signals;
    }

    private int exitCode(String signal) {
        if (endless) {
            return 0;
        }
        return switch (signal) {
            case "HUP" -> 129;
            case "INT" -> 130;
            case "TERM" -> 143;
            default -> throw new IllegalArgumentException(signal + " ends nothing here");
        };
    }

    private void onSignal(int exitCode) {
        if (state.compareAndSet(State.STARTING, State.SIGNALLED)) {
            System.exit(exitCode);
        }
        if (!state.compareAndSet(State.RUNNING, State.SIGNALLED)) {
            return;
        }
        Thread watchdog = new Thread(() -> haltLater(exitCode), "signal-watchdog");
        watchdog.setDaemon(true);
        watchdog.start();
        main.interrupt();
        try {
            while (main.isAlive() && !closed.await(LOOK_MS, TimeUnit.MILLISECONDS)) {
                // still closing what it has opened
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        System.exit(exitCode);
    }

    /** For what does not listen to interrupts, and for shutdown hooks that hang. */
    private void haltLater(int exitCode) {
        try {
            Thread.sleep(PATIENCE_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        output.hold(LAST_LINE_MS);
        Runtime.getRuntime().halt(exitCode);
    }

    /**
     * To be called before the work begins. Until then a signal ends the process at once; an interrupt would only make noise
     * where libraries initialise themselves.
     *
     * @return false if the process is ending already
     */
    public boolean begin() {
        return state.compareAndSet(State.STARTING, State.RUNNING);
    }

    /** Returns whether a signal has asked for the end. */
    public boolean signalled() {
        return state.get() == State.SIGNALLED;
    }

    /**
     * Ends the process, with the exit code of the signal if one asked for the end. Does not return: if the main thread ended
     * before the signal's own thread exits, which is a daemon, the JVM would end with 0.
     */
    public void exit(int exitCode) {
        if (state.compareAndSet(State.RUNNING, State.EXITING) || state.compareAndSet(State.STARTING, State.EXITING)) {
            System.exit(exitCode);
        }
        closed.countDown();
        while (true) {
            LockSupport.park(this);
        }
    }
}
