package io.flinkgpt2.constraint;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.generation.BatchOptions;
import io.flinkgpt2.generation.Completion;
import io.flinkgpt2.generation.ContinuousBatch;
import io.flinkgpt2.generation.RequestGroup;
import io.flinkgpt2.generation.StopReason;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.sampling.GenerationParametersBuilder;
import io.flinkgpt2.tensor.Kernels;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers of the bundled model under constraints match them, by validators that know nothing of this project. */
class ConstrainedGenerationTest {
    private static final int OF_EACH_KIND = 100;
    private static final int MAX_TOKENS = 120;
    private static final String[] PROMPTS = {"", "Once upon a time", "The king said: ", "{\"name\": \"", "日本"};

    private static Pretrained fairytales;
    private static List<CheckedConstraint> constraints;
    private static List<CheckedConstraint> schemas;

    @BeforeAll
    static void open() throws IOException {
        fairytales = Pretrained.open(Path.of("..", "deploy", "models", "fairytales"), Kernels.best());
        SplittableRandom random = new SplittableRandom(15);
        schemas = CheckedConstraint.schemas(random, OF_EACH_KIND);
        constraints = new ArrayList<>();
        List<CheckedConstraint> regexes = CheckedConstraint.regexes(random, OF_EACH_KIND);
        List<CheckedConstraint> choices = CheckedConstraint.choices(random, OF_EACH_KIND);
        for (int i = 0; i < OF_EACH_KIND; i++) {
            constraints.addAll(List.of(regexes.get(i), schemas.get(i), choices.get(i)));
        }
        constraints.add(CheckedConstraint.jsonObject());
    }

    private record Request(CheckedConstraint constraint, int[] prompt, GenerationParameters parameters) {}

    private record Answer(Request request, Completion completion) {}

    /** @param nanos time of all steps, without that of submitting, in which constraints are built */
    private record Run(List<Answer> answers, long nanos) {
        long tokens() {
            return answers.stream()
                    .mapToLong(answer -> answer.completion.tokenIds().length)
                    .sum();
        }
    }

    @Test
    void everyKeywordOfTheGuideOccurs() throws IOException {
        Set<String> keywords = new LinkedHashSet<>();
        boolean inTable = false;
        for (String line : Files.readAllLines(Path.of("../docs/constraints.md"))) {
            inTable = line.startsWith("| keyword ") || (inTable && line.startsWith("|"));
            if (inTable && line.startsWith("| `")) {
                Pattern.compile("`([^`]+)`")
                        .matcher(line.split("\\|", -1)[1])
                        .results()
                        .forEach(keyword -> keywords.add(keyword.group(1)));
            }
        }
        assertThat(keywords).hasSizeGreaterThan(25).contains("type", "$defs", "true", "false", "exclusiveMaximum");
        assertThat(keywords.remove("true") && keywords.remove("false")).isTrue();
        assertThat(CheckedConstraint.fieldNames(schemas)).containsAll(keywords);
        assertThat(schemas)
                .anyMatch(schema -> schema.source().texts().get(0).matches("(?s).*\"items\":(true|false).*"))
                .anyMatch(schema -> schema.source().texts().get(0).contains("\"items\":true"))
                .anyMatch(schema -> schema.source().texts().get(0).contains(":false"));
    }

    @Test
    void answersMatch() {
        checkAll(run(requests(1, constraints.size(), GenerationParameters.builder())));
    }

    @Test
    @Tag("full")
    void tenThousandAnswersMatch() {
        checkAll(run(requests(2, 10_000, GenerationParameters.builder())));
    }

    @Test
    @Tag("full")
    void theCostOfATokenIsPrinted() {
        for (int round = 0; round < 2; round++) {
            Run constrained = run(requests(3, 4 * constraints.size(), GenerationParameters.builder()));
            // The same prompts and lengths, so that the batches are as full.
            List<Request> free = constrained.answers.stream()
                    .map(answer -> new Request(
                            answer.request.constraint,
                            answer.request.prompt,
                            GenerationParameters.builder()
                                    .setIgnoreEndOfText(true)
                                    .setMaxTokens(answer.completion.tokenIds().length)
                                    .build()))
                    .toList();
            Run unconstrained = run(free);
            assertThat(unconstrained.tokens()).isEqualTo(constrained.tokens());
            System.out.printf(
                    "cost of a token under a constraint, %s: %.0f µs of %d tokens, %.0f µs without, ratio %.2f%n",
                    round == 0 ? "cold" : "warm",
                    constrained.nanos / 1e3 / constrained.tokens(),
                    constrained.tokens(),
                    unconstrained.nanos / 1e3 / unconstrained.tokens(),
                    (double) constrained.nanos / unconstrained.nanos);
        }
    }

    @Test
    void otherEndsKeepTheConstraint() {
        checkOtherEnds("all", constraints.size() / 4);
    }

    @ParameterizedTest
    @ValueSource(strings = {"min_tokens", "ignore_eos", "stop_token_ids", "stop", "all"})
    @Tag("full")
    void eachOtherEndKeepsTheConstraint(String field) {
        checkOtherEnds(field, constraints.size());
    }

