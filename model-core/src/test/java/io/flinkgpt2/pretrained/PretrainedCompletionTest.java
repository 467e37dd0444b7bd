package io.flinkgpt2.pretrained;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flinkgpt2.constraint.ConstraintSource;
import io.flinkgpt2.generation.Completion;
import io.flinkgpt2.generation.Generator;
import io.flinkgpt2.generation.PromptTooLongException;
import io.flinkgpt2.generation.StopReason;
import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.sampling.BeamParameters;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.tensor.Activation;
import io.flinkgpt2.tensor.Kernels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Text in, completions out, with the bundled model. */
class PretrainedCompletionTest {

    private static final Path DIRECTORY = Path.of("..", "deploy", "models", "fairytales");

    private static Pretrained model;

    @BeforeAll
    static void open() throws IOException {
        model = Pretrained.open(DIRECTORY);
    }

    private static GenerationParameters parameters(int maxTokens, long seed) {
        return GenerationParameters.builder()
                .setMaxTokens(maxTokens)
                .setSeed(seed)
                .build();
    }

    /** What a generator of one place, as the job's, makes of a prompt. */
    private static Completion alone(String prompt, GenerationParameters parameters) {
        Generator generator =
                new Generator(model.model(), model.tokenizer(), model.config().contextLength(), 7);
        return generator.complete(model.tokenizer().encode(prompt), parameters);
    }

    private static void assertEqual(Completion found, Completion expected) {
        assertThat(found.tokenIds()).containsExactly(expected.tokenIds());
        assertThat(found.text()).isEqualTo(expected.text());
        assertThat(found.stopReason()).isEqualTo(expected.stopReason());
    }

