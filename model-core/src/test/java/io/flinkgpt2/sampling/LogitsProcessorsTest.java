package io.flinkgpt2.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.flinkgpt2.sampling.PlainProcessors.Wishes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each processor against {@link PlainProcessors}, along random sequences, forked, and replayed. */
class LogitsProcessorsTest {

    private static final int CASES = 200;
    private static final int LONGEST = 40;

    /** Which fields a request uses. */
    private enum Field {
        BIAS,
        ALLOWED_IDS,
        BAD_WORDS,
        NGRAMS,
        REPETITION_PENALTY,
        FREQUENCY_PENALTY,
        PRESENCE_PENALTY,
        MIN_TOKENS,
        ALL
    }

    /** Rules out the ids that leave a remainder when divided by 3 and counts what it was told. */
    private static final class ThirdsOnly implements LogitsProcessor {
        private int accepted;

        @Override
        public void apply(float[] logits, int offset, int vocabularySize) {
            for (int id = 0; id < vocabularySize; id++) {
                if ((id + accepted) % 3 == 1) {
                    logits[offset + id] = Float.NEGATIVE_INFINITY;
                }
            }
        }

        @Override
        public void accept(int tokenId) {
            accepted++;
        }

        @Override
        public LogitsProcessor fork() {
            ThirdsOnly fork = new ThirdsOnly();
            fork.accepted = accepted;
            return fork;
        }
    }

    /** One sequence, and all that is compared along it. */
    private static final class Run {
        private final Wishes wishes;
        private final int vocabularySize;
        private final List<Integer> prompt;
        private final List<Integer> generated;
        private final List<LogitsProcessor> processors;

        Run(Wishes wishes, int vocabularySize, List<Integer> prompt) {
            this(wishes, vocabularySize, prompt, new ArrayList<>(), processors(wishes, vocabularySize, prompt));
        }

        private Run(
                Wishes wishes,
                int vocabularySize,
                List<Integer> prompt,
                List<Integer> generated,
                List<LogitsProcessor> processors) {
            this.wishes = wishes;
            this.vocabularySize = vocabularySize;
            this.prompt = prompt;
            this.generated = generated;
            this.processors = processors;
        }

        private static List<LogitsProcessor> processors(Wishes wishes, int vocabularySize, List<Integer> prompt) {
            return LogitsProcessors.of(
                    wishes.logits(),
                    wishes.minTokens(),
                    wishes.endingIds(),
                    ints(prompt),
                    wishes.badWords(),
                    wishes.constraint() == null ? null : new ThirdsOnly(),
                    LONGEST,
                    vocabularySize);
        }

        Run fork() {
            List<LogitsProcessor> forks =
                    processors.stream().map(LogitsProcessor::fork).toList();
            return new Run(wishes, vocabularySize, prompt, new ArrayList<>(generated), forks);
        }

        Run replay() {
            Run replay = new Run(wishes, vocabularySize, prompt);
            generated.forEach(replay::accept);
            return replay;
        }

        void accept(int tokenId) {
            generated.add(tokenId);
            processors.forEach(processor -> processor.accept(tokenId));
        }

        void check(SplittableRandom random) {
            float[] logits = new float[vocabularySize];
            for (int id = 0; id < vocabularySize; id++) {
                logits[id] = random.nextInt(9) == 0
                        ? random.nextInt(3) - 1
                        : random.nextInt(30) == 0 ? Float.NEGATIVE_INFINITY : (float) random.nextDouble(-30, 30);
            }
            int offset = random.nextInt(4);
            float[] row = new float[offset + vocabularySize + 3];
            Arrays.fill(row, 7);
            System.arraycopy(logits, 0, row, offset, vocabularySize);
            processors.forEach(processor -> processor.apply(row, offset, vocabularySize));

            ThirdsOnly constraint = new ThirdsOnly();
            constraint.accepted = generated.size();
            Wishes then = new Wishes(
                    wishes.logits(),
                    wishes.minTokens(),
                    wishes.endingIds(),
                    wishes.badWords(),
                    wishes.constraint() == null ? null : constraint);
            float[] expected = new float[row.length];
            Arrays.fill(expected, 7);
            float[] plain = PlainProcessors.apply(logits, then, prompt, generated);
            System.arraycopy(plain, 0, expected, offset, vocabularySize);
            assertThat(bits(row))
                    .as("%s after %s and %s", wishes.logits(), prompt, generated)
                    .isEqualTo(bits(expected));
        }
    }

