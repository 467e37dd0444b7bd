package io.flinkgpt2.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.flink.runtime.util.EnvironmentInformation;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;

/** Checks of {@code deploy/docker/Dockerfile} and what it copies that need no image; the image itself runs in {@code ImageIT}. */
class ImageFilesTest {

    private static final Path ROOT = Path.of("..");
    private static final String JAR = "deploy/target/dist/flink-gpt2-job.jar";

    private final List<String> instructions = new ArrayList<>();

    @BeforeEach
    void read() throws IOException {
        String text = Files.readString(ROOT.resolve("deploy/docker/Dockerfile"))
                .replaceAll("(?m)^#.*\n", "")
                .replace("\\\n", " ");
        text.lines().filter(line -> !line.isBlank()).map(String::strip).forEach(instructions::add);
    }

    @Test
    void theBaseIsFlinkOfTheVersionThatTheJobIsBuiltWith() {
        assertThat(instructions)
                .startsWith(
                        "ARG FLINK_IMAGE=flink:" + EnvironmentInformation.getVersion() + "-java17",
                        "FROM ${FLINK_IMAGE}");
    }

    @Test
    void whatRunsIsNotRoot() {
        assertThat(of("USER").reduce((first, last) -> last)).contains("flink");
    }

    @Test
    void theCommandIsAJobManagerWithTheJob() {
        assertThat(instructions)
                .contains("CMD [\"standalone-job\", \"--job-classname\", \"" + CompletionJob.class.getName() + "\"]");
    }

    @Test
    void theVariablesAreTheModuleFlagOfTheBuildAndOptionsOfTheJob() throws IOException {
        Map<String, String> variables = variables();

        String flag = Pattern.compile("<vector.module>(.*)</vector.module>")
                .matcher(Files.readString(ROOT.resolve("pom.xml")))
                .results()
                .findFirst()
                .orElseThrow()
                .group(1);
        assertThat(variables).containsEntry("JDK_JAVA_OPTIONS", flag);
        assertThat(EnvironmentOptions.read(variables)).containsOnlyKeys(JobOptions.MODEL_PATH.key());
        assertThat(of("COPY")).anyMatch(copy -> copy.endsWith(" " + variables.get("FLINK_GPT2_MODEL")));
        assertThat(of("RUN")).allMatch(run -> run.contains("mkdir -p " + variables.get("FLINK_GPT2_HOME")));
    }

    @Test
    void theContextIsWhatIsCopiedAndNothingElse() throws IOException {
        List<String> ignored = Files.readAllLines(ROOT.resolve(".dockerignore")).stream()
                .filter(line -> !line.startsWith("#"))
                .toList();
        List<String> copied = sources();

        assertThat(ignored).startsWith("*");
        assertThat(ignored.subList(1, ignored.size()))
                .containsExactlyInAnyOrderElementsOf(
                        copied.stream().map(source -> "!" + source).toList());
        assertThat(copied).contains(JAR);
        for (String source : copied) {
            // The jar is there when the build has packaged it.
            assertThat(source.equals(JAR) || Files.exists(ROOT.resolve(source)))
                    .as(source)
                    .isTrue();
        }
        assertThat(Files.readString(ROOT.resolve("deploy/pom.xml")))
                .contains("<destFileName>flink-gpt2-job.jar</destFileName>");
    }

    @Test
    void flinkKnowsItsSettings() throws IOException {
        Map<String, Object> settings = settings();

        FlinkOptionsKnown.check(settings);
        FlinkOptionsKnown.checkPrometheus(settings, 9249);
        assertThat(instructions).contains("EXPOSE 9249");
    }

    @Test
    void theCheckpointDirectoryIsFlinks() throws IOException {
        String directory =
                settings().get("execution.checkpointing.dir").toString().replace("file://", "");

        assertThat(of("RUN")).anySatisfy(run -> {
            assertThat(run).containsPattern("mkdir -p [^&]*" + directory + "( |$)");
            assertThat(run).containsPattern("chown flink:flink [^&]*" + directory + "( |$)");
        });
    }

    static Map<String, Object> settings() throws IOException {
        return new Yaml().load(Files.readString(ROOT.resolve("deploy/docker/flink.yaml")));
    }

    private Stream<String> of(String instruction) {
        return instructions.stream()
                .filter(line -> line.startsWith(instruction + " "))
                .map(line -> line.substring(instruction.length() + 1));
    }

    private Map<String, String> variables() {
        Map<String, String> variables = new HashMap<>();
        of("ENV").flatMap(line -> Arrays.stream(line.split("\\s+"))).forEach(word -> {
            String[] pair = word.split("=", 2);
            variables.put(pair[0], pair[1].replace("\"", ""));
        });
        return variables;
    }

    private List<String> sources() {
        List<String> sources = new ArrayList<>();
        of("COPY").forEach(line -> {
            List<String> words = Arrays.stream(line.split("\\s+"))
                    .filter(word -> !word.startsWith("--"))
                    .toList();
            sources.addAll(words.subList(0, words.size() - 1));
        });
        return sources;
    }
}
