package io.flinkgpt2.parquet;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.parquet.io.DelegatingSeekableInputStream;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.SeekableInputStream;

/** A file of one of Flink's file systems. Remembers when that fails, for such a failure is not one of the file. */
final class ParquetInput implements InputFile, Closeable {
    private final FSDataInputStream in;
    private final long length;
    private IOException failure;

    ParquetInput(FSDataInputStream in, long length) {
        this.in = in;
        this.length = length;
    }

    /** Throws the failure of the file system, if there was one. */
    void throwFailure() throws IOException {
        if (failure != null) {
            throw failure;
        }
    }

    @Override
    public long getLength() {
        return length;
    }

    @Override
    public SeekableInputStream newStream() {
        return new DelegatingSeekableInputStream(new Watched()) {
            @Override
            public long getPos() throws IOException {
                return in.getPos();
            }

            @Override
            public void seek(long position) throws IOException {
                try {
                    in.seek(position);
                } catch (IOException e) {
                    failure = e;
                    throw e;
                }
            }
        };
    }

    @Override
    public void close() throws IOException {
        in.close();
    }

    private final class Watched extends InputStream {
        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] bytes, int offset, int count) throws IOException {
            try {
                return in.read(bytes, offset, count);
            } catch (IOException e) {
                failure = e;
                throw e;
            }
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }
}
