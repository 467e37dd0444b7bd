package io.flinkgpt2.job.files;

import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import com.github.luben.zstd.ZstdIOException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/**
 * The decompressed bytes of Zstandard frames, one after the other. The library's own stream takes a file for whole that ends
 * within a frame which is not its first.
 */
final class ZstdFrames extends InputStream {
    private static final int BUFFER = 1 << 17;

    private final InputStream in;
    private final ZstdDecompressCtx context = new ZstdDecompressCtx();
    private final byte[] bytes = new byte[BUFFER];
    private final ByteBuffer source = ByteBuffer.allocateDirect(BUFFER).limit(0);
    private final ByteBuffer target = ByteBuffer.allocateDirect(BUFFER).limit(0);
    private boolean withinFrame;
    private boolean closed;

    ZstdFrames(InputStream in) {
        this.in = in;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] to, int offset, int count) throws IOException {
        if (count == 0) {
            return 0;
        }
        while (!target.hasRemaining()) {
            // What was decompressed may lie in the context still, with all of the source consumed.
            if (!source.hasRemaining() && !(withinFrame && target.limit() == BUFFER) && !fill()) {
                return -1;
            }
            decompress();
        }
        int read = Math.min(count, target.remaining());
        target.get(to, offset, read);
        return read;
    }

    private void decompress() throws IOException {
        target.clear();
        try {
            withinFrame = !context.decompressDirectByteBufferStream(target, source);
        } catch (ZstdException e) {
            target.limit(0);
            throw new ZstdIOException(e.getErrorCode(), e.getMessage());
        }
        target.flip();
    }

    private boolean fill() throws IOException {
        int read = in.read(bytes);
        if (read < 0) {
            if (withinFrame) {
                throw new EOFException("the file ends within a frame");
            }
            return false;
        }
        source.clear().put(bytes, 0, read).flip();
        return true;
    }

    @Override
    public void close() throws IOException {
        if (!closed) {
            closed = true;
            context.close();
            in.close();
        }
    }
}
