package io.flinkgpt2.cli.common;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Standard input, whose reads an interrupt ends: an {@link InterruptedIOException} then. The JDK's go on until there are data.
 *
 * <p>Another thread reads, so it is for reads of many bytes; it stays in the read that was broken off and keeps no process
 * alive.
 */
public final class InterruptibleInput extends InputStream {

    private final InputStream in;

    public InterruptibleInput(InputStream in) {
        this.in = in;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        int count = read(one, 0, 1);
        return count < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        if (Thread.currentThread().isInterrupted()) {
            throw new InterruptedIOException("asked to end");
        }
        // Not into the caller's array, which a read that was broken off would change later.
        byte[] read = new byte[length];
        FutureTask<Integer> task = new FutureTask<>(() -> in.read(read, 0, length));
        Thread reader = new Thread(task, "standard-input");
        reader.setDaemon(true);
        reader.start();
        try {
            int count = task.get();
            if (count > 0) {
                System.arraycopy(read, 0, bytes, offset, count);
            }
            return count;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            InterruptedIOException interrupted = new InterruptedIOException("asked to end");
            interrupted.initCause(e);
            throw interrupted;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException cause) {
                throw new IOException(
                        "Standard input cannot be read (" + cause.getMessage() + "); check where it comes from", cause);
            }
            throw new IllegalStateException("Standard input cannot be read", e.getCause());
        }
    }
}
