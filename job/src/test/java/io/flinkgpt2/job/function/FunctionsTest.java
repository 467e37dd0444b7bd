package io.flinkgpt2.job.function;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flinkgpt2.job.record.AnswerLimits;
import io.flinkgpt2.job.record.CompletionRecord;
import io.flinkgpt2.job.record.DeadLetter;
import io.flinkgpt2.job.record.PromptRecord;
import io.flinkgpt2.job.record.PromptRequest;
import io.flinkgpt2.job.record.RecordEnvelope;
import io.flinkgpt2.job.record.RecordError;
import io.flinkgpt2.job.record.RecordHeader;
import io.flinkgpt2.job.record.RecordSource;
import io.flinkgpt2.job.record.RequestDefaults;
import io.flinkgpt2.job.record.UnknownFields;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.tensor.Precision;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.apache.flink.streaming.api.operators.ProcessOperator;
import org.apache.flink.streaming.api.operators.StreamMap;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The functions inside Flink's operators, on a tiny model. */
@SuppressWarnings("try") // a harness may throw anything when it is closed
class FunctionsTest {

    private static Path model;
    /** Its weights are finite, but what is computed from them is not. */
    private static Path overflowingModel;

    @BeforeAll
    static void writeModels(@TempDir Path directory) throws Exception {
        model = TinyModel.write(directory.resolve("tiny"), 1);
        overflowingModel = TinyModel.write(directory.resolve("overflowing"), 1e37f);
    }

    @Test
    void aValidRecordIsARequestForTheNextOperator() throws Exception {
        try (OneInputStreamOperatorTestHarness<PromptRecord, PromptRequest> parse = parse(settings(model))) {
            PromptRecord record = record(5, "{\"custom_id\": \"a\", \"prompt\": \"Hello world\", \"max_tokens\": 3}");
            parse.processElement(record, 0);

            PromptRequest request = parse.extractOutputValues().get(0);
            assertThat(request.customId).isEqualTo("a");
            assertThat(request.prompts[0]).containsExactly(15496, 995);
            assertThat(request.parameters.maxTokens()).isEqualTo(3);
            assertThat(request.record.key).isEqualTo(record.key);
            assertThat(request.record.headers).usingRecursiveComparison().isEqualTo(record.headers);
            assertThat(request.receivedAt).isPositive();
            assertThat(parse.getSideOutput(ParseRequest.DEAD_LETTERS)).isNullOrEmpty();
        }
    }

    @Test
    void aBadRecordIsADeadLetterOnTheSide() throws Exception {
        try (OneInputStreamOperatorTestHarness<PromptRecord, PromptRequest> parse = parse(settings(model))) {
            PromptRecord bad = record(5, "{\"prompt\": 3}");
            parse.processElement(bad, 0);
            parse.processElement(record(6, "{\"prompt\": \"a\", \"model\": \"alias\"}"), 0);

            assertThat(parse.extractOutputValues()).hasSize(1);
            DeadLetter letter = parse.getSideOutput(ParseRequest.DEAD_LETTERS).stream()
                    .map(StreamRecord::getValue)
                    .reduce((first, second) -> {
                        throw new AssertionError("more than one dead letter");
                    })
                    .orElseThrow();
            assertThat(letter)
                    .usingRecursiveComparison()
                    .ignoringFields("failedAt", "error.message")
                    .isEqualTo(new DeadLetter(
                            bad, new RecordError("", "invalid_request_error", "prompt", "invalid_type"), "test", 0));
            assertThat(letter.failedAt).isPositive();
        }
    }

    @Test
    void aRequestIsAnswered() throws Exception {
        try (OneInputStreamOperatorTestHarness<PromptRequest, CompletionRecord> generate = generate(settings(model))) {
            generate.processElement(request("a", 4), 0);
            generate.processElement(request("a", 4), 0);

            List<CompletionRecord> answers = generate.extractOutputValues();
            assertThat(answers).hasSize(2);
            CompletionRecord answer = answers.get(0);
            assertThat(answer.error).isNull();
            assertThat(answer.customId).isEqualTo("a");
            assertThat(answer.model).isEqualTo("tiny");
            assertThat(answer.promptTokens).isEqualTo(2);
            assertThat(answer.completionTokens).isBetween(1, 4);
            assertThat(answer.choices).hasSize(1);
            assertThat(answers.get(1).choices.get(0).text).isEqualTo(answer.choices.get(0).text);
            assertThat(answers.get(1).id).isEqualTo(answer.id);
        }
    }

