package io.flinkgpt2.job.operator;

import static io.flinkgpt2.job.operator.OperatorHarness.MAX_PARALLELISM;
import static io.flinkgpt2.job.record.EveryFieldRequests.MAX_CONTEXT;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness.repackageState;
import static org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness.repartitionOperatorState;
import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.generation.RequestGroup;
import io.flinkgpt2.job.function.GenerationSettings;
import io.flinkgpt2.job.function.ModelSettings;
import io.flinkgpt2.job.function.ParseRequest;
import io.flinkgpt2.job.function.TinyModel;
import io.flinkgpt2.job.record.CompletionJson;
import io.flinkgpt2.job.record.CompletionRecord;
import io.flinkgpt2.job.record.EveryFieldRequests;
import io.flinkgpt2.job.record.PromptRecord;
import io.flinkgpt2.job.record.PromptRequest;
import io.flinkgpt2.job.record.RecordSource;
import io.flinkgpt2.job.record.StableAnswer;
import io.flinkgpt2.tensor.Precision;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collector;
import java.util.stream.Collectors;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.streaming.api.operators.ProcessOperator;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Requests that use every field: their answers have the same bytes one at a time and together, whatever is batched with them,
 * after failures in the middle of their choices, and at another parallelism.
 */
@SuppressWarnings("try") // a harness may throw anything when it is closed
class EveryFieldReplayTest {

    private static final int FAILURES = 8;
    private static final int KEYS = 9;
    private static final int MOST_STEPS = 40;
    private static final int MOST_STEPS_OF_NO_AVAIL = 10;

    private static GenerationSettings settings;
    private static List<PromptRequest> requests;
    private static Map<String, String> oneByOne;

    /** Requests of several choices, which a failure can meet when some have begun or ended and others not. */
    private enum Several implements Predicate<RequestGroup> {
        CHOICES(group -> group.parameters().choices() > 1 && group.parameters().beams() == null),
        BEST_OF(group -> group.parameters().bestOf() > group.parameters().choices()),
        PROMPTS(group -> group.promptTokenIds().length > 1),
        BEAMS(group -> group.parameters().beams() != null);

        private final Predicate<RequestGroup> isOne;

        Several(Predicate<RequestGroup> isOne) {
            this.isOne = isOne;
        }

        @Override
        public boolean test(RequestGroup group) {
            return isOne.test(group);
        }
    }

    @BeforeAll
    static void answerOneByOne(@TempDir Path directory) throws Exception {
        Path model = TinyModel.writeOfLength(directory.resolve("tiny"), 8, MAX_CONTEXT);
        settings = OperatorHarness.settings(
                new ModelSettings(model.toString(), List.of("tiny", EveryFieldRequests.MODEL), Precision.F32, null),
                MAX_CONTEXT);
        requests = parsed(EveryFieldRequests.lines());
        List<CompletionRecord> answers = OperatorHarness.oneByOne(settings, requests);
        assertThat(answers).allSatisfy(answer -> assertThat(answer.error).isNull());
        oneByOne = stable(answers);
        assertThat(oneByOne).hasSize(EveryFieldRequests.COUNT);
    }

    @Test
    void theChoicesEndForAllReasonsThatAreFunctionsOfTheirRequest() {
        assertThat(oneByOne.values().stream().collect(Collectors.joining()))
                .contains(
                        "\"finish_reason\":\"length\",\"stop_reason\":\"max_tokens\"",
                        "\"finish_reason\":\"stop\",\"stop_reason\":null",
                        "\"finish_reason\":\"stop\",\"stop_reason\":\" and\"",
                        "\"finish_reason\":\"stop\",\"stop_reason\":13",
                        "\"finish_reason\":\"repetition\",\"stop_reason\":\"repetition_detected\"",
                        "\"truncated\":{",
                        "\"prompt_logprobs\":[null",
                        "\"cumulative_logprob\":",
                        "\"prompt_token_ids\":[");
    }

    @ParameterizedTest
    @EnumSource
    void failuresInTheMiddleOfRequestsOtherMatesAndOtherParallelismChangeNoByte(Ordering ordering) throws Exception {
        Random random = new Random(ordering.ordinal());
        List<PromptRequest> shuffled = new ArrayList<>(requests);
        Collections.shuffle(shuffled, random);
        List<CompletionRecord> answers = new ArrayList<>();
        Map<Several, Integer> interrupted = new EnumMap<>(Several.class);
        OperatorSubtaskState state = null;
        int parallelism = 1;
        int sent = 0;
        for (int failure = 0; failure <= FAILURES; failure++) {
            boolean last = failure == FAILURES;
            int next = 1 + random.nextInt(2);
            int end = last ? shuffled.size() : sent + shuffled.size() / (FAILURES + 1);
            List<OperatorHarness> subtasks = restore(ordering, state, parallelism, next, random);
            deal(ordering, shuffled.subList(sent, end), subtasks);
            if (last) {
                for (OperatorHarness subtask : subtasks) {
                    subtask.takeAllMails();
                    assertThat(subtask.deadLetters()).isEmpty();
                    answers.addAll(subtask.answers());
                    subtask.close();
                }
            } else {
                steps(subtasks, random, MOST_STEPS);
                if (failure % 2 == 0) {
                    stepsUntilBeamsHaveBegun(subtasks);
                }
                state = snapshot(subtasks, interrupted);
                subtasks.forEach(subtask -> answers.addAll(subtask.answers()));
                fail(subtasks, random);
            }
            parallelism = next;
            sent = end;
        }

        assertSame(stable(answers));
        assertThat(interrupted.values())
                .as("requests that a failure met with generated tokens: %s", interrupted)
                .allMatch(count -> count >= 3);
        if (ordering == Ordering.KEY) {
            assertThat(answers.stream().collect(byKey(answer -> answer.key, answer -> answer.customId)))
                    .isEqualTo(shuffled.stream()
                            .collect(byKey(request -> request.record.key, request -> request.customId)));
        }
    }

