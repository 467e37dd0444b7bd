package io.flinkgpt2.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.flinkgpt2.benchmark.EngineOptions;
import io.flinkgpt2.benchmark.EngineRun;
import io.flinkgpt2.benchmark.MachineLimits;
import io.flinkgpt2.benchmark.ModelWork;
import io.flinkgpt2.benchmark.Workload;
import io.flinkgpt2.cli.CommandRun;
import io.flinkgpt2.tensor.Precision;
import java.awt.Color;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** {@code bench} in this JVM, on a small model: what it prints, not how fast it is. */
class BenchCommandTest {

    private static final String FAIRYTALES = "../models/fairytales";
    private static final String SHA256 = "[0-9a-f]{64}";

    @TempDir
    private Path directory;

    private static CommandRun bench(String... options) {
        List<String> arguments = new ArrayList<>(List.of("bench", "--read-mib", "8"));
        arguments.addAll(List.of(options));
        return CommandRun.of(arguments.toArray(new String[0]));
    }

    private static JsonNode json(String... options) {
        List<String> arguments = new ArrayList<>(List.of("--output", "json", "--repeats", "1", "--model", FAIRYTALES));
        arguments.addAll(List.of(options));
        CommandRun run = bench(arguments.toArray(new String[0]));
        assertThat(run.err()).doesNotContain("found");
        assertThat(run.json()).as(run.err()).hasSize(1);
        return run.json().get(0);
    }

    @Test
    void theGridHasARunForEachPrecisionAndNumberOfStreams() {
        JsonNode json = json(
                "--streams",
                "1,3",
                "--precision",
                "f32,int8",
                "--prompt-tokens",
                "6",
                "--new-tokens",
                "5",
                "--engines",
                "2",
                "--threads",
                "1");

        JsonNode limits = json.get("limits");
        assertThat(limits.get("fma_gflops").asDouble()).isPositive();
        assertThat(limits.get("read_gb_per_s").asDouble()).isPositive();
        assertThat(limits.get("threads").asInt()).isEqualTo(2);
        assertThat(json.get("mis_measured").asBoolean()).isFalse();
        assertThat(json.get("runs"))
                .extracting(run ->
                        run.get("precision").asText() + " " + run.get("streams").asInt())
                .containsExactly("f32 1", "f32 3", "int8 1", "int8 3");
        for (JsonNode run : json.get("runs")) {
            assertThat(run.get("model").asText()).isEqualTo(FAIRYTALES);
            assertThat(run.get("threads").asInt()).isEqualTo(1);
            assertThat(run.get("engines").asInt()).isEqualTo(2);
            assertThat(run.get("prompt_tokens").asInt()).isEqualTo(6);
            assertThat(run.get("new_tokens").asInt()).isEqualTo(5);
            for (String positive : List.of(
                    "tokens_per_second",
                    "gflops",
                    "share_of_fma",
                    "share_of_bandwidth",
                    "weights_mib",
                    "kv_mib",
                    "heap_used_mib")) {
                assertThat(run.get(positive).asDouble()).as(positive).isPositive();
            }
            assertThat(run.get("share_of_fma").asDouble())
                    .isEqualTo(run.get("gflops").asDouble()
                            / limits.get("fma_gflops").asDouble());
            assertThat(run.has("peak_rss_mib")).isTrue();
            assertThat(run.get("ids_sha256").asText()).matches(SHA256);
        }
    }

    @Test
    void theChecksumIsThatOfTheRequestsWhateverRunsThem() {
        String[] one = {"--streams", "4", "--prompt-tokens", "6", "--new-tokens", "5"};
        String checksum = json(one).at("/runs/0/ids_sha256").asText();

        assertThat(json("--streams", "2", "--engines", "2", "--prompt-tokens", "6", "--new-tokens", "5")
                        .at("/runs/0/ids_sha256")
                        .asText())
                .isEqualTo(checksum);
        assertThat(json("--streams", "4", "--threads", "2", "--prompt-tokens", "6", "--new-tokens", "5")
                        .at("/runs/0/ids_sha256")
                        .asText())
                .isEqualTo(checksum);
        assertThat(json("--streams", "4", "--seed", "1", "--prompt-tokens", "6", "--new-tokens", "5")
                        .at("/runs/0/ids_sha256")
                        .asText())
                .isNotEqualTo(checksum);
    }

