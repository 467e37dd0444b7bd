package io.flinkgpt2.cli.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.flinkgpt2.cli.CommandRun;
import io.flinkgpt2.job.function.ModelMemory;
import io.flinkgpt2.model.Gpt2Weights;
import io.flinkgpt2.model.PublishedModel;
import io.flinkgpt2.tensor.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code plan} in this JVM: its arithmetic with given rates, with results of {@code bench}, and measured on a small model. */
class PlanCommandTest {

    private static final String FAIRYTALES = "../models/fairytales";
    private static final String RATES = "--prefill-tokens-per-second 400 --decode-tokens-per-second 250";
    private static final String WORK = "--prompts 1e9 --prompt-tokens 32 --new-tokens 64 --within 24h";

    @TempDir
    private Path directory;

    private static CommandRun plan(String options) {
        List<String> words = new ArrayList<>(List.of("plan"));
        words.addAll(List.of(options.split(" ")));
        return CommandRun.of(words.toArray(new String[0]));
    }

    private static JsonNode json(String options) {
        CommandRun run = plan(options + " --output json");
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.json()).hasSize(1);
        return run.json().get(0);
    }

    @Test
    void coresAreWhatTheCostsOfAllPromptsCallFor() {
        JsonNode plan = json(WORK + " " + RATES);

        double secondsPerPrompt = 32 / 400.0 + 64 / 250.0;
        assertThat(plan.at("/slot/seconds_per_prompt").asDouble()).isCloseTo(secondsPerPrompt, within(1e-12));
        assertThat(plan.at("/slot/tokens_per_second").asDouble()).isCloseTo(64 / secondsPerPrompt, within(1e-9));
        long slots = (long) Math.ceil(1e9 * secondsPerPrompt / 0.8 / 86_400);
        assertThat(plan.at("/cluster/slots").asLong()).isEqualTo(slots).isEqualTo(4862);
        assertThat(plan.at("/cluster/cores").asLong()).isEqualTo(slots);
        assertThat(plan.at("/cluster/taskmanagers").asLong()).isEqualTo((slots + 3) / 4);
        assertThat(plan.at("/cluster/partitions").asLong()).isEqualTo(slots);
        assertThat(plan.at("/cluster/jobs").asLong()).isEqualTo(1);
        assertThat(plan.at("/cluster/seconds").asDouble())
                .isCloseTo(1e9 * secondsPerPrompt / slots, within(1e-6))
                .isLessThan(0.8 * 86_400);
        assertThat(plan.at("/skew/slowest_over_mean").asDouble()).isEqualTo(1);
    }

    @Test
    void attentionIsCountedForEachPositionBefore() {
        JsonNode plan = json(WORK + " " + RATES + " --attention-nanoseconds 1000");

        double positions = 32 * 33 / 2.0 + 63 * (32 + 32.0);
        assertThat(plan.at("/slot/seconds_per_prompt").asDouble())
                .isCloseTo(32 / 400.0 + 64 / 250.0 + positions * 1e-6, within(1e-12));
    }

    @ParameterizedTest
    @CsvSource({"gpt2, F32, GPT2", "gpt2-xl, INT8, GPT2_XL", "distilgpt2, BF16, DISTILGPT2"})
    void memoryIsThatOfTheJobsOwnArithmetic(String name, Precision precision, PublishedModel size) {
        JsonNode plan = json(
                WORK + " " + RATES + " --model " + name + " --precision " + precision + " --slots-per-taskmanager 2");

        long weights = Gpt2Weights.byteCount(size.config(), precision);
        assertThat(plan.at("/workload/max_context").asInt()).isEqualTo(128);
        assertThat(plan.at("/taskmanager_memory/weights").asLong()).isEqualTo(weights);
        long heap = plan.at("/taskmanager_memory/heap").asLong();
        assertThat(heap).isEqualTo(ModelMemory.heapBytes(size.config(), precision, 128, 32, 2));
        // Two blocks of 64 positions for each of 32 sequences: keys and values, in float32.
        long kvCache = 32L
                * 128
                * 2
                * Float.BYTES
                * size.config().layerCount()
                * size.config().embeddingSize();
        assertThat(plan.at("/taskmanager_memory/kv_cache_per_slot").asLong())
                .isEqualTo(kvCache)
                .isEqualTo(ModelMemory.requireKvCacheShare(size.config(), precision, 128, heap, 2));
        // With Flink's own: framework, network, metaspace and overhead.
        assertThat(plan.at("/taskmanager_memory/process").asLong())
                .isBetween(heap + (512L << 20), heap * 3 / 2 + (1L << 30));
    }

    @Test
    void recordsAndStateAreThoseThatTheJobWrites() {
        JsonNode few = json(WORK + " " + RATES);
        JsonNode many = json("--prompts 1e9 --prompt-tokens 132 --new-tokens 164 --within 24h " + RATES);

        assertThat(few.at("/kafka/prompt_record").asInt()).isBetween(32 * 9 / 2 + 80, 32 * 9 / 2 + 120);
        assertThat(many.at("/kafka/prompt_record").asInt()
                        - few.at("/kafka/prompt_record").asInt())
                .isBetween(450, 453);
        assertThat(many.at("/kafka/answer_record").asInt()
                        - few.at("/kafka/answer_record").asInt())
                .isBetween(450, 460);
        assertThat(few.at("/kafka/in").asDouble())
                .isEqualTo(1e9 * few.at("/kafka/prompt_record").asInt());
        assertThat(few.at("/kafka/stored").asDouble())
                .isEqualTo(3
                        * (few.at("/kafka/in").asDouble() + few.at("/kafka/out").asDouble()));
        // 100 more ids of the prompt, 50 more of the answer, 450 more bytes of the record.
        assertThat(many.at("/checkpoint/per_request").asInt()
                        - few.at("/checkpoint/per_request").asInt())
                .isBetween(450 + 150 * Integer.BYTES, 460 + 150 * Integer.BYTES);
        assertThat(few.at("/checkpoint/total").asDouble())
                .isEqualTo(2.0
                        * 32
                        * few.at("/cluster/slots").asLong()
                        * few.at("/checkpoint/per_request").asInt());
    }

    @Test
    void skewAsksForMoreSlotsAndTellsWhatAnExchangeWouldBring() {
        String work = "--prompts 1e7 --prompt-tokens 32 --new-tokens 64 --within 24h " + RATES;
        JsonNode even = json(work);
        JsonNode skewed = json(work + " --partition-skew 0.5 --length-skew 0.5");
        JsonNode again = json(work + " --partition-skew 0.5 --length-skew 0.5");

        double slowest = skewed.at("/skew/slowest_over_mean").asDouble();
        assertThat(slowest).isGreaterThan(1.5);
        assertThat(skewed.at("/skew/exchanged_over_mean").asDouble()).isBetween(1.0, 1.4);
        assertThat(skewed.at("/skew/largest_partition_over_mean").asDouble()).isGreaterThan(1.5);
        assertThat(skewed.at("/cluster/slots").asDouble())
                .isGreaterThan(1.3 * even.at("/cluster/slots").asDouble());
        assertThat(skewed.at("/cluster/seconds").asDouble()).isLessThanOrEqualTo(86_400);
        assertThat(again).isEqualTo(skewed);
    }

    @Test
    void moreSlotsThanOneJobCanHaveAreSplitOverJobs() {
        JsonNode plan = json("--prompts 1e10 --prompt-tokens 32 --new-tokens 64 --within 24h " + RATES);

        assertThat(plan.at("/cluster/slots").asLong()).isEqualTo(48_612);
        assertThat(plan.at("/cluster/jobs").asLong()).isEqualTo(2);
        assertThat(plan.at("/assumptions").toString()).contains("split the prompts over 2 jobs");
    }

    @Test
    void peopleGetTheSameFiguresAndEveryAssumption() {
        CommandRun run = plan(WORK + " " + RATES + " --partition-skew 0.2");
        JsonNode plan = json(WORK + " " + RATES + " --partition-skew 0.2");

        assertThat(run.exitCode()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(run.out())
                .startsWith("1,000,000,000 prompts of 32 tokens with 64 new ones, within 24 h 0 min: gpt2 in f32\n")
                .contains(String.format(
                        "%nCores         %,d, one for each slot%n",
                        plan.at("/cluster/slots").asLong()))
                .contains("--max-context 128 --batch.size 32")
                .contains("with an exchange before generation it would take");
        for (JsonNode assumption : plan.at("/assumptions")) {
            assertThat(run.out()).contains("\n- " + assumption.asText() + "\n");
        }
        assertThat(plan.at("/assumptions")).hasSizeGreaterThan(8);
    }

    @Test
    void resultsOfBenchAreReadInPlaceOfAMeasurement() throws IOException {
        Path one = bench("one.json", "--prompt-tokens 8 --new-tokens 24");
        Path other = bench("other.json", "--prompt-tokens 100 --new-tokens 8");
        String work =
                "--prompts 1e6 --prompt-tokens 8 --new-tokens 24 --within 1h --batch-size 4 --model " + FAIRYTALES;

        JsonNode alone = json(work + " --bench " + one);
        JsonNode run = new ObjectMapper().readTree(Files.readString(one)).at("/runs/0");
        // One run explains itself: its time for its prompts.
        assertThat(alone.at("/slot/seconds_per_prompt").asDouble())
                .isCloseTo(run.at("/seconds").asDouble() / 4, Percentage.withPercentage(1e-6));
        assertThat(alone.at("/slot/source").asText()).isEqualTo("read from " + one);
        assertThat(alone.at("/assumptions").toString()).contains("Attention is part of the cost of a token");

        JsonNode both = json(work + " --bench " + one + "," + other);
        assertThat(both.at("/assumptions").toString()).doesNotContain("Attention is part of the cost of a token");
        assertThat(both.at("/slot/prefill_s").asDouble()).isPositive();

        CommandRun missing = plan(work + " --precision int8 --bench " + one);
        assertThat(missing.exitCode()).isEqualTo(2);
        assertThat(missing.err())
                .contains("--bench: found " + FAIRYTALES + " f32 with --streams 4, expected a run of " + FAIRYTALES
                        + " int8 with --streams 4.");

        Path notJson = Files.writeString(directory.resolve("text.json"), "tokens/s");
        CommandRun broken = plan(work + " --bench " + notJson);
        assertThat(broken.exitCode()).isEqualTo(2);
        assertThat(broken.err()).contains("--bench: found no JSON in " + notJson);
    }

    private Path bench(String name, String options) throws IOException {
        CommandRun run = CommandRun.of(
                ("bench --read-mib 8 --repeats 1 --streams 4 --output json --model " + FAIRYTALES + " " + options)
                        .split(" "));
        return Files.writeString(directory.resolve(name), run.out());
    }

    @Test
    void withoutFiguresItMeasures() {
        CommandRun run = plan("--prompts 1000 --prompt-tokens 8 --new-tokens 8 --within 1h --batch-size 2 --repeats 1"
                + " --output json --model " + FAIRYTALES);

        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.err()).startsWith("Measuring " + FAIRYTALES + " with 2 sequences in flight");
        JsonNode plan = run.json().get(0);
        assertThat(plan.at("/slot/source").asText()).isEqualTo("measured here and now, 1 slot");
        assertThat(plan.at("/slot/decode_s").asDouble()).isPositive();
        assertThat(plan.at("/cluster/slots").asLong()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--prompts 0 --within 1h|--prompts: found 0, expected 1..1e15",
                "--prompts many --within 1h|Invalid value for option '--prompts'",
                "--within soon|--within: found 'soon', expected a time such as 24h",
                "--within 0s|--within: found 0s, expected a time above 0",
                "--within 1h --prompt-tokens 1000|together at most 1024, the model's n_positions",
                "--within 1h --max-context 95|--max-context: found 95, expected 96..1024",
                "--within 1h --max-context 1025|--max-context: found 1025, expected 96..1024",
                "--within 1h --utilisation 0|--utilisation: found 0.0, expected above 0 and at most 1",
                "--within 1h --partition-skew -1|--partition-skew: found -1.0, expected 0..10",
                "--within 1h --batch-size 0|--batch-size: found 0, expected 1 or more",
                "--within 1h --decode-tokens-per-second 0|--decode-tokens-per-second: found 0.0, expected above 0",
                "--within 1h --bench x.json|--bench: found beside given rates, expected one of the two",
                "--within 1h --precision int4|; did you mean 'int8'?",
                "--within 1h --model gpt-2x|expected one of [distilgpt2, gpt2, gpt2-large",
            })
    void whatCannotBeIsRefused(String options, String message) {
        String words = "--prompts 1e6 --prompt-tokens 32 --new-tokens 64 " + RATES + " ";
        for (String given : List.of("--prompts", "--prompt-tokens", "--decode-tokens-per-second")) {
            if (options.contains(given + " ")) {
                words = words.replaceAll(given + " [^ ]+ ", "");
            }
        }
        CommandRun run = plan(words + options);

        assertThat(run.exitCode()).isEqualTo(options.contains("gpt-2x") ? 1 : 2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).contains(message);
    }

    @Test
    void oneRateAloneIsRefused() {
        CommandRun run = plan(WORK + " --prefill-tokens-per-second 400");

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("--decode-tokens-per-second: found one alone, expected both or none.");
    }
}
