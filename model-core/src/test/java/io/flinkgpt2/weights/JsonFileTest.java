package io.flinkgpt2.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonFileTest {

    @TempDir
    Path directory;

    private InvalidModelException refusal(byte[] content) throws IOException {
        Path file = Files.write(directory.resolve("config.json"), content);
        InvalidModelException refusal = WeightsFixtures.refusal(file, () -> JsonFile.read(file));
        assertThat(refusal.getMessage().lines()).hasSize(1);
        assertThat(refusal).hasNoCause();
        return refusal;
    }

    @ParameterizedTest
    @ValueSource(strings = {"UTF-32BE", "UTF-32LE", "UTF-16BE", "UTF-16LE", "UTF-16"})
    void namesAFileOfAnotherEncoding(String charset) throws IOException {
        assertThat(refusal("{\"n_layer\": 12}".getBytes(Charset.forName(charset)))
                        .found())
                .isEqualTo("text that is not UTF-8");
    }

    @Test
    void namesAFileWhoseBytesAreNoText() throws IOException {
        // What a reader that guesses the encoding takes for UTF-32.
        assertThat(refusal(new byte[] {0, 0, 0, '{', 0, 1, 2, 3, (byte) 0xFF, (byte) 0xFF, 0, 0})
                        .found())
                .isEqualTo("text that is not UTF-8");
        assertThat(refusal("{\"a\": \"é\"}".getBytes(StandardCharsets.ISO_8859_1))
                        .found())
                .isEqualTo("text that is not UTF-8");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"a\": | text that is not JSON (found the end of the text too early",
                "[] | JSON that is not an object",
                "'' | nothing"
            })
    void namesAFileThatIsNotAnObject(String json, String found) throws IOException {
        assertThat(refusal(json.getBytes(StandardCharsets.UTF_8)).found()).startsWith(found);
    }

    @Test
    void saysThatAFileIsAGitLfsPointer() throws IOException {
        byte[] pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\n".getBytes(StandardCharsets.UTF_8);
        assertThat(refusal(pointer)).hasMessageContaining("Git LFS pointer").hasMessageContaining("git lfs pull");
    }

    @Test
    void theLastOfEqualFieldsCountsAndNumbersMayBeNone() throws IOException {
        Path file = Files.writeString(
                directory.resolve("config.json"), "\uFEFF{\"a\": 1, \"b\": [NaN, -Infinity], \"a\": 2}\n");
        assertThat(JsonFile.read(file).get("a").intValue()).isEqualTo(2);
    }
}