    @Test
    void theTableHasTheLimitsAndALineForEachRun() {
        CommandRun run = bench(
                "--model",
                FAIRYTALES,
                "--repeats",
                "1",
                "--streams",
                "1,2",
                "--prompt-tokens",
                "4",
                "--new-tokens",
                "3");

        assertThat(run.out().lines())
                .anyMatch(line -> line.startsWith("limits of 1 thread(s)"))
                .anyMatch(line -> line.startsWith("model ") && line.endsWith("B/token"))
                .filteredOn(line -> line.startsWith(FAIRYTALES))
                .hasSize(2);
    }

    @Test
    void theChartHasEachPrecisionAndItsRoofline() throws Exception {
        Path chart = directory.resolve("chart.svg");
        json("--streams", "1,2", "--precision", "f32,bf16", "--new-tokens", "3", "--chart", chart.toString());

        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setFeature("http://apache.org/xml/features/nonvalidating/load-external-dtd", false);
        Document document;
        try (InputStream in = Files.newInputStream(chart)) {
            document = factory.newDocumentBuilder().parse(in);
        }
        assertThat(document.getDocumentElement().getTagName()).isEqualTo("svg");
        // Its letters are outlines, so that the series are known by their colours.
        NodeList elements = document.getElementsByTagName("*");
        String styles = IntStream.range(0, elements.getLength())
                .mapToObj(i -> (Element) elements.item(i))
                .map(element -> element.getAttribute("style") + element.getAttribute("stroke"))
                .collect(Collectors.joining(" "));
        for (Precision precision : List.of(Precision.F32, Precision.BF16)) {
            assertThat(styles).contains(rgb(BenchChart.color(precision)), rgb(BenchChart.roofColor(precision)));
        }
        assertThat(styles).doesNotContain(rgb(BenchChart.color(Precision.INT8)));
    }

    private static String rgb(Color color) {
        return "stroke:rgb(" + color.getRed() + "," + color.getGreen() + "," + color.getBlue() + ")";
    }

    @Test
    void prefixesAreMeasuredWithTheCacheAndWithout() {
        JsonNode prefix = json(
                        "--scenario",
                        "prefix",
                        "--requests",
                        "6",
                        "--streams",
                        "3",
                        "--prompt-tokens",
                        "40",
                        "--new-tokens",
                        "2",
                        "--prefix-share",
                        "0.8")
                .get("prefix");

        assertThat(prefix.get("cached_tokens").asInt()).isBetween(32, 5 * 32);
        assertThat(prefix.get("speedup").asDouble()).isPositive();
        assertThat(prefix.get("ids_sha256").asText()).matches(SHA256);
    }

    @Test
    void attentionIsMeasuredAtEachPosition() {
        JsonNode attention = json("--scenario", "attention", "--streams", "2", "--positions", "0,17,100")
                .get("attention");

        assertThat(attention)
                .extracting(result -> result.get("position").asInt())
                .containsExactly(0, 17, 100);
        assertThat(attention).allSatisfy(result -> {
            assertThat(result.get("read_gb_per_s").asDouble()).isPositive();
            assertThat(result.get("share_of_bandwidth").asDouble()).isPositive();
            assertThat(result.get("share_of_step").asDouble()).isPositive();
        });
    }

    @Test
    void featuresAreMeasuredBesideGreedyRequests() {
        String[] options = {"--scenario", "features", "--streams", "4", "--prompt-tokens", "5", "--new-tokens", "4"};
        JsonNode features = json(options).get("features");

        assertThat(features)
                .extracting(feature -> feature.get("name").asText())
                .containsExactly(
                        "top_p", "logprobs", "penalties", "stop", "constraint", "choices", "choices_with_prefix_cache");
        for (JsonNode feature : features) {
            for (String positive : List.of("ratio", "decode_ratio")) {
                assertThat(feature.get(positive).asDouble()).as(positive).isPositive();
            }
            // With one repeat the medians are its own.
            assertThat(feature.get("ratio").asDouble())
                    .isEqualTo(feature.get("tokens_per_second").asDouble()
                            / feature.get("plain_tokens_per_second").asDouble());
            assertThat(feature.get("decode_ratio").asDouble())
                    .isEqualTo(feature.get("decode_tokens_per_second").asDouble()
                            / feature.get("plain_decode_tokens_per_second").asDouble());
        }

        List<String> arguments = new ArrayList<>(List.of("--repeats", "1", "--model", FAIRYTALES));
        arguments.addAll(List.of(options));
        assertThat(bench(arguments.toArray(new String[0])).out().lines())
                .anyMatch(line -> line.matches("feature +without +with +ratio +without +with +ratio"))
                .anyMatch(line -> line.matches("top_p 0\\.9( +[0-9.]+){6}"))
                .anyMatch(line -> line.matches("n 4, prefix cache on( +[0-9.]+){6}"));
    }

