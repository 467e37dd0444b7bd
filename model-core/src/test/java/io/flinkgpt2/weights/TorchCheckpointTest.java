package io.flinkgpt2.weights;

import static io.flinkgpt2.weights.TorchFixtures.dict;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flinkgpt2.weights.PickleWriter.Call;
import io.flinkgpt2.weights.PickleWriter.Raw;
import io.flinkgpt2.weights.PickleWriter.Storage;
import io.flinkgpt2.weights.PickleWriter.Tensor;
import io.flinkgpt2.weights.TorchFixtures.Floats;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TorchCheckpointTest {
    @TempDir
    Path directory;

    private TorchCheckpoint open(byte[] content) throws IOException {
        return TorchCheckpoint.open(Files.write(directory.resolve("model.bin"), content), 8);
    }

    /** Checks that w is 1 to 6 and b is 7 to 9, whatever else there is. */
    private static void assertIsTheStateDict(TorchCheckpoint weights) throws IOException {
        assertThat(weights.tensors().values())
                .containsExactly(TensorInfo.of("w", DType.F32, 2, 3), TensorInfo.of("b", DType.F32, 3));
        assertThat(WeightsFixtures.values(weights, "w")).containsExactly(1, 2, 3, 4, 5, 6);
        assertThat(WeightsFixtures.values(weights, "b")).containsExactly(7, 8, 9);
    }

    /** Opens what is pickled in both forms. */
    private void assertIsTheStateDict(Object root) throws IOException {
        try (TorchCheckpoint weights = open(TorchFixtures.zip(root).bytes())) {
            assertIsTheStateDict(weights);
        }
        try (TorchCheckpoint weights = open(TorchFixtures.older(root, TorchFixtures.storages()))) {
            assertIsTheStateDict(weights);
        }
    }

    @Test
    void rule1_7_readsBothForms() throws IOException {
        assertIsTheStateDict(TorchFixtures.stateDict());
    }

    @ParameterizedTest
    @ValueSource(strings = {"state_dict", "model"})
    void findsAStateDictInADictWithWhateverElse(String name) throws IOException {
        assertIsTheStateDict(dict(
                "epoch",
                3,
                "optimizer",
                dict("state", dict(0, dict("exp_avg", TorchFixtures.stateDict().get("w")))),
                name,
                TorchFixtures.stateDict(),
                "history",
                List.of(1, List.of(2L), new Object[] {"x", null})));
    }

    @Test
    void passesOverPlainValuesAmongTheTensors() throws IOException {
        var root = TorchFixtures.stateDict();
        root.putAll(
                dict("version", 2, "name", "gpt2", "tied", true, "note", null, "loss", Raw.of("G?\u00f0\0\0\0\0\0\0")));
        assertIsTheStateDict(root);
    }

    @Test
    void passesOverTheMetadataThatPyTorchAttachesToAStateDict() throws IOException {
        byte[] pickle = PickleWriter.pickle(TorchFixtures.stateDict());
        String latin1 = new String(pickle, StandardCharsets.ISO_8859_1);
        // BUILD with {'_metadata': OrderedDict([('', {'version': 1})])}, before STOP.
        String metadata =
                "}X\u0009\0\0\0_metadataccollections\nOrderedDict\n)RX\0\0\0\0}X\u0007\0\0\0versionK\u0001sssb.";
        byte[] built =
                Raw.of(latin1.substring(0, latin1.length() - 1) + metadata).opcodes();
        try (TorchCheckpoint weights =
                open(TorchFixtures.zipOf(built, TorchFixtures.storages()).bytes())) {
            assertIsTheStateDict(weights);
        }
    }

    @Test
    void readsParametersAndSizesAndTheFirstVersionOfTensors() throws IOException {
        Tensor w = (Tensor) TorchFixtures.stateDict().get("w");
        assertIsTheStateDict(dict(
                "w",
                Call.of("torch._utils", "_rebuild_parameter", w, true, dict()),
                "b",
                Call.of(
                        "torch._utils",
                        "_rebuild_tensor",
                        new Storage("FloatStorage", "1", 3),
                        0,
                        Call.of("torch", "Size", (Object) new Object[] {3}),
                        new Object[] {1})));
    }

    @Test
    void readsTheOrderedDictOfPython2() throws IOException {
        var w = TorchFixtures.stateDict().get("w");
        var b = TorchFixtures.stateDict().get("b");
        assertIsTheStateDict(
                Call.of("collections", "OrderedDict", List.of(List.of(Raw.of("U\u0001w"), w), new Object[] {"b", b})));
    }

    @Test
    void readsProtocol4() throws IOException {
        String tensor = "\u008c\u000ctorch._utils\u0094\u008c\u0012_rebuild_tensor_v2\u0094\u0093\u0094";
        String storage = "(\u008c\u0007storage\u008c\u0005torch\u008c\u000cFloatStorage\u0093"
                + "\u008c\u00011\u008c\u0003cpuK\u0003tQ";
        String pickle = "\u0080\u0004\u0095\u0001\0\0\0\0\0\0\0}\u0094\u008d\u0001\0\0\0\0\0\0\0b" + tensor + "("
                + storage + "K\0K\u0003\u0085K\u0001\u0085\u0089}tRs.";
        try (TorchCheckpoint weights = open(TorchFixtures.zipOf(Raw.of(pickle).opcodes(), TorchFixtures.storages())
                .bytes())) {
            assertThat(WeightsFixtures.values(weights, "b")).containsExactly(7, 8, 9);
        }
    }

    @Test
    void tensorsMayShareAStorageAndBeginWithinIt() throws IOException {
        Storage storage = new Storage("FloatStorage", "0", 6);
        var root = dict(
                "tail", new Tensor(storage, 4L, new Object[] {2}, new Object[] {1}),
                "all", new Tensor(storage, 0, new Object[] {2, 1, 3}, new Object[] {3, 99, 1}),
                "same", new Tensor(storage, 0, new Object[] {6}, new Object[] {1}),
                "scalar", new Tensor(storage, 5, new Object[0], new Object[0]),
                "empty", new Tensor(storage, 6, new Object[] {4, 0}, new Object[] {7, 7}));
        for (byte[] content :
                List.of(TorchFixtures.zip(root).bytes(), TorchFixtures.older(root, TorchFixtures.storages()[0]))) {
            try (TorchCheckpoint weights = open(content)) {
                assertThat(weights.tensors().keySet()).containsExactly("all", "same", "tail", "scalar", "empty");
                assertThat(WeightsFixtures.values(weights, "tail")).containsExactly(5, 6);
                assertThat(WeightsFixtures.values(weights, "all")).containsExactly(1, 2, 3, 4, 5, 6);
                assertThat(WeightsFixtures.values(weights, "same")).containsExactly(1, 2, 3, 4, 5, 6);
                assertThat(WeightsFixtures.values(weights, "scalar")).containsExactly(6);
                assertThat(WeightsFixtures.values(weights, "empty")).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "DoubleStorage, F64",
        "FloatStorage, F32",
        "HalfStorage, F16",
        "BFloat16Storage, BF16",
        "ComplexFloatStorage, C64",
        "LongStorage, I64",
        "IntStorage, I32",
        "ShortStorage, I16",
        "CharStorage, I8",
        "ByteStorage, U8",
        "BoolStorage, BOOL"
    })
    void knowsTheTypesOfStorages(String storage, DType dtype) throws IOException {
        ZipWriter zip = TorchFixtures.zipOf(PickleWriter.pickle(dict("t", Tensor.whole(storage, "0", 3))));
        zip.add("model/data/0", new byte[3 * dtype.blockBytes()]);
        try (TorchCheckpoint weights = open(zip.bytes())) {
            assertThat(weights.tensors().values()).containsExactly(TensorInfo.of("t", dtype, 3));
        }
    }

    @Test
    void readsAnArchiveWithZip64FieldsAndDescriptorsAndWithoutByteOrder() throws IOException {
        ZipWriter zip = TorchFixtures.zip(TorchFixtures.stateDict());
        zip.zip64End = true;
        zip.entries.remove(zip.get("model/byteorder"));
        for (ZipWriter.Entry entry : zip.entries) {
            entry.zip64 = true;
            entry.flags = 0x0808;
            entry.localSize = 0;
            entry.gap = 24;
            entry.localExtra = new byte[60];
        }
        try (TorchCheckpoint weights = open(zip.bytes())) {
            assertIsTheStateDict(weights);
        }
    }

    @Test
    void namesTheTensorThatIsNotThere() throws IOException {
        try (TorchCheckpoint weights =
                open(TorchFixtures.zip(TorchFixtures.stateDict()).bytes())) {
            assertThatThrownBy(() -> weights.read("c", (values, length, start) -> {}))
                    .isInstanceOf(InvalidModelException.class)
                    .hasMessageContaining("tensor 'c'");
            assertThatThrownBy(() -> weights.tensors().clear()).isInstanceOf(UnsupportedOperationException.class);
        }
    }

    @Test
    void readsNothingOnceItIsClosed() throws IOException {
        TorchCheckpoint weights =
                open(TorchFixtures.zip(TorchFixtures.stateDict()).bytes());
        weights.close();
        assertThatThrownBy(() -> weights.read("w", (values, length, start) -> {}))
                .isInstanceOf(IOException.class)
                .hasCauseInstanceOf(ClosedChannelException.class);
    }

    @Test
    void rule1_7_readsShardsOfBothFormsByTheirIndex() throws IOException {
        Floats[] storages = TorchFixtures.storages();
        Files.write(
                directory.resolve("a.bin"),
                TorchFixtures.zipOf(
                                PickleWriter.pickle(
                                        dict("w", TorchFixtures.stateDict().get("w"))),
                                storages)
                        .bytes());
        Files.write(
                directory.resolve("b.bin"),
                TorchFixtures.older(dict("b", TorchFixtures.stateDict().get("b")), storages[1]));
        Files.writeString(
                directory.resolve("pytorch_model.bin.index.json"),
                "{\"weight_map\":{\"b\":\"b.bin\",\"w\":\"a.bin\"}}");
        try (WeightsFile weights = WeightsFiles.open(directory)) {
            assertThat(weights.describe()).isEqualTo("pytorch_model.bin.index.json (2 shards)");
            assertThat(WeightsFixtures.values(weights, "w")).containsExactly(1, 2, 3, 4, 5, 6);
            assertThat(WeightsFixtures.values(weights, "b")).containsExactly(7, 8, 9);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"../a.bin", "/a.bin", "sub/a.bin", "a.safetensors", ".bin"})
    void refusesAShardThatIsNotAPlainNameOfAnotherCheckpoint(String shard) throws IOException {
        Path index = directory.resolve("pytorch_model.bin.index.json");
        Files.writeString(index, "{\"weight_map\":{\"w\":\"" + shard + "\"}}");
        InvalidModelException e = WeightsFixtures.refusal(
                index, () -> WeightsFiles.open(directory).close());
        assertThat(e.subject()).isEqualTo("weight_map, shard");
        assertThat(e.expected()).contains("*.bin");
    }
}
