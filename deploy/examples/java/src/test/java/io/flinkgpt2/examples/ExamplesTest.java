package io.flinkgpt2.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.generation.Completion;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.sampling.GenerationParameters;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.CloseableIterator;
import org.junit.jupiter.api.Test;

/** The examples do what they say, on the bundled model. */
class ExamplesTest {

    private static final Path MODEL = Path.of("..", "..", "models", "fairytales");
    private static final List<String> PROMPTS = List.of("Once upon a time", "The king said", "In the forest");

    /** An example's main method. */
    private interface Main {
        void run(String[] args) throws Exception;
    }

    private static String output(Main main) throws Exception {
        PrintStream out = System.out;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (PrintStream captured = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
            System.setOut(captured);
            main.run(new String[] {MODEL.toString()});
        } finally {
            System.setOut(out);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void aPromptIsCompletedWithTheDefaults() throws Exception {
        Completion completion = Pretrained.open(MODEL).complete("Once upon a time");
        assertThat(completion.tokenIds()).hasSize(16);
        assertThat(output(Story::main)).isEqualTo("Once upon a time" + completion.text() + System.lineSeparator());
    }

    @Test
    void aBatchIsInTheOrderOfItsPrompts() throws Exception {
        String output = output(Stories::main);
        assertThat(output).startsWith("Pretrained[" + MODEL + ", ");
        Pretrained model = Pretrained.open(MODEL);
        GenerationParameters parameters = GenerationParameters.builder()
                .setMaxTokens(40)
                .setTemperature(0.8)
                .setSeed(7)
                .build();
        int from = 0;
        for (String prompt : PROMPTS) {
            String story = prompt + model.complete(prompt, parameters).text() + System.lineSeparator();
            assertThat(output.indexOf(story, from)).as(story).isGreaterThan(from);
            from = output.indexOf(story, from) + story.length();
        }
    }

    @Test
    void aStreamHasTheTextsThatTheEngineHasForTheSameSeeds() throws Exception {
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment();
        environment.setParallelism(2);
        List<String> stories = new ArrayList<>();
        try (CloseableIterator<String> answers = StoriesInFlink.stories(
                        environment.fromData(PROMPTS), MODEL.toString())
                .executeAndCollect()) {
            answers.forEachRemaining(stories::add);
        }
        Pretrained model = Pretrained.open(MODEL);
        assertThat(stories)
                .containsExactlyInAnyOrderElementsOf(PROMPTS.stream()
                        .map(prompt -> prompt
                                + model.complete(
                                                prompt,
                                                GenerationParameters.builder()
                                                        .setMaxTokens(40)
                                                        .setSeed(GenerationParameters.seedOf(prompt))
                                                        .build())
                                        .text())
                        .toList());
    }
}
