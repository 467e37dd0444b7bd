package io.flinkgpt2.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GeneratedTilesTest {

    private static final Path SOURCES = Path.of("src", "main", "java", "io", "flinkgpt2", "tensor");

    @Test
    void theCopiesAreCurrent() throws IOException {
        assertThat(TileGenerator.copies(SOURCES))
                .hasSize(2)
                .allSatisfy((file, text) -> assertThat(file)
                        .as(
                                "%s is not what Float32Tiles makes of it; at the root of the project, write it anew by: "
                                        + "java model-core/src/test/java/io/flinkgpt2/tensor/TileGenerator.java",
                                file)
                        .hasContent(text));
    }

    @Test
    void aSourceWithoutTheWordsOfThePrecisionIsRefused(@TempDir Path folder) throws IOException {
        String source = Files.readString(SOURCES.resolve("Float32Tiles.java"));
        Files.writeString(folder.resolve("Float32Tiles.java"), source.replace("float[] w,", "float[] weights,"));
        assertThatThrownBy(() -> TileGenerator.copies(folder))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("found nowhere 'float[] w,'");
    }
}
