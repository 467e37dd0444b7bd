package io.flinkgpt2.generation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.flinkgpt2.model.GoldenModel;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.tensor.Kernels;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The bundled model, from the directory that is shipped, continues its sample prompts to the letter. */
class FairytalesTest {

    private static final Path DIRECTORY = Path.of("..", "deploy", "models", "fairytales");

    static List<Kernels> kernels() {
        return List.of(Kernels.reference(), Kernels.best());
    }

    private static List<JsonNode> samples() throws IOException {
        try (InputStream file = FairytalesTest.class.getResourceAsStream("/fairytales/samples.jsonl");
                MappingIterator<JsonNode> lines =
                        new ObjectMapper().readerFor(JsonNode.class).readValues(file)) {
            return lines.readAll();
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void point12_theGreedyContinuationsComeOutExactly(Kernels kernels) throws IOException {
        Pretrained fairytales = Pretrained.open(DIRECTORY, kernels);
        Generator generator = new Generator(fairytales.model(), fairytales.tokenizer(), 128, 128);
        assertThat(samples()).hasSize(5);
        for (JsonNode sample : samples()) {
            int[] prompt = fairytales.tokenizer().encode(sample.get("prompt").textValue());
            assertThat(prompt).containsExactly(GoldenModel.ints(sample.get("promptTokenIds")));
            int[] expected = GoldenModel.ints(sample.get("greedyTokenIds"));
            Completion completion = TestRequest.greedy(prompt, expected.length).completedBy(generator);
            assertThat(completion.tokenIds()).containsExactly(expected);
            assertThat(completion.text()).isEqualTo(sample.get("text").textValue());
            assertThat(completion.stopReason()).isEqualTo(StopReason.MAX_TOKENS);
        }
    }
}
