package io.flinkgpt2.pretrained;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.model.GoldenModel;
import io.flinkgpt2.tokenizer.InvalidVocabularyException;
import io.flinkgpt2.weights.Allocation;
import io.flinkgpt2.weights.InvalidModelException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A model whose small files lie: each is refused by one message that names file and field, for less memory than a small
 * model takes. Hostile weights are in the tests of their readers.
 */
class HostileModelFilesTest {

    @TempDir
    Path temporary;

    private Path model;
    private Path config;
    private Path vocabulary;
    private Path merges;

    @BeforeEach
    void aModelThatIsRight() throws IOException {
        model = ModelDirectories.copy("untied-erf", temporary.resolve("model"));
        ModelDirectories.addToyVocabulary(model, id -> id);
        config = model.resolve("config.json");
        vocabulary = model.resolve("vocab.json");
        merges = model.resolve("merges.txt");
        assertThat(Pretrained.open(model).tokenizer().vocabularySize()).isEqualTo(306);
    }

    private InvalidModelException refusedModel() {
        return Allocation.refusal(InvalidModelException.class, () -> Pretrained.open(model));
    }

    /** The refusal of a vocabulary, whose message begins with the file. */
    private String refusedVocabulary(Path file) {
        String message = Allocation.refusal(InvalidVocabularyException.class, () -> Pretrained.openTokenizer(model))
                .getMessage();
        assertThat(message).startsWith(file + ": found ");
        return message;
    }

