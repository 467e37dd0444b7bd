package io.flinkgpt2.job.files;

import com.github.luben.zstd.ZstdInputStream;
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

    /**
     * Returns the decompressed bytes.
     *
     * @throws IOException if they do not begin as this compression does
     */
    InputStream open(InputStream compressed) throws IOException {
        return switch (this) {
            case NONE -> compressed;
            case GZIP -> new GZIPInputStream(compressed, BUFFER);
            case ZSTD -> new ZstdInputStream(compressed);
        };
    }
}