    /** Compares one by one, for the message of a comparison of all would be as long as all. */
    private static void assertSame(Map<String, String> found) {
        assertThat(found).containsOnlyKeys(oneByOne.keySet());
        oneByOne.forEach((id, answer) -> assertThat(found.get(id)).as(id).isEqualTo(answer));
    }

    private static <T> Collector<T, ?, Map<String, List<String>>> byKey(
            Function<T, byte[]> key, Function<T, String> id) {
        return Collectors.groupingBy(
                each -> new String(key.apply(each), UTF_8), TreeMap::new, Collectors.mapping(id, Collectors.toList()));
    }

    /** The subtasks, each with its share of the state of {@code before} subtasks and with another batch size. */
    private static List<OperatorHarness> restore(
            Ordering ordering, OperatorSubtaskState state, int before, int parallelism, Random random)
            throws Exception {
        List<OperatorHarness> subtasks = new ArrayList<>();
        for (int subtask = 0; subtask < parallelism; subtask++) {
            OperatorSubtaskState share = state == null
                    ? null
                    : repartitionOperatorState(state, MAX_PARALLELISM, before, parallelism, subtask);
            // A record waits for no place, so that the test says when there is a step.
            BatchSettings batch =
                    new BatchSettings(1 + random.nextInt(16), Duration.ZERO, null, random.nextBoolean() ? 0L : null);
            subtasks.add(
                    ordering == Ordering.KEY
                            ? OperatorHarness.restoreByKey(settings, batch, parallelism, subtask, share)
                            : OperatorHarness.restore(settings, batch, parallelism, subtask, share));
        }
        return subtasks;
    }

    private static void deal(Ordering ordering, List<PromptRequest> requests, List<OperatorHarness> subtasks)
            throws Exception {
        for (PromptRequest request : requests) {
            int subtask = ordering == Ordering.KEY
                    ? KeyGroupRangeAssignment.assignKeyToParallelOperator(
                            RequestKey.OF.getKey(request), MAX_PARALLELISM, subtasks.size())
                    : (int) (request.record.source.offset % subtasks.size());
            subtasks.get(subtask).process(request);
        }
    }

    private static void steps(List<OperatorHarness> subtasks, Random random, int most) throws Exception {
        for (OperatorHarness subtask : subtasks) {
            int steps = 1 + random.nextInt(most);
            for (int step = 0; step < steps && subtask.takeMail(); step++) {
                assertThat(subtask.deadLetters()).isEmpty();
            }
        }
    }

    /** Beams are wide and wait long: at a random moment few of them run. */
    private static void stepsUntilBeamsHaveBegun(List<OperatorHarness> subtasks) throws Exception {
        for (OperatorHarness subtask : subtasks) {
            for (int step = 0; step < MOST_STEPS && countBegun(Several.BEAMS, subtask) == 0; step++) {
                subtask.takeMail();
            }
        }
    }

    private static int countBegun(Several several, OperatorHarness subtask) throws Exception {
        int count = 0;
        for (RequestGroup group : subtask.inFlight()) {
            count += several.test(group) && group.generatedCount() > 0 ? 1 : 0;
        }
        return count;
    }

    private static OperatorSubtaskState snapshot(List<OperatorHarness> subtasks, Map<Several, Integer> interrupted)
            throws Exception {
        OperatorSubtaskState[] states = new OperatorSubtaskState[subtasks.size()];
        for (int i = 0; i < states.length; i++) {
            for (Several several : Several.values()) {
                interrupted.merge(several, countBegun(several, subtasks.get(i)), Integer::sum);
            }
            states[i] = subtasks.get(i).snapshot();
        }
        return repackageState(states);
    }

    /** Makes further steps, whose answers a failure aborts, and fails: they have the same bytes as those that stay. */
    private static void fail(List<OperatorHarness> subtasks, Random random) throws Exception {
        steps(subtasks, random, MOST_STEPS_OF_NO_AVAIL);
        for (OperatorHarness subtask : subtasks) {
            subtask.answers().forEach(answer -> assertThat(stable(answer)).isEqualTo(oneByOne.get(answer.customId)));
            subtask.cancel();
            subtask.close();
        }
    }

    private static List<PromptRequest> parsed(List<String> lines) throws Exception {
        try (OneInputStreamOperatorTestHarness<PromptRecord, PromptRequest> parse =
                new OneInputStreamOperatorTestHarness<>(new ProcessOperator<>(new ParseRequest(settings)))) {
            parse.open();
            for (int i = 0; i < lines.size(); i++) {
                RecordSource source = new RecordSource("prompts", 0, i, 1234);
                byte[] key = ("key " + i % KEYS).getBytes(UTF_8);
                byte[] value = lines.get(i).getBytes(UTF_8);
                parse.processElement(new PromptRecord(source, key, value, List.of()), 0);
            }
            assertThat(parse.getSideOutput(ParseRequest.DEAD_LETTERS)).isNullOrEmpty();
            return parse.extractOutputValues();
        }
    }

    /** Returns the answers by their request, none of which has two. */
    private static Map<String, String> stable(List<CompletionRecord> answers) {
        return answers.stream().collect(Collectors.toMap(answer -> answer.customId, EveryFieldReplayTest::stable));
    }

    private static String stable(CompletionRecord answer) {
        return StableAnswer.of(CompletionJson.write(answer));
    }
}