    private void configure(String field, String value) throws IOException {
        String json = Files.readString(config);
        String changed = json.replaceFirst("\"" + field + "\": *[^,\\s}]+", "\"" + field + "\": " + value);
        assertThat(changed).isNotEqualTo(json);
        Files.writeString(config, changed);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "n_layer | 1152921504606846976 | n_layer",
                "n_layer | 2147483647 | n_layer",
                "n_layer | 3 | h.2.ln_1.weight",
                "n_layer | 1 | h.1.",
                "n_layer | 1e400 | n_layer",
                "n_layer | true | n_layer",
                "n_layer | null | n_layer",
                "n_layer | {} | n_layer",
                "n_layer | -1 | n_layer",
                "n_embd | 2147483646 | wte.weight",
                "n_embd | 1152921504606846976 | n_embd",
                "n_embd | 64 | wte.weight",
                "n_head | 3 | n_embd",
                "n_head | 0 | n_head",
                "n_inner | 2147483647 | mlp.c_fc.weight",
                "n_inner | 1152921504606846976 | n_inner",
                "n_positions | 2147483647 | wpe.weight",
                "n_positions | \"96\" | n_positions",
                "vocab_size | 2147483647 | wte.weight",
                "vocab_size | 516 | wte.weight",
                "layer_norm_epsilon | -1 | layer_norm_epsilon",
                "layer_norm_epsilon | 1e400 | layer_norm_epsilon",
                "activation_function | \"silu\" | activation_function",
                "activation_function | [1] | activation_function",
                "eos_token_id | 1152921504606846976 | eos_token_id",
                "tie_word_embeddings | \"no\" | tie_word_embeddings",
            })
    void aConfigThatLiesOrContradictsTheTensorsIsRefusedByItsFieldOrTensor(String field, String value, String named)
            throws IOException {
        configure(field, value);
        assertThat(refusedModel()).hasMessageContaining(model.toString()).hasMessageContaining(named);
    }

    @ParameterizedTest
    @ValueSource(strings = {"vocab_size", "n_positions", "n_embd", "n_layer", "n_head"})
    void aConfigWithoutAFieldIsRefusedByTheField(String field) throws IOException {
        Files.writeString(
                config,
                Files.readString(config)
                        .replace("\"" + field + "\"", "\"other\"")
                        .replace("n_ctx", "x"));
        assertThat(refusedModel().subject()).isEqualTo(field);
    }

    @Test
    void aConfigOfNestingNumbersStringsAndNamesWithoutEndIsRefused() throws IOException {
        for (String json : new String[] {
            "{\"a\":".repeat(200_000),
            "[".repeat(1 << 20),
            "{\"n_layer\": " + "9".repeat(1_000_000) + "}",
            "{\"n_layer\": 1e" + "9".repeat(1_000_000) + "}",
            "{\"" + "a".repeat(1_000_000) + "\": 1}",
            "{\"model_type\": \"" + "a".repeat(1_000_000) + "\"}",
            IntStream.range(0, 90_000).mapToObj(i -> "\"" + i + "\":0").collect(Collectors.joining(",", "{", "}")),
            "{\"n_layer\": 1, \"n_layer\": 2}",
            "\ud800",
        }) {
            Files.write(config, json.getBytes(StandardCharsets.UTF_8));
            assertThat(refusedModel()).hasMessageContaining(config.toString());
        }
    }

    @Test
    void filesOfTooManyBytesAreRefusedUnread() throws IOException {
        for (Path file : new Path[] {vocabulary, merges, config}) {
            byte[] before = Files.readAllBytes(file);
            try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
                sparse.setLength(1L << 40);
            }
            if (file.equals(config)) {
                assertThat(refusedModel().found()).isEqualTo("1099511627776 bytes");
            } else {
                assertThat(refusedVocabulary(file)).contains("more than 16777216 bytes");
            }
            Files.write(file, before);
        }
    }

    @Test
    void aVocabularyOfNestingNumbersAndNamesWithoutEndIsRefused() throws IOException {
        for (String json : new String[] {
            "{\"a\":".repeat(1_000_000),
            "[".repeat(10_000_000),
            "{\"a\": " + "9".repeat(10_000_000) + "}",
            "{\"a\": 1152921504606846976}",
            "{\"a\": 0, \"a\": 0}",
            "{\"" + "a".repeat(10_000_000) + "\": 0}",
            // Names as long as the parser takes, as many as fit, and then the same id twice.
            IntStream.range(0, 330)
                    .mapToObj(i -> "\"" + i + "a".repeat(49_000) + "\":" + i % 329)
                    .collect(Collectors.joining(",", "{", "}")),
            IntStream.range(0, 330)
                    .mapToObj(i -> "\"" + i + "\u0120".repeat(24_000) + "\":" + i % 329)
                    .collect(Collectors.joining(",", "{", "}")),
        }) {
            Files.writeString(vocabulary, json);
            refusedVocabulary(vocabulary);
        }
    }

    @Test
    void aVocabularyOfTooManyTokensIsRefused() throws IOException {
        Files.writeString(
                vocabulary,
                IntStream.rangeClosed(0, 1 << 18)
                        .mapToObj(i -> "\"t" + i + "\":" + i)
                        .collect(Collectors.joining(",", "{", "}")));
        assertThat(refusedVocabulary(vocabulary)).contains("more than 262144 tokens");
    }

    @Test
    void tooManyMergesAreRefused() throws IOException {
        Files.writeString(merges, "a b\n".repeat((1 << 18) + 1));
        assertThat(refusedVocabulary(merges)).contains("more than 262144 merges");
    }

    @Test
    void mergesOfLinesWithoutEndAreRefused() throws IOException {
        Files.writeString(merges, "a".repeat(16_000_000));
        assertThat(refusedVocabulary(merges)).contains("more than 16384 characters in line 1");
        Files.writeString(merges, ("a b\n" + "a".repeat(16_000) + " " + "b".repeat(300) + "\n").repeat(1_000));
        refusedVocabulary(merges);
        Files.writeString(merges, "\n".repeat(16_000_000));
        assertThat(refusedVocabulary(merges)).contains("no merges");
    }

    @Test
    void anIndexOfNestingNumbersAndNamesWithoutEndIsRefused() throws IOException {
        Path sharded = ModelDirectories.copy("scaled-sharded-bf16", temporary.resolve("sharded"));
        Path index = sharded.resolve("model.safetensors.index.json");
        assertThat(GoldenModel.open("scaled-sharded-bf16").weights().blocks()).hasSize(3);
        for (String json : new String[] {
            "{\"a\":".repeat(1_000_000),
            "{\"weight_map\":" + "[".repeat(1_000_000),
            "{\"weight_map\":{\"a\":" + "9".repeat(1_000_000) + "}}",
            "{\"weight_map\":{\"a\":\"" + "b".repeat(1_000_000) + "\"}}",
            "{\"weight_map\":{\"" + "a".repeat(1_000_000) + "\":\"b\"}}",
            "{\"metadata\":{\"total_size\":" + "9".repeat(1_000_000) + "}}",
            "{\"weight_map\":{\"a\":\"../model.safetensors\"}}",
        }) {
            Files.writeString(index, json);
            InvalidModelException refusal =
                    Allocation.refusal(InvalidModelException.class, () -> Pretrained.open(sharded));
            assertThat(refusal).hasMessageContaining(index.toString());
        }
    }
}
