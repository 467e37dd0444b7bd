package io.flinkgpt2.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.generation.Completion;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.sampling.GenerationParameters;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.CloseableIterator;
import org.junit.jupiter.api.Test;

/** The examples do what they say, on the bundled model. */
class ExamplesTest {

    private static final Path MODEL = Output.MODEL;
    private static final List<String> PROMPTS = List.of("Once upon a time", "The king said", "In the forest");

    private static final String[] ARGUMENTS = {MODEL.toString()};

    @Test
    void aPromptIsCompletedWithTheDefaults() throws Exception {
        Completion completion = Pretrained.open(MODEL).complete("Once upon a time");
        assertThat(completion.tokenIds()).hasSize(16);
        assertThat(Output.of(() -> Story.main(ARGUMENTS)))
                .isEqualTo("Once upon a time" + completion.text() + System.lineSeparator());
    }

    @Test
    void aBatchIsInTheOrderOfItsPrompts() throws Exception {
        String output = Output.of(() -> Stories.main(ARGUMENTS));
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
        try (CloseableIterator<String> answers = StoriesInFlink.stories(environment.fromData(PROMPTS), MODEL.toString())
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
