package io.flinkgpt2.cli.common;

import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Standard output that loses nothing in silence: a write that fails throws a {@link LostOutputException}, which passes through
 * every {@code PrintStream} and {@code PrintWriter} on top.
 *
 * <p>Unbuffered: one call of a writer on top is one write. A process that is about to be halted waits with {@link #hold} for
 * the write that is under way, so that a line is written whole.
 */
public final class CheckedOutput extends OutputStream {

    private final OutputStream out;
    private final ReentrantLock writing = new ReentrantLock();

    public CheckedOutput(OutputStream out) {
        this.out = out;
    }

    @Override
    public void write(int b) {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        writing.lock();
        try {
            out.write(bytes, offset, length);
        } catch (IOException e) {
            throw new LostOutputException(e);
        } finally {
            writing.unlock();
        }
    }

    @Override
    public void flush() {
        writing.lock();
        try {
            out.flush();
        } catch (IOException e) {
            throw new LostOutputException(e);
        } finally {
            writing.unlock();
        }
    }

    /**
     * Keeps all other threads from writing from now on, once the write that is under way has ended.
     *
     * @return false if it did not end in time, because the reader takes no more
     */
    public boolean hold(long milliseconds) {
        try {
            return writing.tryLock(milliseconds, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
