package io.flinkgpt2.job.files;

import com.github.luben.zstd.Zstd;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.GZIPOutputStream;

/** Files of tests, and what readers make of them. */
final class TestFile {

    private TestFile() {}

    /** Returns a file by this name, whose end says what it is. */
    static PromptFile write(Path directory, String name, byte[] bytes) throws IOException {
        Path path = Files.write(directory.resolve(name), bytes);
        return new PromptFile(
                path.toUri().toString(),
                name,
                0,
                bytes.length,
                0,
                FileFormat.ofName(name).orElseThrow(),
                Compression.ofName(name));
    }

    /** Returns the bytes compressed, in two members or frames. */
    static byte[] compressed(Compression compression, byte[] bytes) throws IOException {
        int half = bytes.length / 2;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : List.of(Arrays.copyOf(bytes, half), Arrays.copyOfRange(bytes, half, bytes.length))) {
            switch (compression) {
                case NONE -> out.write(part);
                case GZIP -> {
                    ByteArrayOutputStream member = new ByteArrayOutputStream();
                    try (GZIPOutputStream gzip = new GZIPOutputStream(member)) {
                        gzip.write(part);
                    }
                    out.write(member.toByteArray());
                }
                case ZSTD -> out.write(Zstd.compress(part));
            }
        }
        return out.toByteArray();
    }

    /** Returns all of records but their lines, which are counted from where a reader began. */
    static List<List<Object>> withoutLines(List<FileRecord> records) {
        List<List<Object>> all = new ArrayList<>();
        for (FileRecord record : records) {
            all.add(Arrays.asList(
                    record.offset(),
                    HexFormat.of().formatHex(record.original()),
                    record.length(),
                    record.sha256(),
                    record.request() == null ? null : new String(record.request(), StandardCharsets.UTF_8),
                    record.columns() == null ? null : record.columns().toString(),
                    record.refusal() == null ? null : record.refusal().code + ": " + record.refusal().message));
        }
        return all;
    }

    static List<FileRecord> readAll(RecordReader reader) throws IOException {
        List<FileRecord> records = new ArrayList<>();
        for (FileRecord record = reader.next(); record != null; record = reader.next()) {
            records.add(record);
        }
        return records;
    }
}
