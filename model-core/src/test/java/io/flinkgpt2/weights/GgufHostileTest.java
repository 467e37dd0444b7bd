package io.flinkgpt2.weights;

import static io.flinkgpt2.weights.GgufBytes.concat;
import static io.flinkgpt2.weights.GgufBytes.text;
import static io.flinkgpt2.weights.GgufBytes.u32;
import static io.flinkgpt2.weights.GgufBytes.u64;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that lie, each refused with a message that names the place, for less memory than a small model takes. */
class GgufHostileTest {
    private static final long HUGE = 1L << 60;

    @TempDir
    Path directory;

    private InvalidModelException refusal(byte[] content) throws IOException {
        Path file = Files.write(directory.resolve("hostile.gguf"), content);
        return WeightsFixtures.refusal(file, () -> Gguf.open(file).close());
    }

    private InvalidModelException refusal(GgufBytes content) throws IOException {
        return refusal(content.bytes());
    }

    @Test
    void refusesAnotherMagicNumber() throws IOException {
        InvalidModelException e = refusal(new GgufBytes().magic("GGML"));
        assertThat(e.subject()).isEqualTo("magic number");
        assertThat(e.found()).isEqualTo("'GGML'");
    }

    @Test
    void refusesAnEmptyFile() throws IOException {
        assertThat(refusal(new byte[0]).found()).isEqualTo("a file of 0 bytes");
    }

    @Test
    void recognisesAPointerThatGitLeftInTheFilesPlace() throws IOException {
        byte[] pointer = "version https://git-lfs.github.com/spec/v1\n".getBytes(StandardCharsets.UTF_8);
        assertThat(refusal(pointer).advice()).contains("git lfs pull");
    }

    @ParameterizedTest
    @CsvSource({"0, version 0", "1, version 1", "4, version 4", "-1, version 4294967295"})
    void refusesOtherVersions(int version, String found) throws IOException {
        InvalidModelException e = refusal(new GgufBytes().version(version));
        assertThat(e.subject()).isEqualTo("version");
        assertThat(e.found()).isEqualTo(found);
    }

    @Test
    void refusesABigEndianFile() throws IOException {
        InvalidModelException e = refusal(new GgufBytes().version(Integer.reverseBytes(3)));
        assertThat(e.found()).isEqualTo("version 3 in big-endian byte order");
        assertThat(e.advice()).contains("little-endian");
    }

    @ParameterizedTest
    @ValueSource(longs = {HUGE, -1, Long.MIN_VALUE, 1_000_000, 3})
    void rule1_8_refusesMoreTensorsThanTheFileHasRoomFor(long count) throws IOException {
        InvalidModelException e =
                refusal(new GgufBytes().floats("w", new float[1], 1).claimTensors(count));
        assertThat(e.found()).isEqualTo(Long.toUnsignedString(count) + " tensors");
        assertThat(e.subject()).isEqualTo("number of tensors");
    }

    @ParameterizedTest
    @ValueSource(longs = {HUGE, -1, Long.MIN_VALUE, 1_000_000})
    void refusesMoreKeysThanTheFileHasRoomFor(long count) throws IOException {
        InvalidModelException e = refusal(new GgufBytes().u32("key", 1).claimKeys(count));
        assertThat(e.found()).isEqualTo(Long.toUnsignedString(count) + " keys");
        assertThat(e.subject()).isEqualTo("number of metadata keys");
    }

    @ParameterizedTest
    @ValueSource(longs = {HUGE, -1, Long.MIN_VALUE, Long.MAX_VALUE, 1_000})
    void refusesLengthsPastTheEnd(long length) throws IOException {
        String unsigned = Long.toUnsignedString(length);
        InvalidModelException string = refusal(new GgufBytes().raw("k", 8, u64(length)));
        assertThat(string.subject()).isEqualTo("metadata 'k'");
        assertThat(string.found()).isEqualTo(unsigned + " bytes of text");
        for (int elementType = 0; elementType <= 12; elementType++) {
            InvalidModelException array =
                    refusal(new GgufBytes().raw("k", 9, concat(u32(elementType), u64(length), new byte[9])));
            assertThat(array.subject()).isEqualTo("metadata 'k'");
            assertThat(array.found()).isEqualTo(unsigned + " elements");
        }
    }

