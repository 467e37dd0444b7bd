package io.flinkgpt2.generation;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.sampling.GenerationParametersBuilder;
import io.flinkgpt2.tokenizer.StreamingDecoder;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Stop strings against everything generated and then cut. */
class StopStringsTest {

    private static final Tokenizer TOKENIZER = Tokenizer.gpt2();
    private static final int END_OF_TEXT = 50256;
    private static final Gpt2Config CONFIG = ToyModel.config();

    /** Tokens of few letters, of parts of characters, and a special one, so that strings are found often. */
    private static final int[] TOKENS = tokens();

    private static int[] tokens() {
        List<Integer> ids = new ArrayList<>();
        for (String text : List.of("a", "b", "c", "ab", "bc", " a", " b", "aa", "\n")) {
            ids.add(TOKENIZER.encode(text)[0]);
        }
        // The bytes of characters of two, three and four bytes, one by one.
        for (byte value : "é€😀".getBytes(StandardCharsets.UTF_8)) {
            ids.add(IntStream.range(0, 256)
                    .filter(id -> Arrays.equals(TOKENIZER.bytes(id), new byte[] {value}))
                    .findFirst()
                    .orElseThrow());
        }
        ids.add(END_OF_TEXT);
        return ids.stream().mapToInt(id -> id).toArray();
    }

    private static final List<String> STRINGS = List.of(
            "a",
            "b",
            "c",
            "ab",
            "abc",
            "bca",
            "cab",
            "aabb",
            "a b",
            " a",
            "\n",
            "\na",
            "é",
            "aé",
            "€b",
            "😀",
            "é€",
            "\uFFFD",
            "b\uFFFD",
            "<|endoftext|>",
            "xt|>",
            "|>a",
            "aaaaaa",
            "cccc",
            "bcab",
            "not there");

    private record Expected(String text, int tokens, String string) {}

    /** Generates everything, then cuts. */
    private static Expected cut(int[] ids, GenerationParameters parameters) {
        StreamingDecoder decoder = TOKENIZER.streamingDecoder(parameters.skipSpecialTokens());
        StringBuilder text = new StringBuilder();
        int[] lengths = new int[ids.length + 1];
        for (int i = 0; i < ids.length; i++) {
            text.append(decoder.accept(ids[i]));
            lengths[i + 1] = text.length();
        }
        text.append(decoder.finish());
        lengths[ids.length] = text.length();
        for (int at = 0; at < text.length(); at++) {
            String best = null;
            int bestTokens = 0;
            for (String string : parameters.stop().strings()) {
                if (text.indexOf(string, at) == at && (best == null || string.length() > best.length())) {
                    int completed = 0;
                    while (lengths[completed] < at + string.length()) {
                        completed++;
                    }
                    if (completed >= parameters.stop().minTokens()) {
                        best = string;
                        bestTokens = completed;
                    }
                }
            }
            if (best != null) {
                int end = parameters.stop().includeInOutput() ? at + best.length() : at;
                return new Expected(text.substring(0, end), bestTokens, best);
            }
        }
        return new Expected(text.toString(), ids.length, null);
    }

    private static Completion complete(int[] ids, GenerationParameters parameters, int forkAfter) {
        RequestGroup group = new RequestGroup(new int[][] {{1}}, parameters, 0, 0);
        Sequence sequence = new Sequence(
                group,
                new Prompt(0, new int[] {1}, parameters.scores(), ToyModel.VOCABULARY),
                0,
                0,
                new int[0],
                ToyModel.CONTEXT,
                new StandardFeatures(CONFIG, TOKENIZER, () -> null));
        for (int i = 0; i < ids.length && !sequence.isFinished(); i++) {
            sequence = i == forkAfter ? sequence.fork() : sequence;
            sequence.append(ids[i], 1);
        }
        int[] generated = sequence.generatedTokenIds();
        return sequence.complete(generated, TOKENIZER.decode(parameters.skipSpecialTokens(), generated), 2);
    }

    @Test
    void rule4_2_aStopStringCutsAsIfEverythingHadBeenGeneratedBefore() {
        int found = 0;
        for (int seed = 0; seed < 10_000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            int[] ids = random.ints(1 + random.nextInt(30), 0, TOKENS.length)
                    .map(i -> TOKENS[i])
                    .toArray();
            List<String> strings = random.ints(1 + random.nextInt(4), 0, STRINGS.size())
                    .mapToObj(STRINGS::get)
                    .distinct()
                    .toList();
            GenerationParametersBuilder builder = GenerationParameters.builder()
                    .setMaxTokens(ids.length)
                    .setIgnoreEndOfText(true)
                    .setStopStrings(strings)
                    .setIncludeStopInOutput(random.nextInt(3) == 0)
                    .setSkipSpecialTokens(random.nextInt(2) == 0);
            if (random.nextInt(3) == 0) {
                builder.setMinTokens(random.nextInt(ids.length + 1));
            }
            GenerationParameters parameters = builder.build();
            Expected expected = cut(ids, parameters);
            Completion completion = complete(ids, parameters, random.nextInt(30));
            String as = "seed " + seed + ": " + parameters.stop() + " of "
                    + TOKENIZER.decode(parameters.skipSpecialTokens(), ids);
            assertThat(completion.text()).as(as).isEqualTo(expected.text());
            assertThat(completion.tokenIds()).as(as).containsExactly(Arrays.copyOf(ids, expected.tokens()));
            assertThat(completion.stopString()).as(as).isEqualTo(expected.string());
            assertThat(completion.stopReason())
                    .as(as)
                    .isEqualTo(expected.string() == null ? StopReason.MAX_TOKENS : StopReason.STOP_STRING);
            found += expected.string() == null ? 0 : 1;
        }
        assertThat(found).isBetween(4_000, 9_500);
    }

    @Test
    void endOfTextThatComesWhileAStringIsHeldBackLeavesTheString() {
        int[] ids = {TOKENIZER.encode("a")[0], TOKENIZER.encode("b")[0], END_OF_TEXT};
        GenerationParameters parameters = GenerationParameters.builder()
                .setMaxTokens(9)
                .setStopTokenIds(new int[] {END_OF_TEXT})
                .setStopStrings(List.of("b", "abc"))
                .build();
        Completion completion = complete(ids, parameters, -1);
        assertThat(completion.stopString()).isEqualTo("b");
        assertThat(completion.text()).isEqualTo("a");
        assertThat(completion.tokenIds()).containsExactly(ids[0], ids[1]);
    }
}
