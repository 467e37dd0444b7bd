package io.flinkgpt2.weights;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.weights.PickleWriter.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Small checkpoints of both forms, true ones and others. */
final class TorchFixtures {
    static final BigInteger MAGIC_NUMBER = new BigInteger("1950a86a20f9469cfc6c", 16);

    private TorchFixtures() {}

    /** A storage's key and its float values. */
    record Floats(String key, List<Float> values) {
        static Floats of(String key, Float... values) {
            return new Floats(key, List.of(values));
        }

        byte[] bytes() {
            ByteBuffer bytes = ByteBuffer.allocate(4 * values.size()).order(ByteOrder.LITTLE_ENDIAN);
            values.forEach(bytes::putFloat);
            return bytes.array();
        }
    }

    /** A dict of the given keys and values, in their order. */
    static Map<Object, Object> dict(Object... keysAndValues) {
        Map<Object, Object> dict = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            dict.put(keysAndValues[i], keysAndValues[i + 1]);
        }
        return dict;
    }

    /** Two tensors, w of shape [2, 3] and b of shape [3]. */
    static Map<Object, Object> stateDict() {
        return dict("w", Tensor.whole("FloatStorage", "0", 2, 3), "b", Tensor.whole("FloatStorage", "1", 3));
    }

    /** The storages of {@link #stateDict}: 1 to 6 and 7 to 9. */
    static Floats[] storages() {
        return new Floats[] {Floats.of("0", 1f, 2f, 3f, 4f, 5f, 6f), Floats.of("1", 7f, 8f, 9f)};
    }

    /** The zip form of a pickle and storages. */
    static ZipWriter zipOf(byte[] pickle, Floats... storages) {
        ZipWriter zip = new ZipWriter();
        zip.add("model/data.pkl", pickle);
        zip.add("model/byteorder", "little");
        for (Floats storage : storages) {
            zip.add("model/data/" + storage.key(), storage.bytes());
        }
        zip.add("model/version", "3\n");
        return zip;
    }

    static ZipWriter zip(Object root) {
        return zipOf(PickleWriter.pickle(root), storages());
    }

    /** What tells of the system in the older form. */
    static Map<Object, Object> system() {
        return dict("protocol_version", 1001, "little_endian", true, "type_sizes", dict("short", 2));
    }

    /** The older form of a state dict and storages. */
    static byte[] older(Object root, Floats... storages) {
        return older(PickleWriter.pickle(root, true), storages);
    }

    static byte[] older(byte[] pickle, Floats... storages) {
        List<Object> keys = new ArrayList<>();
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        for (Floats storage : storages) {
            keys.add(storage.key());
            data.writeBytes(int64(storage.values().size()));
            data.writeBytes(storage.bytes());
        }
        return older(MAGIC_NUMBER, 1001, system(), pickle, keys, data.toByteArray());
    }

    static byte[] older(Object magic, Object version, Object system, byte[] state, Object keys, byte[] data) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(PickleWriter.pickle(magic));
        out.writeBytes(PickleWriter.pickle(version));
        out.writeBytes(PickleWriter.pickle(system));
        out.writeBytes(state);
        out.writeBytes(PickleWriter.pickle(keys));
        out.writeBytes(data);
        return out.toByteArray();
    }

    static byte[] int64(long value) {
        return ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array();
    }

    /** The refusal of a checkpoint with these bytes, for little memory. */
    static InvalidModelException refusal(Path directory, byte[] content) throws IOException {
        Path file = Files.write(directory.resolve("hostile.bin"), content);
        return WeightsFixtures.refusal(file, () -> TorchCheckpoint.open(file).close());
    }

    /** The refusal of what a pickle holds, the same in both forms. */
    static InvalidModelException refusalOfRoot(Path directory, Object root) throws IOException {
        InvalidModelException older = refusal(directory, older(root, storages()));
        InvalidModelException zip = refusal(directory, zip(root).bytes());
        // But for the place: the older form has other pickles before this one.
        String place = "byte \\d+";
        assertThat(older.found().replaceAll(place, "")).isEqualTo(zip.found().replaceAll(place, ""));
        assertThat(older.expected()).isEqualTo(zip.expected());
        return zip;
    }
}