    private static void checkOtherEnds(String field, int count) {
        GenerationParametersBuilder builder = GenerationParameters.builder();
        boolean all = field.equals("all");
        if (all || field.equals("min_tokens")) {
            builder.setMinTokens(6);
        }
        if (all || field.equals("ignore_eos")) {
            builder.setIgnoreEndOfText(true);
        }
        if (all || field.equals("stop_token_ids")) {
            // Tokens of several bytes: what they spell can also be spelt by others.
            builder.setStopTokenIds(new int[] {
                fairytales.tokenizer().encode(" the")[0], fairytales.tokenizer().encode("\":")[0], 262
            });
        }
        if (all || field.equals("stop")) {
            builder.setStopStrings(List.of("a", "\","));
        }
        Run run = run(requests(4, count, builder));
        run.answers.forEach(ConstrainedGenerationTest::check);
        assertThat(run.answers)
                .filteredOn(answer -> answer.completion.stopReason() == StopReason.CONSTRAINT)
                .hasSizeGreaterThan(count / 4);
    }

    /** Returns requests with each constraint in turn, and a seed of their own. */
    private static List<Request> requests(int seed, int count, GenerationParametersBuilder builder) {
        List<Request> requests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            CheckedConstraint constraint = constraints.get(i % constraints.size());
            int[] prompt = fairytales.tokenizer().encode(PROMPTS[i % PROMPTS.length]);
            GenerationParameters parameters = builder.setConstraint(constraint.source())
                    .setMaxTokens(MAX_TOKENS)
                    .setTemperature(1)
                    .setSeed(1_000_000L * seed + i)
                    .build();
            requests.add(new Request(constraint, prompt, parameters));
        }
        return requests;
    }

    private static Run run(List<Request> requests) {
        ContinuousBatch batch = new ContinuousBatch(
                fairytales.model(), fairytales.tokenizer(), BatchOptions.roomy(fairytales.config(), 256, 16, 64));
        Map<RequestGroup, Request> running = new IdentityHashMap<>();
        List<Answer> answers = new ArrayList<>();
        long nanos = 0;
        Iterator<Request> waiting = requests.iterator();
        do {
            while (waiting.hasNext() && !batch.isFull()) {
                Request request = waiting.next();
                running.put(batch.submit(request.prompt, request.parameters, 0), request);
            }
            long start = System.nanoTime();
            batch.step();
            nanos += System.nanoTime() - start;
            for (RequestGroup ended = batch.poll(); ended != null; ended = batch.poll()) {
                Request request = running.remove(ended);
                assertThat(ended.failure())
                        .as("%s", request.constraint.source())
                        .isNull();
                answers.add(new Answer(request, ended.completions().get(0)));
            }
        } while (waiting.hasNext() || !running.isEmpty());
        assertThat(answers).hasSameSizeAs(requests);
        return new Run(answers, nanos);
    }

    private static void checkAll(Run run) {
        run.answers.forEach(ConstrainedGenerationTest::check);
        long cut = run.answers.stream()
                .filter(answer -> answer.completion.stopReason() == StopReason.MAX_TOKENS)
                .count();
        System.out.printf(
                "%d constrained answers, %d tokens, %d ended by length%n", run.answers.size(), run.tokens(), cut);
        assertThat(cut).isLessThan(run.answers.size() / 5);
        assertThat(run.answers)
                .extracting(answer -> answer.completion.stopReason())
                .contains(StopReason.CONSTRAINT, StopReason.END_OF_TEXT);
        assertThat(run.answers.stream().map(answer -> answer.completion.text()).distinct())
                .hasSizeGreaterThan(run.answers.size() / 4);
    }

    /** Fails unless the text matches, or is the beginning of a match where something else ended it. */
    private static void check(Answer answer) {
        CheckedConstraint constraint = answer.request.constraint;
        Completion completion = answer.completion;
        String text = completion.text();
        String described = constraint.source() + ": " + completion.stopReason() + " after " + JsonTexts.string(text);
        switch (completion.stopReason()) {
            case CONSTRAINT, END_OF_TEXT, STOP_TOKEN ->
                assertThat(constraint.matches().test(text)).as(described).isTrue();
            case MAX_TOKENS, MAX_CONTEXT -> {
                byte[] bytes = bytes(completion.tokenIds());
                String characters = wholeCharacters(bytes);
                assertThat(text).as(described).startsWith(characters);
                checkBeginning(constraint, bytes, characters, described);
            }
            case STOP_STRING -> checkBeginning(constraint, text.getBytes(UTF_8), text, described);
            default -> throw new AssertionError(described);
        }
    }

    private static void checkBeginning(
            CheckedConstraint constraint, byte[] bytes, String characters, String described) {
        assertThat(constraint.mayBegin().test(characters)).as(described).isTrue();
        String whole;
        try {
            whole = Walks.completed(Walks.automaton(constraint.source()), bytes);
        } catch (InvalidConstraintException e) {
            throw new AssertionError(described, e);
        }
        assertThat(whole).startsWith(characters);
        assertThat(constraint.matches().test(whole))
                .as("%s, completed as %s", described, JsonTexts.string(whole))
                .isTrue();
    }

    private static byte[] bytes(int[] tokenIds) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int id : tokenIds) {
            bytes.writeBytes(fairytales.tokenizer().bytes(id));
        }
        return bytes.toByteArray();
    }

    /** Returns the text of UTF-8 without the character that it may end within. */
    private static String wholeCharacters(byte[] bytes) {
        int start = bytes.length;
        while (start > 0 && (bytes[start - 1] & 0xc0) == 0x80) {
            start--;
        }
        if (start > 0 && bytes[start - 1] < 0) {
            int lead = bytes[start - 1] & 0xff;
            int length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
            start = bytes.length - start + 1 < length ? start - 1 : bytes.length;
        } else {
            start = bytes.length;
        }
        return Walks.strict(Arrays.copyOf(bytes, start));
    }
}