    private static int[] bits(float[] values) {
        int[] bits = new int[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToRawIntBits(values[i]);
        }
        return bits;
    }

    private static int[] ints(List<Integer> list) {
        return list.stream().mapToInt(Integer::intValue).toArray();
    }

    private static int[] randomIds(SplittableRandom random, int most, int vocabularySize) {
        return random.ints(1 + random.nextInt(most), 0, vocabularySize).toArray();
    }

    private static Wishes wishes(Field field, SplittableRandom random, int vocabularySize) {
        LogitsParameters none = LogitsParameters.NONE;
        boolean all = field == Field.ALL;
        int[] biasIds = new int[0];
        if (all || field == Field.BIAS) {
            biasIds = Arrays.stream(randomIds(random, 6, vocabularySize))
                    .distinct()
                    .toArray();
        }
        float[] biases = new float[biasIds.length];
        for (int i = 0; i < biases.length; i++) {
            biases[i] = random.nextInt(5) == 0 ? -100 : (float) random.nextDouble(-100, 100);
        }
        List<int[]> badWords = new ArrayList<>();
        for (int i = all || field == Field.BAD_WORDS ? 1 + random.nextInt(8) : 0; i > 0; i--) {
            badWords.add(randomIds(random, 5, vocabularySize));
        }
        LogitsParameters logits = new LogitsParameters(
                biasIds,
                biases,
                all || field == Field.ALLOWED_IDS ? randomIds(random, 20, vocabularySize) : none.allowedTokenIds(),
                List.of(),
                all || field == Field.NGRAMS ? 1 + random.nextInt(random.nextBoolean() ? 4 : 50) : 0,
                all || field == Field.REPETITION_PENALTY ? 0.2 + random.nextDouble(3) : 1,
                all || field == Field.FREQUENCY_PENALTY ? random.nextDouble(-2, 2) : 0,
                all || field == Field.PRESENCE_PENALTY ? random.nextDouble(-2, 2) : 0);
        boolean min = all || field == Field.MIN_TOKENS;
        return new Wishes(
                logits,
                min ? 1 + random.nextInt(20) : 0,
                min ? randomIds(random, 4, vocabularySize + 3) : new int[0],
                badWords,
                all ? new ThirdsOnly() : null);
    }

    @ParameterizedTest
    @EnumSource
    void everyProcessorChangesTheLogitsAsItsDefinitionSays(Field field) {
        SplittableRandom random = new SplittableRandom(100 + field.ordinal());
        for (int i = 0; i < CASES; i++) {
            // Few tokens make many repetitions.
            int vocabularySize = 1 + random.nextInt(random.nextBoolean() ? 4 : 60);
            List<Integer> prompt = new ArrayList<>();
            for (int j = random.nextInt(15); j > 0; j--) {
                prompt.add(random.nextInt(vocabularySize));
            }
            List<Run> runs = new ArrayList<>();
            runs.add(new Run(wishes(field, random, vocabularySize), vocabularySize, prompt));
            for (int step = 0; step < LONGEST - 15; step++) {
                for (Run run : runs) {
                    run.check(random);
                    run.accept(random.nextInt(vocabularySize));
                }
                if (random.nextInt(20) == 0) {
                    Run any = runs.get(random.nextInt(runs.size()));
                    runs.add(random.nextBoolean() ? any.fork() : any.replay());
                }
            }
        }
    }

