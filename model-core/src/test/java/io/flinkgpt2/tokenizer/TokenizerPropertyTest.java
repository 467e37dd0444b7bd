package io.flinkgpt2.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerPropertyTest {
    private static final List<String> SNIPPETS = List.of(
            " ",
            "  ",
            "\n",
            "\t",
            "\u00A0",
            "\u3000",
            "\u2028",
            "\u0085",
            "'s",
            "'LL",
            "don't",
            "the",
            " The",
            "42",
            "\u00BD",
            "_",
            "...",
            "\u0301",
            "\u200D",
            "\uD83D\uDC68",
            "\uD83C\uDFFD",
            "<|endoftext|>",
            "\u001C");

    @TempDir
    Path folder;

    @Test
    void gpt2RoundTripsRandomUnicodeAndMergesAsByDefinition() {
        Tokenizer gpt2 = Tokenizer.gpt2();
        Map<String, Integer> ranks = NaiveBpe.gpt2Ranks();
        Random random = new Random(1);
        for (int round = 0; round < 1_000; round++) {
            String text = randomText(random);
            int[] ids = gpt2.encode(text);

            assertThat(gpt2.decode(ids)).isEqualTo(text);
            assertThat(ids)
                    .containsExactly(
                            NaiveBpe.encode(text, (a, b) -> ranks.getOrDefault(a + b, NaiveBpe.NO_MERGE)).stream()
                                    .mapToInt(ranks::get)
                                    .toArray());
        }
    }

    @Test
    void theToyVocabularyMergesAsByDefinition() throws IOException {
        Tokenizer toy = TokenizerFiles.toy();
        List<String> lines = Files.readAllLines(TokenizerFiles.golden("toy/merges.txt"));
        Map<String, Integer> rankOfPair = new HashMap<>();
        lines.stream().skip(1).forEach(line -> rankOfPair.put(fromSpelling(line), rankOfPair.size()));
        List<String> pieces = lines.stream()
                .skip(1)
                .flatMap(line -> Arrays.stream(line.split(" ", 2)))
                .map(part -> new String(ByteLevelAlphabet.bytesOf(part), StandardCharsets.UTF_8))
                .filter(part -> !part.contains("\uFFFD"))
                .toList();
        Random random = new Random(2);
        for (int round = 0; round < 2_000; round++) {
            StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(20); i >= 0; i--) {
                text.append(pick(random.nextInt(8) == 0 ? SNIPPETS : pieces, random));
            }
            assertMergesAsByDefinition(toy, rankOfPair, text.toString());
        }
    }

    /** Random lists of merges hold merges that can never happen and tokens made in two ways; training makes neither. */
    @Test
    void randomListsOfMergesMergeAsByDefinition() throws IOException {
        Random random = new Random(3);
        int withDeadMerges = 0;
        for (int round = 0; round < 300; round++) {
            Map<String, Integer> vocabulary = new LinkedHashMap<>();
            for (int value = 0; value < 256; value++) {
                vocabulary.put(String.valueOf(ByteLevelAlphabet.characterOf(value)), value);
            }
            List<String> tokens = new ArrayList<>(List.of("a", "b", "c"));
            List<String> merges = new ArrayList<>();
            Map<String, Integer> rankOfPair = new HashMap<>();
            for (int i = 0; i < 3 + random.nextInt(20); i++) {
                String left = pick(tokens, random);
                String right = pick(tokens, random);
                if (left.length() + right.length() <= 12 && rankOfPair.putIfAbsent(left + " " + right, i) == null) {
                    merges.add(left + " " + right);
                    tokens.add(left + right);
                    vocabulary.putIfAbsent(left + right, vocabulary.size());
                }
            }
            Tokenizer tokenizer;
            try {
                tokenizer = TokenizerFiles.tokenizer(folder, vocabulary, merges);
            } catch (InvalidVocabularyException e) {
                assertThat(e).hasMessageContaining("before the merges that use this token");
                continue;
            }
            boolean allHappen = true;
            for (String token : tokens) {
                assertMergesAsByDefinition(tokenizer, rankOfPair, token);
                allHappen &= tokenizer.encode(token).length == 1;
            }
            withDeadMerges += allHappen ? 0 : 1;
            for (int i = 0; i < 30; i++) {
                // JTokkit has another algorithm from 500 bytes on.
                int length = i == 0 ? 700 : 1 + random.nextInt(40);
                StringBuilder text = new StringBuilder();
                random.ints(length, 'a', 'd').forEach(text::appendCodePoint);
                assertMergesAsByDefinition(tokenizer, rankOfPair, text.toString());
            }
        }
        assertThat(withDeadMerges).isBetween(50, 299);
    }

    private static void assertMergesAsByDefinition(Tokenizer tokenizer, Map<String, Integer> rankOfPair, String text) {
        List<String> expected =
                NaiveBpe.encode(text, (a, b) -> rankOfPair.getOrDefault(a + " " + b, NaiveBpe.NO_MERGE));
        List<String> actual = new ArrayList<>();
        int[] ids = tokenizer.encode(text);
        for (int id : ids) {
            actual.add(NaiveBpe.latin1(tokenizer.bytes(id)));
        }
        assertThat(actual).isEqualTo(expected);
        assertThat(tokenizer.decode(ids)).isEqualTo(text);
    }

    private static String fromSpelling(String line) {
        int space = line.indexOf(' ');
        return NaiveBpe.latin1(ByteLevelAlphabet.bytesOf(line.substring(0, space)))
                + " "
                + NaiveBpe.latin1(ByteLevelAlphabet.bytesOf(line.substring(space + 1)));
    }

    private static String randomText(Random random) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(30); i >= 0; i--) {
            switch (random.nextInt(4)) {
                case 0 -> text.append(pick(SNIPPETS, random));
                case 1 -> text.append((char) ('a' + random.nextInt(26)));
                case 2 -> text.appendCodePoint(random.nextInt(0x800));
                default -> text.appendCodePoint(assignedCodePoint(random));
            }
        }
        return text.toString();
    }

    /** Only what the running JDK knows, for the definition's pattern knows no more. */
    private static int assignedCodePoint(Random random) {
        while (true) {
            int codePoint = random.nextInt(Character.MAX_CODE_POINT + 1);
            if (Character.isDefined(codePoint) && Character.getType(codePoint) != Character.SURROGATE) {
                return codePoint;
            }
        }
    }

    private static String pick(List<String> list, Random random) {
        return list.get(random.nextInt(list.size()));
    }
}
