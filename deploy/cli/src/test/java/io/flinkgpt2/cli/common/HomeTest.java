package io.flinkgpt2.cli.common;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HomeTest {

    @TempDir
    private Path home;

    @AfterEach
    void forget() {
        System.clearProperty(Home.PROPERTY);
    }

    @Test
    void theBundledFilesAreFoundBelowIt() throws Exception {
        System.setProperty(Home.PROPERTY, home.toString());
        Path model = Files.createDirectories(home.resolve("models/fairytales"));
        Path prompts =
                Files.createFile(Files.createDirectory(home.resolve("demo")).resolve("prompts.jsonl"));

        Path lib = Files.createDirectories(home.resolve("target/dist/lib"));
        Path jar = Files.createFile(home.resolve("target/dist/flink-gpt2-job.jar"));

        assertThat(Home.jobJar()).isEqualTo(jar);
        assertThat(Home.installation().lib()).isEqualTo(lib);
        assertThat(Home.bundledModel()).isEqualTo(model);
        assertThat(Home.demoPrompts()).isEqualTo(prompts);
    }

    @Test
    void withoutTheLauncherItSaysHowToStart() {
        assertThatThrownBy(Home::bundledModel)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll("models/fairytales", "deploy/bin/flink-gpt2", Home.PROPERTY);
    }

    @Test
    void aMissingFileIsNamedWithTheFolder() {
        System.setProperty(Home.PROPERTY, home.toString());

        assertThatThrownBy(Home::demoPrompts)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll(home.resolve("demo/prompts.jsonl").toString(), "missing", "deploy folder");
    }
}
