package io.flinkgpt2.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that lie, each refused with a message that names the place, for less memory than a small model takes. */
class SafeTensorsHostileTest {
    private static final int LONGEST_HEADER = SafeTensorsHeader.MAX_BYTES;

    @TempDir
    Path directory;

    private InvalidModelException refusal(String header, int dataBytes) throws IOException {
        return WeightsFixtures.refusal(directory, WeightsFixtures.safeTensors(header, new byte[dataBytes]));
    }

    /** The refusal of a header with one tensor, named w. */
    private InvalidModelException refusalOf(String dtype, String shape, String offsets, int dataBytes)
            throws IOException {
        return refusal(
                "{\"w\":{\"dtype\":" + dtype + ",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}}",
                dataBytes);
    }

    @Test
    void refusesAnEmptyFile() throws IOException {
        InvalidModelException e = WeightsFixtures.refusal(directory, new byte[0]);
        assertThat(e.subject()).isEqualTo("header length");
        assertThat(e.found()).isEqualTo("a file of 0 bytes");
    }

    @Test
    void refusesAFileThatEndsWithinTheLength() throws IOException {
        assertThat(WeightsFixtures.refusal(directory, new byte[7]).found()).isEqualTo("a file of 7 bytes");
    }

    @Test
    void refusesAHeaderLongerThanTheFile() throws IOException {
        byte[] header = "{}".getBytes(StandardCharsets.UTF_8);
        InvalidModelException e = WeightsFixtures.refusal(directory, WeightsFixtures.withLength(3, header));
        assertThat(e.found()).isEqualTo("3 bytes");
        assertThat(e.expected()).startsWith("at most 2 ");
    }

    @Test
    void refusesAHeaderLengthBeyondALong() throws IOException {
        InvalidModelException e = WeightsFixtures.refusal(directory, WeightsFixtures.withLength(-1, new byte[2]));
        assertThat(e.found()).isEqualTo("18446744073709551615 bytes");
    }

    @Test
    void refusesAHeaderLongerThanTheLimit() throws IOException {
        byte[] header = padded("{}", LONGEST_HEADER + 1);
        InvalidModelException e = WeightsFixtures.refusal(directory, WeightsFixtures.withLength(header.length, header));
        assertThat(e.expected()).startsWith("at most " + LONGEST_HEADER);
    }

    @Test
    void acceptsTheLongestHeader() throws IOException {
        byte[] header = padded("{}", LONGEST_HEADER);
        Path file =
                Files.write(directory.resolve("long.safetensors"), WeightsFixtures.withLength(header.length, header));
        try (SafeTensors weights = SafeTensors.open(file)) {
            assertThat(weights.tensors()).isEmpty();
        }
    }

    @Test
    void recognisesAPointerThatGitLeftInTheFilesPlace() throws IOException {
        byte[] pointer = "version https://git-lfs.github.com/spec/v1\n".getBytes(StandardCharsets.UTF_8);
        assertThat(WeightsFixtures.refusal(directory, pointer).advice()).contains("git lfs pull");
    }

    @Test
    void refusesAnEmptyHeader() throws IOException {
        assertThat(refusal("", 0).found()).isEqualTo("no bytes");
    }

