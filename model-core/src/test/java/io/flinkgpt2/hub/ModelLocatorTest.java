package io.flinkgpt2.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelLocatorTest extends HubTestCase {

    private static ModelHub nobody() {
        throw new AssertionError("the hub was asked");
    }

    @Test
    void anExistingPathWins() throws IOException {
        Path directory = Files.createDirectories(home.resolve("gpt2"));
        Path file = Files.createFile(home.resolve("tiny.gguf"));

        assertThat(ModelLocator.locate(directory.toString(), ModelLocatorTest::nobody, FetchProgress.NONE))
                .isEqualTo(new ModelLocation(directory, List.of("gpt2")));
        assertThat(ModelLocator.locate(directory + "/../tiny.gguf", ModelLocatorTest::nobody, FetchProgress.NONE))
                .isEqualTo(new ModelLocation(file, List.of("tiny.gguf")));
        assertThat(ModelLocator.locate("/", ModelLocatorTest::nobody, FetchProgress.NONE)
                        .name())
                .isEqualTo("/");
    }

    @Test
    void elseItIsAName() throws IOException {
        server.serveNames("model.gguf");

        assertThat(ModelLocator.locate("someone/tiny", this::hub, FetchProgress.NONE))
                .isEqualTo(new ModelLocation(
                        directory(), List.of("tiny", "someone/tiny", "tiny@main", "someone/tiny@main")));
    }

    @Test
    void aModelMayBeCalledWhatItWasGivenAs() throws IOException {
        Path directory = Files.createDirectories(home.resolve("mine@v1"));

        assertThat(ModelLocator.names(directory.toString())).containsExactly("mine@v1");
        assertThat(ModelLocator.names("gpt2@v1"))
                .containsExactly("gpt2", "openai-community/gpt2", "gpt2@v1", "openai-community/gpt2@v1");
        assertThat(ModelLocator.names("someone/tiny")).startsWith("tiny", "someone/tiny");
        assertThat(ModelLocator.names("/elsewhere/./mine/")).containsExactly("mine");
        assertThat(ModelLocator.names("/elsewhere/mine@v1")).containsExactly("mine@v1");
        assertThat(ModelLocator.names("a\u0000b")).containsExactly("a\u0000b");
        assertThat(ModelLocator.names("/")).containsExactly("/");
    }

    @Test
    void whatIsNeitherPathNorModelSaysBoth() {
        assertThatThrownBy(() -> ModelLocator.locate("models/typo", this::hub, FetchProgress.NONE))
                .isInstanceOf(ModelHubException.class)
                .hasMessageContaining("there is no file or directory "
                        + Path.of("models/typo").toAbsolutePath())
                .hasMessageContaining("no model models/typo at " + server.address());
    }

    @ParameterizedTest
    @ValueSource(strings = {"/models/typo", "./typo", "typo", "a/b/c", "", "a\u0000b"})
    void whatCannotBeANameSaysBothToo(String text) {
        assertThatThrownBy(() -> ModelLocator.locate(text, ModelLocatorTest::nobody, FetchProgress.NONE))
                .isInstanceOf(ModelHubException.class)
                .hasMessageContaining(": model: found nothing there")
                .hasMessageContaining("owner/name[@revision]");
    }
}
