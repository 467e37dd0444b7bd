package io.flinkgpt2.weights;

import static io.flinkgpt2.weights.TorchFixtures.dict;
import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.weights.PickleWriter.Call;
import io.flinkgpt2.weights.PickleWriter.Raw;
import io.flinkgpt2.weights.PickleWriter.Storage;
import io.flinkgpt2.weights.PickleWriter.Tensor;
import io.flinkgpt2.weights.TorchFixtures.Floats;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import net.razorvine.pickle.Unpickler;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Pickles that attack, lie or exaggerate, each refused with a message that names the place, for little memory. */
class TorchPickleHostileTest {
    @TempDir
    Path directory;

    private InvalidModelException refusal(Object root) throws IOException {
        return TorchFixtures.refusalOfRoot(directory, root);
    }

    /** The refusal of a pickle with these opcodes, its protocol before them and STOP behind them. */
    private InvalidModelException refusalOf(String opcodes) throws IOException {
        return refusal(Raw.of(opcodes));
    }

    private static String repeated(String opcodes, int count) {
        return opcodes.repeat(count);
    }

    @ParameterizedTest
    @CsvSource({
        "os, system",
        "posix, system",
        "nt, system",
        "subprocess, Popen",
        "builtins, eval",
        "__builtin__, eval",
        "builtins, exec",
        "builtins, getattr",
        "torch, load",
        "torch.storage, _load_from_bytes",
        "pickle, loads",
        "torch.serialization, load",
        "torch.hub, load",
        "webbrowser, open",
        "runpy, _run_code",
        "copyreg, _reconstructor",
        "decimal, Decimal",
        "operator, attrgetter",
        "_codecs, encode",
        "exceptions, Exception",
        "collections, OrderedDict.fromkeys",
        "torch, FloatStorage.__reduce__",
        "torch, UntypedStorage",
        "torch, device"
    })
    void rule1_8_refusesByNameWhateverTensorsDoNotNeed(String module, String name) throws IOException {
        Path trace = directory.resolve("trace");
        String qualified = module + "." + name;
        for (Object root : List.of(
                Call.of(module, name, "touch " + trace),
                Raw.of("\u008c" + (char) module.length() + module + "\u008c" + (char) name.length() + name
                        + "\u0093)R"),
                Raw.of("(X\u0001\0\0\0xi" + module + "\n" + name + "\n"),
                Raw.of("(c" + module + "\n" + name + "\nX\u0001\0\0\0xo"),
                Raw.of("c" + module + "\n" + name + "\n)\u0081"),
                Raw.of("c" + module + "\n" + name + "\n0N"))) {
            InvalidModelException e = refusal(root);
            assertThat(e.found()).isEqualTo("the global " + InvalidModelException.quoted(qualified));
            assertThat(e.advice()).contains("might run code");
        }
        assertThat(trace).doesNotExist();
    }

