package io.flinkgpt2.parquet;

import com.github.luben.zstd.ZstdInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.zip.GZIPInputStream;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.xerial.snappy.Snappy;

/** Compression of pages without Hadoop: uncompressed, Snappy, gzip and Zstandard are read, Snappy is written. */
final class PageCodecs implements CompressionCodecFactory {

    @Override
    public BytesInputCompressor getCompressor(CompressionCodecName name) {
        if (name != CompressionCodecName.SNAPPY) {
            throw new IllegalArgumentException("found " + name + ", expected SNAPPY, the one codec that is written");
        }
        return new BytesInputCompressor() {
            @Override
            public BytesInput compress(BytesInput bytes) throws IOException {
                return BytesInput.from(Snappy.compress(bytes.toInputStream().readAllBytes()));
            }

            @Override
            public CompressionCodecName getCodecName() {
                return name;
            }

            @Override
            public void release() {
                // Holds nothing.
            }
        };
    }

    @Override
    public BytesInputDecompressor getDecompressor(CompressionCodecName name) {
        return new BytesInputDecompressor() {
            @Override
            public BytesInput decompress(BytesInput bytes, int decompressedSize) throws IOException {
                return name == CompressionCodecName.UNCOMPRESSED
                        ? bytes
                        : BytesInput.from(PageCodecs.decompress(
                                name, bytes.toInputStream().readAllBytes(), decompressedSize));
            }

            @Override
            public void decompress(ByteBuffer input, int compressedSize, ByteBuffer output, int decompressedSize)
                    throws IOException {
                byte[] bytes = new byte[compressedSize];
                input.get(bytes);
                output.put(PageCodecs.decompress(name, bytes, decompressedSize));
            }

            @Override
            public void release() {
                // Holds nothing.
            }
        };
    }

    private static byte[] decompress(CompressionCodecName name, byte[] bytes, int size) throws IOException {
        byte[] page = switch (name) {
            case UNCOMPRESSED -> bytes;
            case SNAPPY -> snappy(bytes, size);
            case GZIP -> head(new GZIPInputStream(new ByteArrayInputStream(bytes)), size);
            case ZSTD -> head(new ZstdInputStream(new ByteArrayInputStream(bytes)), size);
            default ->
                throw new IOException("pages compressed with " + name
                        + ", expected UNCOMPRESSED, SNAPPY, GZIP or ZSTD; write the file with one of these");
        };
        if (page.length != size) {
            throw new IOException("a page of " + page.length + " bytes, expected " + size);
        }
        return page;
    }

    private static byte[] snappy(byte[] bytes, int size) throws IOException {
        // What the page claims to be is not believed before memory is taken for it.
        if (Snappy.uncompressedLength(bytes) != size) {
            throw new IOException("a page of " + Snappy.uncompressedLength(bytes) + " bytes, expected " + size);
        }
        return Snappy.uncompress(bytes);
    }

    private static byte[] head(InputStream in, int size) throws IOException {
        try (in) {
            return in.readNBytes(size);
        }
    }

    @Override
    public void release() {
        // Holds nothing.
    }
}
