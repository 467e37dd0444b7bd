package io.flinkgpt2.job.files;

import com.github.luben.zstd.ZstdIOException;
import java.io.EOFException;
import java.io.IOException;
import java.util.zip.ZipException;

/** Tells compressed data that is damaged from a file system that fails. */
final class DamagedData {

    private DamagedData() {}

    /** Returns why the data cannot be decompressed further; null if that is not the reason. */
    static String reason(IOException e) {
        boolean damaged = e instanceof ZipException || e instanceof EOFException || e instanceof ZstdIOException;
        return damaged ? String.valueOf(e.getMessage()) : null;
    }
}