    @Test
    void doesNotUseWhatOthersRegisterWithTheLibrary() throws IOException {
        boolean[] constructed = {false};
        Unpickler.registerConstructor("evil.module", "Type", arguments -> {
            constructed[0] = true;
            return arguments;
        });
        assertThat(refusal(Call.of("evil.module", "Type")).found()).isEqualTo("the global 'evil.module.Type'");
        assertThat(constructed[0]).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"c", "cos", "cos\n", "cos\nsystem", "i", "ios\n"})
    void refusesAGlobalWhoseNameDoesNotEnd(String opcodes) throws IOException {
        byte[] pickle = Raw.of("\u0080\u0002" + opcodes).opcodes();
        assertThat(TorchFixtures.refusal(directory, TorchFixtures.zipOf(pickle).bytes())
                        .found())
                .isEqualTo("a global whose name does not end");
    }

    @Test
    void refusesAGlobalOfAnEndlessNameForLittleMemory() throws IOException {
        assertThat(refusalOf("c" + repeated("a", 4_000_000) + "\nb\n").found())
                .isEqualTo("a global whose name does not end");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\u0082\u0001",
                "\u0083\u0001\0",
                "\u0084\u0001\0\0\0",
                "0",
                "(1",
                "N2",
                "F1.5\n",
                "I1\n",
                "L1L\n",
                "P1\n",
                "S'x'\n",
                "Vx\n",
                "(d",
                "(l",
                "g0\n",
                "p0\n",
                "T\u0001\0\0\0x",
                "B\u0001\0\0\0x",
                "C\u0001x",
                "\u008b\u0001\0\0\0x",
                "\u008e\u0001\0\0\0\0\0\0\0x",
                "\u008f",
                "(\u0091",
                "\u0090",
                "\u0092",
                "\u0096\u0001\0\0\0\0\0\0\0x",
                "\u0097",
                "\u0098",
                "\u00ff",
                "\0"
            })
    void refusesOpcodesThatTorchSaveDoesNotWrite(String opcodes) throws IOException {
        InvalidModelException e = refusalOf(opcodes);
        assertThat(e.found()).startsWith("the opcode 0x").contains(" at byte ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "R",
                "t",
                "\u0085",
                "\u0086",
                "\u0087",
                "a",
                "e",
                "s",
                "u",
                "b",
                "Q",
                "\u0093",
                "\u0094",
                "q\u0000",
                "h\u0000",
                "j\u0000\u0000\u0000\u0000",
                "NR",
                "N)R",
                "NNR",
                "Na",
                "N(e",
                "NNNs",
                "N(NNu",
                "}(Nu",
                "}Nb",
                "N}b",
                "NQ",
                ")Q",
                "NN\u0093",
                "X\u0001\0\0\0xN\u0093",
                "\u0080\u0006",
                "}])s",
                "}}Ns",
                "})Ns",
                "}NNs",
                "}\u0088Ns",
                "}G?\u00f0\0\0\0\0\0\0Ns",
                "}(K\u0001NK\u0001Nu",
                "ctorch\nFloatStorage\n)R",
                "ctorch\nSize\n)R",
                "ctorch._utils\n_rebuild_tensor_v2\n)R",
                "ctorch._utils\n_rebuild_parameter\n)R",
                "ctorch._utils\n_rebuild_tensor\n)R",
                "ccollections\nOrderedDict\nK\u0001\u0085R",
                "ccollections\nOrderedDict\n]\u0085R)R",
                "ccollections\nOrderedDict\n](Ne\u0085R"
            })
    void refusesAMalformedPickle(String opcodes) throws IOException {
        InvalidModelException e = refusalOf(opcodes);
        assertThat(e.subject()).isEqualTo("model/data.pkl");
    }

    @Test
    void refusesAPickleThatIsTruncatedAnywhere() throws IOException {
        byte[] pickle = PickleWriter.pickle(TorchFixtures.stateDict());
        for (int length = 0; length < pickle.length; length++) {
            byte[] cut = Arrays.copyOf(pickle, length);
            assertThat(TorchFixtures.refusal(directory, TorchFixtures.zipOf(cut).bytes())
                            .subject())
                    .isEqualTo("model/data.pkl");
        }
    }

    static Stream<Arguments> exaggerations() {
        return Stream.of(
                Arguments.of("BINUNICODE", "X\u00ff\u00ff\u00ff\u007f"),
                Arguments.of("BINUNICODE, negative", "X\u00ff\u00ff\u00ff\u00ff"),
                Arguments.of("BINUNICODE8", "\u008d\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0010"),
                Arguments.of("BINUNICODE8, of an int", "\u008d\u00f0\u00ff\u00ff\u007f\u0000\u0000\u0000\u0000"),
                Arguments.of("BINUNICODE8, negative", "\u008d\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff"),
                Arguments.of(
                        "BINUNICODE8, a little negative", "\u008d\u00f8\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff"),
                Arguments.of("BINUNICODE8, greatest", "\u008d\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u007f"),
                Arguments.of("LONG1", "\u008a\u00ff"),
                Arguments.of("SHORT_BINUNICODE", "\u008c\u00ff"),
                Arguments.of("SHORT_BINSTRING", "U\u00ff"),
                Arguments.of("BININT", "J\u0001"),
                Arguments.of("BINFLOAT", "G\u0001"),
                Arguments.of("FRAME", "\u0095\u0001"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("exaggerations")
    void rule1_8_refusesALengthBeyondThePickleBeforeAnythingIsAllocated(String name, String opcodes)
            throws IOException {
        byte[] pickle = Raw.of("\u0080\u0002" + opcodes).opcodes();
        InvalidModelException e =
                TorchFixtures.refusal(directory, TorchFixtures.zipOf(pickle).bytes());
        assertThat(e.found()).as(name).contains(" bytes announced at byte ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"LONG4 \u008b", "BINBYTES8 \u008e", "BYTEARRAY8 \u0096", "BINSTRING T"})
    void refusesOpcodesOfHugeValuesWhateverTheirLength(String nameAndOpcode) throws IOException {
        String opcode = nameAndOpcode.substring(nameAndOpcode.length() - 1);
        assertThat(refusalOf(opcode + "\u00ff\u00ff\u00ff\u007f\0\0\0\0").found())
                .startsWith("the opcode 0x");
    }

    @Test
    void refusesDeepRecursionForLittleMemory() throws IOException {
        String nest = "](".repeat(8_000);
        String close = "e".repeat(8_000);
        assertThat(refusalOf(nest + close).found()).isEqualTo("a list");
        assertThat(refusalOf("N" + repeated("\u0085", 130_000)).found()).isEqualTo("a tuple");
        assertThat(refusalOf("}X\u0001\0\0\0w" + nest + close + "s").found()).isEqualTo("no tensors");
        assertThat(refusalOf(repeated("]", 100_000)).found()).isEqualTo("more than 16384 values under construction");
        assertThat(refusalOf(repeated("(", 100_000)).found()).isEqualTo("more than 16384 values under construction");
    }

    @Test
    void refusesADeepOrCyclicKeyBeforeItIsHashed() throws IOException {
        assertThat(refusalOf("}" + repeated("](", 8_000) + repeated("e", 8_000) + "Ns")
                        .found())
                .startsWith("a list as a key");
        assertThat(refusalOf("}]q\0h\0aNs").found()).startsWith("a list as a key");
    }

    @Test
    void refusesContainersThatContainThemselves() throws IOException {
        assertThat(refusalOf("]q\0h\0a").found()).isEqualTo("a list");
        assertThat(refusalOf("}q\0X\u0001\0\0\0xh\0s").found()).isEqualTo("no tensors");
    }

    @Test
    void refusesAMemoBombForLittleMemory() throws IOException {
        // Each list holds the one before ten times: 10^12,000 values for whoever unfolds them.
        StringBuilder laughs = new StringBuilder("]q\0");
        for (int i = 0; i < 8_000; i++) {
            laughs.append("](").append("h\0".repeat(10)).append("eq\0");
        }
        assertThat(refusalOf(laughs.toString()).found()).isEqualTo("a list");
        assertThat(refusalOf("Nr\u00ff\u00ff\u00ff\u007fr\u00ff\u00ff\u00ff\u00ff")
                        .found())
                .isEqualTo("None");
        assertThat(refusalOf("N" + repeated("\u0094", 140_000)).found()).isEqualTo("more than 131072 opcodes");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "}0",
                "(t",
                "(Nt",
                ")",
                "]",
                "]Na",
                "](Ne",
                "K\u0001",
                "r\0\0\0\0",
                "X\0\0\0\0",
                "X\u0003\0\0\0\u20ac",
                "G\0\0\0\0\0\0\0\0",
                "\u008a\u0009\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008\u0009",
                "}K\u0001Ns",
                "ccollections\nOrderedDict\n)R"
            })
    void refusesVeryManyOfAnyValueForLittleMemory(String opcodes) throws IOException {
        byte[] value = opcodes.getBytes(StandardCharsets.UTF_8);
        byte[] one = opcodes.contains("\u20ac") ? value : Raw.of(opcodes).opcodes();
        ByteArrayOutputStream pickle = new ByteArrayOutputStream();
        pickle.writeBytes(Raw.of("\u0080\u0002]").opcodes());
        while (pickle.size() < 4_000_000) {
            // Appended in pairs to one list, so that the stack does not stop it.
            pickle.writeBytes(Raw.of("(").opcodes());
            pickle.writeBytes(one);
            pickle.writeBytes(Raw.of("Ne").opcodes());
        }
        TorchFixtures.refusal(
                directory, TorchFixtures.zipOf(pickle.toByteArray()).bytes());
    }

    @Test
    void refusesStringsThatGrowWhenDecodedForLittleMemory() throws IOException {
        byte[] text = "x€".repeat(1_000_000).getBytes(StandardCharsets.UTF_8);
        InvalidModelException e = refusal("x€".repeat(1_000_000));
        assertThat(text).hasSizeLessThan(RestrictedUnpickler.MAX_BYTES);
        assertThat(e.found()).startsWith("the string 'x€");
    }

    @Test
    void refusesANameThatComesTwice() throws IOException {
        Map<Object, Object> tensors = TorchFixtures.stateDict();
        List<Object> pairs = List.of(List.of("w", tensors.get("w")), List.of("w", tensors.get("b")));
        assertThat(refusal(Call.of("collections", "OrderedDict", pairs)).found())
                .startsWith("the key 'w' twice");
    }

    @Test
    void refusesARootThatIsNotADict() throws IOException {
        assertThat(refusal(TorchFixtures.stateDict().get("w")).found()).isEqualTo("a tensor");
        assertThat(refusal(List.of(TorchFixtures.stateDict())).found()).isEqualTo("a list");
        assertThat(refusalOf("(").found()).isEqualTo("an unfinished value");
    }

    @Test
    void refusesARootWithoutOrWithSeveralStateDicts() throws IOException {
        assertThat(refusal(dict()).found()).isEqualTo("no tensors");
        assertThat(refusal(dict("a", dict("b", TorchFixtures.stateDict()))).found())
                .isEqualTo("no tensors");
        assertThat(refusal(dict("model", TorchFixtures.stateDict(), "ema", TorchFixtures.stateDict()))
                        .found())
                .isEqualTo("2 dicts of tensors: 'model', 'ema'");
    }

    @Test
    void refusesAnEntryThatIsNeitherATensorNorAPlainValue() throws IOException {
        for (Object value : List.of(List.of(), new Object[0], dict(), new Storage("FloatStorage", "0", 6))) {
            Map<Object, Object> root = TorchFixtures.stateDict();
            root.put("x", value);
            assertThat(refusal(root).subject()).isEqualTo("entry 'x'");
        }
        Map<Object, Object> root = TorchFixtures.stateDict();
        root.put(7, root.get("w"));
        assertThat(refusal(root).subject()).isEqualTo("entry '7'");
    }

    /** A tensor named t that views the storage of w. */
    private InvalidModelException refusalOfView(Object offset, Object size, Object stride) throws IOException {
        Map<Object, Object> root = TorchFixtures.stateDict();
        root.put("t", new Tensor(new Storage("FloatStorage", "0", 6), offset, size, stride));
        return refusal(root);
    }

    static Object[] tuple(Object... items) {
        return items;
    }

    @Test
    void refusesAStrideThatLies() throws IOException {
        for (Object[] stride : List.of(
                tuple(1, 2), tuple(0, 0), tuple(3, 0), tuple(6, 1), tuple(1), tuple(3, 1, 1), tuple(3L, 1L << 62))) {
            InvalidModelException e = refusalOfView(0, tuple(2, 3), stride);
            assertThat(e.subject()).isEqualTo("tensor 't', stride");
            assertThat(e.expected()).contains("the last dimension fastest");
        }
    }

    @Test
    void refusesAShapeStrideOrOffsetThatIsNotNaturals() throws IOException {
        assertThat(refusalOfView(0, tuple(-1), tuple(1)).subject()).isEqualTo("tensor 't', shape");
        assertThat(refusalOfView(0, tuple("6"), tuple(1)).subject()).isEqualTo("tensor 't', shape");
        assertThat(refusalOfView(0, 6, tuple(1)).subject()).isEqualTo("tensor 't', shape");
        assertThat(refusalOfView(0, new Object[65], tuple(1)).subject()).isEqualTo("tensor 't', shape");
        assertThat(refusalOfView(0, tuple(6), tuple(-1)).subject()).isEqualTo("tensor 't', stride");
        assertThat(refusalOfView(0, tuple(6), null).subject()).isEqualTo("tensor 't', stride");
        assertThat(refusalOfView(-1, tuple(6), tuple(1)).subject()).isEqualTo("tensor 't', storage offset");
        assertThat(refusalOfView(null, tuple(6), tuple(1)).subject()).isEqualTo("tensor 't', storage offset");
        assertThat(refusalOfView(TorchFixtures.MAGIC_NUMBER, tuple(6), tuple(1)).subject())
                .isEqualTo("tensor 't', storage offset");
    }

    @Test
    void refusesATensorThatExceedsItsStorage() throws IOException {
        assertThat(refusalOfView(0, tuple(7), tuple(1)).found()).isEqualTo("[7] from element 0");
        assertThat(refusalOfView(1, tuple(6), tuple(1)).found()).isEqualTo("[6] from element 1");
        assertThat(refusalOfView(7, tuple(0), tuple(1)).found()).isEqualTo("[0] from element 7");
        assertThat(refusalOfView(Long.MAX_VALUE, tuple(6), tuple(1)).subject()).isEqualTo("tensor 't', shape");
        assertThat(refusalOfView(0, tuple(1L << 62), tuple(1)).subject()).isEqualTo("tensor 't', shape");
        assertThat(refusalOfView(0, tuple(1L << 32, 1L << 32), tuple(1L << 32, 1))
                        .subject())
                .isEqualTo("tensor 't', shape");
    }

    @Test
    void refusesATensorWithoutAStorage() throws IOException {
        Map<Object, Object> root = TorchFixtures.stateDict();
        root.put("t", new Tensor(null, 0, tuple(6), tuple(1)));
        assertThat(refusal(root).subject()).isEqualTo("tensor 't', storage");
    }

    @Test
    void refusesATensorWhoseMetadataChangeItsValues() throws IOException {
        Map<Object, Object> root = TorchFixtures.stateDict();
        Storage storage = new Storage("FloatStorage", "0", 6);
        root.put(
                "t",
                Call.of(
                        "torch._utils",
                        "_rebuild_tensor_v2",
                        storage,
                        0,
                        tuple(6),
                        tuple(1),
                        false,
                        dict(),
                        dict("neg", true)));
        assertThat(refusal(root).subject()).isEqualTo("tensor 't', metadata");
    }

    @Test
    void refusesAStorageThatIsDescribedInTwoWays() throws IOException {
        for (Storage other : List.of(new Storage("HalfStorage", "0", 6), new Storage("FloatStorage", "0", 7))) {
            Map<Object, Object> root = TorchFixtures.stateDict();
            root.put("t", new Tensor(other, 0, tuple(6), tuple(1)));
            assertThat(refusal(root).found()).startsWith("storage '0' with 6 elements of F32 and with ");
        }
    }

    @Test
    void refusesANegativeOrImpossibleNumel() throws IOException {
        for (Object numel : new Object[] {-1, Long.MIN_VALUE, Long.MAX_VALUE, "6", null, TorchFixtures.MAGIC_NUMBER}) {
            Object root = dict("w", new Tensor(new Storage("FloatStorage", "0", numel), 0, tuple(6), tuple(1)));
            assertThat(refusal(root).found()).startsWith("storage '0' ").contains("numel");
        }
    }

    @Test
    void rule1_8_refusesANumelBeyondTheFile() throws IOException {
        Object root = dict("w", new Tensor(new Storage("FloatStorage", "0", 1L << 60), 0, tuple(1L << 60), tuple(1)));
        byte[] older = TorchFixtures.older(root, TorchFixtures.storages()[0]);
        assertThat(TorchFixtures.refusal(directory, older).subject()).isEqualTo("storage '0'");
        byte[] zip = TorchFixtures.zip(root).bytes();
        assertThat(TorchFixtures.refusal(directory, zip).subject()).isEqualTo("tensor 'w', entry 'model/data/0'");
    }

    @Test
    void refusesAStorageThatIsAViewOfAnother() throws IOException {
        String id = "(X\u0007\0\0\0storagectorch\nFloatStorage\nX\u0001\0\0\0" + "0X\u0003\0\0\0cpuK\u0006";
        assertThat(refusalOf(id + ")tQ").found()).contains("view of another storage");
    }

    @Test
    void refusesAPersistentIdOfSomethingElse() throws IOException {
        assertThat(refusalOf("X\u0006\0\0\0moduleN\u0086Q").found()).startsWith("a persistent id that is not");
        assertThat(refusal(new Storage("Size", "0", 6)).found()).startsWith("a persistent id that is not");
        assertThat(refusal(new Storage("FloatStorage", 0, 6)).found()).startsWith("a persistent id that is not");
    }

    @Test
    void refusesAnOlderCheckpointThatIsTruncatedAnywhere() throws IOException {
        byte[] whole = TorchFixtures.older(TorchFixtures.stateDict(), TorchFixtures.storages());
        for (int length = 0; length < whole.length; length++) {
            TorchFixtures.refusal(directory, Arrays.copyOf(whole, length));
        }
    }

    private InvalidModelException refusalOfOlder(Object magic, Object version, Object system) throws IOException {
        byte[] state = PickleWriter.pickle(TorchFixtures.stateDict(), true);
        return TorchFixtures.refusal(
                directory, TorchFixtures.older(magic, version, system, state, List.of(), new byte[0]));
    }

    @Test
    void refusesAnOlderCheckpointOfAnotherKind() throws IOException {
        var system = TorchFixtures.system();
        var magic = TorchFixtures.MAGIC_NUMBER;
        assertThat(refusalOfOlder(42, 1001, system).subject()).isEqualTo("magic number");
        assertThat(refusalOfOlder(magic, 1002, system).subject()).isEqualTo("protocol version");
        assertThat(refusalOfOlder(magic, 1001, dict("little_endian", false)).found())
                .isEqualTo("the value false");
        assertThat(refusalOfOlder(magic, 1001, dict()).subject()).isEqualTo("system pickle, little_endian");
        assertThat(refusalOfOlder(magic, 1001, null).subject()).isEqualTo("system pickle, little_endian");
    }

    private InvalidModelException refusalOfKeys(Object keys, byte[] data) throws IOException {
        byte[] state = PickleWriter.pickle(TorchFixtures.stateDict(), true);
        return TorchFixtures.refusal(
                directory,
                TorchFixtures.older(TorchFixtures.MAGIC_NUMBER, 1001, TorchFixtures.system(), state, keys, data));
    }

    @Test
    void refusesKeysOfStoragesThatDoNotFit() throws IOException {
        Floats w = TorchFixtures.storages()[0];
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        for (int i = 0; i < 2; i++) {
            data.writeBytes(TorchFixtures.int64(6));
            data.writeBytes(w.bytes());
        }
        assertThat(refusalOfKeys(List.of("0", "0"), data.toByteArray()).found()).isEqualTo("'0' twice");
        assertThat(refusalOfKeys(List.of("0", "9"), data.toByteArray()).found()).isEqualTo("the string '9'");
        assertThat(refusalOfKeys(List.of(0), data.toByteArray()).found()).isEqualTo("the value 0");
        assertThat(refusalOfKeys("0", data.toByteArray()).subject()).isEqualTo("pickle of storage keys");
        assertThat(refusalOfKeys(List.of("0"), data.toByteArray()).found())
                .isEqualTo("32 bytes after the last storage");
        assertThat(refusalOfKeys(List.of("0"), Arrays.copyOf(data.toByteArray(), 32))
                        .subject())
                .isEqualTo("tensor 'b', storage '1'");
    }

    @Test
    void refusesANumelBeforeTheDataThatLies() throws IOException {
        for (long numel : new long[] {0, 5, 7, -6, Long.MAX_VALUE}) {
            ByteArrayOutputStream data = new ByteArrayOutputStream();
            data.writeBytes(TorchFixtures.int64(numel));
            data.writeBytes(new byte[24]);
            InvalidModelException e = refusalOfKeys(List.of("0"), data.toByteArray());
            assertThat(e.subject()).isEqualTo("storage '0', numel");
            assertThat(e.found()).isEqualTo(Long.toString(numel));
        }
    }

    @Test
    void refusesWhatIsNeitherForm() throws IOException {
        for (byte[] content :
                List.of(new byte[0], new byte[100], "version https://git-lfs".getBytes(StandardCharsets.UTF_8))) {
            assertThat(TorchFixtures.refusal(directory, content).subject()).isEqualTo("start of the file");
        }
        Path file = Files.write(
                directory.resolve("pointer.bin"), "version https://git-lfs".getBytes(StandardCharsets.UTF_8));
        assertThat(WeightsFixtures.refusal(file, () -> WeightsFiles.open(file).close())
                        .advice())
                .contains("git lfs pull");
    }
}