    @Test
    void loadingIsMeasuredOnTheModelsFiles() throws Exception {
        JsonNode load = json("--scenario", "load").get("load");

        assertThat(load.get("file_bytes").asLong()).isGreaterThan(Files.size(Path.of(FAIRYTALES, "model.safetensors")));
        assertThat(load.get("first_seconds").asDouble()).isPositive();
        assertThat(load.get("median_seconds").asDouble()).isPositive();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--repeats 0|--repeats: found 0, expected 1 or more.",
                "--streams 0|--streams: found 0, expected 1 or more.",
                "--new-tokens 0|--new-tokens: found 0, expected 1 or more.",
                "--prefix-share 1.5|--prefix-share: found 1.5, expected 0..1.",
                "--threads 0|--threads: found 0, expected 1 or more.",
                "--engines 0|--engines: found 0, expected 1 or more.",
                "--scenario load|--model: found gpt2, expected a directory or file with --scenario load.",
                "--scenario mixed --engines 2|--engines: found 2, expected 1 but with the scenarios grid and prefix.",
                "--scenario features --engines 2|--engines: found 2, expected 1 but with the scenarios grid and prefix.",
                "--scenario features --precision f32,bf16|--precision: found [F32, BF16], expected one precision",
                "--scenario prefix --chart c.svg|--chart: found c.svg, expected none but with --scenario grid.",
                "--scenario none|Invalid value for option '--scenario'"
            })
    void aWrongOptionIsNamed(String options, String message) {
        CommandRun run = bench(options.split(" "));

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).startsWith(message);
    }

    @Test
    void lengthsPastTheContextAreRefused() {
        CommandRun run = bench("--model", FAIRYTALES, "--prompt-tokens", "4000", "--streams", "1");

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err())
                .startsWith("--prompt-tokens and --new-tokens: found 4000 and 64, expected together at most");
    }

    @Test
    void thePromptsOfSeveralChoicesMustFitTheContextToo() {
        CommandRun run =
                bench("--scenario", "features", "--model", FAIRYTALES, "--prompt-tokens", "500", "--streams", "4");

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err())
                .startsWith(
                        "--prompt-tokens and --new-tokens: found 500 and 64, expected four times the one and the other"
                                + " together at most");
    }

    @Test
    void aThroughputPastTheCredibleShareOfThePeakIsMisMeasured() {
        assertThat(results(94).misMeasured()).isFalse();
        assertThat(results(96).misMeasured()).isTrue();
    }

    @Test
    void theRooflineIsTheLesserOfMemoryAndArithmetic() {
        // 10^9 bytes are read for a token of each stream, and a token takes 4 * 10^9 operations.
        assertThat(BenchChart.roofline(run(1, 1), new MachineLimits(1, 100, 10)))
                .isEqualTo(10);
        assertThat(BenchChart.roofline(run(1, 2), new MachineLimits(1, 100, 10)))
                .isEqualTo(20);
        assertThat(BenchChart.roofline(run(1, 8), new MachineLimits(1, 100, 10)))
                .isEqualTo(25);
    }

    /** A run of so many GFLOP/s, on a machine with a peak of 100. */
    private static BenchResults results(double gflops) {
        return new BenchResults(
                new MachineLimits(1, 100, 10),
                List.of(run(gflops, 1)),
                List.of(),
                List.of(),
                List.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    private static BenchRun run(double gflops, int streams) {
        ModelWork work = new ModelWork(1_000_000_000, 1_000_000_000, 1_000_000_000);
        double seconds = work.operations(1, 1) / (gflops * 1e9);
        return new BenchRun(
                "m",
                Precision.F32,
                new EngineOptions(1, 1, streams, 1, false),
                new Workload(streams, 1, 1, 0, 0),
                work,
                new EngineRun(seconds, 1, 1, 0, 0, 0, 0, 0, 0, List.of()),
                OptionalLong.empty(),
                0);
    }
}
