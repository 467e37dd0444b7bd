package io.flinkgpt2.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.pretrained.Pretrained;
import java.io.IOException;
import java.io.StringWriter;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Java code in the README and the guide compiles and runs as it stands there, from the folder of the project. */
class DocumentedCodeTest {

    private static final Pattern JAVA = Pattern.compile("^```java\\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL);
    private static final Pattern CLASS = Pattern.compile("^(?:public )?(?:final )?class (\\w+)", Pattern.MULTILINE);

    /** The code before those pieces of the guide that are no whole programs. */
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
        Matcher matcher = JAVA.matcher(Files.readString(Path.of(file)));
        List<String> blocks = new ArrayList<>();
        while (matcher.find()) {
            blocks.add(matcher.group(1));
        }
        return blocks;
    }

    private static String nameOf(String program) {
        Matcher name = CLASS.matcher(program);
        assertThat(name.find()).as(program).isTrue();
        return name.group(1);
    }

    /** Compiles programs to where the tests are, for Flink's tasks find classes of the class path only. */
    private void compile(List<String> programs) throws Exception {
        List<Path> sources = new ArrayList<>();
        for (String program : programs) {
            sources.add(Files.writeString(folder.resolve(nameOf(program) + ".java"), program));
        }
        Path classes = Path.of(DocumentedCodeTest.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter messages = new StringWriter();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
            boolean compiled = compiler.getTask(
                            messages,
                            files,
                            null,
                            List.of("-d", classes.toString(), "-cp", System.getProperty("java.class.path")),
                            null,
                            files.getJavaFileObjects(sources.toArray(Path[]::new)))
                    .call();
            assertThat(compiled)
                    .as(messages + "\n" + String.join("\n", programs))
                    .isTrue();
        }
    }

    /** Runs a compiled program and returns what it prints. */
    private static String run(String program) throws Exception {
        Method main = Class.forName(nameOf(program)).getDeclaredMethod("main", String[].class);
        main.setAccessible(true);
        return Output.of(() -> main.invoke(null, (Object) new String[0]));
    }

    @Test
    void theReadmesProgramPrintsCompletions() throws Exception {
        List<String> blocks = blocks("README.md");
        assertThat(blocks).hasSize(1);
        compile(blocks);
        Pretrained model = Pretrained.open(Output.MODEL);
        assertThat(run(blocks.get(0)))
                .contains(
                        model.complete("Once upon a time").text(),
                        model.completeAll(List.of("The king said", "In the forest"))
                                .get(1)
                                .text());
    }

    @Test
    void theGuidesProgramsAndPiecesRun() throws Exception {
        List<String> blocks = blocks("docs/java.md");
        List<String> programs = new ArrayList<>();
        StringBuilder pieces = new StringBuilder(BEFORE_PIECES);
        for (String block : blocks) {
            if (CLASS.matcher(block).find()) {
                programs.add(block);
            } else {
                pieces.append(block);
            }
        }
        assertThat(programs).hasSize(2);
        programs.add(pieces.append("}\n}\n").toString());
        compile(programs);

        Pretrained model = Pretrained.open(Output.MODEL);
        assertThat(run(programs.get(0)))
                .contains(model.complete("Once upon a time").text());
        assertThat(run(programs.get(1))).contains("Once upon a time", "The king said");
        assertThat(run(programs.get(2)))
                .contains(" (STOP_STRING)", "Completion[\"", "Pretrained[deploy/models/fairytales, ", "int8");
    }

    @Test
    void theSetupOfTheGuideIsThatOfTheExamples() throws IOException {
        String guide = Files.readString(Path.of("docs/java.md"));
        Matcher xml = Pattern.compile("^```xml\\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL)
                .matcher(guide);
        assertThat(xml.find()).isTrue();
        String pom = Files.readString(Path.of("deploy/examples/java/pom.xml")).replaceAll("\\s+", "");
        String setup = xml.group(1).replaceAll("\\s+", "").replace("0.1.0-SNAPSHOT", "${flink-gpt2.version}");
        // The guide has the first of the dependencies only.
        for (String part :
                setup.split("<dependencies>(?=<dependency>.*</dependency></dependencies>$)|</dependencies>$", -1)) {
            assertThat(pom).contains(part);
        }
    }
}
