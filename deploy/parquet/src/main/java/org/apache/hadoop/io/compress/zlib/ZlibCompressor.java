package org.apache.hadoop.io.compress.zlib;

/** A name in Parquet's library; nothing is done with it. */
public final class ZlibCompressor {

    private ZlibCompressor() {}

    /** A name in Parquet's library. */
    public enum CompressionLevel {
        DEFAULT_COMPRESSION
    }
}
