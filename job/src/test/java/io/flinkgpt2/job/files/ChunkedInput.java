package io.flinkgpt2.job.files;

import java.io.ByteArrayInputStream;
import java.util.Random;

/** Bytes that come a few at a time. */
final class ChunkedInput extends ByteArrayInputStream {
    private final Random random;

    ChunkedInput(byte[] bytes, Random random) {
        super(bytes);
        this.random = random;
    }

    @Override
    public synchronized int read(byte[] target, int offset, int count) {
        return super.read(target, offset, Math.min(count, 1 + random.nextInt(7)));
    }
}
