package io.flinkgpt2.validation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.flinkgpt2.model.GoldenModel;
import io.flinkgpt2.model.Gpt2Weights;
import io.flinkgpt2.model.PublishedModel;
import io.flinkgpt2.pretrained.LoadOptions;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.tensor.Precision;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class KnownAnswersTest {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    @Test
    void thereAreAnswersOfEveryPublishedSize() {
        Map<String, Integer> counts = new HashMap<>();
        Map<String, Integer> notRun = new HashMap<>();
        for (String name : KnownAnswers.names()) {
            JsonNode answers = KnownAnswers.of(name).answers().get("answers");
            counts.put(name, answers.size());
            answers.forEach(answer -> notRun.merge(name, answer.has("needs") ? 1 : 0, Integer::sum));
        }
        assertThat(counts)
                .isEqualTo(Map.of("gpt2", 12, "distilgpt2", 2, "gpt2-medium", 2, "gpt2-large", 2, "gpt2-xl", 2));
        assertThat(notRun)
                .isEqualTo(Map.of("gpt2", 3, "distilgpt2", 0, "gpt2-medium", 0, "gpt2-large", 2, "gpt2-xl", 0));
        assertThatThrownBy(() -> KnownAnswers.of("gpt3"))
                .hasMessageStartingWith("known-answers: found 'gpt3', expected one of [gpt2, distilgpt2,");
    }

    @Test
    void thePublishedSizesAreThoseOfTheShapes() {
        for (PublishedModel model : PublishedModel.values()) {
            assertThat(KnownAnswers.of(model.modelName())
                            .answers()
                            .get("parameters")
                            .longValue())
                    .isEqualTo(Gpt2Weights.parameterCount(model.config(), true));
        }
    }

    @Test
    void promptsAndTextsAreThoseOfTheIds() {
        Tokenizer tokenizer = Tokenizer.gpt2();
        for (String name : KnownAnswers.names()) {
            for (JsonNode answer : KnownAnswers.of(name).answers().get("answers")) {
                if (answer.has("prompt") && answer.has("promptTokenIds")) {
                    assertThat(tokenizer.encode(answer.get("prompt").textValue()))
                            .containsExactly(GoldenModel.ints(answer.get("promptTokenIds")));
                }
                if (answer.has("text")) {
                    String text = answer.get("text").textValue();
                    assertThat(text).startsWith(answer.get("prompt").textValue());
                    if (answer.has("totalTokens") && !answer.has("needs")) {
                        assertThat(tokenizer.encode(text))
                                .hasSize(answer.get("totalTokens").intValue());
                    }
                }
            }
        }
        JsonNode medium = KnownAnswers.of("gpt2-medium").answers().get("answers");
        assertThat(tokenizer.decode(GoldenModel.ints(medium.get(0).get("newTokenIds"))))
                .isEqualTo("\n\nThe answer is that we are all one");
        assertThat(tokenizer.decode(GoldenModel.ints(medium.get(1).get("newTokenIds"))))
                .isEqualTo(" I'm a little late to the party, but");
    }

    private static Pretrained fairytales(Precision precision) throws IOException {
        return Pretrained.open(
                Path.of("..", "deploy", "models", "fairytales"),
                LoadOptions.defaults().withPrecision(precision));
    }

    /** Answers of the bundled model in every form that there is. */
    private static ObjectNode answers(JsonNode sample) {
        ObjectNode answers = MAPPER.createObjectNode();
        answers.put("parameters", 7655552);
        int total = sample.get("promptTokenIds").size()
                + sample.get("greedyTokenIds").size();
        ObjectNode ids = add(answers, "ids");
        ids.set("prompt", sample.get("prompt"));
        ids.set("promptTokenIds", sample.get("promptTokenIds"));
        ids.set("newTokenIds", sample.get("greedyTokenIds"));
        ObjectNode text = add(answers, "text");
        text.set("prompt", sample.get("prompt"));
        text.put("text", sample.get("prompt").textValue() + sample.get("text").textValue());
        text.put("totalTokens", total);
        ObjectNode best = add(answers, "best");
        best.set("promptTokenIds", sample.get("promptTokenIds"));
        best.set("argMax", sample.get("greedyTokenIds").get(0));
        best.put("tolerance", 1);
        best.put("probability", 0.5);
        add(answers, "beams").put("needs", "beams");
        return answers;
    }

    private static ObjectNode add(ObjectNode answers, String settings) {
        return answers.withArrayProperty("answers")
                .addObject()
                .put("source", "test")
                .put("settings", settings);
    }

    private static JsonNode sample() throws IOException {
        try (var file = KnownAnswersTest.class.getResourceAsStream("/fairytales/samples.jsonl")) {
            return MAPPER.readTree(file);
        }
    }

    private static List<Outcome> outcomes(ObjectNode answers, Precision precision) throws IOException {
        return KnownAnswers.of("test", answers).check(fairytales(precision)).stream()
                .map(CheckResult::outcome)
                .toList();
    }

    @Test
    void rightAnswersPassAndWhatNeedsMoreIsListedAsNotRun() throws IOException {
        ObjectNode answers = answers(sample());

        assertThat(outcomes(answers, Precision.F32))
                .containsExactly(Outcome.PASSED, Outcome.PASSED, Outcome.PASSED, Outcome.PASSED, Outcome.NOT_RUN);
        List<Outcome> reduced = outcomes(answers, Precision.INT8);
        assertThat(reduced.subList(1, 5)).containsOnly(Outcome.NOT_RUN);
    }

    @Test
    void wrongAnswersFail() throws IOException {
        ObjectNode answers = answers(sample());
        answers.put("parameters", 1);
        ObjectNode ids = (ObjectNode) answers.get("answers").get(0);
        ids.withArrayProperty("newTokenIds").set(3, 1);
        ((ObjectNode) answers.get("answers").get(1)).put("text", "The end.");
        ObjectNode best = (ObjectNode) answers.get("answers").get(2);
        best.put("tolerance", 1e-9);

        assertThat(outcomes(answers, Precision.F32).subList(0, 4)).containsOnly(Outcome.FAILED);

        best.put("tolerance", 1).put("argMax", 0);
        ids.withArrayProperty("promptTokenIds").set(0, 1);
        List<CheckResult> results = KnownAnswers.of("test", answers).check(fairytales(Precision.F32));
        assertThat(results.get(1).detail()).startsWith("token ids of the prompt, token 0: found id ");
        assertThat(results.get(3).detail()).startsWith("found id ").endsWith("expected 0");
    }

    @Test
    void aModelWithAnotherVocabularyFailsAndEndsNothing() throws IOException {
        Pretrained small = Pretrained.open(GoldenModel.directory("tied-tanh"));

        List<CheckResult> results = KnownAnswers.of("gpt2").check(small);

        assertThat(results).hasSize(13);
        assertThat(results.stream().map(CheckResult::outcome).distinct())
                .containsExactlyInAnyOrder(Outcome.FAILED, Outcome.NOT_RUN);
        assertThat(results.get(1).detail()).contains("takes token ids only");
    }
}