    @Test
    void whatIsNotAskedForIsAbsent() {
        assertThat(LogitsProcessors.of(LogitsParameters.NONE, 0, new int[] {1}, new int[] {2}, List.of(), null, 10, 20))
                .isEmpty();
        assertThat(LogitsProcessors.of(LogitsParameters.NONE, 3, new int[0], new int[] {2}, List.of(), null, 10, 20))
                .isEmpty();
        assertThat(LogitsProcessors.of(
                        LogitsParameters.NONE, 3, new int[] {-1, 20}, new int[] {2}, List.of(), null, 10, 20))
                .isEmpty();
        LogitsProcessor constraint = new ThirdsOnly();
        assertThat(LogitsProcessors.of(LogitsParameters.NONE, 0, new int[0], new int[0], List.of(), constraint, 10, 20))
                .containsExactly(constraint);
    }

    @Test
    void theyApplyInTheOrderOfTheRecords() {
        LogitsParameters all =
                new LogitsParameters(new int[] {1}, new float[] {2}, new int[] {3}, List.of(), 2, 1.5, 0.1, 0);
        assertThat(LogitsProcessors.of(
                        all, 1, new int[] {4}, new int[] {5}, List.of(new int[] {6}), new ThirdsOnly(), 9, 10))
                .extracting(processor -> (Object) processor.getClass())
                .containsExactly(
                        LogitBias.class,
                        AllowedIds.class,
                        BadWords.class,
                        NoRepeatNgrams.class,
                        ThirdsOnly.class,
                        RepetitionPenalty.class,
                        FrequencyPenalty.class,
                        MinTokens.class);
    }

    @Test
    void idsOutsideOfTheVocabularyAreNamed() {
        for (int id : new int[] {-1, 10, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            assertRefused(
                    new LogitsParameters(new int[] {0, id}, new float[2], new int[0], List.of(), 0, 1, 0, 0),
                    List.of(),
                    "logit_bias: found token id " + id + ", expected 0..9, the ids of the model's vocabulary");
            assertRefused(
                    new LogitsParameters(new int[0], new float[0], new int[] {0, id}, List.of(), 0, 1, 0, 0),
                    List.of(),
                    "allowed_token_ids: found token id " + id + ", expected 0..9, the ids of the model's vocabulary");
            assertRefused(
                    LogitsParameters.NONE,
                    List.of(new int[] {1}, new int[] {id, 1}),
                    "bad_words: found token id " + id + ", expected 0..9, the ids of the model's vocabulary");
        }
        assertRefused(
                LogitsParameters.NONE,
                List.of(new int[0]),
                "bad_words: found a sequence without tokens, expected 1 or more");
    }

    private static void assertRefused(LogitsParameters logits, List<int[]> badWords, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LogitsProcessors.of(logits, 0, new int[0], new int[0], badWords, null, 10, 10))
                .withMessage(message);
    }

    /** Repetitive prompts are the worst case of the index. */
    @Test
    void aLongRepetitivePromptIsIndexedInReasonableTime() {
        int[] prompt = new int[100_000];
        for (int size : new int[] {1, 2, 64}) {
            NoRepeatNgrams processor = NoRepeatNgrams.of(size, prompt, prompt.length);
            float[] logits = new float[3];
            processor.apply(logits, 0, 3);
            assertThat(logits).containsExactly(Float.NEGATIVE_INFINITY, 0, 0);
        }
    }

    /** The largest vocabulary there is, all of it seen: no two tokens are mistaken for each other. */
    @Test
    void countsKeepTokensApart() {
        int n = 50_257;
        TokenCounts counts = new TokenCounts(n);
        for (int round = 0; round < 3; round++) {
            for (int id = 0; id < n; id++) {
                for (int i = 0; i <= id % 2; i++) {
                    counts.add(id);
                }
            }
        }
        assertThat(counts.size()).isEqualTo(n);
        for (int i = 0; i < n; i++) {
            assertThat(counts.id(i) == i && counts.count(i) == 3 * (1 + i % 2)).isTrue();
        }
    }
}
