package io.flinkgpt2.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Exit codes and messages of what is wrong before anything is started. */
class MainTest {

    @TempDir
    private Path directory;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int run(String... args) {
        try (PrintStream outStream = new PrintStream(out, false, UTF_8);
                PrintStream errStream = new PrintStream(err, false, UTF_8)) {
            return Main.run(outStream, errStream, List.of(args));
        }
    }

    private List<String> errLines() {
        return err.toString(UTF_8).lines().toList();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "|Name a command: demo, local, cluster, submit, stop-job, sql, complete, batch, produce, consume, tokenize, schema, verify, bench, plan, random-model, fetch, convert, models, completion.",
                "--colour|Unknown option: '--colour'",
                "--verson|Unknown option: '--verson'; did you mean '--version'?",
                "bacth|Unknown command: 'bacth'; did you mean 'batch'? Commands: demo, local, ",
                "help bacth|Unknown command: 'bacth'; did you mean 'batch'? Commands: demo, local, ",
                "bacth --input x|Unknown command: 'bacth'; did you mean 'batch'? Commands: demo, local, ",
                "cluster strat|Unknown command: 'strat'; did you mean 'start'? Commands: start, status, ",
                "complete --modell m --prompt x|Unknown option: '--modell'; did you mean '--model'?",
                "batch --inptu x --out y|Unknown option: '--inptu'; did you mean '--input'?",
                "complete --model m --max_tokens=5 --prompt x|Unknown option: '--max_tokens'; did you mean '--max-tokens'?",
                "complete --model m --precision it8|; did you mean 'int8'?",
                "complete --model m --envelope as-snet|; did you mean 'as-sent'?",
                "bench --precision f32,bf15|; did you mean 'bf16'?",
                "bench --scenario gird|; did you mean 'grid'?",
                "finish|Unknown command: 'finish'. Commands: demo, local, ",
                "complete --prompt x|Missing required option: '--model=MODEL'",
                "complete --model m --max-tokens many|Invalid value for option '--max-tokens': 'many' is not an int",
                "complete --model m --temperature hot|Invalid value for option '--temperature': 'hot' is not a double",
                "complete --model m --prompt-ids 1,x|Invalid value for option '--prompt-ids' (IDS): 'x' is not an int",
                "complete --model m --prompt x --prompt-ids 1|mutually exclusive",
                "complete --model m --truncate-prompt middle|Invalid value for option '--truncate-prompt'",
                "complete --model m --precision f16|Invalid value for option '--precision'",
                "complete --model m --activation silu|--activation: found 'silu', expected one of [gelu, gelu_python, gelu_new,",
                "complete --model m --output xml|Invalid value for option '--output'",
                "complete --model m x|Unmatched argument at index 3: 'x'",
                "schema --output answer|Invalid value for option '--output'",
                "complete --model m --n many|Invalid value for option '--n': 'many' is not an int",
                "tokenize|Missing required option: '--model=MODEL'",
                "random-model DIR|Missing required option: '--size=<size>'",
                "random-model --size gpt2|Missing required parameter: 'DIR'",
                "random-model --size gpt3 DIR|expected one of [distilgpt2, gpt2, gpt2-medium, gpt2-large, gpt2-xl]",
                "fetch|Missing required parameter: 'NAME[@REVISION]'",
                "fetch a/b/c|model name: found 'a/b/c', expected one of [distilgpt2, gpt2, gpt2-large,",
                "fetch gpt2@..|revision of openai-community/gpt2: found '..'",
                "fetch gpt2 --hub huggingface.co|--hub: found no scheme http or https, or no host",
                "models --output xml|Invalid value for option '--output'",
                "demo --parallelism 0|--parallelism: found 0, expected 1..1024",
                "cluster|Name what to do: start, status, kill-taskmanager, kill-jobmanager, restart-kafka, stop.",
                "cluster begin|Unknown command: 'begin'. Commands: start, status, ",
                "cluster start --slots 0|--slots: found 0, expected 1..1024",
                "cluster start -D novalue|'KEY=VALUE'",
                "cluster start --log-format xml|Invalid value for option '--log-format'",
                "cluster status --output xml|Invalid value for option '--output'",
                "submit --flink nowhere --model m|--flink: found 'nowhere', expected HOST:PORT of Flink's REST API",
                "submit --flink h:1 -p 0 --model m|--parallelism: found 0, expected 1..1024",
                "stop-job abc|JOB_ID: found 'abc', expected 32 hexadecimal digits",
                "local --kafka-port x|Invalid value for option '--kafka-port': 'x' is not an int",
            })
    void wrongUsageIsTwoLinesOnStandardErrorAndCode2(String command, String message) {
        int exitCode = run(command == null ? new String[0] : command.split(" "));

        assertThat(exitCode).isEqualTo(2);
        assertThat(out.toString(UTF_8)).isEmpty();
        assertThat(errLines()).hasSize(2);
        assertThat(errLines().get(0)).contains(message);
        assertThat(errLines().get(1)).matches("Try 'flink-gpt2.* --help'\\.");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--kafka-port 65536|--kafka-port: found 65536, expected 1..65535, or 0 for any that is free",
                "--web-port -1|--web-port: found -1",
                "--colour red|--colour: found an unknown option, expected one of [kafka.bootstrap.servers, ",
                "--modell m|--modell: found an unknown option; did you mean '--model'? Expected one of [",
                "--kafka-prot 1|--kafka-prot: found an unknown option; did you mean '--kafka-port'? Expected one of [",
                "--max-contxt 1|--max-contxt: found an unknown option; did you mean '--max-context'? Expected one of [",
                "--generation.mx-context=1|; did you mean '--generation.max-context'? Expected one of [",
                "--bootstrap-servers there:9092|kafka.bootstrap.servers: found a value, expected none",
                "--kafka.security.protocol SASL_SSL|kafka.security.protocol: found 'SASL_SSL', expected PLAINTEXT",
                "--max-context 0|generation.max-context: found 0",
                "--max-context 81|generation.max-context: found 81, expected 1..64, the n_positions of the model",
                "--precision f16|model.precision: found 'f16'; did you mean 'bf16'? Expected one of [f32, bf16, int8]",
                "--activation gelu_nwe|model.activation: found 'gelu_nwe'; did you mean 'gelu_new'? Expected one of [gelu, ",
                "--activation silu|model.activation: found 'silu', expected one of [gelu, gelu_python, gelu_new,",
                "--truncate-prompt middle|generation.truncate-prompt: found 'middle', expected one of [error, left, right]",
                "--source.bounded maybe|source.bounded: found 'maybe', expected true or false",
                "--checkpoint.interval soon|checkpoint.interval: found 'soon'",
            })
    void wrongOptionsOfTheJobAreOneLineAndCode2AndNothingStarts(String options, String message) throws IOException {
        for (String command : List.of("demo --prompts " + emptyFile(), "local")) {
            err.reset();
            // Split at single spaces: the values here have none.
            assertThat(run((command + " --model " + goldenModel() + " " + options).split(" ")))
                    .isEqualTo(2);
            assertThat(errLines()).hasSize(1).first().asString().contains(message);
        }
        assertThat(out.toString(UTF_8)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "cluster start --kafka-port 65536|--kafka-port: found 65536, expected 1..65535, or 0 for any",
                "cluster start --web-port -1|--web-port: found -1",
                "cluster start --metrics-port 0|--metrics-port: found 0, expected 1..65534, for the TaskManager has the next one",
                "cluster start --metrics-port 65535|--metrics-port: found 65535",
                "cluster start --heap much|--heap: found 'much', expected a size such as 512m or 2g",
                "submit --flink h:1 --colour red|--colour: found an unknown option",
                "submit --flink h:1 --model m|kafka.bootstrap.servers: found nothing",
                "submit --flink h:1 --bootstrap-servers k:1|model.path: found nothing",
            })
    void wrongOptionsOfAClusterAreOneLineAndCode2(String command, String message) {
        assertThat(run(command.split(" "))).isEqualTo(2);
        assertThat(out.toString(UTF_8)).isEmpty();
        assertThat(errLines()).hasSize(1).first().asString().contains(message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"submit", "stop-job", "cluster kill-taskmanager", "cluster restart-kafka"})
    void whereNoClusterWasStartedItSaysHowToStartOne(String command) {
        Path nowhere = directory.resolve("nowhere");
        List<String> words = new ArrayList<>(List.of(command.split(" ")));
        words.addAll(List.of("--directory", nowhere.toString()));

        assertThat(run(words.toArray(new String[0]))).isEqualTo(1);
        assertThat(errLines()).hasSize(1).first().asString().contains("No cluster was started in " + nowhere);
        assertThat(nowhere).doesNotExist();
    }

    @Test
    void theDemoMustEnd() throws IOException {
        assertThat(run(
                        "demo",
                        "--model",
                        goldenModel().toString(),
                        "--prompts",
                        emptyFile().toString(),
                        "--source.bounded",
                        "false"))
                .isEqualTo(2);
        assertThat(errLines()).singleElement().asString().startsWith("source.bounded: found false, expected true");
    }

    @ParameterizedTest
    @ValueSource(strings = {"local", "complete --prompt x", "tokenize"})
    void aModelThatIsNotThereIsOneLineAndCode1(String command) {
        Path missing = directory.resolve("none");

        assertThat(run((command + " --model " + missing).split(" "))).isEqualTo(1);

        assertThat(out.toString(UTF_8)).isEmpty();
        assertThat(errLines()).singleElement().asString().startsWith(missing + ": model: found nothing");
    }

    @Test
    void aModelThatWasNeverFetchedIsOneLineAndCode1() {
        assertThat(run("fetch", "gpt2", "--offline")).isEqualTo(1);

        assertThat(out.toString(UTF_8)).isEmpty();
        assertThat(errLines())
                .singleElement()
                .asString()
                .startsWith("model gpt2: found nothing of it in " + System.getenv("FLINK_GPT2_HOME"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"local", "demo", "complete --prompt x", "tokenize"})
    void aNameThatWasNeverFetchedIsOneLineAndCode1AndNothingStarts(String command) throws IOException {
        String prompts = command.equals("demo") ? " --prompts " + emptyFile() : "";

        assertThat(run((command + prompts + " --model someone/tiny@v1").split(" ")))
                .isEqualTo(1);

        assertThat(out.toString(UTF_8)).isEmpty();
        assertThat(errLines())
                .singleElement()
                .asString()
                .contains("there is no file or directory", "model someone/tiny@v1", "offline");
    }

    @Test
    void aGgufFileIsCheckedBeforeAnythingStarts() {
        Path gguf = goldenModel().resolveSibling("gguf").resolve("model-Q8_0.gguf");

        assertThat(run("local", "--model", gguf.toString(), "--max-context", "10000"))
                .isEqualTo(2);
        assertThat(errLines())
                .singleElement()
                .asString()
                .matches("generation.max-context: found 10000, expected 1\\.\\.\\d+, the n_positions of the model");
    }

    @Test
    void aContextThatTheModelCannotSeeIsRefusedByComplete() {
        assertThat(run("complete", "--model", goldenModel().toString(), "--max-context", "65", "--prompt-ids", "1"))
                .isEqualTo(2);
        assertThat(errLines().get(0))
                .isEqualTo("--max-context: found 65, expected 1..64, the n_positions of the model");
    }

    @Test
    void aModelWithoutWeightsIsFoundBeforeAnythingStarts() throws IOException {
        assertThat(run("local", "--model", modelWithoutWeights().toString())).isEqualTo(1);
        assertThat(errLines()).singleElement().asString().contains("safetensors");
    }

    @Test
    void filesThatAreMissingOrInTheWayAreNamedWithTheReason() throws IOException {
        Path missing = directory.resolve("none.jsonl");
        assertThat(run("demo", "--model", goldenModel().toString(), "--prompts", missing.toString()))
                .isEqualTo(1);
        assertThat(errLines()).singleElement().asString().startsWith(missing + ": found nothing there");

        err.reset();
        Path file = emptyFile();
        assertThat(run("random-model", "--size", "gpt2", file.toString())).isEqualTo(1);
        assertThat(errLines()).singleElement().asString().startsWith(file + ": found a file");
    }

    @Test
    void aModelIsNeverOverwritten() throws IOException {
        Path weights = Files.writeString(directory.resolve("model.safetensors"), "mine");

        assertThat(run("random-model", "--size", "gpt2", directory.toString())).isEqualTo(2);

        assertThat(errLines().get(0)).startsWith(weights + " exists already");
        assertThat(weights).hasContent("mine");
    }

    @Test
    void helpAndVersionGoToStandardOutput() {
        assertThat(run("--version")).isZero();
        assertThat(out.toString(UTF_8)).matches("flink-gpt2 \\d+\\.\\d+\\.\\d+\\S*\n");
        out.reset();
        assertThat(run("demo", "--help")).isZero();
        assertThat(out.toString(UTF_8))
                .contains("--kafka-port", "--generation.max-context", "--kafka.NAME", "records.max-copied-bytes");
        assertThat(out.toString(UTF_8))
                .contains("--model.precision", "--model.activation", "--generation.truncate-prompt", "--model=MODEL");
        out.reset();
        assertThat(run("complete", "--help")).isZero();
        assertThat(out.toString(UTF_8))
                .contains(
                        "f32, bf16 or int8",
                        "gelu, gelu_python, gelu_new, gelu_pytorch_tanh, gelu_fast",
                        "gelu_accurate, relu")
                .contains("--truncate-prompt", "--allow-special-tokens", "--max-context", "owner/name[@revision]");
        out.reset();
        assertThat(run("tokenize", "--help")).isZero();
        assertThat(out.toString(UTF_8)).contains("--allow-special-tokens", "owner/name[@revision]");
        out.reset();
        assertThat(run("random-model", "--help")).isZero();
        assertThat(out.toString(UTF_8)).contains("distilgpt2, gpt2, gpt2-medium, gpt2-large, gpt2-xl");
        assertThat(err.size()).isZero();
    }

    private Path emptyFile() throws IOException {
        Path file = directory.resolve("empty.jsonl");
        return Files.exists(file) ? file : Files.createFile(file);
    }

    private Path modelWithoutWeights() throws IOException {
        Path model = Files.createDirectories(directory.resolve("model"));
        Files.copy(
                goldenModel().resolve("config.json"),
                model.resolve("config.json"),
                StandardCopyOption.REPLACE_EXISTING);
        return model;
    }

    /** Small, of {@code model-core}'s test data; 64 positions. */
    private static Path goldenModel() {
        return Path.of("../../model-core/src/test/resources/golden/tied-tanh");
    }
}
