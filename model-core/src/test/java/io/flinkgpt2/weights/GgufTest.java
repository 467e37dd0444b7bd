package io.flinkgpt2.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GgufTest {
    @TempDir
    Path directory;

    private Gguf open(GgufBytes bytes) throws IOException {
        return Gguf.open(bytes.write(directory.resolve("model.gguf")));
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void rule1_7_tensorsOfBothVersionsHaveTheirShapeOutermostFirst(int version) throws IOException {
        GgufBytes bytes = new GgufBytes()
                .version(version)
                .floats("b", new float[] {1, 2, 3, 4, 5, 6}, 3, 2)
                .floats("a", new float[] {7}, 1)
                .floats("scalar", new float[] {8})
                .floats("empty", new float[0], 0, 5);
        try (Gguf gguf = open(bytes)) {
            assertThat(gguf.tensors().keySet()).containsExactly("b", "a", "scalar", "empty");
            assertThat(gguf.tensors().get("b").shape()).containsExactly(2L, 3L);
            assertThat(gguf.tensors().get("scalar").shape()).isEmpty();
            assertThat(WeightsFixtures.values(gguf, "b")).containsExactly(1, 2, 3, 4, 5, 6);
            assertThat(WeightsFixtures.values(gguf, "a")).containsExactly(7);
            assertThat(WeightsFixtures.values(gguf, "scalar")).containsExactly(8);
            assertThat(WeightsFixtures.values(gguf, "empty")).isEmpty();
            assertThat(gguf.describe()).isEqualTo("model.gguf");
            assertThatThrownBy(() -> gguf.read("c", (values, length, start) -> {}))
                    .isInstanceOf(InvalidModelException.class)
                    .hasMessageContaining("'c'");
        }
    }

    @Test
    void theSinkSeesTheBytesAsTheyAreStored() throws IOException {
        byte[] block = new byte[DType.Q8_0.blockBytes()];
        for (int i = 0; i < block.length; i++) {
            block[i] = (byte) i;
        }
        try (Gguf gguf = open(new GgufBytes().tensor("w", 8, block, 32))) {
            ByteBuffer seen = ByteBuffer.allocate(block.length);
            gguf.read("w", new TensorSink() {
                @Override
                public void values(float[] values, int length, long start) {
                    assertThat(length).isEqualTo(32);
                }

                @Override
                public void bytes(ByteBuffer raw) {
                    seen.put(raw);
                }
            });
            assertThat(seen.array()).isEqualTo(block);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8, 32, 128, 4_096})
    void dataBeginAtAMultipleOfTheAlignment(int alignment) throws IOException {
        GgufBytes bytes = new GgufBytes()
                .alignment(alignment)
                .u32("general.alignment", alignment)
                .floats("a", new float[] {1.5f}, 1)
                .floats("b", new float[] {2.5f}, 1);
        try (Gguf gguf = open(bytes)) {
            assertThat(WeightsFixtures.values(gguf, "a")).containsExactly(1.5f);
            assertThat(WeightsFixtures.values(gguf, "b")).containsExactly(2.5f);
        }
    }

    @Test
    void tensorsMayBeListedInAnotherOrderThanTheirDataAndLeaveGaps() throws IOException {
        GgufBytes bytes = new GgufBytes()
                .info("second", 0, 96, 1)
                .floats("first", new float[] {1}, 1)
                .tensor("padding", 24, new byte[96], 96);
        try (Gguf gguf = open(bytes.claimTensors(2))) {
            assertThat(gguf.tensors().keySet()).containsExactly("first", "second");
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 1, 200", "1, 1, -56", "2, 2, 65480", "3, 2, -56", "4, 4, 4294967240", "5, 4, -56", "11, 8, -56"})
    void integersOfEveryWidthAreRead(int type, int bytes, long expected) throws IOException {
        byte[] value = new byte[bytes];
        Arrays.fill(value, (byte) 0xff);
        value[0] = (byte) 200;
        try (Gguf gguf = open(new GgufBytes().raw("k", type, value))) {
            assertThat(gguf.metadata().integer("k")).hasValue(expected);
        }
    }

    @Test
    void valuesOfEveryTypeAreReadAndUnknownKeysAreEmpty() throws IOException {
        GgufBytes bytes = new GgufBytes()
                .string("text", "naïve \ud83d\ude00 \ufffd")
                .f32("f32", 0.25f)
                .raw("f64", 12, GgufBytes.u64(Double.doubleToRawLongBits(1e-5)))
                .raw("u64", 10, GgufBytes.u64(Long.MAX_VALUE))
                .raw("flag", 7, (byte) 1)
                .strings("tokens", List.of("a", "", "Ġb"))
                .integers("types", 1, -2, 3)
                .raw(
                        "nested",
                        9,
                        GgufBytes.concat(
                                GgufBytes.u32(9), GgufBytes.u64(1), GgufBytes.u32(0), GgufBytes.u64(3), new byte[] {
                                    1, 2, 3
                                }))
                .u32("last", 42);
        try (Gguf gguf = open(bytes)) {
            GgufMetadata metadata = gguf.metadata();
            assertThat(metadata.keys())
                    .containsExactly("text", "f32", "f64", "u64", "flag", "tokens", "types", "nested", "last");
            assertThat(metadata.string("text")).hasValue("naïve \ud83d\ude00 \ufffd");
            assertThat(metadata.floatingPoint("f32")).hasValue(0.25);
            assertThat(metadata.floatingPoint("f64")).hasValue(1e-5);
            assertThat(metadata.integer("u64")).hasValue(Long.MAX_VALUE);
            assertThat(metadata.strings("tokens").orElseThrow()).containsExactly("a", "", "Ġb");
            assertThat(metadata.integers("types").orElseThrow()).containsExactly(1, -2, 3);
            assertThat(metadata.integer("last")).hasValue(42);
            assertThat(metadata.string("none")).isEmpty();
            assertThat(metadata.integer("none")).isEmpty();
            assertThat(metadata.floatingPoint("none")).isEmpty();
            assertThat(metadata.strings("none")).isEmpty();
            assertThat(metadata.integers("none")).isEmpty();
        }
    }

    @Test
    void stringsLongerThanTheReadersWindowAreRead() throws IOException {
        String longText = "é".repeat(50_000) + "\ufffd";
        List<String> many =
                IntStream.range(0, 20_000).mapToObj(i -> "token" + i).toList();
        try (Gguf gguf = open(new GgufBytes().string("long", longText).strings("many", many))) {
            assertThat(gguf.metadata().string("long")).hasValue(longText);
            assertThat(gguf.metadata().strings("many")).hasValue(many);
        }
    }

    @Test
    void aVocabularyThatNobodyAsksForIsNotHeldInMemory() throws IOException {
        Path file = new GgufBytes()
                .strings("tokens", Collections.nCopies(300_000, "some token"))
                .write(directory.resolve("large.gguf"));
        long before = WeightsFixtures.allocated();
        Gguf.open(file).close();
        assertThat(WeightsFixtures.allocated() - before).isLessThan(1_000_000);
    }

    @Test
    void rule1_7_everyTensorOfAGoldenModelHasTheValuesOfItsNeighbourInFloat32() throws IOException {
        try (Gguf full = Gguf.open(WeightsFixtures.golden("gguf/model-F32.gguf"));
                Gguf half = Gguf.open(WeightsFixtures.golden("gguf/model-F16.gguf"))) {
            assertThat(full.tensors()).hasSize(28);
            assertThat(full.tensors().get("blk.1.ffn_up.weight").shape()).containsExactly(256L, 64L);
            for (String name : full.tensors().keySet()) {
                float[] expected = WeightsFixtures.values(full, name);
                float[] found = WeightsFixtures.values(half, name);
                for (int i = 0; i < found.length; i++) {
                    assertThat(Math.abs(found[i] - expected[i]))
                            .isLessThanOrEqualTo(Math.abs(expected[i]) * 0x1p-11f + 0x1p-25f);
                }
            }
        }
    }

    @Test
    void aFileThatBecomesShorterWhileItIsOpenIsNamed() throws IOException {
        GgufBytes bytes = new GgufBytes().string("key", "value").floats("w", new float[100], 100);
        try (Gguf gguf = open(bytes)) {
            Files.write(gguf.file(), new byte[60]);
            InvalidModelException e =
                    WeightsFixtures.refusal(gguf.file(), () -> gguf.read("w", (values, length, start) -> {}));
            assertThat(e.subject()).isEqualTo("tensor 'w'");
            assertThat(e.advice()).contains("do not change");
        }
    }
}