    @Test
    void aGenerationThatFailsIsAnAnswerWithAnError() throws Exception {
        try (CapturedWarnings warnings = new CapturedWarnings();
                OneInputStreamOperatorTestHarness<PromptRequest, CompletionRecord> generate =
                        generate(settings(overflowingModel));
                OneInputStreamOperatorTestHarness<PromptRequest, CompletionRecord> sound = generate(settings(model))) {
            generate.processElement(request("a", 4), 0);
            generate.processElement(request("b", 4), 0);
            sound.processElement(request("c", 4), 0);

            assertThat(generate.extractOutputValues()).hasSize(2).allSatisfy(answer -> {
                assertThat(answer.choices).isEmpty();
                assertThat(answer.promptTokens).isEqualTo(2);
                assertThat(answer.error.type).isEqualTo("server_error");
                assertThat(answer.error.code).isEqualTo("generation_failed");
                assertThat(answer.error.message).contains("logits", "not a number");
            });
            assertThat(sound.extractOutputValues().get(0).error).isNull();
            assertThat(warnings.with("Request a failed")).hasSize(1).allSatisfy(warning -> {
                assertThat(warning.getThrown()).isInstanceOf(ArithmeticException.class);
                assertThat(warning.getContextData().toMap()).isEqualTo(Map.of("custom_id", "a"));
            });
            assertThat(warnings.with("Request c failed")).isEmpty();
        }
    }

    @Test
    void anInterruptEndsAGenerationWithoutAnAnswer() throws Exception {
        try (OneInputStreamOperatorTestHarness<PromptRequest, CompletionRecord> generate = generate(settings(model))) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> generate.processElement(request("a", 4), 0))
                    .isInstanceOf(CancellationException.class)
                    .hasMessageContaining("interrupted");
            assertThat(Thread.interrupted()).isTrue();
            assertThat(generate.extractOutputValues()).isEmpty();

            generate.processElement(request("a", 4), 0);
            assertThat(generate.extractOutputValues()).hasSize(1);
        }
    }

    @Test
    void rule1_3_aContextThatTheModelCannotSeeIsRefusedWhenTheFunctionsOpen() throws Exception {
        GenerationSettings settings = settings(model, TinyModel.CONTEXT_LENGTH + 1);

        try (OneInputStreamOperatorTestHarness<PromptRequest, CompletionRecord> generate =
                new OneInputStreamOperatorTestHarness<>(new StreamMap<>(new CompletePromptFunction(settings)))) {
            assertThatThrownBy(generate::open)
                    .hasMessageContainingAll("max-context", "found 33", "expected 1..32", "n_positions");
        }
        try (OneInputStreamOperatorTestHarness<PromptRecord, PromptRequest> parse =
                new OneInputStreamOperatorTestHarness<>(new ProcessOperator<>(new ParseRequest(settings)))) {
            assertThatThrownBy(parse::open).hasMessageContaining("max-context");
        }
    }

    @Test
    void aModelThatIsNotThereIsNamed() throws Exception {
        try (OneInputStreamOperatorTestHarness<PromptRequest, CompletionRecord> generate =
                new OneInputStreamOperatorTestHarness<>(
                        new StreamMap<>(new CompletePromptFunction(settings(Path.of("no", "such", "model")))))) {
            assertThatThrownBy(generate::open)
                    .hasMessageContainingAll(Path.of("no", "such", "model").toString(), "check the path");
        }
    }

    private static OneInputStreamOperatorTestHarness<PromptRecord, PromptRequest> parse(GenerationSettings settings)
            throws Exception {
        OneInputStreamOperatorTestHarness<PromptRecord, PromptRequest> harness =
                new OneInputStreamOperatorTestHarness<>(new ProcessOperator<>(new ParseRequest(settings)));
        harness.open();
        return harness;
    }

    private static OneInputStreamOperatorTestHarness<PromptRequest, CompletionRecord> generate(
            GenerationSettings settings) throws Exception {
        OneInputStreamOperatorTestHarness<PromptRequest, CompletionRecord> harness =
                new OneInputStreamOperatorTestHarness<>(new StreamMap<>(new CompletePromptFunction(settings)));
        harness.open();
        return harness;
    }

    private static GenerationSettings settings(Path model) {
        return settings(model, TinyModel.CONTEXT_LENGTH);
    }

    private static GenerationSettings settings(Path model, int maxContext) {
        return new GenerationSettings(
                "test",
                new ModelSettings(model.toString(), List.of("tiny", "alias"), Precision.F32, null),
                maxContext,
                8,
                RequestDefaults.ofTheFormat(),
                UnknownFields.REJECT,
                RecordEnvelope.AS_SENT,
                new AnswerLimits(10_000, 1_000_000));
    }

    private static PromptRecord record(long offset, String value) {
        return new PromptRecord(
                new RecordSource("prompts", 0, offset, 1),
                "key".getBytes(UTF_8),
                value.getBytes(UTF_8),
                List.of(new RecordHeader("h", new byte[] {1})));
    }

    private static PromptRequest request(String customId, int maxTokens) {
        PromptRequest request = new PromptRequest();
        request.record = new PromptRecord(new RecordSource("prompts", 0, 1, 1), null, null, null);
        request.customId = customId;
        request.prompts = new int[][] {{15496, 995}};
        request.droppedTokens = new int[1];
        request.parameters =
                GenerationParameters.builder().setMaxTokens(maxTokens).build();
        return request;
    }
}
