package io.flinkgpt2.weights;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Writes GGUF files for tests, wrong ones too: nothing is checked, and every number of the head can be set. */
public final class GgufBytes {
    public static final int UINT32 = 4;
    public static final int FLOAT32 = 6;
    public static final int BOOL = 7;
    public static final int STRING = 8;
    public static final int ARRAY = 9;

    private final ByteArrayOutputStream metadata = new ByteArrayOutputStream();
    private final List<byte[]> infos = new ArrayList<>();
    private final ByteArrayOutputStream data = new ByteArrayOutputStream();
    private byte[] magic = "GGUF".getBytes(StandardCharsets.US_ASCII);
    private int version = 3;
    private int alignment = 32;
    private long keyCount;
    private Long claimedKeys;
    private Long claimedTensors;

    public GgufBytes magic(String text) {
        magic = text.getBytes(StandardCharsets.US_ASCII);
        return this;
    }

    public GgufBytes version(int number) {
        version = number;
        return this;
    }

    /** Of the data as this writes it; does not write the key. */
    public GgufBytes alignment(int bytes) {
        alignment = bytes;
        return this;
    }

    public GgufBytes claimKeys(long count) {
        claimedKeys = count;
        return this;
    }

    public GgufBytes claimTensors(long count) {
        claimedTensors = count;
        return this;
    }

    /** A key with a value of any type, as raw bytes. */
    public GgufBytes raw(String key, int type, byte... value) {
        metadata.writeBytes(text(key));
        metadata.writeBytes(u32(type));
        metadata.writeBytes(value);
        keyCount++;
        return this;
    }

    public GgufBytes u32(String key, int value) {
        return raw(key, UINT32, u32(value));
    }

    public GgufBytes bool(String key, boolean value) {
        return raw(key, BOOL, (byte) (value ? 1 : 0));
    }

    public GgufBytes f32(String key, float value) {
        return raw(key, FLOAT32, u32(Float.floatToRawIntBits(value)));
    }

    public GgufBytes string(String key, String value) {
        return raw(key, STRING, text(value));
    }

    public GgufBytes strings(String key, List<String> values) {
        ByteArrayOutputStream array = new ByteArrayOutputStream();
        array.writeBytes(u32(STRING));
        array.writeBytes(u64(values.size()));
        values.forEach(value -> array.writeBytes(text(value)));
        return raw(key, ARRAY, array.toByteArray());
    }

    /** An array of int32. */
    public GgufBytes integers(String key, int... values) {
        ByteArrayOutputStream array = new ByteArrayOutputStream();
        array.writeBytes(u32(5));
        array.writeBytes(u64(values.length));
        for (int value : values) {
            array.writeBytes(u32(value));
        }
        return raw(key, ARRAY, array.toByteArray());
    }

    /** A tensor whose data come next; {@code dimensions} as the file has them, innermost first. */
    public GgufBytes tensor(String name, int type, byte[] values, long... dimensions) {
        while (data.size() % alignment != 0) {
            data.write(0);
        }
        info(name, type, data.size(), dimensions);
        data.writeBytes(values);
        return this;
    }

    public GgufBytes floats(String name, float[] values, long... dimensions) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return tensor(name, 0, bytes.array(), dimensions);
    }

    /** The description of a tensor without its data. */
    public GgufBytes info(String name, int type, long offset, long... dimensions) {
        ByteArrayOutputStream info = new ByteArrayOutputStream();
        info.writeBytes(text(name));
        info.writeBytes(u32(dimensions.length));
        for (long dimension : dimensions) {
            info.writeBytes(u64(dimension));
        }
        info.writeBytes(u32(type));
        info.writeBytes(u64(offset));
        infos.add(info.toByteArray());
        return this;
    }

    public byte[] bytes() {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(magic);
        all.writeBytes(u32(version));
        all.writeBytes(u64(claimedTensors == null ? infos.size() : claimedTensors));
        all.writeBytes(u64(claimedKeys == null ? keyCount : claimedKeys));
        all.writeBytes(metadata.toByteArray());
        infos.forEach(all::writeBytes);
        while (all.size() % alignment != 0) {
            all.write(0);
        }
        all.writeBytes(data.toByteArray());
        return all.toByteArray();
    }

    public Path write(Path file) throws IOException {
        return Files.write(file, bytes());
    }

    public static byte[] text(String value) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        return concat(u64(utf8.length), utf8);
    }

    public static byte[] u32(int value) {
        return ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(value)
                .array();
    }

    public static byte[] u64(long value) {
        return ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array();
    }

    public static byte[] concat(byte[]... pieces) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] piece : pieces) {
            all.writeBytes(piece);
        }
        return all.toByteArray();
    }
}