    @Test
    void refusesAKeyLongerThanTheFormatAllows() throws IOException {
        assertThat(refusal(new GgufBytes().u32("k".repeat(65_536), 1)).found()).isEqualTo("65536 bytes of text");
    }

    @Test
    void refusesATensorNameLongerThanTheFile() throws IOException {
        byte[] bytes =
                concat("GGUF".getBytes(StandardCharsets.US_ASCII), u32(3), u64(1), u64(0), u64(HUGE), u64(0), u64(0));
        InvalidModelException e = refusal(bytes);
        assertThat(e.subject()).isEqualTo("tensor 0 of 1");
        assertThat(e.found()).isEqualTo(HUGE + " bytes of text");
    }

    @Test
    void refusesArraysNestedAThousandDeep() throws IOException {
        byte[] nested = concat(u32(0), u64(1), new byte[] {1});
        for (int depth = 0; depth < 1_000; depth++) {
            nested = concat(u32(9), u64(1), nested);
        }
        InvalidModelException e = refusal(new GgufBytes().raw("k", 9, nested));
        assertThat(e.subject()).isEqualTo("metadata 'k'");
        assertThat(e.found()).contains("more than 8 deep");
    }

    @Test
    void refusesAHeadLongerThanTheLimitInASparseFile() throws IOException {
        Path file = directory.resolve("sparse.gguf");
        byte[] start = new GgufBytes()
                .raw("k", 9, concat(u32(0), u64(1L << 33)))
                .claimKeys(1)
                .bytes();
        Files.write(file, start);
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(1L << 35);
        }
        InvalidModelException e =
                WeightsFixtures.refusal(file, () -> Gguf.open(file).close());
        assertThat(e.found()).isEqualTo((1L << 33) + " elements");
        assertThat(e.expected()).contains("bytes left of the head");
    }

    @ParameterizedTest
    @ValueSource(ints = {13, 255, -1})
    void refusesAnUnknownValueType(int type) throws IOException {
        assertThat(refusal(new GgufBytes().raw("k", type, new byte[64])).found())
                .isEqualTo("value type " + Integer.toUnsignedString(type));
    }

    @Test
    void refusesABooleanThatIsNone() throws IOException {
        assertThat(refusal(new GgufBytes().raw("k", 7, (byte) 2)).found()).isEqualTo("the byte 2 for a boolean");
    }

    @Test
    void refusesAKeyTwice() throws IOException {
        InvalidModelException e = refusal(new GgufBytes().u32("same", 1).f32("same", 1));
        assertThat(e.subject()).isEqualTo("metadata 'same'");
        assertThat(e.found()).isEqualTo("this key twice");
    }

    @Test
    void refusesATensorNameTwice() throws IOException {
        InvalidModelException e =
                refusal(new GgufBytes().floats("w", new float[1], 1).floats("w", new float[1], 1));
        assertThat(e.subject()).isEqualTo("tensor 'w'");
        assertThat(e.found()).isEqualTo("this name twice");
    }

    @Test
    void refusesNamesThatAreNotUtf8() throws IOException {
        byte[][] sequences = {{(byte) 0xff, 'a'}, {(byte) 0xc0, (byte) 0xaf}, {(byte) 0xed, (byte) 0xa0, (byte) 0x80}};
        for (byte[] sequence : sequences) {
            byte[] head = concat("GGUF".getBytes(StandardCharsets.US_ASCII), u32(3), u64(0), u64(1));
            InvalidModelException e = refusal(concat(head, u64(sequence.length), sequence, u32(0), new byte[16]));
            assertThat(e.subject()).isEqualTo("metadata key 0 of 1");
            assertThat(e.found()).isEqualTo("text that is not UTF-8");
        }
    }

    @ParameterizedTest
    @CsvSource({"0", "3", "48", "-32"})
    void refusesAnAlignmentThatIsNoPowerOfTwo(int alignment) throws IOException {
        InvalidModelException e = refusal(new GgufBytes().raw("general.alignment", 5, u32(alignment)));
        assertThat(e.subject()).isEqualTo("metadata 'general.alignment'");
        assertThat(e.found()).isEqualTo(Integer.toString(alignment));
    }

    @Test
    void refusesAnAlignmentThatIsNoNumber() throws IOException {
        assertThat(refusal(new GgufBytes().string("general.alignment", "32")).found())
                .isEqualTo("a value of string");
    }

    @Test
    void anAlignmentOfTwoGigabytesLeavesNoData() throws IOException {
        GgufBytes bytes =
                new GgufBytes().raw("general.alignment", 10, u64(1L << 31)).floats("w", new float[1], 1);
        assertThat(refusal(bytes).expected()).contains("0 bytes of data");
    }

    @Test
    void refusesAnOffsetThatIsNotAligned() throws IOException {
        InvalidModelException e = refusal(new GgufBytes().info("w", 0, 4, 1).tensor("x", 24, new byte[64], 64));
        assertThat(e.subject()).isEqualTo("tensor 'w', offset");
        assertThat(e.expected()).isEqualTo("a multiple of the alignment, 32");
    }

    @Test
    void refusesTensorsThatOverlap() throws IOException {
        InvalidModelException e =
                refusal(new GgufBytes().tensor("x", 24, new byte[64], 64).info("w", 0, 32, 1));
        assertThat(e.subject()).isEqualTo("tensor 'w', offset");
        assertThat(e.found()).isEqualTo("offset 32, an overlap with tensor 'x'");
        assertThat(e.expected()).startsWith("at least 64");
    }

    @ParameterizedTest
    @ValueSource(longs = {64, 96, HUGE, Long.MIN_VALUE, -32})
    void rule1_8_refusesTensorsPastTheEnd(long offset) throws IOException {
        InvalidModelException e =
                refusal(new GgufBytes().tensor("x", 24, new byte[64], 64).info("w", 0, offset, 1));
        assertThat(e.subject()).isEqualTo("tensor 'w', offset");
        assertThat(e.found()).startsWith("offset " + Long.toUnsignedString(offset));
    }

    @ParameterizedTest
    @ValueSource(ints = {5, 64, Integer.MAX_VALUE, -1})
    void refusesMoreThanFourDimensions(int dimensions) throws IOException {
        byte[] head = concat("GGUF".getBytes(StandardCharsets.US_ASCII), u32(3), u64(1), u64(0));
        InvalidModelException e = refusal(concat(head, text("w"), u32(dimensions), new byte[600]));
        assertThat(e.subject()).isEqualTo("tensor 'w', number of dimensions");
        assertThat(e.found()).isEqualTo(Integer.toUnsignedString(dimensions));
    }

    @Test
    void refusesDimensionsWhoseProductOverflows() throws IOException {
        for (long size : new long[] {1L << 32, HUGE, Long.MAX_VALUE}) {
            InvalidModelException e = refusal(new GgufBytes().info("w", 0, 0, size, size));
            assertThat(e.subject()).isEqualTo("tensor 'w', shape");
        }
        assertThat(refusal(new GgufBytes().info("w", 0, 0, 1L << 62)).subject()).isEqualTo("tensor 'w', shape");
        assertThat(refusal(new GgufBytes().info("w", 0, 0, -1)).found()).isEqualTo("a size of 18446744073709551615");
        assertThat(refusal(new GgufBytes().info("w", 0, 0, HUGE)).subject()).isEqualTo("tensor 'w', offset");
    }

    @ParameterizedTest
    @CsvSource({"2, 31", "2, 16", "8, 33", "14, 32", "14, 255"})
    void refusesRowsThatAreNotWholeBlocks(int type, long row) throws IOException {
        // The number of elements does fill blocks: a block must not span two rows.
        InvalidModelException e = refusal(new GgufBytes().info("w", type, 0, row, 256));
        assertThat(e.subject()).isEqualTo("tensor 'w', shape");
        assertThat(e.expected()).contains("multiple of " + (type == 14 ? 256 : 32));
    }

    @ParameterizedTest
    @CsvSource({"4, Q4_2", "9, Q8_1", "17, IQ2_XS", "23, IQ4_XS", "29, IQ1_M", "33, Q4_0_8_8", "35, TQ2_0", "39, MXFP4"
    })
    void namesATypeThatIsNotSupported(int type, String name) throws IOException {
        InvalidModelException e = refusal(new GgufBytes().info("w", type, 0, 256));
        assertThat(e.subject()).isEqualTo("tensor 'w', type");
        assertThat(e.found()).isEqualTo(name);
        assertThat(e.expected()).contains("F16, ", "Q4_0, ", "Q6_K").doesNotContain("I8");
        assertThat(e.advice()).startsWith(name + " is not supported");
    }

    @ParameterizedTest
    @ValueSource(ints = {1_000, -1})
    void refusesATypeThatGgmlDoesNotHave(int type) throws IOException {
        assertThat(refusal(new GgufBytes().info("w", type, 0, 256)).found())
                .isEqualTo("type " + Integer.toUnsignedString(type));
    }

    @Test
    void integersAreListedButCannotBeRead() throws IOException {
        Path file = new GgufBytes().tensor("w", 26, new byte[8], 2).write(directory.resolve("ints.gguf"));
        try (Gguf gguf = Gguf.open(file)) {
            assertThat(gguf.tensors().get("w").dtype()).isEqualTo(DType.I32);
            assertThat(WeightsFixtures.refusal(file, () -> gguf.read("w", (values, length, start) -> {}))
                            .found())
                    .isEqualTo("dtype I32");
        }
    }

    @Test
    void refusesAFileThatIsCutAnywhere() throws IOException {
        byte[] whole = small().bytes();
        for (int length = 0; length < whole.length; length++) {
            InvalidModelException e = refusal(Arrays.copyOf(whole, length));
            assertThat(e.subject()).as("cut at %d", length).isNotEmpty();
        }
        Path file = Files.write(directory.resolve("whole.gguf"), whole);
        Gguf.open(file).close();
    }

    private static GgufBytes small() {
        return new GgufBytes()
                .string("general.architecture", "gpt2")
                .strings("tokens", List.of("a", "b"))
                .integers("types", 1, 3)
                .floats("a", new float[] {1, 2}, 2)
                .tensor("b", 8, new byte[34], 32);
    }

    @Test
    void valuesOfTheWrongTypeAreNamed() throws IOException {
        Path file = new GgufBytes()
                .string("text", "1")
                .u32("number", 1)
                .strings("texts", List.of("1"))
                .integers("numbers", 1)
                .raw("unsigned", 10, u64(-1))
                .raw("wide", 9, concat(u32(11), u64(1), u64(1L << 40)))
                .raw("invalid", 8, concat(u64(2), new byte[] {'a', (byte) 0x80}))
                .write(directory.resolve("types.gguf"));
        try (Gguf gguf = Gguf.open(file)) {
            GgufMetadata metadata = gguf.metadata();
            assertThat(WeightsFixtures.refusal(file, () -> metadata.integer("text")))
                    .hasMessageContaining("metadata 'text': found a value of string, expected an integer");
            assertThat(WeightsFixtures.refusal(file, () -> metadata.string("number")))
                    .hasMessageContaining("found a value of uint32, expected a string");
            assertThat(WeightsFixtures.refusal(file, () -> metadata.floatingPoint("number")))
                    .hasMessageContaining("expected a floating-point number");
            assertThat(WeightsFixtures.refusal(file, () -> metadata.integers("texts")))
                    .hasMessageContaining("found an array of string, expected an array of integers");
            assertThat(WeightsFixtures.refusal(file, () -> metadata.strings("numbers")))
                    .hasMessageContaining("found an array of int32, expected an array of strings");
            assertThat(WeightsFixtures.refusal(file, () -> metadata.strings("text")))
                    .hasMessageContaining("found a value of string, expected an array of strings");
            assertThat(WeightsFixtures.refusal(file, () -> metadata.integer("unsigned")))
                    .hasMessageContaining("found 18446744073709551615, expected at most 2^63 - 1");
            assertThat(WeightsFixtures.refusal(file, () -> metadata.integers("wide")))
                    .hasMessageContaining("found 1099511627776 at index 0");
            assertThat(WeightsFixtures.refusal(file, () -> metadata.string("invalid")))
                    .hasMessageContaining("text that is not UTF-8");
        }
    }

    @Test
    void refusesToReadAnArrayLongerThanAnyVocabulary() throws IOException {
        int count = GgufMetadata.MAX_ELEMENTS + 1;
        Path file = new GgufBytes()
                .raw("tokens", 9, concat(u32(8), u64(count), new byte[8 * count]))
                .write(directory.resolve("long.gguf"));
        try (Gguf gguf = Gguf.open(file)) {
            assertThat(WeightsFixtures.refusal(file, () -> gguf.metadata().strings("tokens"))
                            .found())
                    .isEqualTo("262145 elements");
        }
    }

    @Test
    void theMostTensorsAndKeysThatAreAllowedTakeNoMoreMemoryThanAllowed() throws IOException {
        GgufBytes bytes = new GgufBytes();
        for (int i = 0; i < GgufHeader.MAX_TENSORS; i++) {
            bytes.info("tensor number " + i, 0, 0, 0, 1_000, 1_000, 1_000);
        }
        for (int i = 0; i < GgufHeader.MAX_KEYS; i++) {
            bytes.u32("key number " + i, i);
        }
        Path file = bytes.write(directory.resolve("most.gguf"));
        long before = WeightsFixtures.allocated();
        try (Gguf gguf = Gguf.open(file)) {
            assertThat(gguf.tensors()).hasSize(GgufHeader.MAX_TENSORS);
        }
        assertThat(WeightsFixtures.allocated() - before).isLessThan(WeightsFixtures.ALLOCATION_LIMIT);
        assertThat(refusal(bytes.claimTensors(GgufHeader.MAX_TENSORS + 1)).expected())
                .isEqualTo("at most " + GgufHeader.MAX_TENSORS);
        assertThat(refusal(bytes.claimTensors(0).claimKeys(GgufHeader.MAX_KEYS + 1))
                        .expected())
                .isEqualTo("at most " + GgufHeader.MAX_KEYS);
    }

    @Test
    void theLongestArrayOfStringsTakesNoMoreMemoryThanAllowed() throws IOException {
        int count = GgufMetadata.MAX_ELEMENTS;
        byte[] one = text("ab é 漢");
        byte[] strings = new byte[count * one.length];
        for (int i = 0; i < count; i++) {
            System.arraycopy(one, 0, strings, i * one.length, one.length);
        }
        byte[] array = concat(u32(8), u64(count), strings);
        Path file = new GgufBytes().raw("tokens", 9, array).write(directory.resolve("longest.gguf"));
        try (Gguf gguf = Gguf.open(file)) {
            long before = WeightsFixtures.allocated();
            assertThat(gguf.metadata().strings("tokens").orElseThrow()).hasSize(count);
            assertThat(WeightsFixtures.allocated() - before).isLessThan(WeightsFixtures.ALLOCATION_LIMIT);
        }
    }

    @Test
    void refusesAPathThatIsNotThere() {
        Path path = directory.resolve("gone.gguf");
        assertThat(WeightsFixtures.refusal(path, () -> WeightsFiles.open(path).close())
                        .found())
                .isEqualTo("no such file");
    }
}