    /** Prompts of 1..24 words, some of them more than once. */
    private static List<String> prompts(int count) {
        Random random = new Random(5);
        String[] words = "the king said to his daughter and went into a dark forest where nobody lived".split(" ", -1);
        List<String> prompts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            prompts.add(
                    i % 7 == 6
                            ? prompts.get(random.nextInt(i))
                            : IntStream.range(0, 1 + random.nextInt(24))
                                    .mapToObj(j -> words[random.nextInt(words.length)])
                                    .collect(Collectors.joining(" ")));
        }
        return prompts;
    }

    @Test
    void theDefaultsAreThoseOfARequest() {
        Completion completion = model.complete("Once upon a time");
        assertThat(completion.tokenIds()).hasSize(16);
        assertThat(completion.stopReason()).isEqualTo(StopReason.MAX_TOKENS);
        assertEqual(completion, alone("Once upon a time", parameters(16, 0)));
        assertEqual(model.complete("Once upon a time"), completion);
        assertThat(model.complete("Once upon a time", parameters(16, 1)).text()).isNotEqualTo(completion.text());
    }

    @Test
    void aBatchHasTheCompletionsOfItsPromptsInTheirOrder() {
        List<String> prompts = prompts(48); // more than there are places
        GenerationParameters parameters = parameters(6, 3);
        List<Completion> completions = model.completeAll(prompts, parameters);
        assertThat(completions).hasSameSizeAs(prompts);
        for (int i = 0; i < prompts.size(); i++) {
            assertThat(completions.get(i).prompt()).isEqualTo(i);
            assertEqual(completions.get(i), alone(prompts.get(i), parameters));
        }
        assertThat(model.completeAll(List.of())).isEmpty();
    }

    @Test
    void choicesOfAPromptFollowEachOther() {
        GenerationParameters parameters = GenerationParameters.builder()
                .setChoices(3)
                .setBestOf(5)
                .setMaxTokens(12)
                .build();
        List<Completion> completions = model.completeAll(List.of("The king", "The fox"), parameters);
        assertThat(completions).extracting(Completion::prompt).containsExactly(0, 0, 0, 1, 1, 1);
        assertThat(completions).extracting(Completion::choice).containsExactly(0, 1, 2, 0, 1, 2);
        assertThat(completions).extracting(Completion::text).doesNotHaveDuplicates();
        assertThat(model.completeAll(List.of("The fox"), parameters))
                .extracting(Completion::text)
                .isEqualTo(
                        completions.subList(3, 6).stream().map(Completion::text).toList());
        assertThatThrownBy(() -> model.complete("The king", parameters))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("n: found 3, expected 1 for a single completion; call completeAll to have several");
    }

    @Test
    void theWidestBeamSearchFindsRoom() {
        GenerationParameters parameters = GenerationParameters.builder()
                .setChoices(BeamParameters.MAX_WIDTH)
                .setBeams(new BeamParameters(1, false))
                .setMaxTokens(12)
                .setTemperature(0)
                .build();
        assertThat(model.completeAll(List.of("The king", "The fox"), parameters))
                .hasSize(2 * BeamParameters.MAX_WIDTH);
    }

    @Test
    void anEmptyPromptAndNoTokensAreTaken() {
        assertThat(model.complete("").tokenIds()).isNotEmpty();
        Completion none = model.complete("The king", parameters(0, 0));
        assertThat(none.text()).isEmpty();
        assertThat(none.stopReason()).isEqualTo(StopReason.MAX_TOKENS);
    }

    @Test
    void aCompletionMayFillTheContext() {
        Completion completion = model.complete("The king", parameters(Integer.MAX_VALUE, 0));
        assertThat(completion.stopReason()).isIn(StopReason.MAX_CONTEXT, StopReason.END_OF_TEXT);
        assertThat(completion.promptTokens() + completion.tokenIds().length)
                .isLessThanOrEqualTo(model.config().contextLength());
    }

    @Test
    void aConstraintHolds() {
        GenerationParameters parameters = GenerationParameters.builder()
                .setConstraint(ConstraintSource.choice(List.of("yes", "no")))
                .build();
        assertThat(model.complete("Was he happy?", parameters).text()).isIn("yes", "no");
        assertThatThrownBy(() -> model.complete(
                        "x",
                        GenerationParameters.builder()
                                .setConstraint(ConstraintSource.regex("("))
                                .build()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("structured_outputs: ");
    }

    @Test
    void aPromptThatDoesNotFitIsNamed() {
        String tooLong = "the king ".repeat(model.config().contextLength());
        assertThatThrownBy(() -> model.complete(tooLong))
                .isInstanceOf(PromptTooLongException.class)
                .hasMessageStartingWith("prompt: the prompt has ");
        assertThatThrownBy(() -> model.completeAll(List.of("a", "b", tooLong)))
                .isInstanceOf(PromptTooLongException.class)
                .hasMessageStartingWith("prompts[2]: the prompt has ");
        assertThatThrownBy(() -> model.completeAll(List.of("a", "\ud800")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("prompts[1]: ");
        assertThatThrownBy(() -> model.completeAll(Collections.singletonList(null)))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("prompts[0]");
        assertThatThrownBy(() -> model.complete(null))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("prompt");
    }

    @Test
    void aModelThatTakesTokenIdsOnlySaysSo() throws IOException {
        Gpt2Config small = new Gpt2Config(31, 16, 8, 1, 2, 16, Activation.RELU, 1e-5f, true, false, true, List.of());
        Pretrained random = Pretrained.random(small, 1, LoadOptions.defaults());
        assertThatThrownBy(() -> random.complete("Hello"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("prompt: ")
                .hasMessageContaining("token ids only");
        assertThat(random.toString()).contains("token ids only").contains("n_layer=1");
    }

    @Test
    void severalThreadsHaveTheSameCompletions() throws Exception {
        List<String> prompts = prompts(10);
        GenerationParameters parameters = parameters(6, 9);
        List<String> expected = texts(model.completeAll(prompts, parameters));
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<List<String>>> found = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                found.add(threads.submit(() -> texts(model.completeAll(prompts, parameters))));
            }
            for (Future<List<String>> texts : found) {
                assertThat(texts.get()).isEqualTo(expected);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static List<String> texts(List<Completion> completions) {
        return completions.stream().map(Completion::text).toList();
    }

    @Test
    void anInterruptedThreadStopsAndStaysInterrupted() {
        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(() -> model.complete("The king")).isInstanceOf(CancellationException.class);
            assertThat(Thread.currentThread().isInterrupted()).isTrue();
        } finally {
            Thread.interrupted();
        }
        assertThat(model.complete("The king").text()).isNotEmpty();
    }

    @Test
    void noThreadOutlivesACall() {
        List<String> before = threads();
        model.completeAll(prompts(10));
        assertThat(before).containsAll(threads());
    }

    private static List<String> threads() {
        Thread[] threads = new Thread[Thread.activeCount() + 100];
        int count = Thread.enumerate(threads);
        return Arrays.stream(threads, 0, count).map(Thread::getName).sorted().toList();
    }

    @Test
    void descriptionsSaySomething() {
        assertThat(model.toString())
                .startsWith("Pretrained[" + DIRECTORY + ", ")
                .contains(
                        " parameters, f32, " + Kernels.best().name() + " kernels, revision " + model.revision() + ", ",
                        "Gpt2Config[n_layer=" + model.config().layerCount(),
                        "n_positions=" + model.config().contextLength(),
                        "Tokenizer[");
        Completion completion = model.complete("Once upon a time", GenerationParameters.greedy(100));
        assertThat(completion.toString())
                .startsWith("Completion[\"" + completion.text().substring(0, 10))
                .contains("...\", ", " tokens, ")
                .endsWith(" ms]")
                .doesNotContain("\n");
        assertThat(model.completeAll(List.of("a", "b")).get(1).toString())
                .startsWith("Completion[prompt 1, choice 0: \"");
    }
}
