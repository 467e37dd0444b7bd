package io.flinkgpt2.weights;

import static io.flinkgpt2.weights.TorchFixtures.dict;
import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.weights.PickleWriter.Call;
import io.flinkgpt2.weights.PickleWriter.Raw;
import io.flinkgpt2.weights.PickleWriter.Storage;
import io.flinkgpt2.weights.PickleWriter.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** State dicts whose entries, tensors and storages lie, each refused with a message that names the place. */
class TorchStateDictHostileTest {
    @TempDir
    Path directory;

    private InvalidModelException refusal(Object root) throws IOException {
        return TorchFixtures.refusalOfRoot(directory, root);
    }

    /** The refusal of a pickle with these opcodes, its protocol before them and STOP behind them. */
    private InvalidModelException refusalOf(String opcodes) throws IOException {
        return refusal(Raw.of(opcodes));
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
    void refusesAStrideOfOtherDimensionsThanTheShape() throws IOException {
        for (Object[] stride : List.of(tuple(), tuple(1), tuple(3, 1, 1))) {
            InvalidModelException e = refusalOfView(0, tuple(2, 3), stride);
            assertThat(e.subject()).isEqualTo("tensor 't', stride");
            assertThat(e.expected()).contains("each dimension");
        }
    }

    @Test
    void rule1_8_refusesAStrideThatLeavesTheStorage() throws IOException {
        for (Object[] stride : List.of(
                tuple(6, 1),
                tuple(1, 3),
                tuple(3L, 1L << 61),
                tuple(1L << 62, 1L << 62),
                tuple(Long.MAX_VALUE, Long.MAX_VALUE))) {
            InvalidModelException e = refusalOfView(0, tuple(2, 3), stride);
            assertThat(e.subject()).isEqualTo("tensor 't', shape");
            assertThat(e.found()).startsWith("[2, 3] and stride [").endsWith("] from element 0");
            assertThat(e.expected()).isEqualTo("no more than the 6 elements of storage '0'");
        }
        assertThat(refusalOfView(1, tuple(2, 3), tuple(1, 2)).found()).endsWith("from element 1");
    }

    @Test
    void rule1_8_refusesATensorThatRepeatsItsElementsBeyondTheFile() throws IOException {
        // Steps of zero let a few bytes claim any size.
        for (Object[] size : List.of(tuple(1 << 20), tuple(1L << 60), tuple(1 << 20, 1 << 20))) {
            Object[] stride = size.length == 1 ? tuple(0) : tuple(0, 0);
            InvalidModelException e = refusalOfView(0, size, stride);
            assertThat(e.subject()).isEqualTo("tensor 't', stride");
            assertThat(e.expected()).isEqualTo("no more bytes than the file has");
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
}