    @ParameterizedTest
    @ValueSource(strings = {" {}", "[]", "null", "\ufeff{}"})
    void refusesAHeaderThatDoesNotBeginWithABrace(String header) throws IOException {
        assertThat(refusal(header, 0).subject()).isEqualTo("start of the header");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"{", "{\"w\"", "{\"w\":", "{\"w\":{\"dtype\":\"F3", "{,}", "{'w':1}", "{/**/}", "{\"\n\":1}"})
    void refusesWhatIsNotJson(String header) throws IOException {
        assertThat(refusal(header, 0).found()).startsWith("malformed JSON: ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}x", "{} {}", "{}]", "{}\0"})
    void refusesTextAfterTheHeadersObject(String header) throws IOException {
        assertThat(refusal(header, 0).subject()).isEqualTo("end of the header");
    }

    @Test
    void refusesAHeaderThatIsNotUtf8() throws IOException {
        // Not a start, overlong, a surrogate, beyond Unicode, cut short.
        int[][] sequences = {{0xff}, {0xc0, 0xaf}, {0xed, 0xa0, 0x80}, {0xf4, 0x90, 0x80, 0x80}, {0xe2, 0x82}};
        for (int[] sequence : sequences) {
            byte[] header = "{\"__metadata__\":{\"a\":\"????\"}}".getBytes(StandardCharsets.UTF_8);
            for (int i = 0; i < sequence.length; i++) {
                header[22 + i] = (byte) sequence[i];
            }
            InvalidModelException e =
                    WeightsFixtures.refusal(directory, WeightsFixtures.withLength(header.length, header));
            assertThat(e.found()).as(Arrays.toString(sequence)).isEqualTo("text that is not UTF-8");
        }
    }

    @Test
    void refusesANameThatEscapesHalfACharacter() throws IOException {
        InvalidModelException e = refusal("{\"\\ud83d\":0}", 0);
        assertThat(e.found()).isEqualTo("the name '?'");
    }

    @Test
    void refusesATensorThatComesTwice() throws IOException {
        String entry = "\"w\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}";
        assertThat(refusal("{" + entry + "," + entry + "}", 0)).hasMessageContaining("found the name 'w' twice");
    }

    @Test
    void refusesAFieldThatComesTwice() throws IOException {
        assertThat(refusal("{\"w\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}", 0))
                .hasMessageContaining("found the name 'dtype' twice")
                .hasMessageContaining("/w");
    }

    @Test
    void refusesATensorWithoutDtype() throws IOException {
        assertThat(refusal("{\"w\":{\"shape\":[0],\"data_offsets\":[0,0]}}", 0).subject())
                .isEqualTo("tensor 'w', dtype");
    }

    @Test
    void refusesATensorWithoutShape() throws IOException {
        assertThat(refusal("{\"w\":{\"dtype\":\"U8\",\"data_offsets\":[0,0]}}", 0)
                        .subject())
                .isEqualTo("tensor 'w', shape");
    }

    @Test
    void refusesATensorWithoutOffsets() throws IOException {
        assertThat(refusal("{\"w\":{\"dtype\":\"U8\",\"shape\":[0]}}", 0).subject())
                .isEqualTo("tensor 'w', data_offsets");
    }

    @Test
    void refusesATensorThatIsNoObject() throws IOException {
        InvalidModelException e = refusal("{\"w\":7}", 0);
        assertThat(e.subject()).isEqualTo("tensor 'w'");
        assertThat(e.found()).isEqualTo("7");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"F31\"", "\"f32\"", "\"\"", "\"F32 \"", "32", "null", "[\"F32\"]", "{}"})
    void refusesAnUnknownDtype(String dtype) throws IOException {
        assertThat(refusalOf(dtype, "[1]", "[0,4]", 4).subject()).isEqualTo("tensor 'w', dtype");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[-1]",
                "[1.0]",
                "[1e0]",
                "[\"1\"]",
                "[null]",
                "[[1]]",
                "[9223372036854775808]",
                "4",
                "{}",
                "null"
            })
    void refusesAShapeThatIsNotAListOfNaturals(String shape) throws IOException {
        assertThat(refusalOf("\"F32\"", shape, "[0,4]", 4).subject()).isEqualTo("tensor 'w', shape");
    }

    @Test
    void refusesANumberOfAThousandDigits() throws IOException {
        assertThat(refusalOf("\"F32\"", "[" + "9".repeat(1_001) + "]", "[0,4]", 4)
                        .subject())
                .contains("w")
                .contains("shape");
    }

    @ParameterizedTest
    @ValueSource(strings = {"[4294967296,4294967296]", "[4611686018427387904]", "[3,9223372036854775807]"})
    void refusesAShapeWhoseSizeOverflows(String shape) throws IOException {
        InvalidModelException e = refusalOf("\"F32\"", shape, "[0,0]", 0);
        assertThat(e.subject()).isEqualTo("tensor 'w', shape");
        assertThat(e).hasCauseInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void refusesAShapeThatDoesNotFillWholeBytes() throws IOException {
        assertThat(refusalOf("\"F4\"", "[3]", "[0,2]", 2).subject()).isEqualTo("tensor 'w', shape");
    }

    @Test
    void refusesAShapeOfTooManyDimensions() throws IOException {
        String shape = IntStream.range(0, 65).mapToObj(i -> "1").collect(Collectors.joining(",", "[", "]"));
        assertThat(refusalOf("\"U8\"", shape, "[0,1]", 1).found()).isEqualTo("more than 64 numbers");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"[]", "[0]", "[0,2,4]", "[-4,0]", "[4,0]", "[0,8]", "[0,3]", "[1,4]", "[0,18446744073709551615]"
            })
    void rule1_8_refusesOffsetsThatDoNotFitTheTensorOrTheFile(String offsets) throws IOException {
        assertThat(refusalOf("\"F32\"", "[1]", offsets, 4).subject()).isEqualTo("tensor 'w', data_offsets");
    }

    @Test
    void rule1_8_refusesAHugeTensorInASmallFile() throws IOException {
        assertThat(refusalOf("\"U8\"", "[1000000000000]", "[0,1000000000000]", 4)
                        .found())
                .isEqualTo("[0, 1000000000000]");
    }

    @Test
    void refusesTensorsThatOverlap() throws IOException {
        InvalidModelException e = refusal(
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
                        + "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[3,7]}}",
                7);
        assertThat(e.subject()).isEqualTo("tensor 'b', data_offsets");
        assertThat(e.found()).isEqualTo("begin 3, an overlap with tensor 'a'");
    }

    @Test
    void refusesTwoTensorsThatShareTheirBytes() throws IOException {
        InvalidModelException e = refusal(
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
                        + "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}",
                4);
        assertThat(e.found()).isEqualTo("begin 0, an overlap with tensor 'a'");
    }

    @Test
    void refusesAnEmptyTensorWithinAnother() throws IOException {
        InvalidModelException e = refusal(
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
                        + "\"b\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[2,2]}}",
                4);
        assertThat(e.subject()).isEqualTo("tensor 'b', data_offsets");
    }

    @Test
    void refusesAHoleBetweenTensors() throws IOException {
        InvalidModelException e = refusal(
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
                        + "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[5,9]}}",
                9);
        assertThat(e.found()).isEqualTo("begin 5, a hole after tensor 'a'");
    }

    @Test
    void refusesAHoleBeforeTheFirstTensor() throws IOException {
        assertThat(refusalOf("\"U8\"", "[1]", "[1,2]", 2).found()).isEqualTo("begin 1, a hole after the header");
    }

    @Test
    void refusesBytesAfterTheLastTensor() throws IOException {
        InvalidModelException e = refusalOf("\"U8\"", "[1]", "[0,1]", 3);
        assertThat(e.subject()).isEqualTo("end of the data");
        assertThat(e.found()).isEqualTo("2 bytes after tensor 'w'");
    }

    @Test
    void refusesATensorWhoseDataWereCut() throws IOException {
        assertThat(refusalOf("\"U8\"", "[4]", "[0,4]", 3).subject()).isEqualTo("tensor 'w', data_offsets");
    }

    @ParameterizedTest
    @ValueSource(strings = {"[]", "\"pt\"", "{\"a\":1}", "{\"a\":null}", "{\"a\":{\"b\":\"c\"}}"})
    void refusesMetadataThatAreNotAMapOfStrings(String metadata) throws IOException {
        assertThat(refusal("{\"__metadata__\":" + metadata + "}", 0).subject()).startsWith("__metadata__");
    }

    @Test
    void refusesAHeaderOfVeryManyTensorsForLittleMemory() throws IOException {
        String header = many("\"%x\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}", 250_000);
        assertThat(refusal(header, 0).found()).isEqualTo("more than 65536 names");
    }

    @Test
    void refusesAHeaderOfVeryManyMetadataForLittleMemory() throws IOException {
        String header = "{\"__metadata__\":" + many("\"%x\":\"\"", 1_000_000) + "}";
        assertThat(refusal(header, 0).found()).isEqualTo("more than 65536 names");
    }

    @ParameterizedTest
    @ValueSource(ints = {250, 1_000, 5_000, 40_000, 49_000})
    void refusesAHeaderOfLongNamesForLittleMemory(int length) throws IOException {
        String name = "n".repeat(length);
        int count = Math.min(65_000, (LONGEST_HEADER - 50) / (length + 15));
        String header = "{\"__metadata__\":" + many("\"" + name + "%06x\":\"\"", count) + ",\"w\":0}";
        assertThat(refusal(header, 0).subject()).isEqualTo("tensor 'w'");
    }

    @Test
    void refusesAnEndlessNameForLittleMemory() throws IOException {
        assertThat(refusal("{\"" + "é".repeat(8_000_000) + "\":0}", 0).found()).startsWith("malformed JSON: ");
    }

    @Test
    void refusesAnEndlessDtypeForLittleMemory() throws IOException {
        assertThat(refusalOf("\"" + "é".repeat(8_000_000) + "\"", "[1]", "[0,1]", 1)
                        .subject())
                .contains("w")
                .contains("dtype");
    }

    @Test
    void refusesAnEndlessNumberForLittleMemory() throws IOException {
        assertThat(refusalOf("\"U8\"", "[" + "1".repeat(16_000_000) + "]", "[0,1]", 1)
                        .found())
                .startsWith("malformed JSON: ");
    }

    @Test
    void refusesDeepNestingForLittleMemory() throws IOException {
        assertThat(refusal("{\"w\":" + "[".repeat(16_000_000), 0).subject()).isEqualTo("tensor 'w'");
        assertThat(refusal("{\"w\":".repeat(2_000_000), 0))
                .hasMessageContaining("header at /w/w/w")
                .hasMessageContaining("found objects and arrays within each other, expected at most");
    }

    @Test
    void refusesAFileThatIsNotThere() {
        Path file = directory.resolve("none.safetensors");
        InvalidModelException e =
                WeightsFixtures.refusal(file, () -> SafeTensors.open(file).close());
        assertThat(e.found()).isEqualTo("no such file");
    }

    @Test
    void refusesADirectory() {
        InvalidModelException e = WeightsFixtures.refusal(
                directory, () -> SafeTensors.open(directory).close());
        assertThat(e.found()).isEqualTo("something that is not a regular file");
    }

    /** An object of {@code count} members after a pattern that takes the member's number. */
    private static String many(String pattern, int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> String.format(pattern, i))
                .collect(Collectors.joining(",", "{", "}"));
    }

    private static byte[] padded(String header, int length) {
        byte[] padded = new byte[length];
        Arrays.fill(padded, (byte) ' ');
        System.arraycopy(header.getBytes(StandardCharsets.UTF_8), 0, padded, 0, header.length());
        return padded;
    }
}
