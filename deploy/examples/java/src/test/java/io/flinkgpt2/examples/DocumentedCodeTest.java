package io.flinkgpt2.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.pretrained.Pretrained;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Java code in the README and the guide compiles and runs as it stands there, from the folder of the project. */
class DocumentedCodeTest {

    private static final Path ROOT = Path.of("../../..").toAbsolutePath().normalize();
    private static final Pattern JAVA = Pattern.compile("^```java\\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL);
    private static final Pattern CLASS = Pattern.compile("^(?:public )?(?:final )?class (\\w+)", Pattern.MULTILINE);
    private static final long PATIENCE_SECONDS = 120;

    /** What the pieces of the guide that are not whole programs follow on from. */
    private static final String BEFORE_PIECES = """
            import io.flinkgpt2.generation.Completion;
            import io.flinkgpt2.pretrained.LoadOptions;
            import io.flinkgpt2.pretrained.Pretrained;
            import io.flinkgpt2.sampling.GenerationParameters;
            import io.flinkgpt2.tensor.Precision;
            import java.nio.file.Path;
            import java.util.ArrayList;
            import java.util.List;
            import java.util.concurrent.ExecutorService;
            import java.util.concurrent.Executors;
            import java.util.concurrent.Future;

            class Pieces {
                public static void main(String[] args) throws Exception {
                    Pretrained model = Pretrained.open(Path.of("deploy/models/fairytales"));
            """;

    @TempDir
    Path folder;

    private static List<String> blocks(String file) throws IOException {
        Matcher matcher = JAVA.matcher(Files.readString(ROOT.resolve(file)));
        List<String> blocks = new ArrayList<>();
        while (matcher.find()) {
            blocks.add(matcher.group(1));
        }
        return blocks;
    }

    /** Compiles a program and returns what it prints; nothing may go to standard error. */
    private String run(String program) throws Exception {
        Matcher name = CLASS.matcher(program);
        assertThat(name.find()).as(program).isTrue();
        Path source = folder.resolve(name.group(1) + ".java");
        Files.writeString(source, program);
        compile(source);
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-modules=jdk.incubator.vector",
                        "-Xmx512m",
                        "-Dfile.encoding=UTF-8",
                        "-cp",
                        folder + java.io.File.pathSeparator + System.getProperty("java.class.path"),
                        name.group(1))
                .directory(ROOT.toFile())
                .redirectError(folder.resolve("err").toFile())
                .redirectOutput(folder.resolve("out").toFile())
                .start();
        try {
            assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.exitValue())
                .as(() -> readString(folder.resolve("err")))
                .isZero();
        return readString(folder.resolve("out"));
    }

    private static String readString(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private void compile(Path source) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter messages = new StringWriter();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
            boolean compiled = compiler.getTask(
                            messages,
                            files,
                            null,
                            List.of("-d", folder.toString(), "-cp", System.getProperty("java.class.path"), "-proc:none"),
                            null,
                            files.getJavaFileObjects(source))
                    .call();
            assertThat(compiled).as(messages + "\n" + readString(source)).isTrue();
        }
    }

    @Test
    void theReadmesProgramPrintsACompletion() throws Exception {
        List<String> blocks = blocks("README.md");
        assertThat(blocks).hasSize(1);
        Pretrained model = Pretrained.open(ROOT.resolve("deploy/models/fairytales"));
        assertThat(run(blocks.get(0))).contains(model.complete("Once upon a time").text());
    }

    @Test
    void theGuidesProgramsAndPiecesRun() throws Exception {
        List<String> blocks = blocks("docs/java.md");
        List<String> programs =
                blocks.stream().filter(block -> CLASS.matcher(block).find()).toList();
        assertThat(programs).hasSize(2);
        Pretrained model = Pretrained.open(ROOT.resolve("deploy/models/fairytales"));
        assertThat(run(programs.get(0))).contains(model.complete("Once upon a time").text());
        assertThat(run(programs.get(1))).contains("Once upon a time", "The king said");

        StringBuilder pieces = new StringBuilder(BEFORE_PIECES);
        blocks.stream().filter(block -> !programs.contains(block)).forEach(pieces::append);
        String output = run(pieces.append("}\n}\n").toString());
        assertThat(output).contains(" (MAX_TOKENS)", "Completion[\"", "Pretrained[deploy/models/fairytales, ", "int8");
    }

    @Test
    void theSetupOfTheGuideIsThatOfTheExamples() throws IOException {
        String guide = Files.readString(ROOT.resolve("docs/java.md"));
        Matcher xml = Pattern.compile("^```xml\\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL)
                .matcher(guide);
        assertThat(xml.find()).isTrue();
        String pom = Files.readString(Path.of("pom.xml")).replaceAll("\\s+", "");
        String version = "0.1.0-SNAPSHOT";
        assertThat(pom.replace("${flink-gpt2.version}", version))
                .contains(Stream.of(xml.group(1).split("</dependencyManagement>"))
                        .map(part -> part.replaceAll("\\s+", ""))
                        .toArray(String[]::new)[0]);
        assertThat(pom).contains("<artifactId>flink-gpt2-model-core</artifactId>");
    }
}
