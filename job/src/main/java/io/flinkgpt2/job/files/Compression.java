package io.flinkgpt2.job.files;

import com.github.luben.zstd.ZstdOutputStream;
import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Locale;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;

/** The compression of a whole file, known by the end of its name. */
public enum Compression {
    NONE(""),
    /** RFC 1952; several members one after the other are one file. */
    GZIP(".gz"),
    /** RFC 8878; several frames one after the other are one file. */
    ZSTD(".zst");

    private static final int BUFFER = 1 << 16;

    /**
     * Decompressed bytes that are asked of a gzip stream at once, and where they begin is a multiple of it: what it finds damaged
     * takes those of the same request with it, and a replay must find the same end.
     */
    private static final int GRAIN = 64;

    private final String extension;

    Compression(String extension) {
        this.extension = extension;
    }

    /** Returns the compression that a file's name ends with. */
    public static Compression ofName(String fileName) {
        String lower = fileName.toLowerCase(Locale.ROOT);
        for (Compression compression : values()) {
            if (compression != NONE && lower.endsWith(compression.extension)) {
                return compression;
            }
        }
        return NONE;
    }

    /** Returns a file's name without the end that says its compression. */
    public static String nameWithout(String fileName) {
        return fileName.substring(
                0, fileName.length() - ofName(fileName).extension.length());
    }

    /** Returns the decompressed bytes; reading them throws a {@link DamagedFileException} where they cannot be had. */
    InputStream open(InputStream compressed) {
        return this == NONE ? compressed : new Decompressed(compressed);
    }

    /** Opened with the first read, so that what is wrong with the first bytes is told as what is wrong with later ones. */
    private final class Decompressed extends InputStream {
        private final Source compressed;
        private InputStream decompressed;
        private long position;

        private Decompressed(InputStream compressed) {
            this.compressed = new Source(compressed);
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            try {
                if (decompressed == null) {
                    decompressed = Compression.this == GZIP
                            // The JDK's takes a file for whole that ends within the header of a later member.
                            ? new GzipCompressorInputStream(new BufferedInputStream(compressed, BUFFER), true)
                            : new ZstdFrames(compressed);
                }
                int most = Compression.this == GZIP ? (int) Math.min(length, GRAIN - position % GRAIN) : length;
                int count = decompressed.read(bytes, offset, most);
                position += Math.max(count, 0);
                return count;
            } catch (IOException e) {
                if (compressed.failed) {
                    throw e;
                }
                throw new DamagedFileException(
                        "found what does not decompress (" + e.getMessage() + "), expected a whole file *" + extension,
                        e);
            }
        }

        @Override
        public void close() throws IOException {
            try (compressed) {
                if (decompressed != null) {
                    decompressed.close();
                }
            }
        }
    }

    /** Returns a stream that compresses what is written to it, and closes the other one. */
    public OutputStream compress(OutputStream compressed) throws IOException {
        return switch (this) {
            case NONE -> compressed;
            case GZIP -> new GZIPOutputStream(compressed, BUFFER);
            case ZSTD -> new ZstdOutputStream(compressed);
        };
    }

    /** The compressed bytes; remembers whether it was they that could not be read, and not what they decompress to. */
    private static final class Source extends FilterInputStream {
        private boolean failed;

        private Source(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            try {
                return super.read(bytes, offset, length);
            } catch (IOException e) {
                failed = true;
                throw e;
            }
        }
    }
}
