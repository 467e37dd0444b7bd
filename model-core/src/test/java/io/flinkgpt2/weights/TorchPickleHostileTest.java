package io.flinkgpt2.weights;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.weights.PickleWriter.Call;
import io.flinkgpt2.weights.PickleWriter.Raw;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import net.razorvine.pickle.Unpickler;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Opcodes that attack, lie or exaggerate, each refused with a message that names the place, for little memory. */
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
}
