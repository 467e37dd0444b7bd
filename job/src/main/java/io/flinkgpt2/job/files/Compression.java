package io.flinkgpt2.job.files;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.zip.GZIPInputStream;

/** The compression of a whole file, known by the end of its name. */
public enum Compression {
    NONE(""),
    /** RFC 1952; several members one after the other are one file. */
    GZIP(".gz"),
    /** RFC 8878; several frames one after the other are one file. */
    ZSTD(".zst");

    private static final int BUFFER = 1 << 16;

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
    static String nameWithout(String fileName) {
        return fileName.substring(0, fileName.length() - ofName(fileName).extension.length());
    }

    /** Returns the decompressed bytes. What {@link DamagedData} tells from a failure is thrown where they are read. */
    InputStream open(InputStream compressed) {
        return switch (this) {
            case NONE -> compressed;
            case GZIP -> new GzipMembers(compressed);
            case ZSTD -> new ZstdFrames(compressed);
        };
    }

    /** The library's stream, which reads the header when it is made: that is put off to the first read. */
    private static final class GzipMembers extends InputStream {
        private final InputStream compressed;
        private InputStream members;

        private GzipMembers(InputStream compressed) {
            this.compressed = compressed;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            if (members == null) {
                members = new GZIPInputStream(withMoreToCome(compressed), BUFFER);
            }
            return members.read(bytes, offset, length);
        }

        @Override
        public void close() throws IOException {
            try (compressed) {
                if (members != null) {
                    members.close();
                }
            }
        }
    }

    /** The library takes a member for the last one if the stream has nothing available, as streams over a network may say. */
    private static InputStream withMoreToCome(InputStream in) {
        return new FilterInputStream(in) {
            @Override
            public int available() {
                return 1;
            }
        };
    }
}
