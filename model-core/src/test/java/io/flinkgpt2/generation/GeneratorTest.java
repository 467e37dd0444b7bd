package io.flinkgpt2.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.flinkgpt2.model.GoldenModel;
import io.flinkgpt2.pretrained.ModelDirectories;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.sampling.GenerationParametersBuilder;
import io.flinkgpt2.tensor.Kernels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class GeneratorTest {

    @TempDir
    Path temporary;

    static Stream<Arguments> models() {
        return GoldenModel.FOLDERS.stream()
                .flatMap(folder -> Stream.of(Kernels.reference(), Kernels.best())
                        .map(kernels -> Arguments.argumentSet(folder + ", " + kernels.name(), folder, kernels)));
    }

    private static Pretrained golden(String folder) throws IOException {
        return Pretrained.open(GoldenModel.directory(folder), Kernels.best());
    }

    /** A generator with the model's whole context. */
    private static Generator generator(Pretrained pretrained, int prefillChunk) {
        return generator(pretrained, pretrained.config().contextLength(), prefillChunk);
    }

    private static Generator generator(Pretrained pretrained, int maxContext, int prefillChunk) {
        return new Generator(pretrained.model(), pretrained.tokenizer(), maxContext, prefillChunk);
    }

    private static TestRequest greedy(int[] prompt, int maxTokens) {
        return TestRequest.greedy(prompt, maxTokens);
    }

    private static TestRequest sampled(int[] prompt, int maxTokens, long seed) {
        return new TestRequest(prompt, warm(maxTokens, seed).build());
    }

    private static GenerationParametersBuilder warm(int maxTokens, long seed) {
        return GenerationParameters.builder()
                .setMaxTokens(maxTokens)
                .setTemperature(1.2)
                .setTopK(200)
                .setTopP(0.97)
                .setSeed(seed);
    }

    private static int[] prompt(int length) {
        return IntStream.range(0, length).map(i -> 3 + i * 7 % 290).toArray();
    }

    @ParameterizedTest
    @MethodSource("models")
    void point12_greedyTokensAreTheGoldenOnesForEveryPrefillChunk(String folder, Kernels kernels) throws IOException {
        Pretrained pretrained = Pretrained.open(GoldenModel.directory(folder), kernels);
        for (int chunk : new int[] {1, 3, 128}) {
            Generator generator = generator(pretrained, chunk);
            for (JsonNode golden : GoldenModel.open(folder).cases()) {
                int[] prompt = GoldenModel.ints(golden.get("promptTokenIds"));
                int[] expected = GoldenModel.ints(golden.get("greedyTokenIds"));
                Completion completion = greedy(prompt, 20).completedBy(generator);
                assertThat(completion.tokenIds())
                        .as("chunks of %d", chunk)
                        .containsExactly(expected)
                        .hasSize(Math.min(20, pretrained.config().contextLength() - prompt.length));
                assertThat(completion.stopReason())
                        .isEqualTo(expected.length == 20 ? StopReason.MAX_TOKENS : StopReason.MAX_CONTEXT);
                assertThat(completion.stopReason().finishReason()).isEqualTo(FinishReason.LENGTH);
                assertThat(completion.promptTokens()).isEqualTo(prompt.length);
                assertThat(completion.text()).isEqualTo(pretrained.tokenizer().decode(expected));
                assertThat(completion.timeToFirstTokenNanos()).isPositive();
                assertThat(completion.generationNanos()).isGreaterThanOrEqualTo(completion.timeToFirstTokenNanos());
            }
        }
    }

    @Test
    void rule4_2_everyMaxTokensGivesAPrefixOfTheLongestCompletion() throws IOException {
        Generator generator = generator(golden("tied-tanh"), 128);
        int[] longest = sampled(prompt(5), 50, 9).completedBy(generator).tokenIds();
        for (int maxTokens = 1; maxTokens < 50; maxTokens++) {
            Completion completion = sampled(prompt(5), maxTokens, 9).completedBy(generator);
            assertThat(completion.tokenIds()).containsExactly(Arrays.copyOf(longest, maxTokens));
            assertThat(completion.stopReason()).isEqualTo(StopReason.MAX_TOKENS);
        }
    }

    @Test
    void rule4_2_generationEndsAtTheEndOfTextIdAndLeavesItOut() throws IOException {
        JsonNode golden = GoldenModel.open("untied-erf").cases().get(0);
        int[] prompt = GoldenModel.ints(golden.get("promptTokenIds"));
        int[] expected = GoldenModel.ints(golden.get("greedyTokenIds"));
        for (int end : new int[] {0, 1, 5, 19}) {
            Path directory = ModelDirectories.copy("untied-erf", temporary.resolve("ends-at-" + end));
            ModelDirectories.configure(directory, "eos_token_id", expected[end]);
            Completion completion = greedy(prompt, 20).completedBy(generator(Pretrained.open(directory), 128));
            assertThat(completion.tokenIds()).containsExactly(Arrays.copyOf(expected, end));
            assertThat(completion.stopReason()).isEqualTo(StopReason.END_OF_TEXT);
            assertThat(completion.stopReason().finishReason()).isEqualTo(FinishReason.STOP);
            assertThat(completion.timeToFirstTokenNanos() == 0)
                    .as("no first token, no time to it")
                    .isEqualTo(end == 0);
        }
    }

    @Test
    void rule4_2_generationEndsAtTheFirstOfSeveralEndOfTextIds() throws IOException {
        JsonNode golden = GoldenModel.open("untied-erf").cases().get(0);
        int[] prompt = GoldenModel.ints(golden.get("promptTokenIds"));
        int[] expected = GoldenModel.ints(golden.get("greedyTokenIds"));
        Path directory = ModelDirectories.copy("untied-erf", temporary.resolve("several-ends"));
        ModelDirectories.configure(directory, "eos_token_id", expected[9]);
        Pretrained one = Pretrained.open(directory);
        Path generation = directory.resolve("generation_config.json");
        Files.writeString(generation, "{\"eos_token_id\": " + expected[9] + ", \"do_sample\": true}");
        assertThat(Pretrained.open(directory).revision()).isEqualTo(one.revision());

        Files.writeString(generation, "{\"eos_token_id\": [1002, " + expected[5] + "]}");
        Pretrained several = Pretrained.open(directory);
        assertThat(several.revision()).isNotEqualTo(one.revision());
        assertThat(several.config()).isEqualTo(Pretrained.openConfig(directory));
        Completion completion = greedy(prompt, 20).completedBy(generator(several, 128));
        assertThat(completion.tokenIds()).containsExactly(Arrays.copyOf(expected, 5));
        assertThat(completion.stopReason()).isEqualTo(StopReason.END_OF_TEXT);
        assertThat(greedy(prompt, 20).completedBy(generator(one, 128)).tokenIds())
                .hasSize(9);
    }

    @Test
    void rule2_4_anEndOfTextIdOutsideTheVocabularyEndsNothing() throws IOException {
        Path directory = ModelDirectories.copy("untied-erf", temporary.resolve("endless"));
        ModelDirectories.configure(directory, "eos_token_id", 50256);
        Generator generator = generator(Pretrained.open(directory), 128);
        Completion completion = sampled(prompt(2), 1000, 1).completedBy(generator);
        assertThat(completion.tokenIds()).hasSize(94);
        assertThat(completion.stopReason()).isEqualTo(StopReason.MAX_CONTEXT);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> greedy(new int[0], 5).completedBy(generator))
                .withMessageContaining("the prompt is empty")
                .withMessageContaining("no end-of-text token");
    }

    @Test
    void rule2_4_anEmptyPromptIsCompletedFromEndOfText() throws IOException {
        Generator generator = generator(golden("tied-tanh"), 128);
        Completion empty = greedy(new int[0], 12).completedBy(generator);
        assertThat(empty.tokenIds())
                .hasSize(12)
                .containsExactly(
                        greedy(new int[] {0}, 12).completedBy(generator).tokenIds());
        assertThat(empty.promptTokens()).isEqualTo(1);
    }

    @Test
    void rule1_3_noTokensAreGeneratedForMaxTokensZero() throws IOException {
        Generator generator = generator(golden("tied-tanh"), 128);
        for (int length : new int[] {0, 1, 5, 64}) {
            Completion completion = greedy(prompt(length), 0).completedBy(generator);
            assertThat(completion.tokenIds()).isEmpty();
            assertThat(completion.text()).isEmpty();
            assertThat(completion.stopReason()).isEqualTo(StopReason.MAX_TOKENS);
            assertThat(completion.timeToFirstTokenNanos()).isZero();
        }
    }

    @Test
    void rule1_3_rule4_2_promptAndCompletionTogetherAreAtMostMaxContext() throws IOException {
        Pretrained pretrained = golden("tied-tanh");
        for (int maxContext : new int[] {2, 10, 64}) {
            Generator generator = generator(pretrained, maxContext, 3);
            assertThat(generator.limits().maxContext()).isEqualTo(maxContext);
            Completion last = greedy(prompt(maxContext - 1), Integer.MAX_VALUE).completedBy(generator);
            assertThat(last.tokenIds()).hasSize(1);
            assertThat(last.stopReason()).isEqualTo(StopReason.MAX_CONTEXT);
            assertThat(greedy(prompt(maxContext - 1), 1).completedBy(generator).stopReason())
                    .isEqualTo(StopReason.MAX_TOKENS);
            assertThat(greedy(prompt(maxContext), 0).completedBy(generator).promptTokens())
                    .isEqualTo(maxContext);
            assertThatThrownBy(() -> greedy(prompt(maxContext), 1).completedBy(generator))
                    .isInstanceOf(PromptTooLongException.class)
                    .hasMessageContaining("the prompt has " + maxContext + " tokens, expected at most "
                            + (maxContext - 1) + " with a max-context of " + maxContext)
                    .hasMessageContaining(
                            maxContext < 64
                                    ? "raise max-context, at most to the model's n_positions, 64"
                                    : "shorten it, for the model sees no more");
            assertThatThrownBy(() -> greedy(prompt(maxContext + 1), 0).completedBy(generator))
                    .isInstanceOf(PromptTooLongException.class)
                    .hasMessageContaining("expected at most " + maxContext + " with");
            int[] smaller = sampled(prompt(1), 1000, 6).completedBy(generator).tokenIds();
            assertThat(smaller).hasSize(maxContext - 1);
            assertThat(sampled(prompt(1), 1000, 6)
                            .completedBy(generator(pretrained, 128))
                            .tokenIds())
                    .as("the limit of a run changes no token")
                    .startsWith(smaller);
        }
    }

    @Test
    void rule1_3_rule2_1_whatIsOutOfRangeIsNamedAndLeavesTheGeneratorUsable() throws IOException {
        Pretrained pretrained = golden("tied-tanh");
        Generator generator = generator(pretrained, 128);
        int[] before = sampled(prompt(9), 20, 1).completedBy(generator).tokenIds();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> greedy(new int[] {5, 1003}, 5).completedBy(generator))
                .withMessage("token id at index 1: found 1003, expected 0..1002 (the model's vocabulary)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> greedy(new int[] {-1}, 0).completedBy(generator))
                .withMessageContaining("token id at index 0: found -1");
        assertThat(sampled(prompt(9), 20, 1).completedBy(generator).tokenIds()).containsExactly(before);

        for (int maxContext : new int[] {0, -1, 65}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> generator(pretrained, maxContext, 128))
                    .withMessage("max-context: found " + maxContext + ", expected 1..64, the n_positions of the model");
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> generator(pretrained, 64, 0))
                .withMessage("prefill.chunk: found 0, expected 1 or more");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> greedy(prompt(1), -1))
                .withMessage("max_tokens: found -1, expected 0 or more");
        for (int choices : new int[] {0, -1, 129}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> warm(1, 0).setChoices(choices).build())
                    .withMessage("n: found " + choices + ", expected 1..128");
        }
    }

    @Test
    void rule4_4_aGeneratorThatIsReusedEqualsAFreshOneBitForBit() throws IOException {
        Pretrained pretrained = golden("untied-erf");
        Generator reused = generator(pretrained, 7);
        for (int i = 0; i < 40; i++) {
            // Long and short ones by turns, so that the cache holds what earlier ones left behind.
            int[] prompt = prompt(1 + i * 37 % 80);
            prompt[0] = i; // else every prompt would begin as the one before
            TestRequest request = sampled(prompt, 5 + i * 13 % 50, i);
            Completion fresh = request.completedBy(generator(pretrained, 7));
            Completion again = request.completedBy(reused);
            assertThat(again.tokenIds()).containsExactly(fresh.tokenIds());
            assertThat(again.text()).isEqualTo(fresh.text());
            assertThat(again.stopReason()).isEqualTo(fresh.stopReason());
        }
    }

    @Test
    void rule4_3_rule4_4_sampledTokensAreAFunctionOfSeedAndChoice() throws IOException {
        Generator generator = generator(golden("tied-tanh"), 128);
        List<int[]> all = new ArrayList<>();
        for (long seed : new long[] {0, 1, -1, GenerationParameters.seedOf("a"), GenerationParameters.seedOf("b")}) {
            GenerationParameters three = warm(30, seed).setChoices(3).build();
            List<Completion> choices =
                    generator.generate(new int[][] {prompt(5)}, three).completions();
            List<Completion> again =
                    generator.generate(new int[][] {prompt(5)}, three).completions();
            for (int choice = 0; choice < 3; choice++) {
                int[] ids = choices.get(choice).tokenIds();
                assertThat(again.get(choice).tokenIds()).containsExactly(ids);
                all.add(ids);
            }
            assertThat(sampled(prompt(5), 30, seed).completedBy(generator).tokenIds())
                    .as("the first choice does not depend on the others")
                    .containsExactly(choices.get(0).tokenIds());
        }
        assertThat(all.stream().map(Arrays::toString)).doesNotHaveDuplicates();
    }

    @Test
    void rule4_4_neitherPrefillChunkNorKernelsChangeWhatIsSampled() throws IOException {
        for (String folder : GoldenModel.FOLDERS) {
            Pretrained vector = golden(folder);
            TestRequest request = sampled(prompt(vector.config().contextLength() / 2), 1000, 5);
            int[] expected = request.completedBy(generator(vector, 128)).tokenIds();
            for (int chunk : new int[] {1, 2, 3, 5, 13, 31}) {
                assertThat(request.completedBy(generator(vector, chunk)).tokenIds())
                        .as("%s in chunks of %d", folder, chunk)
                        .containsExactly(expected);
            }
            Pretrained scalar = Pretrained.open(GoldenModel.directory(folder), Kernels.reference());
            assertThat(request.completedBy(generator(scalar, 4)).tokenIds()).containsExactly(expected);
        }
    }

    @Test
    void rule2_1_idsWithoutATokenDecodeToNothing() throws IOException {
        Path directory = ModelDirectories.copy("tied-tanh", temporary.resolve("holes"));
        // Tokens at the even ids up to 610; nothing at odd ones, and nothing from 611 to the model's 1002.
        ModelDirectories.addToyVocabulary(directory, id -> 2 * id);
        Pretrained pretrained = Pretrained.open(directory);
        GenerationParameters hot = GenerationParameters.builder()
                .setMaxTokens(63)
                .setTemperature(100)
                .setSeed(3)
                .build();
        Completion completion = generator(pretrained, 128).complete(prompt(1), hot);
        int[] ids = completion.tokenIds();
        List<Integer> known = Arrays.stream(ids)
                .filter(id -> id % 2 == 0 && id <= 610)
                .boxed()
                .toList();
        assertThat(Arrays.stream(ids).boxed())
                .anyMatch(id -> id > 610)
                .anyMatch(id -> id < 610 && id % 2 == 1)
                .anyMatch(id -> id <= 610 && id % 2 == 0);
        assertThat(completion.text()).isEqualTo(decode(pretrained, known));
    }

    private static String decode(Pretrained pretrained, List<Integer> run) {
        return pretrained
                .tokenizer()
                .decode(run.stream().mapToInt(Integer::intValue).toArray());
    }
}
